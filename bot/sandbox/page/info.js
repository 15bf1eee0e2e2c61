// Who is in a chat and what the bot may do there, with the buttons to change it; who may change it, the sandbox decides.

import { avatar, el } from "./dom.js";
import { dialog } from "./dialogs.js";
import { chatKind, chatTitle, userName } from "./names.js";
import { standing, state } from "./state.js";

const RIGHTS = [
  ["can_delete_messages", "Delete messages"],
  ["can_restrict_members", "Mute and ban members"],
  ["can_invite_users", "Invite people"],
];
const WORDS = { creator: "owner", administrator: "admin", member: "member", restricted: "restricted", left: "left", kicked: "banned" };

/** Open the box about `chat`; `act(verb, body)` asks the sandbox and answers whether it agreed. */
export function info(chat, act) {
  const box = dialog(chatTitle(chat), "info");
  const close = el("button", { type: "button", class: "quiet", onclick: () => box.close() }, "Close");
  const body = el("div", { class: "info-body" });
  const fill = () => {
    const fresh = state.chats.get(chat.id);
    if (fresh) body.replaceChildren(members(fresh), botPart(fresh, again));
  };
  const again = async (verb, details) => {
    await act(verb, { chat_id: chat.id, as: state.as, ...details });
    fill();
  };
  fill();
  box.append(el("h2", {}, chatTitle(chat)), el("p", { class: "dialog-words" }, chatKind(chat)), body, close);
  box.showModal();
}

function members(chat) {
  const rows = chat.members.filter((member) => member.user_id !== state.bot.id).map((member) => {
    const name = userName(state.users.get(member.user_id));
    return el("li", {}, avatar(name, member.user_id), el("span", {}, name), el("small", {}, WORDS[member.status] ?? member.status));
  });
  return el("ul", { class: "members" }, rows);
}

function botPart(chat, again) {
  const status = chat.bot?.status ?? "left";
  const inside = !["left", "kicked"].includes(status);
  const rights = Object.keys(chat.bot?.rights ?? {}).filter((name) => chat.bot.rights[name]);
  const manages = ["creator", "administrator"].includes(standing(chat, state.as).status);
  const boxes = RIGHTS.map(([name, label]) => right(name, label, rights, (wanted) => again("set_bot_rights", { rights: wanted }), manages && inside));
  const all = RIGHTS.map(([name]) => name);
  const button = inside
    ? el("button", { type: "button", class: "quiet danger", "data-testid": "remove-bot", disabled: !manages, onclick: () => again("remove_bot", {}) }, "Remove the bot")
    : el("button", { type: "button", class: "strong", "data-testid": "add-bot", disabled: !manages, onclick: () => again("add_bot", { rights: all }) }, "Add the bot as admin");
  const words = inside ? `${userName(state.bot)} is ${status === "administrator" ? "an admin" : "a member"} here and may:` : `${userName(state.bot)} is not in this chat.`;
  return el("fieldset", { class: "bot-rights" }, el("legend", {}, "The bot"), el("p", {}, words), inside ? boxes : null, button);
}

function right(name, label, rights, set, enabled) {
  const input = el("input", { type: "checkbox", "data-testid": `right-${name}`, disabled: !enabled });
  input.checked = rights.includes(name);
  input.addEventListener("change", () => set(input.checked ? [...rights, name] : rights.filter((one) => one !== name)));
  return el("label", { class: "right" }, input, label);
}
