// The open chat: its head, its messages in order, and where the visitor is in them; a single message is drawn in message.js.

import { avatar, byId, el, iconButton, reconcile } from "./dom.js";
import { bubble, ghostLine, serviceLine } from "./message.js";
import { chatKind, chatTitle, senderOf, service } from "./names.js";
import { openChat, standing, state } from "./state.js";

const RUN_SECONDS = 300;
const NEAR_END = 120;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let shown = null;
let atEnd = true;
let measured = "";

/** Prepare the conversation; `on` says what presses do. */
export function conversation(on) {
  const log = byId("log");
  const newest = byId("newest");
  const hold = () => atEnd && toEnd(log);
  log.addEventListener("scroll", () => scrolled(log, newest), { passive: true });
  log.addEventListener("load", hold, true);
  log.addEventListener("loadedmetadata", hold, true);
  newest.addEventListener("click", toNewest);
  new ResizeObserver(hold).observe(log);
  return () => draw(log, newest, on);
}

/** Go to the end of the conversation and stay there. */
export function toNewest() {
  atEnd = true;
  toEnd(byId("log"));
  byId("newest").hidden = true;
}

/** Scroll to a message of the open chat and light it up; false when it is not there. */
export function spot(messageId) {
  const node = byId("log").querySelector(`[data-message-id="${Number(messageId)}"]`);
  if (!node) return false;
  node.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
  node.classList.add("spotted");
  setTimeout(() => node.classList.remove("spotted"), 1600);
  return true;
}

function draw(log, newest, on) {
  const chat = openChat();
  head(chat, on);
  const moved = shown !== `${state.as}:${state.chatId}`;
  if (moved) {
    log.replaceChildren();
    shown = `${state.as}:${state.chatId}`;
    atEnd = true;
  }
  const before = log.lastElementChild;
  reconcile(log, chat ? blocks(chat, on) : [welcome()], moved ? undefined : leave);
  if (atEnd) toEnd(log);
  else if (before !== log.lastElementChild) newest.hidden = false;
}

function toEnd(log) {
  log.scrollTop = log.scrollHeight;
  measured = measure(log);
}

function measure(log) {
  return `${log.clientHeight}/${log.scrollHeight}`;
}

// A scroll that comes with a change of height is the layout's doing, not the visitor's.
function scrolled(log, newest) {
  if (atEnd && measured !== measure(log)) {
    toEnd(log);
    return;
  }
  measured = measure(log);
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
  if (atEnd) newest.hidden = true;
}

function head(chat, on) {
  const node = byId("talk-head");
  const signature = chat ? JSON.stringify([state.as, chat.id, chatTitle(chat), chatKind(chat), standing(chat, state.as).status]) : "";
  if (node.dataset.signature === signature) return;
  node.dataset.signature = signature;
  node.replaceChildren(...(chat ? headParts(chat, on) : []));
}

function headParts(chat, on) {
  const inside = !["left", "kicked"].includes(standing(chat, state.as).status);
  const leaveButton = el("button", { type: "button", class: "quiet", "data-testid": "leave", onclick: on.leave }, "Leave");
  return [
    iconButton("back", "Back to the chats", on.back, { class: "round only-narrow", "data-testid": "back" }),
    avatar(chatTitle(chat), chat.id, chat.type === "private" ? { "data-face": "bot" } : {}),
    el("div", { class: "head-words" }, el("h1", {}, chatTitle(chat)), el("p", {}, chatKind(chat))),
    chat.type !== "private" && inside ? leaveButton : null,
    chat.type !== "private" ? el("button", { type: "button", class: "quiet", "data-testid": "chat-info", onclick: on.info }, "Info") : null,
  ].filter(Boolean);
}

function welcome() {
  const build = () => el("p", { class: "empty" }, "Choose a chat to begin.");
  return { key: "empty", signature: "", build };
}

function blocks(chat, on) {
  const ghosts = state.ghosts.filter((ghost) => ghost.chatId === chat.id).map((ghost) => ({ id: ghost.id, ghost }));
  const groups = grouped(state.messages.get(chat.id) ?? []).map((messages) => ({ id: messages[0].message_id, messages }));
  const items = [...ghosts, ...groups].sort((a, b) => a.id - b.id);
  if (!items.length) return [empty(chat)];
  const out = [];
  items.forEach((item, index) => {
    const day = dayOf(item);
    if (index === 0 || day !== dayOf(items[index - 1])) out.push(dayBlock(day));
    out.push(item.ghost ? ghostBlock(item.ghost) : messageBlock(item.messages, items[index - 1], items[index + 1], on));
  });
  return out;
}

function empty(chat) {
  const words = chat.type === "private" ? "Press Start to talk to the bot." : "Nothing has been posted here yet.";
  return { key: "empty", signature: words, build: () => el("p", { class: "empty" }, words) };
}

function grouped(messages) {
  const out = [];
  for (const message of messages) {
    const last = out.at(-1);
    if (message.media_group_id && last?.[0].media_group_id === message.media_group_id) last.push(message);
    else out.push([message]);
  }
  return out;
}

function dayOf(item) {
  const { date } = (item.messages ?? item.ghost.messages)[0];
  return new Date(date * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "long" });
}

function dayBlock(day) {
  return { key: `day:${day}`, signature: day, build: () => el("p", { class: "service day" }, el("span", {}, day)) };
}

function ghostBlock(ghost) {
  const signature = `${ghost.messages.length}:${ghost.seconds}`;
  return { key: `ghost:${ghost.id}`, signature, build: () => ghostLine(ghost) };
}

function messageBlock(messages, previous, next, on) {
  const [head] = messages;
  const key = `message:${head.media_group_id ?? head.message_id}`;
  if (service(head)) return { key, signature: JSON.stringify(head), build: () => serviceLine(head) };
  const place = { first: !continues(previous, messages), last: !continues({ messages }, next?.messages) };
  const status = standing(openChat(), head.from?.id).status;
  const signature = JSON.stringify([messages, place, status]);
  return { key, signature, build: () => bubble(messages, place, on) };
}

function continues(before, messages) {
  const a = before?.messages?.at(-1);
  const b = messages?.[0];
  if (!a || !b || service(a) || service(b)) return false;
  return senderOf(a).id === senderOf(b).id && b.date - a.date < RUN_SECONDS;
}

function leave(node) {
  if (calm.matches || !node.classList.contains("message")) {
    node.remove();
    return;
  }
  node.dataset.leaving = "yes";
  node.setAttribute("aria-hidden", "true");
  node.style.height = `${node.offsetHeight}px`;
  node.classList.add("leaving");
  const log = node.parentElement;
  void node.offsetHeight;
  node.style.height = "0px";
  const done = () => {
    node.remove();
    if (atEnd) toEnd(log);
  };
  node.addEventListener("transitionend", (event) => event.target === node && event.propertyName === "height" && done());
  setTimeout(done, 900);
}
