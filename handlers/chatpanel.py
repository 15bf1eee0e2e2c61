"""The settings panel as a message: opened by a link in private, and written anew. What a choice means is not here."""

from __future__ import annotations

import re

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, chatsettings, panel, panelpages
from bot.i18n import Html
from bot.model import MessageRef
from bot.panel import View
from bot.store import chats, outbox, trusted
from handlers import guard, replies
from handlers.commands import Asker, refusal
from handlers.context import Context
from handlers.rights import Right

PAYLOAD = re.compile(rf"{panel.LINK}(-\d{{1,16}})", re.ASCII)

Page = tuple[Html, panel.Keyboard]


async def open_by_link(context: Context, asker: Asker, payload: str) -> None:
    """Answer /start with a panel's link: the panel, for whoever may change the settings of the chat at this moment.

    A link is no ticket: anybody can write one, with any chat in it.
    """
    found = PAYLOAD.fullmatch(payload)
    chat_id = int(found[1]) if found else 0
    may = found is not None and await guard.may(context.services, chat_id, asker.user_id, Right.CHANGE)

    async def write(connection: AsyncConnection) -> None:
        await chats.greet(connection, asker.user_id, name=asker.name, language=asker.language, reachable=True)
        if not may:
            await replies.answer(connection, context.turn, refusal(asker.language, Right.CHANGE))
            return
        view = await view_of(connection, chat_id, asker.language)
        text, rows = page(view, panel.MAIN) or (Html(), [])
        await replies.answer(connection, context.turn, text, buttons=rows, name="panel")

    await context.turn.commit(write)


async def view_of(connection: AsyncConnection, chat_id: int, language: str = "") -> View:
    """Return what a chat's panel shows, in `language` or the chat's own."""
    chosen = await chats.settings(connection, chat_id)
    log_title = None
    if chosen.log_chat_id is not None:
        log = await chats.chat(connection, chosen.log_chat_id)
        log_title = log.title if log and log.title else str(chosen.log_chat_id)
    count = await trusted.count(connection, chat_id)
    return View(chosen, language or chosen.language, chosen.title, log_title, count)


def page(view: View, wanted: str) -> Page | None:
    """Return a page of the panel, None when there is no such page."""
    is_recommended = view.settings == chatsettings.recommended(view.settings)
    return panelpages.page(view, wanted, is_recommended=is_recommended)


async def rewrite(connection: AsyncConnection, context: Context, card: MessageRef, shown: Page) -> None:
    """Put another page in a panel's place."""
    text, rows = shown
    key = f"panel:{context.turn.row.bot_id}:{context.turn.row.update_id}"
    await outbox.put(connection, [calls.rewrite(key, card, text, buttons=rows)])
