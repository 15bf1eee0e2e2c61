// The panel "Try to fool the bot": pick a picture, change it, look at it, post it; the changes themselves are in alter.js.

import { PLAIN, altered, compressed } from "./alter.js";
import { byId, el, iconButton } from "./dom.js";
import { bytes } from "./media.js";
import { bytesOf, onStock, standing } from "./shelf.js";
import { chatTitle, duration } from "./names.js";
import { openChat, message, state } from "./state.js";

const WATCH_MS = 6000;
const SLIDERS = [
  ["quality", "JPEG quality", 3, 100, 1, ""],
  ["scale", "Size", 10, 150, 5, " %"],
  ["crop", "Cut off the edges", 0, 60, 1, " %"],
  ["rotate", "Turn", -180, 180, 5, "°"],
  ["brightness", "Brightness", 30, 200, 5, " %"],
  ["border", "Border", 0, 40, 1, " %"],
];
const RECIPES = [
  ["Mirrored", { mirror: true }],
  ["Screenshot", { screenshot: true }],
  ["Thick border", { border: 18, colour: "#d6603f" }],
  ["Meme", { words: "When it is Friday" }],
  ["Squeezed", { quality: 6, scale: 40 }],
];

const parts = { inputs: {} };
const now = { wish: { ...PLAIN }, bitmap: null, blob: null, turn: 0, post: 0 };

/** Fill the panel; `post(body, files)` posts and answers the new messages, or null when refused. */
export function fool(post) {
  parts.preview = el("canvas", { class: "preview", width: 4, height: 3, "data-testid": "alter-preview", role: "img", "aria-label": "The changed picture" });
  parts.facts = el("p", { class: "facts", "data-testid": "alter-facts" });
  parts.verdict = el("p", { class: "verdict", role: "status", "data-testid": "alter-verdict" });
  parts.post = el("button", { type: "button", class: "strong wide", "data-testid": "alter-post", disabled: true, onclick: () => void send(post) }, "Post it");
  const reset = el("button", { type: "button", class: "quiet", "data-testid": "alter-reset", onclick: () => wishFor({}) }, "Undo changes");
  byId("fool").append(
    el("header", { class: "fool-head" }, el("h2", {}, "Try to fool the bot"), iconButton("close", "Close the panel", () => showFool(false), { "data-testid": "alter-close" })),
    el("p", { class: "fool-words" }, "Alter a picture that is on the list and see whether the bot still knows it; this is for pictures only."),
    sources(),
    el("div", { class: "stage" }, parts.preview),
    parts.facts,
    recipes(),
    controls(),
    el("div", { class: "fool-foot" }, parts.verdict, el("div", { class: "fool-row" }, reset, parts.post)),
  );
}

/** Open or close the panel. */
export function showFool(open) {
  byId("fool").hidden = !open;
  byId("fool-open").setAttribute("aria-expanded", String(open));
  document.body.dataset.panel = open ? "open" : "";
  if (open) byId("fool").querySelector("button, input")?.focus({ preventScroll: true });
  else byId("fool-open").focus({ preventScroll: true });
}

function sources() {
  const row = el("div", { class: "sources", role: "radiogroup", "aria-label": "Picture to change" });
  const file = el("input", { type: "file", accept: "image/*", class: "unseen", "data-testid": "alter-file", "aria-label": "Your own picture" });
  file.addEventListener("change", () => file.files[0] && load(file.files[0], null, row));
  onStock((catalogue) => {
    const pictures = catalogue.filter((sample) => sample.kind === "photo");
    const buttons = pictures.map((sample) => source(sample, row));
    row.replaceChildren(...buttons, el("label", { class: "source own" }, file, "Own picture"));
    const first = pictures.find((sample) => sample.name === "listed-2") ?? pictures[0];
    if (first) void bytesOf(first).then((blob) => load(blob, first.name, row));
  });
  return row;
}

function source(sample, row) {
  const attributes = {
    type: "button",
    class: "source",
    role: "radio",
    "aria-checked": "false",
    "data-testid": "alter-sample",
    "data-sample": sample.name,
    "data-standing": sample.name === "canary" ? "canary" : sample.listed ? "listed" : "clean",
    title: `${sample.title}, ${standing(sample)}`,
    "aria-label": `${sample.title}, ${standing(sample)}`,
    onclick: async () => load(await bytesOf(sample), sample.name, row),
  };
  return el("button", attributes, el("img", { src: sample.thumbnail, alt: "", width: 60, height: 45, loading: "lazy" }));
}

