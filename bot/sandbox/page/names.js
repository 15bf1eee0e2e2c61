// What people, chats and messages are called on the screen; drawing them is done elsewhere.

import { standing, state } from "./state.js";

const ROLES = {
  creator: "owner",
  administrator: "admin",
  member: "member",
  restricted: "muted",
  left: "not in the group",
  kicked: "banned",
};
const KINDS = [
  ["photo", "Picture"],
  ["video", "Video"],
  ["animation", "GIF"],
  ["sticker", "Sticker"],
  ["video_note", "Video note"],
  ["document", "File"],
  ["audio", "Audio"],
  ["voice", "Voice message"],
  ["poll", "Poll"],
];

/** First and last name. */
export function userName(user) {
  return user ? [user.first_name, user.last_name].filter(Boolean).join(" ") : "Somebody";
}

/** A chat's title; a private chat is the one with the bot. */
export function chatTitle(chat) {
  if (chat.type === "private") return state.bot ? userName(state.bot) : "The bot";
  return chat.title ?? "Chat";
}

/** What a chat is, in a few words. */
export function chatKind(chat) {
  if (chat.type === "private") return "bot";
  if (chat.type === "channel") return `channel, ${chat.member_count} ${chat.member_count === 1 ? "subscriber" : "subscribers"}`;
  return `group, ${chat.member_count} ${chat.member_count === 1 ? "member" : "members"}`;
}

/** What somebody is in the first group: owner, admin, member, muted, banned … */
export function role(userId) {
  if (userId === state.as && state.home && !state.chats.has(state.home.id)) return ROLES.kicked;
  const member = standing(state.home, userId);
  if (member.status === "restricted" && member.permissions.can_send_messages) return "restricted";
  return ROLES[member.status] ?? member.status;
}

/** The people a visitor can be. */
export function humans() {
  return [...state.users.values()].filter((user) => !user.is_bot && user.id !== 777000);
}

/** In whose name a message stands: {id, name}. */
export function senderOf(message) {
  if (message.sender_chat) return { id: message.sender_chat.id, name: message.sender_chat.title ?? "Chat" };
  if (message.from) return { id: message.from.id, name: userName(message.from) };
  return { id: message.chat.id, name: message.chat.title ?? "Channel" };
}

/** Which kind of media a message carries, as its field's name; null for none. */
export function mediaKind(message) {
  if (message.animation) return "animation";
  return KINDS.find(([field]) => message[field])?.[0] ?? null;
}

/** What a message is, in one word. */
export function what(message) {
  return KINDS.find(([field]) => field === mediaKind(message))?.[1] ?? "Message";
}

/** One line that stands for a message in previews. */
export function excerpt(message) {
  const words = message.text ?? message.caption ?? service(message);
  const kind = mediaKind(message) ? what(message) : null;
  return [kind, words].filter(Boolean).join(", ") || "Message";
}

/** What a service message says; null for a message of somebody. */
export function service(message) {
  const who = message.from ? userName(message.from) : senderOf(message).name;
  const names = (users) => users.map(userName).join(", ");
  if (message.new_chat_members) {
    const self = message.new_chat_members.length === 1 && message.new_chat_members[0].id === message.from?.id;
    return self ? `${who} joined` : `${who} added ${names(message.new_chat_members)}`;
  }
  if (message.left_chat_member) {
    const self = message.left_chat_member.id === message.from?.id;
    return self ? `${who} left` : `${who} removed ${userName(message.left_chat_member)}`;
  }
  if (message.new_chat_title) return `${who} named the chat “${message.new_chat_title}”`;
  if (message.pinned_message) return `${who} pinned a message`;
  if (message.group_chat_created || message.supergroup_chat_created) return `${who} created the group`;
  if (message.channel_chat_created) return "Channel created";
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return "The group became a supergroup";
  if (message.forum_topic_created) return `Topic “${message.forum_topic_created.name}” was created`;
  if (message.forum_topic_closed) return "The topic was closed";
  return null;
}

/** A length of time: "0.2 s", "3 min". */
export function duration(seconds) {
  if (seconds < 10) return `${Math.max(seconds, 0.1).toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** A refusal of the sandbox as a whole sentence, with times that people can read. */
export function sentence(words) {
  const whole = words.charAt(0).toUpperCase() + words.slice(1);
  const timed = whole.replace(/until (\d{10})\b/, (_, seconds) => `until ${moment(Number(seconds))}`);
  return /[.!?…]$/.test(timed) ? timed : `${timed}.`;
}

function moment(date) {
  return new Date(date * 1000).toLocaleString("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
}

/** Hours and minutes of a Unix time. */
export function clock(date) {
  return new Date(date * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
