// The three first steps of a visitor, ticked off as they happen; it watches the state and changes nothing by itself.

import { byId, el, icon, iconButton } from "./dom.js";
import { mediaKind } from "./names.js";
import { changed, state } from "./state.js";

const KEY = "haechi-guide";
const memory = recall();
const STEPS = [
  {
    title: "Post the canary",
    words: "It is a harmless picture that the bot removes on sight. Take it, send it, and watch it vanish.",
    action: "Take the canary",
    done: () => state.ghosts.some((ghost) => ghost.messages.some(mediaKind)),
  },
  {
    title: "Become Minjun",
    words: "He is an admin: read in the log what the bot did, and why.",
    action: "Show me the log",
    done: () => state.me?.first_name === "Minjun" && Boolean(logChat()) && state.chatId === logChat().id,
  },
  {
    title: "Report something as Léa",
    words: "Post a picture that is not listed, then let her answer it with /report.",
    action: "Become Léa",
    done: () => reported(),
  },
];

/** Draws the guide; `act[0..2]` are what the three buttons do. */
export function guide(act) {
  byId("guide-open").addEventListener("click", () => {
    memory.closed = false;
    remember();
    changed();
    byId("guide").querySelector("button")?.focus();
  });
  return () => draw(act);
}

/** The admins' log chat, if the visitor sees it. */
export function logChat() {
  return [...state.chats.values()].find((chat) => chat.title?.includes("admin log"));
}

function reported() {
  return [...state.messages.values()].flat().some((message) => message.text?.startsWith("/report") && message.reply_to_message);
}

function draw(act) {
  STEPS.forEach((step, index) => {
    memory.done[index] ||= Boolean(state.me) && step.done();
  });
  remember();
  const node = byId("guide");
  node.hidden = memory.closed;
  const signature = JSON.stringify(memory);
  if (node.dataset.signature === signature) return;
  node.dataset.signature = signature;
  document.body.dataset.guide = memory.closed ? "closed" : "open";
  const next = memory.done.findIndex((done) => !done);
  const close = iconButton("close", "Close the guide", () => {
    memory.closed = true;
    remember();
    changed();
  }, { "data-testid": "guide-close" });
  const title = next < 0 ? "That is the whole trick" : "First steps";
  const items = STEPS.map((step, index) => item(step, index, index === next, act));
  node.replaceChildren(el("header", {}, el("h2", {}, title), close), el("ol", {}, items));
}

function item(step, index, current, act) {
  const done = memory.done[index];
  const face = el("span", { class: "step-number", "aria-hidden": "true" }, done ? icon("check") : String(index + 1));
  const button = el("button", { type: "button", class: "quiet", "data-testid": `guide-step-${index + 1}`, onclick: act[index] }, step.action);
  const words = el("div", {}, el("b", {}, step.title), current ? el("p", {}, step.words) : null, current ? button : null);
  const classes = ["step", done && "done", current && "current"].filter(Boolean).join(" ");
  return el("li", { class: classes, "aria-current": current ? "step" : null }, face, words);
}

function recall() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    if (Array.isArray(kept?.done)) return kept;
  } catch {
    // Storage may be switched off; the guide then starts anew with each visit.
  }
  return { done: [false, false, false], closed: false };
}

function remember() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // As above.
  }
}
