"""The conversation with somebody whose pictures are shared: /helpme. That it took place is kept nowhere.

Answers are sent at once instead of through the outbox, whose rows name the person, and the update's own row in the
inbox is emptied as it is closed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, helplines
from bot.calls import CHATTER, RECEIPT, url_button
from bot.errors import Unreachable
from bot.helplines import ADULTS, COUNTRIES, MINORS
from bot.i18n import plain, say
from bot.model import ChatSettings
from bot.outcome import Done, Gone, Wait
from bot.store import chats, inbox, outbox
from handlers import replies
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker
from handlers.context import Context
from handlers.convert import thread_of

LINK = "helpme"
"""The payload of the link that leads from a group to the private conversation; the group's country may follow."""

APART = 600
"""Seconds in which one button in a group is enough, however many ask."""


async def helpme(context: Context, asker: Asker) -> None:
    """Answer /helpme in private; in a group take the command away first, so that nobody sees who asked."""
    _forget(context)
    if asker.is_private:
        await _tell(context, asker)
        return
    async with context.services.database.read() as connection:
        person = await chats.person(connection, asker.user_id)
        settings = await chats.settings(connection, asker.chat_id)
    is_told = bool(person and person.reachable) and await _tell(context, asker, settings.rules.country)

    async def write(connection: AsyncConnection) -> None:
        await replies.remove_command(connection, context.turn)
        if not is_told:
            await _point(connection, context, asker, settings)

    await context.turn.commit(write)


async def follow_link(context: Context, asker: Asker, payload: str) -> None:
    """Answer who came by the button in a group: the country that its admins chose comes first."""
    _forget(context)
    await _tell(context, asker, payload.removeprefix(LINK).removeprefix("_"))


async def press(context: Context, pressed: Pressed) -> Toast:
    """``v:<country>:<people>``: show the helplines of another country, or for the other age."""
    if pressed.chat_type != "private" or len(pressed.parts) != 2:  # noqa: PLR2004 - country and people
        return INVALID
    country, people = pressed.parts
    if country not in COUNTRIES or people not in (ADULTS, MINORS):
        return INVALID
    _forget(context)
    text, rows = (
        helplines.text(pressed.language, country, people),
        helplines.keyboard(pressed.language, country, people),
    )
    await _call(context, "editMessageText", calls.rewrite("", pressed.card, text, buttons=rows).args)
    return Toast()


async def _tell(context: Context, asker: Asker, chosen: str = "") -> bool:
    """Send the helplines to whoever asked, of a chosen country or by their language; say whether they got them."""
    own = str((asker.message.get("from") or {}).get("language_code") or "")
    country = helplines.country_for(chosen, own)
    text = helplines.text(asker.language, country, ADULTS)
    rows = helplines.keyboard(asker.language, country, ADULTS)
    call = calls.say("", asker.user_id, text, rank=RECEIPT, buttons=rows)
    return await _call(context, call.method, call.args)


async def _call(context: Context, method: str, args: Mapping[str, Any]) -> bool:
    """Make a call at once; say whether it worked. Raises `Unreachable` unless this is the last try."""
    outcome = await context.services.gateway.call(method, args)
    if isinstance(outcome, Wait) and not context.turn.is_last_try:
        raise Unreachable(outcome.reason)
    return isinstance(outcome, Done | Gone)


async def _point(connection: AsyncConnection, context: Context, asker: Asker, settings: ChatSettings) -> None:
    """Put a button into the group that leads to the private conversation, addressed to nobody."""
    language, country = settings.language, settings.rules.country
    text = say(
        language,
        "Are intimate pictures of you shared, or does somebody threaten to? I tell you in private who helps, "
        "and nobody here learns of it.",
    )
    payload = f"{LINK}_{country}" if country else LINK
    url = f"https://t.me/{context.services.gateway.username}?start={payload}"
    rows = [[url_button(plain(say(language, "Help, in private")), url)]]
    key, thread = f"{LINK}:{asker.chat_id}:{int(time.time() // APART)}", thread_of(asker.message)
    call = calls.say(key, asker.chat_id, text, rank=CHATTER, buttons=rows, thread_id=thread)
    await outbox.put(connection, [call])


def _forget(context: Context) -> None:
    """Have this update leave nothing behind but its number."""
    row = context.turn.row
    context.turn.close = lambda connection: inbox.forget(connection, row.bot_id, row.update_id)
