"""The story of a chat's settings: chosen, kept, and on record with before and after. Rights are checked before."""

from __future__ import annotations

import time
from dataclasses import fields, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import knobs, rules
from bot.i18n import languages
from bot.model import ChatSettings, Preset, UnscannablePolicy
from bot.policy import UNSCANNABLE
from bot.rules import DEFAULTS, PLACES, Rules
from bot.store import cases as records
from bot.store import chats
from bot.store.cases import Button

COLUMNS = ("preset", "unscannable", "language")
"""What admins choose beside the rules, each in a column of its own."""

LINK_SECONDS = 60 * 60
"""How long the link that makes another chat the log chat can be used."""


async def choose(connection: AsyncConnection, chat_id: int, action: str, value: str, *, by: int) -> ChatSettings | None:
    """Set what a panel's button stands for and return the settings after it; None when there is no such choice."""
    before = await chats.settings(connection, chat_id)
    after = wanted(before, action, value)
    if after is not None:
        await keep(connection, before, after, by=by)
    return after


def wanted(before: ChatSettings, action: str, value: str) -> ChatSettings | None:
    """Return the settings as a button wants them, None when there is no such choice."""
    if action == "preset" and value in set(Preset):
        return preset(before, Preset(value))
    if action == "recommended":
        return recommended(before)
    if action == "unscannable" and value in set(UnscannablePolicy):
        return replace(before, unscannable=UnscannablePolicy(value))
    if action == "language" and value in languages():
        return replace(before, language=value)
    field, _, word = value.partition(".")
    found = knobs.chosen(before, field, word) if action == "tune" else None
    return None if found is None else replace(before, rules=replace(before.rules, **found))


def preset(before: ChatSettings, chosen: Preset) -> ChatSettings:
    """Return the settings as a preset has them: all that it answers is its own answer again, the rest stays."""
    return replace(before, preset=chosen, unscannable=UNSCANNABLE[chosen], rules=before.rules.untuned())


def recommended(before: ChatSettings) -> ChatSettings:
    """Return the settings that are good for most chats; where the log is, and the language, stay."""
    places = {name: getattr(before.rules, name) for name in PLACES}
    return replace(preset(before, Preset.STANDARD), rules=replace(DEFAULTS, **places))


async def tune(connection: AsyncConnection, chat_id: int, *, by: int | None, **values: Any) -> ChatSettings:
    """Change fields of a chat's rules, given as JSON has them; on record with before and after.

    Raises ValueError for a value that its field cannot have; nothing is changed then.
    """
    before = await chats.settings(connection, chat_id)
    after = replace(before, rules=before.rules.changed(**values))
    await keep(connection, before, after, by=by)
    return after


async def keep(connection: AsyncConnection, before: ChatSettings, after: ChatSettings, *, by: int | None) -> int:
    """Keep settings that were changed; each change is on record with before and after. Return how many there were."""
    changed = [name for name in COLUMNS if getattr(before, name) != getattr(after, name)]
    facts: dict[str, str] = {name: str(getattr(after, name)) for name in changed}
    tuned = [one.name for one in fields(Rules) if getattr(before.rules, one.name) != getattr(after.rules, one.name)]
    await chats.meet(connection, before.chat_id, **facts, **({"rules": rules.dump(after.rules)} if tuned else {}))
    lines = [(f"settings.{name}", f"{getattr(before, name)} → {getattr(after, name)}") for name in changed]
    for name in tuned:
        old, new = getattr(before.rules, name), getattr(after.rules, name)
        lines.append(("settings.rules", f"{name}: {_word(old)} → {_word(new)}"))
    for code, detail in lines:
        await records.record(connection, code, chat_id=before.chat_id, actor_id=by, detail=detail)
    return len(lines)


def _word(value: object) -> str:
    return "preset" if value is None else str(value)


async def set_log_chat(
    connection: AsyncConnection, chat_id: int, log_chat_id: int | None, *, by: int, thread_id: int | None = None
) -> None:
    """Have a chat's cards and alarms go to `log_chat_id`, there to the topic `thread_id`, or nowhere special."""
    before = (await chats.settings(connection, chat_id)).log_chat_id
    await chats.meet(connection, chat_id, log_chat_id=log_chat_id)
    detail = f"{before or 'none'} → {log_chat_id or 'none'}"
    await records.record(connection, "settings.logchat", chat_id=chat_id, actor_id=by, detail=detail)
    await tune(connection, chat_id, by=by, log_thread_id=thread_id)


async def new_link(connection: AsyncConnection, chat_id: int, *, by: int) -> str:
    """Return a token with which another chat can be made the log chat of `chat_id`, once and within the hour."""
    return await records.new_button(connection, "logchat", chat_id, data=str(by))


async def link_of(connection: AsyncConnection, token: str) -> Button | None:
    """Return what a token for a log chat stands for, None when there is none or its hour is over."""
    found = await records.button(connection, token)
    if found is None or found.kind != "logchat" or found.state != "open":
        return None
    return found if time.time() - found.created_at < LINK_SECONDS else None


async def use_link(
    connection: AsyncConnection, token: str, log_chat_id: int, *, by: int, thread_id: int | None = None
) -> bool:
    """Make `log_chat_id` the log chat that a token asks for; say whether the token was still good."""
    found = await link_of(connection, token)
    if found is None or not await records.use_button(connection, token):
        return False
    await set_log_chat(connection, found.chat_id, log_chat_id, by=by, thread_id=thread_id)
    return True
