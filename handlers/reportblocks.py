"""Members whose reports are not taken: how many, by case, and those of a case taken again. Who they are is not said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.i18n import Html, lines, say, say_n
from bot.store import cases as records
from bot.store import chats, reportblocks
from bot.store.reportblocks import Blocked
from handlers import replies
from handlers.commands import Asker
from handlers.context import Context

MOST_BLOCKS = 50
"""Cases that the list of refused reports names: what fits into one message."""


async def blocks(context: Context, asker: Asker) -> None:
    """``/reportblocks [case]``: how many members' reports are not taken here, or take those of a case again."""
    words = asker.words[0].lstrip("#") if asker.words else ""
    number = int(words) if words.isascii() and words.isdigit() and len(words) <= 18 else None  # noqa: PLR2004 - 64 bits

    async def write(connection: AsyncConnection) -> None:
        language = (await chats.settings(connection, asker.chat_id)).language
        if words:
            text = await _lift(connection, asker, language, number)
        else:
            text = _blocked(language, await reportblocks.listed(connection, asker.chat_id))
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


async def _lift(connection: AsyncConnection, asker: Asker, language: str, number: int | None) -> Html:
    count = await reportblocks.lift(connection, asker.chat_id, number) if number is not None else 0
    if number is None or not count:
        return say(language, "No reports are being refused since that case. /reportblocks lists the cases.")
    detail = f"case {number}"
    await records.record(connection, "report.lifted", chat_id=asker.chat_id, actor_id=asker.user_id, detail=detail)
    return say_n(
        language, "The reports of {n} member are taken again.", "The reports of {n} members are taken again.", count
    )


def _blocked(language: str, blocked: Sequence[Blocked]) -> Html:
    if not blocked:
        return say(language, "Everybody's reports are taken here.")
    return lines(
        say(language, "Reports not taken here since an admin called them misuse. Who filed them is told to nobody."),
        *(
            say_n(
                language,
                "• Case {number}: {n} member, until {day}",
                "• Case {number}: {n} members, until {day}",
                one.count,
                number=one.case_id,
                day=datetime.fromtimestamp(one.until, UTC).strftime("%Y-%m-%d"),
            )
            for one in blocked[-MOST_BLOCKS:]
        ),
        say(language, "<code>/reportblocks {number}</code> takes those of a case again.", number=blocked[-1].case_id),
    )
