"""The story of a chat's settings: chosen, kept, and on record with before and after. Rights are checked before."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import rules
from bot.i18n import languages
from bot.model import ChatSettings, Preset, UnscannablePolicy
from bot.policy import UNSCANNABLE
from bot.store import cases as records
from bot.store import chats
from bot.store.cases import Button

LINK_SECONDS = 60 * 60
"""How long the link that makes another chat the log chat can be used."""


async def choose(connection: AsyncConnection, chat_id: int, action: str, value: str, *, by: int) -> ChatSettings | None:
    """Set what a panel's button stands for and return the settings after it; None when there is no such choice."""
    before = await chats.settings(connection, chat_id)
    facts = _facts(action, value)
    if facts is None:
        return None
    await chats.meet(connection, chat_id, **facts)
    for field, now in facts.items():
        old = str(getattr(before, field))
        if old != now:
            await records.record(connection, f"settings.{field}", chat_id=chat_id, actor_id=by, detail=f"{old} → {now}")
    return await chats.settings(connection, chat_id)


def _facts(action: str, value: str) -> dict[str, str] | None:
    """Translate a choice to the columns it sets; a preset brings its own answer for what cannot be checked."""
    if action == "preset" and value in set(Preset):
        preset = Preset(value)
        return {"preset": preset.value, "unscannable": UNSCANNABLE[preset].value}
    if action == "unscannable" and value in set(UnscannablePolicy):
        return {"unscannable": value}
    if action == "language" and value in languages():
        return {"language": value}
    return None


async def tune(connection: AsyncConnection, chat_id: int, *, by: int, **values: Any) -> ChatSettings:
    """Change fields of a chat's rules, given as JSON has them; on record with before and after.

    Raises ValueError for a value that its field cannot have; nothing is changed then.
    """
    before = (await chats.settings(connection, chat_id)).rules
    after = before.changed(**values)
    await chats.meet(connection, chat_id, rules=rules.dump(after))
    for name in values:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            detail = f"{name}: {_word(old)} → {_word(new)}"
            await records.record(connection, "settings.rules", chat_id=chat_id, actor_id=by, detail=detail)
    return await chats.settings(connection, chat_id)


def _word(value: object) -> str:
    return "preset" if value is None else str(value)


async def set_log_chat(connection: AsyncConnection, chat_id: int, log_chat_id: int | None, *, by: int) -> None:
    """Have a chat's cards and alarms go to `log_chat_id`, or nowhere special."""
    before = (await chats.settings(connection, chat_id)).log_chat_id
    await chats.meet(connection, chat_id, log_chat_id=log_chat_id)
    detail = f"{before or 'none'} → {log_chat_id or 'none'}"
    await records.record(connection, "settings.logchat", chat_id=chat_id, actor_id=by, detail=detail)


async def new_link(connection: AsyncConnection, chat_id: int, *, by: int) -> str:
    """Return a token with which another chat can be made the log chat of `chat_id`, once and within the hour."""
    return await records.new_button(connection, "logchat", chat_id, data=str(by))


async def link_of(connection: AsyncConnection, token: str) -> Button | None:
    """Return what a token for a log chat stands for, None when there is none or its hour is over."""
    found = await records.button(connection, token)
    if found is None or found.kind != "logchat" or found.state != "open":
        return None
    return found if time.time() - found.created_at < LINK_SECONDS else None


async def use_link(connection: AsyncConnection, token: str, log_chat_id: int, *, by: int) -> bool:
    """Make `log_chat_id` the log chat that a token asks for; say whether the token was still good."""
    found = await link_of(connection, token)
    if found is None or not await records.use_button(connection, token):
        return False
    await set_log_chat(connection, found.chat_id, log_chat_id, by=by)
    return True
