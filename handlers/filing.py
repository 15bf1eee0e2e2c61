"""A member's report on its way: looked at, filed, and answered in private. What it is about is found elsewhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cases, reports
from bot.i18n import Html, say
from bot.model import Sender, SenderKind
from bot.notices import shorten
from bot.policy import PUNISHABLE, Standing
from bot.reports import Fate, Filed, Report
from bot.store import chats
from handlers import guard, replies
from handlers.commands import Asker
from handlers.context import Context
from handlers.convert import post_of, sender_of, thread_of, title_of

Json = dict[str, Any]


async def pass_on(context: Context, asker: Asker, about: Json, reason: str) -> None:
    """File a report of the raw message `about`, and take what reports it out of sight."""
    services, sender = context.services, sender_of(about, context.services.gateway.id)
    chat_id = about["chat"]["id"]
    async with services.database.read() as connection:
        reached = await reports.limit(connection, chat_id, asker.user_id)
    post = verdict = None
    if reached is None and sender.kind is not SenderKind.SELF:
        post = post_of("message", about, services.gateway.id)
        verdict = await services.scanner.scan(post, is_last_try=context.turn.is_last_try) if post else None
    poster = await guard.standing_in(services, chat_id, sender, is_last_try=context.turn.is_last_try, remembered=True)
    incident, chosen = post.incident if post else None, services.settings
    report = _report_of(asker, about, sender, poster, incident=incident, reason=reason)

    async def write(connection: AsyncConnection) -> None:
        await put_away(connection, context, asker)
        if post and verdict:
            await cases.judge(connection, post, verdict, poster, limits=chosen.limits, maintainers=chosen.maintainers)
        filed = await reports.file(connection, report, limits=chosen.limits)
        await _acknowledge(connection, context, asker, filed)

    await context.turn.commit(write)


async def put_away(connection: AsyncConnection, context: Context, asker: Asker) -> None:
    """Remove what reports: in a group always, in private a forwarded picture, for nobody is to see it again."""
    is_shown = asker.message.get("forward_origin") and post_of("message", asker.message, context.services.gateway.id)
    if not asker.is_private or is_shown:
        await replies.remove_command(connection, context.turn)


async def whisper(
    connection: AsyncConnection, context: Context, asker: Asker, text: Html, rows: replies.Rows | None = None
) -> bool:
    """Tell the reporter something in private, if the bot may write to them; say whether it may."""
    if asker.is_private:
        await replies.answer(connection, context.turn, text, buttons=rows, name="receipt")
        return True
    if not await _is_reachable(connection, asker):
        return False
    await replies.whisper(connection, context.turn, asker.user_id, text, buttons=rows, name="receipt")
    return True


def how_to(language: str) -> Html:
    """Say how a message is reported."""
    return say(
        language,
        "To report a message, reply to it with /report. Or send me its link in private, or forward it to me there. "
        "The admins see what is reported, not who reports it.",
    )


async def _acknowledge(connection: AsyncConnection, context: Context, asker: Asker, filed: Filed) -> None:
    """Send the receipt, with the buttons that ask what it is; a forwarded album comes in pieces and has one."""
    if filed.fate is Fate.AGAIN and asker.is_private and asker.message.get("media_group_id"):
        return
    rows = None
    if asker.is_private or await _is_reachable(connection, asker):
        rows = await reports.ask(connection, asker.language, filed, asker.user_id)
    await whisper(connection, context, asker, reports.receipt(asker.language, filed), rows)


async def _is_reachable(connection: AsyncConnection, asker: Asker) -> bool:
    person = await chats.person(connection, asker.user_id)
    return person is not None and person.reachable


def _report_of(
    asker: Asker, about: Json, sender: Sender, poster: Standing, *, incident: str | None, reason: str
) -> Report:
    return Report(
        chat_id=about["chat"]["id"],
        chat_title=title_of(about["chat"]),
        message_id=about["message_id"],
        incident=incident or f"message:{about['message_id']}",
        sender=sender,
        posted_at=float(about.get("date") or 0),
        reporter_id=asker.user_id,
        language=asker.language,
        reason=shorten(reason),
        spared=None if poster in PUNISHABLE else poster.value,
        thread_id=thread_of(about),
    )
