// One message, album, removal or service line as an element; which of them are shown is the conversation's part.

import { avatar, el, iconButton, tint } from "./dom.js";
import { cell, media } from "./media.js";
import { clock, duration, excerpt, mediaKind, senderOf, service, userName, what } from "./names.js";
import { message as known, standing, state } from "./state.js";
import { rich } from "./text.js";

/** A bubble for one message or a whole album; `place` = {first, last} says where it stands in a run of one sender. */
export function bubble(messages, place, on) {
  const [head] = messages;
  const own = isOwn(head);
  const kind = mediaKind(head);
  const bare = kind === "sticker" || kind === "video_note";
  const words = messages.find((one) => one.caption ?? one.text);
  const box = el(
    "div",
    { class: "bubble" },
    sender(head, place, own),
    forwarded(head),
    quote(head, on),
    messages.length > 1 ? album(messages, on) : media(head, on.show),
    words ? el("div", { class: "words", dir: "auto" }, rich(words.text ?? words.caption, words.entities ?? words.caption_entities, on)) : null,
    meta(messages.at(-1)),
  );
  const classes = ["message", own && "own", place.first && "first", place.last && "last", bare && "bare", messages.at(-1).edit_date && "edited", kind && "has-media", !words && "wordless"];
  const attributes = { class: classes.filter(Boolean).join(" "), "data-testid": "message", "data-message-id": head.message_id };
  if (messages.length > 1) Object.assign(attributes, { "data-testid": "album", "data-album": head.media_group_id });
  const from = senderOf(head);
  const face = own ? null : avatar(from.name, from.id, from.id === state.bot?.id ? { "data-face": "bot" } : {});
  return el(
    "article",
    { ...attributes, "aria-label": `${from.name}: ${excerpt(head)}` },
    el("div", { class: "column" }, el("div", { class: "line" }, face, box, tools(head, on)), keyboard(head, on)),
  );
}

/** Whether the visitor wrote it under their own name. */
export function isOwn(message) {
  return message.from?.id === state.as && !message.sender_chat;
}

/** A centred line that tells what happened. */
export function serviceLine(message) {
  const attributes = { class: "service", "data-testid": "service", "data-message-id": message.message_id };
  return el("p", attributes, el("span", {}, service(message)));
}

/** A faint line where a message was. */
export function ghostLine(ghost) {
  const [first] = ghost.messages;
  const count = ghost.messages.length;
  const thing = count > 1 ? `Album of ${count}` : what(first);
  const after = ghost.seconds === null ? "" : ` after ${duration(ghost.seconds)}`;
  const attributes = { class: "service ghost", "data-testid": "ghost", "data-message-id": ghost.id };
  return el("p", attributes, el("span", {}, `${thing} from ${senderOf(first).name} removed${after}`));
}

function sender(message, place, own) {
  if (own || !place.first || message.chat.type === "private") return null;
  const from = senderOf(message);
  return el("div", { class: "sender", "data-tint": tint(from.id) }, el("b", {}, from.name), badge(message));
}

function badge(message) {
  if (message.sender_chat) {
    if (message.sender_chat.id === message.chat.id) return message.chat.type === "channel" ? null : el("small", {}, "anonymous admin");
    return el("small", {}, "channel");
  }
  if (message.from?.is_bot) return el("small", {}, "bot");
  const { status } = standing(state.chats.get(message.chat.id), message.from?.id);
  if (status === "creator") return el("small", {}, "owner");
  return status === "administrator" ? el("small", {}, "admin") : null;
}

function forwarded(message) {
  const origin = message.forward_origin;
  if (!origin) return null;
  const chat = origin.chat ?? origin.sender_chat;
  const name = origin.sender_user ? userName(origin.sender_user) : (chat?.title ?? origin.sender_user_name ?? "somebody");
  return el("div", { class: "forwarded" }, "Forwarded from ", el("b", {}, name));
}

function quote(message, on) {
  const target = message.reply_to_message;
  if (!target || target.forum_topic_created) return null;
  const there = known(message.chat.id, target.message_id);
  const from = senderOf(target);
  const go = () => on.jump(message.chat.id, target.message_id);
  const attributes = { type: "button", class: "quote", "data-tint": tint(from.id), onclick: go, "data-testid": "quote" };
  return el("button", attributes, el("b", {}, from.name), el("span", {}, there ? excerpt(target) : "Removed message"));
}

function album(messages, on) {
  const cells = messages.map((one) =>
    el("div", { class: "cell", "data-testid": "message", "data-message-id": one.message_id }, cell(one, on.show)),
  );
  const files = messages.every((one) => mediaKind(one) === "document");
  return el("div", { class: files ? "file-list" : "grid", "data-count": String(Math.min(messages.length, 10)) }, cells);
}

function meta(message) {
  const edited = message.edit_date ? "edited " : "";
  return el("footer", { class: "meta" }, `${edited}${clock(message.date)}`);
}

function tools(message, on) {
  return el(
    "div",
    { class: "tools" },
    iconButton("reply", "Reply", () => on.reply(message), { "data-testid": "reply" }),
    iconButton("more", "More", (event) => on.menu(message, event.currentTarget), { "data-testid": "more", "aria-haspopup": "menu" }),
  );
}

function keyboard(message, on) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  const kids = rows.map((row) => el("div", { class: "keys" }, row.map((button) => key(message, button, on))));
  return el("div", { class: "keyboard" }, kids);
}

function key(message, button, on) {
  const attributes = { type: "button", "data-testid": "inline-button", "data-callback": button.callback_data, "data-style": button.style };
  const node = el("button", attributes, button.text);
  node.addEventListener("click", () => on.press(message, button, node));
  return node;
}
