"""Every post with pictures or videos: scanned, then judged. What follows is decided in the machine."""

from __future__ import annotations

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Update

from bot import cases, daybook, metrics
from bot.errors import StoreError
from bot.log import describe
from bot.model import MediaPost, Verdict, VerdictKind
from bot.policy import Standing
from bot.settings import Settings
from bot.store.db import Write
from bot.telegram.carriers import messages
from bot.telegram.turn import Turn
from handlers.context import Context, Services
from handlers.convert import post_of
from handlers.guard import standing_of

log = structlog.get_logger(__name__)

FAULT = "fault"
"""The reason of a post that could not be checked for a fault of the bot's own."""


async def judge(_update: Update, context: Context) -> None:
    """Scan and judge the media of an update, whatever kind of update it is."""
    await judge_turn(context.turn, context.services)
    if context.turn.is_last_try:
        await context.turn.finish()  # what the picture asks for does not hang on a command that may fail again


async def judge_turn(turn: Turn, services: Services) -> None:
    """Do the same for an update that the library could not parse: only its raw JSON is looked at."""
    for field, message in messages(turn.raw):
        post = post_of(field, message, services.gateway.id)
        if post is not None and post.chat_type != "private":
            verdict = await _scan(post, turn, services)
            poster = await standing_of(post, verdict, services, is_last_try=turn.is_last_try)
            turn.add(_judging(post, verdict, poster, services.settings))


async def _scan(post: MediaPost, turn: Turn, services: Services) -> Verdict:
    """Scan a post; what no try could do, for whatever reason, counts as unscannable at the last: never as clean."""
    try:
        return await services.scanner.scan(post, is_last_try=turn.is_last_try)
    except StoreError:
        raise
    except Exception as error:
        if not turn.is_last_try:
            raise
        log.warning("media.fault", update_id=turn.row.update_id, error=describe(error))
        metrics.SCANS.labels(VerdictKind.UNSCANNABLE.value).inc()
        metrics.unscannable(FAULT)
        return Verdict(VerdictKind.UNSCANNABLE, reasons=(FAULT,))


def _judging(post: MediaPost, verdict: Verdict, poster: Standing, settings: Settings) -> Write[None]:
    async def write(connection: AsyncConnection) -> None:
        limits, maintainers = settings.limits, settings.maintainers
        await daybook.scanned(connection, post, verdict)
        await cases.judge(connection, post, verdict, poster, limits=limits, maintainers=maintainers)

    return write
