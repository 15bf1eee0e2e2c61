// Toasts, alerts, menus, the large picture and small questions; what they say comes from elsewhere.

import { byId, el, iconButton } from "./dom.js";

const TOAST_MS = 4500;

/** A line at the bottom that goes away by itself. */
export function toast(words, kind = "plain") {
  const node = el("p", { class: `toast toast-${kind}`, "data-testid": kind === "refusal" ? "refusal" : "toast" }, words);
  byId("toasts").append(node);
  setTimeout(() => node.remove(), TOAST_MS);
}

/** A box with a sentence that waits for OK, as Telegram's show_alert. */
export function alertBox(words) {
  const box = dialog("Message from the bot", "alert");
  box.append(el("p", { class: "dialog-words" }, words), el("button", { type: "button", class: "strong", onclick: () => box.close() }, "OK"));
  box.showModal();
}

/** Show a picture as large as the window allows. */
export function lightbox(url) {
  const box = dialog("Picture", "lightbox", "lightbox");
  box.append(el("img", { src: url, alt: "Picture" }), iconButton("close", "Close", () => box.close()));
  box.addEventListener("click", (event) => event.target === box && box.close());
  box.showModal();
}

/** Ask to choose one of `options` ({label, value}); answers the value, or undefined. */
export function choose(title, options) {
  return new Promise((resolve) => {
    const box = dialog(title, "choose");
    const buttons = options.map(({ label, value }) => {
      const pick = () => {
        box.close();
        resolve(value);
      };
      return el("button", { type: "button", class: "choice", onclick: pick }, label);
    });
    box.append(el("h2", {}, title), ...buttons, el("button", { type: "button", class: "quiet", onclick: () => box.close() }, "Cancel"));
    box.addEventListener("close", () => resolve(undefined));
    box.showModal();
  });
}

/** Ask for a line of text; answers it, or undefined. */
export function ask(title, value) {
  return new Promise((resolve) => {
    const box = dialog(title, "ask");
    const input = el("textarea", { rows: 3, "aria-label": title });
    input.value = value;
    const save = () => {
      resolve(input.value);
      box.close();
    };
    const buttons = [
      el("button", { type: "button", class: "quiet", onclick: () => box.close() }, "Cancel"),
      el("button", { type: "button", class: "strong", onclick: save }, "Save"),
    ];
    box.append(el("h2", {}, title), input, el("div", { class: "dialog-row" }, buttons));
    box.addEventListener("close", () => resolve(undefined));
    box.showModal();
  });
}

/** A modal box that takes itself away when it is closed. */
export function dialog(title, testid, name = "sheet") {
  const box = el("dialog", { class: name, "aria-label": title, "data-testid": testid });
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  return box;
}

/** A small menu of `items` ({label, act, danger}) beside `anchor`. */
export function menu(anchor, items) {
  document.querySelector(".menu")?.remove();
  const close = () => {
    node.remove();
    document.removeEventListener("pointerdown", outside, true);
    anchor.focus({ preventScroll: true });
  };
  const outside = (event) => node.contains(event.target) || close();
  const buttons = items.map(({ label, act, danger }) => {
    const go = () => {
      close();
      act();
    };
    return el("button", { type: "button", role: "menuitem", class: danger ? "danger" : "", onclick: go }, label);
  });
  const node = el("div", { class: "menu", role: "menu", "data-testid": "menu" }, buttons);
  node.addEventListener("keydown", (event) => steer(event, buttons, close));
  document.body.append(node);
  const box = anchor.getBoundingClientRect();
  node.style.left = `${Math.max(8, Math.min(box.left, innerWidth - node.offsetWidth - 8))}px`;
  node.style.top = `${Math.max(8, Math.min(box.bottom + 4, innerHeight - node.offsetHeight - 8))}px`;
  document.addEventListener("pointerdown", outside, true);
  buttons[0]?.focus();
}

function steer(event, buttons, close) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") close();
  if (!step) return;
  event.preventDefault();
  const index = buttons.indexOf(document.activeElement);
  buttons[(index + step + buttons.length) % buttons.length].focus();
}
