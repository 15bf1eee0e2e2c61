// Building and finding elements without ever parsing data as markup; what is built lives elsewhere.

const drawn = new WeakMap(); // node -> the block it was built from
const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  back: "M15 5l-7 7 7 7",
  attach: "M20 11l-8.500 8.500a5 5 0 0 1-7-7L13 4a3.500 3.500 0 0 1 5 5l-8.500 8.500a2 2 0 0 1-3-3L14 7",
  shelf: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  send: "M4 12l16-8-6 16-3-6.500z",
  reply: "M10 6l-6 6 6 6M4 12h9c4 0 7 2 7 7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6L6 18",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  check: "M5 12l5 5 9-10",
};

/** An element with attributes, `on…` handlers and children; strings become text. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A line drawing; it says nothing to screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon and is called `label`. */
export function iconButton(name, label, onclick, attributes = {}) {
  return el("button", { type: "button", class: "round", "aria-label": label, title: label, onclick, ...attributes }, icon(name));
}

/** The element with this id, which the page always has. */
export function byId(id) {
  return document.getElementById(id);
}

/** A round badge with a name's initials, in a colour that stays the same for an id. */
export function avatar(name, id, attributes = {}) {
  const letters = name.match(/\p{L}+/gu) ?? ["?"];
  const initials = letters.slice(0, 2).map((word) => [...word][0]).join("").toUpperCase();
  return el("span", { class: "avatar", "data-tint": tint(id), "aria-hidden": "true", ...attributes }, initials);
}

/** Which of the eight name colours belongs to an id. */
export function tint(id) {
  return String(Math.abs(Number(id) || 0) % 8);
}

/**
 * Make the children of `parent` those of `blocks` ({key, signature, build}), keeping every node whose signature is the same.
 * `leave(node)` removes one that is no longer wanted.
 */
export function reconcile(parent, blocks, leave = (node) => node.remove()) {
  const old = new Map([...parent.children].filter((node) => !node.dataset.leaving).map((node) => [drawn.get(node)?.key, node]));
  const wanted = new Set(blocks.map((block) => block.key));
  for (const [key, node] of old) if (!wanted.has(key)) leave(node);
  let previous = null;
  for (const block of blocks) {
    let node = old.get(block.key);
    if (!node || drawn.get(node).signature !== block.signature) {
      const fresh = block.build();
      drawn.set(fresh, block);
      if (node) node.replaceWith(fresh);
      node = fresh;
    }
    place(parent, node, previous);
    previous = node;
  }
}

function place(parent, node, previous) {
  let next = previous ? previous.nextSibling : parent.firstChild;
  while (next && next !== node && next.dataset?.leaving) next = next.nextSibling;
  if (next !== node) parent.insertBefore(node, next);
}
