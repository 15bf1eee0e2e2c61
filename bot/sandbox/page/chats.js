// The list of chats at the left; the open chat's messages are the conversation's part.

import { avatar, byId, el, reconcile } from "./dom.js";
import { chatTitle, clock, excerpt, senderOf, service } from "./names.js";
import { standing, state } from "./state.js";

/** Draws the list; `choose(id)` is called when a chat is pressed. */
export function chats(choose) {
  const list = byId("chats");
  return () => {
    const held = list.contains(document.activeElement) ? document.activeElement.dataset.chatId : null;
    reconcile(list, [...state.chats.values()].map((chat) => item(chat, choose)));
    if (held) list.querySelector(`[data-chat-id="${Number(held)}"]`)?.focus();
  };
}

function item(chat, choose) {
  const last = state.messages.get(chat.id)?.at(-1);
  const unread = state.unread.get(chat.id) ?? 0;
  const open = chat.id === state.chatId;
  const outside = chat.type !== "private" && ["left", "kicked"].includes(standing(chat, state.as).status);
  const title = chatTitle(chat);
  const line = outside ? "You are not in this chat" : last ? preview(last, chat) : "No messages yet";
  const build = () => {
    const head = el("span", { class: "chat-head" }, el("b", {}, title), last && !outside ? el("time", {}, clock(last.date)) : null);
    const badge = unread ? el("span", { class: "unread", "aria-label": `${unread} new` }, String(unread)) : null;
    const words = el("span", { class: "chat-words" }, head, el("span", { class: "chat-line" }, el("span", {}, line), badge));
    const attributes = { type: "button", class: `chat${open ? " open" : ""}`, "data-testid": "chat", "data-chat-id": chat.id };
    if (open) attributes["aria-current"] = "true";
    return el("li", {}, el("button", { ...attributes, onclick: () => choose(chat.id) }, avatar(title, chat.id, chat.type === "private" ? { "data-face": "bot" } : {}), words));
  };
  const signature = JSON.stringify([title, line, last?.date, unread, open]);
  return { key: String(chat.id), signature, build };
}

function preview(message, chat) {
  const words = excerpt(message);
  if (service(message) || chat.type !== "supergroup") return words;
  return message.from?.id === state.as && !message.sender_chat ? `You: ${words}` : `${senderOf(message).name}: ${words}`;
}
