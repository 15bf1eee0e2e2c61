// Message text with its entities as elements; only http, https and tg addresses become links.

import { el } from "./dom.js";

const SAFE = /^(https?|tg):\/\//i;
const SIMPLE = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

/** Nodes for `text`; `on` = {link(url), command(text)} says what a press on a link or command does. */
export function rich(text, entities, on) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return span(text, 0, text.length, sorted, on);
}

function span(text, start, end, entities, on) {
  const nodes = [];
  let at = start;
  for (let index = 0; index < entities.length; index += 1) {
    const entity = entities[index];
    const stop = Math.min(entity.offset + entity.length, end);
    if (entity.offset < at || entity.offset >= end) continue;
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const inner = entities.slice(index + 1).filter((one) => one.offset >= entity.offset && one.offset + one.length <= stop);
    const kids = inner.length ? span(text, entity.offset, stop, inner, on) : [text.slice(entity.offset, stop)];
    nodes.push(dressed(entity, text.slice(entity.offset, stop), kids, on));
    at = stop;
  }
  if (at < end) nodes.push(text.slice(at, end));
  return nodes;
}

function dressed(entity, words, kids, on) {
  if (SIMPLE[entity.type]) return el(SIMPLE[entity.type], {}, kids);
  if (entity.type === "spoiler") return spoiler(kids);
  if (entity.type === "bot_command") {
    return el("button", { type: "button", class: "command", onclick: () => on.command(words) }, kids);
  }
  if (entity.type === "text_link") return link(entity.url, kids, on);
  if (entity.type === "url") return link(SAFE.test(words) ? words : `https://${words}`, kids, on);
  return el("span", { class: `entity-${entity.type}` }, kids);
}

function spoiler(kids) {
  const button = el("button", { type: "button", class: "spoiler", "aria-label": "Hidden text, press to show" }, kids);
  button.addEventListener("click", () => {
    button.classList.add("shown");
    button.removeAttribute("aria-label");
  });
  return button;
}

/** An anchor for a safe address; anything else stays text. */
export function link(url, kids, on) {
  if (!SAFE.test(url ?? "")) return el("span", {}, kids);
  const open = (event) => {
    if (on.link(url)) event.preventDefault();
  };
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", onclick: open }, kids);
}
