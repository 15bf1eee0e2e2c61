"""Members' reports, by /report or @admin in a reply, and their receipts. What becomes of them is decided elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Update

from bot import calls, cases, reports
from bot.calls import CHATTER
from bot.i18n import Html, lines, say, say_n
from bot.model import MediaPost, Sender, SenderKind
from bot.notices import shorten
from bot.policy import PUNISHABLE, Standing
from bot.reports import Report
from bot.store import cases as records
from bot.store import chats, outbox, reportblocks
from bot.store.reportblocks import Blocked
from bot.telegram.turn import Turn
from handlers import guard, replies
from handlers.commands import Asker, Listener, asker_of, reply_of, spoken, text_of
from handlers.context import Context
from handlers.convert import post_of, sender_of, thread_of, title_of

CALL = re.compile(r"(?<![\w@/])@admins?\b", re.ASCII | re.IGNORECASE)
"""What people write to call the admins; Telegram itself does nothing with it."""

MOST_BLOCKS = 50
"""Cases that the list of refused reports names: what fits into one message."""


async def command(context: Context, asker: Asker) -> None:
    """``/report [reason]`` as a reply."""
    if asker.is_private:
        await _point_to_groups(context, asker)
    elif asker.message["chat"].get("type") != "channel" and await _are_taken(context, asker.chat_id):
        await _report(context, asker, " ".join(asker.words))


def calling() -> Listener:
    """Return the handler of texts that call ``@admin`` in a reply."""

    async def run(_update: Update, context: Context) -> None:
        message = spoken(context.turn)
        if message is not None:
            asker = asker_of(message, context.services.gateway.id)
            if await _are_taken(context, asker.chat_id):
                await _report(context, asker, " ".join(CALL.sub(" ", text_of(message)).split()))

    return Listener(lambda turn, _username: _is_call(turn), run)


def _is_call(turn: Turn) -> bool:
    message = turn.raw.get("message")
    if not isinstance(message, dict) or spoken(turn) is None or reply_of(message) is None:
        return False
    return message["chat"].get("type") in ("group", "supergroup") and bool(CALL.search(text_of(message)))


async def _are_taken(context: Context, chat_id: int) -> bool:
    """Whether members may report in a chat; where not, whoever calls the admins is left alone."""
    async with context.services.database.read() as connection:
        return (await chats.settings(connection, chat_id)).rules.reports


async def _report(context: Context, asker: Asker, reason: str) -> None:
    """Take the message that calls out of the group, and pass on what it is about."""
    if asker.reply is None:
        await _explain(context, asker)
        return
    services, sender = context.services, sender_of(asker.reply, context.services.gateway.id)
    async with services.database.read() as connection:
        reached = await reports.limit(connection, asker.chat_id, asker.user_id)
    post = verdict = None
    if reached is None and sender.kind is not SenderKind.SELF:
        post = post_of("message", asker.reply, services.gateway.id)
        verdict = await services.scanner.scan(post, is_last_try=context.turn.is_last_try) if post else None
    poster = await guard.standing_in(
        services, asker.chat_id, sender, is_last_try=context.turn.is_last_try, remembered=True
    )
    report = _report_of(asker, sender, post, poster, reason)

    async def write(connection: AsyncConnection) -> None:
        await replies.remove_command(connection, context.turn)
        if post and verdict:
            chosen = services.settings
            await cases.judge(connection, post, verdict, poster, limits=chosen.limits, maintainers=chosen.maintainers)
        filed = await reports.file(connection, report)
        await _whisper(connection, context, asker, reports.receipt(asker.language, filed))

    await context.turn.commit(write)


def _report_of(asker: Asker, sender: Sender, post: MediaPost | None, poster: Standing, reason: str) -> Report:
    reply = asker.reply or {}
    return Report(
        chat_id=asker.chat_id,
        chat_title=title_of(asker.message["chat"]),
        message_id=reply["message_id"],
        incident=post.incident if post else f"message:{reply['message_id']}",
        sender=sender,
        posted_at=float(reply.get("date") or 0),
        reporter_id=asker.user_id,
        language=asker.language,
        reason=shorten(reason),
        spared=None if poster in PUNISHABLE else poster.value,
    )


async def _explain(context: Context, asker: Asker) -> None:
    """Say how to report: in private where the bot may write to them, else in a line to the group that names nobody."""

    async def write(connection: AsyncConnection) -> None:
        await replies.remove_command(connection, context.turn)
        if await _whisper(connection, context, asker, _how_to(asker.language)):
            return
        language = (await chats.settings(connection, asker.chat_id)).language
        key, thread = f"hint:{context.turn.row.update_id}", thread_of(asker.message)
        hint = calls.say(key, asker.chat_id, _how_to(language), rank=CHATTER, thread_id=thread)
        await outbox.put(connection, [hint])

    await context.turn.commit(write)


def _how_to(language: str) -> Html:
    return say(
        language, "To report a message, reply to it with /report. The admins see what is reported, not who reports it."
    )


async def _whisper(connection: AsyncConnection, context: Context, asker: Asker, text: Html) -> bool:
    """Tell the reporter something in private, if the bot may write to them; say whether it may."""
    person = await chats.person(connection, asker.user_id)
    if person is None or not person.reachable:
        return False
    await replies.whisper(connection, context.turn, asker.user_id, text, name="receipt")
    return True


# --- members whose reports are not taken ---------------------------------------------------------


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


async def _point_to_groups(context: Context, asker: Asker) -> None:
    async def write(connection: AsyncConnection) -> None:
        await replies.answer(connection, context.turn, _how_to(asker.language))

    await context.turn.commit(write)
