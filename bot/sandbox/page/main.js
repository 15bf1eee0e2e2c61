// Puts the page together: every part gets what it draws and what its presses do; no part is drawn here.

import { Refused, call } from "./api.js";
import { chats } from "./chats.js";
import { composer, inNameOf, refuse, showShelf, write } from "./composer.js";
import { conversation, spot, toNewest } from "./conversation.js";
import { alertBox, ask, choose, lightbox, menu, toast } from "./dialogs.js";
import { byId, el } from "./dom.js";
import { fool, showFool } from "./fool.js";
import { guide, logChat } from "./guide.js";
import { info } from "./info.js";
import { meaning } from "./links.js";
import { isOwn } from "./message.js";
import { chatTitle, humans, mediaKind, sentence } from "./names.js";
import { people } from "./people.js";
import { pick, stock } from "./shelf.js";
import { become, changed, message, open, openChat, refresh, state, subscribe } from "./state.js";

const wide = matchMedia("(min-width: 761px)");

async function asked(verb, body, files) {
  refuse("");
  try {
    return (await call(verb, { as: state.as, ...body }, files)) ?? true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const words = sentence(error.message);
    if (verb !== "post" || !refuse(words)) toast(words, "refusal");
    return null;
  }
}

function show(chatId) {
  document.body.dataset.view = "chat";
  open(chatId);
}

async function switchTo(userId) {
  try {
    await become(userId);
    if (!state.chatId && wide.matches) open([...state.chats.keys()][0] ?? null);
  } catch (error) {
    toast(sentence(error.message), "refusal");
  }
}

const on = {
  post: (body, files) => {
    toNewest();
    return asked("post", { chat_id: state.chatId, ...body }, files);
  },
  join: () => asked("join", { chat_id: state.chatId }).then(refresh),
  leave: () => asked("leave", { chat_id: state.chatId }).then(refresh),
  info: () => info(openChat(), asked_and_read),
  back: () => {
    document.body.dataset.view = "list";
  },
  start: async (payload) => {
    if (await asked("start_bot", { payload })) show(state.as);
  },
  show: lightbox,
  reply: (target) => {
    state.replyTo = target;
    changed();
    byId("composer").querySelector("textarea").focus();
  },
  jump: (chatId, messageId) => {
    if (chatId !== state.chatId) show(chatId);
    queueMicrotask(() => spot(messageId) || toast("This message is not there any more."));
  },
  command: (words) => write(`${words} `),
  link: (url) => follow(url),
  press: (target, button, node) => press(target, button, node),
  menu: (target, anchor) => menu(anchor, actions(target)),
};

async function asked_and_read(verb, body) {
  const done = await asked(verb, body);
  await refresh();
  return Boolean(done);
}

function follow(url) {
  const found = meaning(url);
  if (!found) return false;
  if ("start" in found) void on.start(found.start);
  else if ("startgroup" in found) toast("Open a chat and press Info to add the bot to it.");
  else if (!state.chats.has(found.chat)) toast("You do not see that chat.");
  else if (found.message) on.jump(found.chat, found.message);
  else show(found.chat);
  return true;
}

async function press(target, button, node) {
  if (button.url) return follow(button.url) || window.open(button.url, "_blank", "noopener,noreferrer");
  if (button.copy_text) return navigator.clipboard.writeText(button.copy_text.text).then(() => toast("Copied."));
  if (!button.callback_data) return toast("This kind of button works only in Telegram itself.");
  node.classList.add("busy");
  const body = { chat_id: target.chat.id, message_id: target.message_id, data: button.callback_data, wait: 10 };
  const result = await asked("press", body);
  node.classList.remove("busy");
  return answer(result?.answer);
}

function answer(given) {
  if (given?.url) follow(given.url);
  if (!given?.text) return;
  if (given.show_alert) alertBox(given.text);
  else toast(given.text);
}

function actions(target) {
  const chatId = target.chat.id;
  const items = [
    { label: "Reply", act: () => on.reply(target) },
    { label: "Forward", act: () => void forward(target) },
  ];
  if (isOwn(target) && !target.forward_origin) items.push({ label: "Edit", act: () => void edit(target) });
  const ids = albumOf(target).map((one) => one.message_id);
  items.push({ label: "Delete", danger: true, act: () => void asked("delete", { chat_id: chatId, message_ids: ids }) });
  return items;
}

function albumOf(target) {
  if (!target.media_group_id) return [target];
  return state.messages.get(target.chat.id).filter((one) => one.media_group_id === target.media_group_id);
}

async function forward(target) {
  const options = [...state.chats.values()].map((chat) => ({ label: chatTitle(chat), value: chat.id }));
  const chatId = await choose("Forward to", options);
  if (chatId === undefined) return;
  const origin = { chat_id: target.chat.id, message_id: target.message_id };
  if (await asked("post", { chat_id: chatId, forward_of: origin })) show(chatId);
}

async function edit(target) {
  const text = await ask("Edit message", target.text ?? target.caption ?? "");
  if (text !== undefined) await asked("edit", { chat_id: target.chat.id, message_id: target.message_id, text });
}

function group() {
  return [...state.chats.values()].find((chat) => chat.type === "supergroup");
}

async function named(name) {
  const user = humans().find((one) => one.first_name === name);
  if (user && user.id !== state.as) await switchTo(user.id);
}

function takeCanary() {
  if (group()) show(group().id);
  showShelf(true);
  pick("canary");
  byId("composer").querySelector("[data-testid=send]").focus();
}

async function readLog() {
  await named("Minjun");
  if (logChat()) show(logChat().id);
}

async function reportAsLea() {
  await named("Léa");
  if (group()) show(group().id);
  const seen = state.messages.get(group()?.id) ?? [];
  const target = seen.findLast((one) => mediaKind(one) && one.from?.id !== state.as && !one.from?.is_bot);
  if (!target) {
    toast("Nobody else has posted a picture yet: post one as Hana, then come back.");
    return;
  }
  on.reply(message(group().id, target.message_id));
  write("/report");
}

function connection() {
  const node = el("p", { class: "offline", hidden: true }, "The sandbox does not answer; trying again …");
  byId("talk").prepend(node);
  return () => {
    node.hidden = state.online;
  };
}

async function begin() {
  const draws = [
    people(switchTo),
    chats(show),
    conversation(on),
    composer(on),
    guide([takeCanary, readLog, reportAsLea]),
    connection(),
    () => state.chatId || (document.body.dataset.view = "list"),
  ];
  subscribe(() => draws.forEach((draw) => draw()));
  fool((body, files) => on.post({ in_name_of: inNameOf(), ...body }, files));
  const opener = byId("fool-open");
  opener.addEventListener("click", () => showFool(opener.getAttribute("aria-expanded") !== "true"));
  showShelf(wide.matches);
  void stock();
  const { users } = await call("state", {});
  const first = users.find((user) => !user.is_bot);
  if (!first) throw new Refused("There is nobody in this sandbox yet.");
  await switchTo(first.id);
}

begin().catch((error) => toast(sentence(error.message), "refusal"));
