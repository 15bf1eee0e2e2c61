"""Reply markup as Telegram checks it; what a press of a button does is in posting."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args

LONGEST_DATA = 64  # bytes
MOST_BUTTONS = 100
ACTIONS = (
    "url", "callback_data", "callback_game", "pay", "switch_inline_query", "switch_inline_query_chosen_chat",
    "switch_inline_query_current_chat", "login_url", "web_app", "copy_text",
)  # fmt: skip
STYLES = {"", "default", "primary", "danger", "success"}
URL = re.compile(r"(?:https?|tg|ton)://\S+$")


def inline_keyboard(args: Args, *, is_private: bool) -> dict[str, Any] | None:
    """The inline keyboard of a call, None when it has none or an empty one; other markups are checked and not kept."""
    markup = args.object(
        "reply_markup", "reply keyboard markup" if isinstance(args.raw("reply_markup"), str) else "reply markup"
    )
    if markup is None:
        return None
    if "keyboard" in markup:
        _check_rows(markup["keyboard"], 'field "keyboard" must be an Array of Arrays')
    rows = markup.get("inline_keyboard")
    if rows is None:
        return None
    _check_rows(rows, 'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    kept = [[_button(button, is_private=is_private) for button in row] for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _check_rows(rows: Any, words: str) -> None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(words)


def _button(button: Any, *, is_private: bool) -> dict[str, Any]:
    prefix = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(prefix + "InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad_request(prefix + 'Can\'t find field "text"')
    if button.get("style", "") not in STYLES:
        raise bad_request(prefix + "invalid button style specified")
    action = next(
        (name for name in ACTIONS if button.get(name) not in {None, ""} or (name in button and name[:6] == "switch")),
        None,
    )
    if action is None:
        raise bad_request(prefix + "Text buttons are unallowed in the inline keyboard")
    if not button["text"].strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    _check_action(action, button[action], is_private=is_private)
    shown = ("text", "icon_custom_emoji_id", "style", action)
    return {name: button[name] for name in shown if name in button}


def _check_action(action: str, value: Any, *, is_private: bool) -> None:
    if action == "callback_data" and len(str(value).encode()) > LONGEST_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    if action == "url" and not URL.match(str(value)) and "." not in str(value):
        raise bad_request(f"inline keyboard button URL '{value}' is invalid: Wrong HTTP URL")
    if action == "web_app" and not is_private:
        raise bad_request("BUTTON_TYPE_INVALID")
