"""Trusted members: /trust, /untrust, /trusted. What trust spares them is decided in the machine."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import answers, trust
from bot.i18n import Html
from bot.model import Sender, SenderKind
from bot.policy import PUNISHABLE, Standing
from bot.store import trusted
from handlers import guard, replies, target
from handlers.commands import Asker, language_of, tell
from handlers.context import Context


async def give(context: Context, asker: Asker) -> None:
    """``/trust WHO``: the bot punishes somebody no more, whatever they post."""
    whom = await target.whom(context, asker, "trust")
    if whom is None:
        return
    sender = whom.sender
    standing = await guard.standing_in(context.services, asker.chat_id, sender)
    if standing not in PUNISHABLE:
        await tell(context, asker, lambda language: _spared(language, sender, standing))
        return

    async def write(connection: AsyncConnection) -> None:
        is_new = await trust.give(connection, asker.chat_id, sender, by=asker.user_id)
        text = trust.given(await language_of(connection, asker), sender, is_new)
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


async def take(context: Context, asker: Asker) -> None:
    """``/untrust WHO``: the chat's rules count for somebody again; for whoever left the chat too."""
    sender = await _numbered(context, asker)
    if sender is None:
        whom = await target.whom(context, asker, "untrust")
        if whom is None:
            return
        sender = whom.sender
    who = sender

    async def write(connection: AsyncConnection) -> None:
        is_done = await trust.take(connection, asker.chat_id, who.id, by=asker.user_id)
        text = trust.taken(await language_of(connection, asker), who, is_done=is_done)
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


async def show(context: Context, asker: Asker) -> None:
    """``/trusted [page]``: whom this chat trusts."""
    wanted = asker.words[0] if asker.words else "1"
    page = int(wanted) if wanted.isascii() and wanted.isdecimal() and 0 < len(wanted) <= 4 else 1  # noqa: PLR2004
    page = max(1, page)

    async def write(connection: AsyncConnection) -> None:
        offset = (page - 1) * trust.PAGE
        found = await trusted.listed(connection, asker.chat_id, limit=trust.PAGE, offset=offset)
        total = await trusted.count(connection, asker.chat_id)
        text = trust.listed(await language_of(connection, asker), found, total, page)
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


def _spared(language: str, sender: Sender, standing: Standing) -> Html:
    """Say why somebody cannot be trusted: nobody knows who they are, or they are never punished anyway."""
    if standing is Standing.UNKNOWN:
        return answers.hindrance(language, standing)
    return trust.spared(language, sender)


async def _numbered(context: Context, asker: Asker) -> Sender | None:
    """Return whom a number names of those who are trusted here: Telegram need not know them any more."""
    if asker.reply is not None or not asker.words or not target.NUMBER.fullmatch(asker.words[0]):
        return None
    number = int(asker.words[0])
    async with context.services.database.read() as connection:
        found = await trusted.get(connection, asker.chat_id, number)
    kind = SenderKind.USER if number > 0 else SenderKind.CHANNEL
    return Sender(kind, number, found.name) if found else None
