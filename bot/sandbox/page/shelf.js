// The shelf of samples under the conversation; the files in the tray are the tray's part.

import { samples } from "./api.js";
import { el } from "./dom.js";
import { toast } from "./dialogs.js";
import { onTray, placeOf, put, take } from "./tray.js";

const KINDS = { video: "film", animation: "GIF", sticker: "sticker", document: "file" };
const catalogue = [];
const listeners = new Set();

/** Read what there is on the shelf. */
export async function stock() {
  catalogue.push(...(await samples()));
  for (const listener of listeners) listener(catalogue);
}

/** Every sample, once `stock` has read them. */
export function onStock(listener) {
  listeners.add(listener);
  if (catalogue.length) listener(catalogue);
}

/** The bytes of a sample. */
export async function bytesOf(sample) {
  const response = await fetch(sample.url);
  return response.blob();
}

/** Put the sample called `name` into the tray; its bytes follow. */
export function pick(name) {
  const sample = catalogue.find((one) => one.name === name);
  if (!sample || placeOf(name) >= 0) return;
  const { title, filename, kind, mime: type, thumbnail: face } = sample;
  if (!put({ id: name, title, filename, kind, type, face, bytes: bytesOf(sample) })) toast("An album holds at most ten.", "refusal");
}

/** The shelf as an element. */
export function shelf() {
  const node = el("div", { class: "shelf", "data-testid": "shelf", role: "group", "aria-label": "Samples" });
  onStock((list) => node.replaceChildren(...list.map(card)));
  onTray(() => node.querySelectorAll("[data-sample]").forEach(mark));
  return node;
}

/** What a sample's mark says. */
export function standing(sample) {
  if (sample.name === "canary") return "test picture";
  return sample.listed ? "on the list" : "not listed";
}

function card(sample) {
  const kind = KINDS[sample.kind];
  const state = standing(sample);
  const face = el("span", { class: "card-face" }, el("img", { src: sample.thumbnail, alt: "", loading: "lazy", width: 92, height: 69 }));
  if (kind) face.append(el("small", { class: "card-kind" }, kind));
  const attributes = {
    type: "button",
    class: "card",
    "data-testid": "sample",
    "data-sample": sample.name,
    "data-standing": sample.name === "canary" ? "canary" : sample.listed ? "listed" : "clean",
    "aria-pressed": "false",
    title: `${sample.title}, ${state}`,
    onclick: () => (placeOf(sample.name) >= 0 ? take(placeOf(sample.name)) : pick(sample.name)),
  };
  return el("button", attributes, face, el("b", {}, sample.title), el("small", { class: "standing" }, state));
}

function mark(node) {
  const place = placeOf(node.dataset.sample);
  node.setAttribute("aria-pressed", String(place >= 0));
  node.dataset.place = place >= 0 ? String(place + 1) : "";
}
