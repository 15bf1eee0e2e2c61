// Writing and posting: text, replies, the tray, in whose name; what the sandbox makes of it comes back as news.

import { byId, el, icon, iconButton } from "./dom.js";
import { excerpt, senderOf, sentence, userName } from "./names.js";
import { hints } from "./hints.js";
import { shelf } from "./shelf.js";
import { changed, openChat, standing, state } from "./state.js";
import { albums, clear, onTray, posts, putFile, take, tray } from "./tray.js";

const WAYS = [
  ["usual", "Send as it comes"],
  ["photo", "Send as photo"],
  ["document", "Send as file"],
  ["sticker", "Send as sticker"],
  ["animation", "Send as GIF"],
  ["video", "Send as video"],
  ["video_note", "Send as video note"],
];

const parts = {};

/** Draws the composer; `on` = {post, join, start}. */
export function composer(on) {
  build(on);
  onTray(drawTray);
  return () => draw();
}

/** Put words into the composer and the cursor behind them. */
export function write(words) {
  parts.text.value = words;
  grow();
  parts.text.focus();
}

/** Show or hide the shelf of samples. */
export function showShelf(open) {
  parts.shelf.hidden = !open;
  parts.shelfButton.setAttribute("aria-expanded", String(open));
}

/** Say in the composer why something was refused; an empty text clears it. False when the composer is not on the screen. */
export function refuse(words) {
  parts.refusal.textContent = words;
  parts.refusal.hidden = !words;
  return parts.refusal.offsetParent !== null;
}

