"""The story of a chat's settings taken along as a file and brought in again: shown first, then all of it or nothing.

Who may do it is checked before; how a file is read is in `settingsfile`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import chatsettings, panel, settingsfile, trust
from bot.calls import button
from bot.i18n import Html, lines, name, own_name, paragraphs, plain, say, say_n
from bot.knobs import knob_name, value_name
from bot.model import ChatSettings
from bot.panel import Keyboard
from bot.rules import PRESET, Rules
from bot.settingsfile import Document, Problem, Wanted, problem_words
from bot.store import cases as records
from bot.store import chats, trusted
from bot.store.cases import Button
from bot.store.trusted import Trusted

BUTTON = "import"
"""The kind of the buttons ``x:<token>:<action>`` under what an import would change."""

MOST_PROBLEMS = 20
"""Problems of a file that are named, the first ones."""


class Fate(StrEnum):
    """What came of a press; the values are kept with the token in place of what it stood for."""

    APPLIED = "applied"
    CANCELLED = "cancelled"
    CHANGED = "changed"  # by somebody, since it was shown


async def export(connection: AsyncConnection, chat_id: int, *, by: int) -> Document:
    """Return a chat's settings as a document; that it was taken is on record."""
    await records.record(connection, "settings.export", chat_id=chat_id, actor_id=by)
    return await _document(connection, chat_id)


async def offer(
    connection: AsyncConnection, chat_id: int, wanted: Wanted, language: str
) -> tuple[Html, Keyboard | None]:
    """Return what a file would change in a chat, with the buttons that have it done or not."""
    before, trusts = await chats.settings(connection, chat_id), await trusted.listed(connection, chat_id)
    shown = changes(language, before, wanted.applied(before), trusts, wanted.trusted)
    if not shown:
        return say(language, "The file says what holds here already: there is nothing to change."), None
    kept = {"wanted": _kept(wanted), "seen": settingsfile.write(before, trusts)}
    token = await records.new_button(connection, BUTTON, chat_id, data=json.dumps(kept, ensure_ascii=False))
    return _preview(language, before.title, shown), keyboard(language, token)


async def confirm(connection: AsyncConnection, found: Button, language: str, *, by: int) -> tuple[Fate, Html, int]:
    """Bring in what a token stands for, all of it in the caller's transaction; return what came of it, and say it.

    Where somebody changed the settings since they were shown, nothing is done but to show the changes anew.
    """
    kept = json.loads(found.data)
    before, trusts = await chats.settings(connection, found.chat_id), await trusted.listed(connection, found.chat_id)
    wanted = _wanted(kept["wanted"])
    after, now = wanted.applied(before), settingsfile.write(before, trusts)
    if now != kept["seen"]:
        await records.keep_data(connection, found.token, json.dumps({**kept, "seen": now}, ensure_ascii=False))
        shown = changes(language, before, after, trusts, wanted.trusted)
        return Fate.CHANGED, _preview(language, before.title, shown), len(shown)
    count = await chatsettings.keep(connection, before, after, by=by)
    count += await trust.replace_all(connection, found.chat_id, trusts, wanted.trusted, by=by)
    await records.record(connection, "settings.import", chat_id=found.chat_id, actor_id=by, detail=f"{count} changes")
    await _close(connection, found, Fate.APPLIED)
    return Fate.APPLIED, say_n(language, "✔ Imported: {n} change.", "✔ Imported: {n} changes.", count), count


async def cancel(connection: AsyncConnection, found: Button, language: str) -> tuple[Fate, Html]:
    """Forget what a token stands for; nothing is changed."""
    await _close(connection, found, Fate.CANCELLED)
    return Fate.CANCELLED, say(language, "The import was cancelled: nothing was changed.")


async def _close(connection: AsyncConnection, found: Button, fate: Fate) -> None:
    await records.use_button(connection, found.token)
    await records.keep_data(connection, found.token, fate.value)


async def _document(connection: AsyncConnection, chat_id: int) -> Document:
    trusts = await trusted.listed(connection, chat_id)
    return settingsfile.write(await chats.settings(connection, chat_id), trusts)


def _kept(wanted: Wanted) -> Document:
    people = None
    if wanted.trusted is not None:
        people = [[one.sender_id, one.name] for one in wanted.trusted]
    return {"columns": dict(wanted.columns), "rules": dict(wanted.rules), "trusted": people}


def _wanted(kept: Document) -> Wanted:
    people = kept["trusted"]
    trusts = None if people is None else tuple(Trusted(*one) for one in people)
    return Wanted(kept["columns"], kept["rules"], trusts)


# --- what is said --------------------------------------------------------------------------------


def changes(
    language: str,
    before: ChatSettings,
    after: ChatSettings,
    trusts: Sequence[Trusted],
    wanted: Iterable[Trusted] | None,
) -> list[Html]:
    """Say what would change, a line each, before and after."""
    pairs = [
        (
            say(language, "Strictness"),
            panel.preset_name(language, before.preset),
            panel.preset_name(language, after.preset),
        ),
        (
            panel.page_name(language, "unscannable"),
            panel.unscannable_name(language, before.unscannable),
            panel.unscannable_name(language, after.unscannable),
        ),
        (panel.page_name(language, "language"), own_name(before.language), own_name(after.language)),
        *(
            (knob_name(language, one.name), _value(language, before, one.name), _value(language, after, one.name))
            for one in fields(Rules)
        ),
    ]
    said = [
        say(language, "• {what}: {old} → {new}", what=what, old=old, new=new) for what, old, new in pairs if old != new
    ]
    had, gets = {one.sender_id for one in trusts}, {one.sender_id for one in wanted or ()}
    if wanted is not None and had != gets:
        values = {"new": len(gets - had), "gone": len(had - gets)}
        said.append(say(language, "• Trusted members: {new} more, {gone} no more", **values))
    return said


def _value(language: str, settings: ChatSettings, field: str) -> Html:
    value = getattr(settings.rules, field)
    if value is None and field in PRESET:
        return say(language, "as the preset has it")
    return value_name(language, field, value)


def _preview(language: str, title: str, shown: Sequence[Html]) -> Html:
    return paragraphs(
        say(language, "📥 <b>Import into {title}</b>", title=name(title)),
        lines(*shown) if shown else say(language, "There is nothing to change any more."),
        say(language, "Nothing has changed yet. All of it is done, or nothing."),
    )


def keyboard(language: str, token: str) -> Keyboard:
    """Return the buttons that have an import done or not."""
    return [
        [
            button(plain(say(language, "Import all")), f"x:{token}:apply"),
            button(plain(say(language, "Cancel")), f"x:{token}:cancel"),
        ]
    ]


def refused(language: str, problems: Sequence[Problem]) -> Html:
    """Say everything that is wrong with a file."""
    left = len(problems) - MOST_PROBLEMS
    return lines(
        say(language, "<b>The file cannot be imported. Nothing was changed.</b>"),
        *(problem_words(language, one) for one in problems[:MOST_PROBLEMS]),
        say_n(language, "… and {n} problem more", "… and {n} problems more", left) if left > 0 else None,
    )


def done_already(language: str, fate: str) -> Html:
    """Say to whoever presses again that it is done."""
    if fate == Fate.CANCELLED:
        return say(language, "This import was cancelled already.")
    return say(language, "This import is done already.")
