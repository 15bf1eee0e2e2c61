// The switcher between the people that the visitor can be; changing eyes is state's part.

import { avatar, byId, el, reconcile } from "./dom.js";
import { humans, role, userName } from "./names.js";
import { state } from "./state.js";

/** Draws the switcher; `become(id)` is called when somebody is chosen. */
export function people(become) {
  const row = byId("people");
  row.addEventListener("change", (event) => become(Number(event.target.value)));
  return () => {
    const held = row.contains(document.activeElement) ? document.activeElement.value : null;
    reconcile(row, humans().map(option));
    if (held) row.querySelector(`input[value="${Number(held)}"]`)?.focus();
  };
}

function option(user) {
  const chosen = user.id === state.as;
  const name = userName(user);
  const standing = role(user.id);
  const build = () => {
    const radio = el("input", { type: "radio", name: "person", value: user.id, class: "unseen" });
    radio.checked = chosen;
    const words = el("span", { class: "person-words" }, el("b", {}, user.first_name), el("small", {}, standing));
    const attributes = { class: `person${chosen ? " chosen" : ""}`, "data-testid": "person", "data-user-id": user.id, "data-name": user.first_name };
    return el("label", { ...attributes, title: `${name}, ${standing}` }, radio, avatar(name, user.id), words);
  };
  return { key: String(user.id), signature: `${name}:${standing}:${chosen}`, build };
}