function build(on) {
  const send = () => void submit(on);
  parts.reply = el("div", { class: "reply-bar", hidden: true });
  parts.tray = el("div", { class: "tray", "data-testid": "tray", hidden: true });
  parts.refusal = el("p", { class: "refusal", role: "alert", "data-testid": "refusal-line", hidden: true });
  parts.identity = el("select", { class: "identity", "aria-label": "Post in the name of", "data-testid": "identity" });
  parts.way = el("select", { "aria-label": "How to send", "data-testid": "send-as" }, WAYS.map(([value, label]) => el("option", { value }, label)));
  parts.text = el("textarea", { rows: 1, placeholder: "Message", "aria-label": "Message", "data-testid": "composer" });
  parts.file = el("input", { type: "file", multiple: true, class: "unseen", "aria-label": "Attach your own files", "data-testid": "attach", tabindex: -1 });
  parts.shelf = shelf();
  parts.shelfButton = iconButton("shelf", "Samples", () => showShelf(parts.shelf.hidden), { "aria-expanded": "true", "data-testid": "shelf-toggle" });
  parts.send = el("button", { type: "button", class: "round send", "aria-label": "Send", title: "Send", "data-testid": "send", onclick: send }, icon("send"));
  const attach = iconButton("attach", "Attach your own files", () => parts.file.click());
  parts.hints = hints(parts.text);
  parts.row = el("div", { class: "write-row" }, parts.shelfButton, attach, parts.file, parts.text, parts.send);
  parts.join = el("button", { type: "button", class: "strong wide", "data-testid": "join", onclick: on.join }, "Join");
  parts.start = el("button", { type: "button", class: "strong wide", "data-testid": "start", onclick: () => on.start("") }, "Start");
  byId("composer").append(parts.hints, parts.reply, parts.tray, parts.refusal, parts.shelf, parts.row, parts.join, parts.start);
  parts.row.prepend(parts.identity);
  parts.text.addEventListener("input", grow);
  parts.text.addEventListener("keydown", (event) => onKey(event, send));
  parts.file.addEventListener("change", attached);
  byId("talk").addEventListener("dragover", (event) => event.preventDefault());
  byId("talk").addEventListener("drop", (event) => {
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  parts.text.addEventListener("paste", (event) => add(event.clipboardData.files));
}

function onKey(event, send) {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  }
  if (event.key === "Escape" && state.replyTo) {
    state.replyTo = null;
    changed();
  }
}

function attached() {
  add(parts.file.files);
  parts.file.value = "";
}

function add(files) {
  for (const file of files) putFile(file);
}

async function submit(on) {
  const text = parts.text.value.trim();
  if (parts.send.disabled) return;
  if (!text && !tray().length) {
    parts.text.focus();
    return;
  }
  parts.send.disabled = true;
  const done = await postAll(on, text);
  parts.send.disabled = false;
  if (done) empty();
}

async function postAll(on, text) {
  const frame = { in_name_of: inNameOf(), reply_to: state.replyTo?.message_id ?? null };
  if (!tray().length) return on.post({ ...frame, text });
  for (const { media, files } of await posts(parts.way.value, text)) {
    if (!(await on.post({ ...frame, media }, files))) return null;
  }
  return true;
}

function empty() {
  parts.text.value = "";
  parts.way.value = "usual";
  grow();
  clear();
  state.replyTo = null;
  changed();
}

/** Null for oneself, "anonymous", or a channel's id. */
export function inNameOf() {
  const { value } = parts.identity;
  if (!value) return null;
  return value === "anonymous" ? value : Number(value);
}

function grow() {
  parts.text.style.height = "auto";
  parts.text.style.height = `${Math.min(parts.text.scrollHeight, 160)}px`;
}

function draw() {
  const chat = openChat();
  const inside = chat && (chat.type === "private" || !["left", "kicked"].includes(standing(chat, state.as).status));
  const unstarted = chat?.type === "private" && !(state.messages.get(chat.id)?.length > 0);
  byId("composer").hidden = !chat;
  parts.join.hidden = !chat || inside;
  parts.start.hidden = !unstarted;
  parts.row.classList.toggle("gone", !inside || unstarted);
  parts.shelf.classList.toggle("gone", !inside || unstarted);
  if (parts.chat !== `${state.as}:${chat?.id}`) {
    parts.chat = `${state.as}:${chat?.id}`;
    refuse("");
  }
  parts.text.placeholder = chat?.refusal ? sentence(chat.refusal) : "Message";
  if (chat) drawIdentity(chat);
  drawReply();
}

function drawIdentity(chat) {
  const options = identities(chat);
  const signature = JSON.stringify(options);
  if (parts.identity.dataset.signature === signature) return;
  const before = parts.identity.value;
  parts.identity.dataset.signature = signature;
  parts.identity.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
  parts.identity.value = options.some(([value]) => value === before) ? before : options[0][0];
  parts.identity.hidden = options.length < 2;
}

function identities(chat) {
  if (chat.type === "channel") return [["", `As ${chat.title}`]];
  const options = [["", `As ${userName(state.me)}`]];
  if (!chat.type.endsWith("group")) return options;
  if (["creator", "administrator"].includes(standing(chat, state.as).status)) options.push(["anonymous", "As an anonymous admin"]);
  const channels = [...state.chats.values()].filter((one) => one.type === "channel");
  const mine = channels.filter((one) => ["creator", "administrator"].includes(standing(one, state.as).status));
  return [...options, ...mine.map((one) => [String(one.id), `As ${one.title}`])];
}

function drawReply() {
  const to = state.replyTo;
  parts.reply.hidden = !to;
  if (!to) return parts.reply.replaceChildren();
  const drop = () => {
    state.replyTo = null;
    changed();
  };
  const words = el("span", { class: "reply-words" }, el("b", {}, `Reply to ${senderOf(to).name}`), el("span", {}, excerpt(to)));
  return parts.reply.replaceChildren(icon("reply"), words, iconButton("close", "Do not reply", drop));
}

function faceOf(item) {
  if (item.id || item.type.startsWith("image/")) return el("img", { src: item.face, alt: "" });
  return item.type.startsWith("video/") ? el("video", { src: item.face, preload: "metadata" }) : icon("file");
}

function drawTray(items) {
  parts.tray.hidden = !items.length;
  const chips = items.map((item, index) => {
    const face = faceOf(item);
    const attributes = { type: "button", class: "chip-out", "aria-label": `Take out ${item.title}`, onclick: () => take(index) };
    return el("span", { class: "chip", title: item.title, "data-testid": "chip" }, face, el("button", attributes, icon("close")));
  });
  const words = albums() === 1 ? `Album of ${items.length}` : `${albums()} messages`;
  const note = items.length > 1 ? el("span", { class: "tray-note" }, words) : null;
  parts.tray.replaceChildren(...[...chips, note, items.length ? parts.way : null].filter(Boolean));
}
