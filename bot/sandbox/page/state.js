// What the page knows and who is looking, and telling everyone when it changes; nothing is drawn here.

import { call, news } from "./api.js";

const GHOST_LIMIT = 200;
const SEEN_MS = 500; // a message that is removed at once stays this long, so that the visitor sees what happened
const listeners = new Set();
let waiting = false;
let polling = null;
let turns = 0;
let refreshing = null;

export const state = {
  as: null, // the id of the person that the visitor is
  me: null,
  bot: null,
  home: null, // the first group, as it was last seen
  users: new Map(),
  chats: new Map(),
  messages: new Map(), // chat id -> messages, oldest first
  ghosts: [], // messages that went away while the page was looking
  unread: new Map(),
  chatId: null,
  replyTo: null,
  online: true,
};
const arrivals = new Map(); // "chat:message" -> when the page first saw it, in ms

/** Call `listener` after every change, at most once a frame. */
export function subscribe(listener) {
  listeners.add(listener);
}

/** Say that something of `state` has changed. */
export function changed() {
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => {
    waiting = false;
    for (const listener of listeners) listener(state);
  });
}

/** Look through the eyes of `userId` and follow what happens. */
export async function become(userId) {
  const turn = ++turns;
  const answer = await call("state", { as: userId });
  if (turn !== turns) return;
  polling?.abort();
  state.as = answer.me.id;
  state.messages = new Map(Object.entries(answer.messages).map(([id, list]) => [Number(id), [...list]]));
  state.unread.clear();
  state.replyTo = null;
  adopt(answer);
  polling = new AbortController();
  follow(state.as, answer.seq, polling.signal);
  changed();
}

/** Open a chat. */
export function open(chatId) {
  if (state.chatId !== chatId) state.replyTo = null;
  state.chatId = chatId;
  state.unread.delete(chatId);
  changed();
}

/** The chat that is open, or null. */
export function openChat() {
  return state.chats.get(state.chatId) ?? null;
}

/** Somebody's standing in a chat: creator, administrator, member, restricted, left or kicked. */
export function standing(chat, userId) {
  return chat?.members?.find((member) => member.user_id === userId) ?? { status: "left" };
}

/** A message that the page knows, or null. */
export function message(chatId, messageId) {
  return state.messages.get(chatId)?.find((one) => one.message_id === messageId) ?? null;
}

function adopt(answer) {
  state.me = answer.me;
  state.bot = answer.bot ?? null;
  state.users = new Map(answer.users.map((user) => [user.id, user]));
  state.chats = new Map(answer.chats.filter((chat) => !chat.migrated_to).map((chat) => [chat.id, chat]));
  if (!state.chats.has(state.chatId)) state.chatId = null;
  state.home ??= [...state.chats.values()].find((chat) => chat.type.endsWith("group")) ?? null;
  state.home = state.chats.get(state.home?.id) ?? state.home;
}

/** Read people and chats anew; messages come by themselves, but for chats that were not there before. */
export function refresh() {
  refreshing ??= (async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    refreshing = null;
    const as = state.as;
    const answer = await call("state", { as });
    if (as !== state.as) return;
    for (const [id, list] of Object.entries(answer.messages)) {
      if (!state.messages.has(Number(id))) state.messages.set(Number(id), [...list]);
    }
    for (const id of [...state.messages.keys()]) if (!(id in answer.messages)) state.messages.delete(id);
    adopt(answer);
    changed();
  })().catch(() => {});
  return refreshing;
}

async function follow(as, after, signal) {
  let seq = after;
  while (!signal.aborted) {
    try {
      const answer = await news(as, seq, signal);
      if (signal.aborted) return;
      online(true);
      if (answer.reset) return void become(as);
      seq = answer.seq;
      answer.events.forEach(apply);
      if (answer.events.length) changed();
    } catch {
      if (signal.aborted) return;
      online(false);
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

function online(is) {
  if (state.online === is) return;
  state.online = is;
  changed();
}

const APPLY = {
  message: (event) => keep(event.chat_id, event.message),
  edited: (event) => keep(event.chat_id, event.message),
  deleted: (event) => remove(event),
  member: () => void refresh(),
  chat: () => void refresh(),
};

function apply(event) {
  APPLY[event.kind]?.(event);
}

function keep(chatId, fresh) {
  if (!state.messages.has(chatId)) {
    void refresh();
    return;
  }
  const list = state.messages.get(chatId);
  const index = list.findIndex((one) => one.message_id === fresh.message_id);
  if (index >= 0) list[index] = fresh;
  else {
    list.push(fresh);
    list.sort((a, b) => a.message_id - b.message_id);
    arrivals.set(`${chatId}:${fresh.message_id}`, performance.now());
    if (chatId !== state.chatId) state.unread.set(chatId, (state.unread.get(chatId) ?? 0) + 1);
  }
}

function remove(event) {
  for (const messageId of event.message_ids) {
    const came = arrivals.get(`${event.chat_id}:${messageId}`);
    const age = came === undefined ? null : performance.now() - came;
    const goes = () => drop(event.chat_id, messageId, age === null ? null : age / 1000);
    if (age === null || age >= SEEN_MS) goes();
    else setTimeout(() => (goes(), changed()), SEEN_MS - age);
  }
}

function drop(chatId, messageId, seconds) {
  const list = state.messages.get(chatId) ?? [];
  const index = list.findIndex((one) => one.message_id === messageId);
  if (index < 0) return;
  const [gone] = list.splice(index, 1);
  if (state.replyTo?.message_id === messageId && state.chatId === chatId) state.replyTo = null;
  const sibling = state.ghosts.find((ghost) => ghost.chatId === chatId && ghost.album && ghost.album === gone.media_group_id);
  if (sibling) {
    sibling.messages.push(gone);
    sibling.seconds = seconds === null ? sibling.seconds : Math.max(sibling.seconds ?? 0, seconds);
    return;
  }
  state.ghosts.push({ chatId, id: messageId, album: gone.media_group_id ?? null, messages: [gone], seconds });
  if (state.ghosts.length > GHOST_LIMIT) state.ghosts.shift();
}
