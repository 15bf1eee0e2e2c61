"""Which reports wait: /reports, for admins, in the group, in its log chat and in private. Nothing is decided here."""

from __future__ import annotations

import time
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, reportlist
from bot.i18n import Html
from bot.store import chats, openreports, outbox
from bot.store.openreports import Waiting
from handlers import guard, replies
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, denied, language_of
from handlers.context import Context, Services
from handlers.rights import OPEN_BUTTONS

MAX_DIGITS = 18  # what 64 bits surely hold


async def reports(context: Context, asker: Asker) -> None:
    """``/reports``: the open reports of this chat and of those it logs, in private of those where one is admin."""
    places = await _places(context.services, asker.chat_id, asker.user_id)

    async def write(connection: AsyncConnection) -> None:
        text, rows = await _page(connection, await language_of(connection, asker), asker.chat_id, places)
        await replies.answer(connection, context.turn, text, buttons=rows)

    await context.turn.commit(write)


async def press(context: Context, pressed: Pressed) -> Toast:
    """``o:<older|newer>:<number>``: turn the page, for who is an admin at this moment."""
    if len(pressed.parts) != 2 or not pressed.parts[1].isdecimal():  # noqa: PLR2004 - direction and number
        return INVALID
    way, number = pressed.parts[0], int(pressed.parts[1][:MAX_DIGITS])
    is_private = pressed.chat_id == pressed.user_id
    if not is_private:
        chat_member = await guard.member(context.services, pressed.chat_id, pressed.user_id)
        if (missing := guard.lacking(chat_member, OPEN_BUTTONS[way])) is not None:
            return denied(pressed, missing)
    places = await _places(context.services, pressed.chat_id, pressed.user_id)
    ends = {"before": number} if way == "older" else {"after": number}

    async def write(connection: AsyncConnection) -> None:
        settings = await chats.settings(connection, pressed.chat_id)
        language = pressed.language if is_private else settings.language
        text, rows = await _page(connection, language, pressed.chat_id, places, **ends)
        key = f"reports:{context.turn.row.bot_id}:{context.turn.row.update_id}"
        await outbox.put(connection, [calls.rewrite(key, pressed.card, text, buttons=rows)])

    await context.turn.commit(write)
    return Toast()


async def _places(services: Services, chat_id: int, user_id: int) -> Waiting:
    """Return the chats whose reports may be seen here: this one and those it logs; in private, where one is admin."""
    async with services.database.read() as connection:
        if chat_id != user_id:
            return Waiting([chat_id, *await chats.logged_by(connection, chat_id)])
        waiting = await openreports.waiting_in(connection, user_id, services.admins.known_in(user_id))
    members = [(one, await guard.member(services, one, user_id)) for one in waiting.chat_ids]
    return replace(waiting, chat_ids=[one for one, member in members if guard.has_right(member, None)])


async def _page(
    connection: AsyncConnection,
    language: str,
    chat_id: int,
    places: Waiting,
    *,
    after: int | None = None,
    before: int | None = None,
) -> tuple[Html, reportlist.Rows]:
    page = await openreports.page(connection, places.chat_ids, after=after, before=before)
    text = reportlist.page_text(language, page, time.time(), here=chat_id, is_partial=places.is_partial)
    return text, reportlist.keyboard(language, page)
