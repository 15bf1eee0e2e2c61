// The bot's commands, offered while one is being typed; which there are comes from the state.

import { el } from "./dom.js";
import { openChat } from "./state.js";

const SHOWN = 7;

/** A list above the composer's `field` that completes commands. */
export function hints(field) {
  const node = el("div", { class: "hints", role: "listbox", "aria-label": "Commands of the bot", "data-testid": "hints", hidden: true });
  let chosen = 0;
  const draw = () => {
    const found = matching(field.value);
    chosen = Math.min(chosen, Math.max(found.length - 1, 0));
    node.hidden = !found.length;
    node.replaceChildren(...found.map((command, index) => row(command, index === chosen, () => fill(command))));
  };
  const fill = (command) => {
    field.value = `/${command.command} `;
    node.hidden = true;
    field.focus();
  };
  field.addEventListener("input", () => {
    chosen = 0;
    draw();
  });
  field.addEventListener("blur", () => setTimeout(() => (node.hidden = true), 150));
  field.addEventListener("keydown", (event) => {
    if (node.hidden) return;
    const found = matching(field.value);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      chosen = (chosen + step + found.length) % found.length;
      event.preventDefault();
      draw();
    }
    if (event.key === "Escape") node.hidden = true;
    if (event.key === "Tab" || (event.key === "Enter" && field.value !== `/${found[chosen].command}`)) {
      event.preventDefault();
      fill(found[chosen]);
    }
  });
  return node;
}

function matching(words) {
  if (!/^\/\w*$/.test(words)) return [];
  return (openChat()?.commands ?? []).filter(({ command }) => `/${command}`.startsWith(words.toLowerCase())).slice(0, SHOWN);
}

function row({ command, description }, chosen, pick) {
  const attributes = { type: "button", class: "hint", role: "option", "aria-selected": String(chosen), tabindex: -1, onclick: pick };
  return el("button", attributes, el("b", {}, `/${command}`), el("span", {}, description));
}
