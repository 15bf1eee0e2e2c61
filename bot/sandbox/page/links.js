// Addresses that Telegram's apps open themselves; every other address is left to the browser.

import { state } from "./state.js";

/** What a t.me address means here: {start}, {chat, message} or {startgroup}; null when it is an ordinary one. */
export function meaning(url) {
  const place = parsed(url);
  if (!place) return null;
  const [first, second, third] = place.path;
  if (first === "c") return { chat: Number(`-100${second}`), message: Number(third) };
  if (first?.toLowerCase() === state.bot?.username?.toLowerCase()) return botLink(place.query);
  const chat = [...state.chats.values()].find((one) => one.username && one.username.toLowerCase() === first?.toLowerCase());
  return chat ? { chat: chat.id, message: second ? Number(second) : null } : null;
}

function botLink(query) {
  if (query.has("startgroup")) return { startgroup: query.get("startgroup") };
  return { start: query.get("start") ?? "" };
}

function parsed(url) {
  try {
    const { protocol, hostname, pathname, searchParams } = new URL(url);
    if (protocol === "tg:" && hostname === "resolve") return { path: [searchParams.get("domain")], query: searchParams };
    if (!["t.me", "telegram.me"].includes(hostname)) return null;
    return { path: pathname.split("/").filter(Boolean), query: searchParams };
  } catch {
    return null;
  }
}
