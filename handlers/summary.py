"""What an admin asks for without waiting for it: ``/summary``, the last days in numbers. The story is elsewhere."""

from __future__ import annotations

import time

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import periods
from bot import summary as story
from bot.i18n import say
from bot.store import chats, outbox
from bot.summary import KEY, Place
from handlers import replies
from handlers.commands import Asker
from handlers.context import Context
from handlers.convert import thread_of

DAYS = {"day": 1, "week": periods.WEEK}
"""How far back each word looks, today included."""

MOST = 5
"""Chats that a log chat is told of at once."""


async def summary(context: Context, asker: Asker) -> None:
    """``/summary [day|week]``: what this chat's last days came to; in a log chat those of the chats that it logs."""
    wanted = asker.words[0].lower() if asker.words else "week"

    async def write(connection: AsyncConnection) -> None:
        language = (await chats.settings(connection, asker.chat_id)).language
        if wanted not in DAYS:
            text = say(
                language, "Which days? <code>/summary day</code> is today, <code>/summary week</code> seven days."
            )
            await replies.answer(connection, context.turn, text)
            return
        place = Place(asker.chat_id, language, thread_of(asker.message))
        period = periods.recent(DAYS[wanted], time.time())
        for chat_id in (await chats.logged_by(connection, asker.chat_id) or [asker.chat_id])[:MOST]:
            settings = await chats.settings(connection, chat_id)
            key = f"{KEY}ask:{context.turn.row.bot_id}:{context.turn.row.update_id}:{chat_id}"
            await outbox.put(connection, [await story.call_of(connection, key, settings, period, place)])

    await context.turn.commit(write)