async function load(blob, name, row) {
  try {
    now.bitmap = await createImageBitmap(blob);
  } catch {
    tell("This file is not a picture that the browser can read.", "passed");
    return;
  }
  for (const node of row.children) {
    node.setAttribute("aria-checked", String(node.dataset.sample === (name ?? undefined)));
    node.classList.toggle("chosen", node.dataset.sample === (name ?? undefined));
  }
  tell("", "");
  await draw();
}

function recipes() {
  const buttons = RECIPES.map(([label, wish]) => el("button", { type: "button", class: "pill", "data-testid": "alter-recipe", onclick: () => wishFor(wish) }, label));
  return el("div", { class: "recipes" }, buttons);
}

function controls() {
  const sliders = SLIDERS.map(([name, label, min, max, step, unit]) => slider(name, label, { min, max, step }, unit));
  return el(
    "div",
    { class: "controls" },
    ...sliders,
    field("colour", "Border colour", { type: "color" }),
    field("words", "Words above it", { type: "text", maxlength: 60, placeholder: "none" }),
    field("mirror", "Mirror it", { type: "checkbox" }),
    field("screenshot", "Looks like a screenshot", { type: "checkbox" }),
  );
}

function slider(name, label, range, unit) {
  const output = el("output", {});
  const node = field(name, label, { type: "range", ...range }, output);
  const say = () => (output.textContent = `${parts.inputs[name].value}${unit}`);
  parts.inputs[name].addEventListener("input", say);
  parts.inputs[name].say = say;
  say();
  return node;
}

function field(name, label, attributes, extra = null) {
  const input = el("input", { ...attributes, name, "data-testid": `alter-${name}` });
  parts.inputs[name] = input;
  write(input, PLAIN[name]);
  input.addEventListener("input", () => {
    now.wish[name] = read(input);
    void draw();
  });
  return el("label", { class: `control control-${attributes.type}` }, el("span", {}, label, extra), input);
}

function read(input) {
  if (input.type === "checkbox") return input.checked;
  return input.type === "range" ? Number(input.value) : input.value;
}

function write(input, value) {
  if (input.type === "checkbox") input.checked = value;
  else input.value = value;
}

function wishFor(wish) {
  now.wish = { ...PLAIN, ...wish };
  for (const [name, input] of Object.entries(parts.inputs)) {
    write(input, now.wish[name]);
    input.say?.();
  }
  void draw();
}

async function draw() {
  if (!now.bitmap) return;
  now.turn += 1;
  const turn = now.turn;
  await new Promise((resolve) => requestAnimationFrame(resolve));
  if (turn !== now.turn) return;
  const canvas = altered(now.bitmap, now.wish);
  const blob = await compressed(canvas, now.wish.quality);
  const shown = await createImageBitmap(blob);
  if (turn !== now.turn) return;
  now.blob = blob;
  parts.preview.width = shown.width;
  parts.preview.height = shown.height;
  parts.preview.getContext("2d").drawImage(shown, 0, 0);
  parts.facts.textContent = `${shown.width} × ${shown.height} pixels, ${bytes(blob.size)}`;
  parts.post.disabled = false;
}

async function send(post) {
  const chat = openChat();
  if (!chat) {
    tell("Open a chat first.", "");
    return;
  }
  now.post += 1;
  const turn = now.post;
  parts.post.disabled = true;
  tell(`Posting in ${chatTitle(chat)} …`, "");
  const body = { media: [{ kind: "photo", file: "picture", filename: "picture.jpg" }] };
  const posted = await post(body, { picture: new File([now.blob], "picture.jpg", { type: "image/jpeg" }) });
  parts.post.disabled = false;
  tell(posted ? "Posted. Does the bot know it?" : "", "");
  if (posted?.length) await watch(chat.id, posted[0].message_id, turn);
}

async function watch(chatId, messageId, turn) {
  const until = performance.now() + WATCH_MS;
  while (performance.now() < until && turn === now.post) {
    await new Promise((resolve) => setTimeout(resolve, 120));
    const ghost = state.ghosts.find((one) => one.chatId === chatId && one.messages.some((gone) => gone.message_id === messageId));
    if (ghost && turn === now.post) {
      tell(`Caught: removed after ${duration(ghost.seconds ?? 0)}.`, "caught");
      return;
    }
  }
  if (turn === now.post && message(chatId, messageId)) tell("Still there: the bot let it pass.", "passed");
}

function tell(words, mood) {
  parts.verdict.textContent = words;
  parts.verdict.dataset.mood = mood;
}
