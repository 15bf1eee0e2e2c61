"""The conversation about federations: founded, joined, left, shown, their admins and bans. No rule lives here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, fedbans, feds, fedtexts
from bot.errors import TooLarge, Unscannable
from bot.fedbans import Order, Spread
from bot.fedfile import MAX_BYTES, parse
from bot.feds import Refusal
from bot.i18n import Html, say
from bot.model import Sender, SenderKind
from bot.store import chats, outbox
from bot.store import feds as store
from bot.store.feds import Fed
from handlers import fedplaces, guard, replies, target
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, denied, language_of, tell
from handlers.context import Context, Services
from handlers.replies import Rows
from handlers.rights import FED_BUTTONS
from handlers.target import Doubt, Target

Words = Callable[[AsyncConnection, str], Awaitable[Html | tuple[Html, Rows]]]
"""What is answered, in which language; with buttons or without."""

SWITCH = {"on": True, "off": False}

# --- federations and their chats -----------------------------------------------------------------


async def newfed(context: Context, asker: Asker) -> None:
    """``/newfed NAME``: found a federation."""

    async def words(connection: AsyncConnection, language: str) -> Html:
        made = await feds.found(connection, " ".join(asker.words), asker.user_id)
        return fedtexts.founded(language, made) if isinstance(made, Fed) else fedtexts.refusal(language, made)

    await _answer(context, asker, words)


async def joinfed(context: Context, asker: Asker) -> None:
    """``/joinfed NUMBER``: have this chat join, its owner asking."""

    async def words(connection: AsyncConnection, language: str) -> Html:
        wanted = asker.words[0] if asker.words else ""
        done = await feds.join(connection, asker.chat_id, wanted, by=asker.user_id)
        return fedtexts.joined(language, done) if isinstance(done, Fed) else fedtexts.refusal(language, done)

    await _answer(context, asker, words)


async def leavefed(context: Context, asker: Asker) -> None:
    """``/leavefed``: have this chat leave, its owner asking."""

    async def words(connection: AsyncConnection, language: str) -> Html:
        done = await feds.leave(connection, asker.chat_id, by=asker.user_id)
        return fedtexts.left(language, done) if isinstance(done, Fed) else fedtexts.refusal(language, done)

    await _answer(context, asker, words)


async def fedinfo(context: Context, asker: Asker) -> None:
    """``/fedinfo [NUMBER]``: a federation; this chat's own with the buttons by which it takes part."""

    async def words(connection: AsyncConnection, language: str) -> Html | tuple[Html, Rows]:
        fed = await _meant(connection, asker)
        if isinstance(fed, Refusal):
            return fedtexts.refusal(language, fed)
        told = await feds.about(connection, fed, asker.chat_id)
        return fedtexts.about(language, told), fedtexts.keyboard(language, told)

    await _answer(context, asker, words)


async def press(context: Context, pressed: Pressed) -> Toast:
    """``g:<acts|strikes>:<on|off>``: how the chat takes part in its federation."""
    right = FED_BUTTONS.get(pressed.parts[0])
    if right is None or len(pressed.parts) != 2 or pressed.parts[1] not in SWITCH:  # noqa: PLR2004 - action and value
        return INVALID
    if not await guard.may(context.services, pressed.chat_id, pressed.user_id, right):
        return denied(pressed, right, alert=False)
    action, value = pressed.parts

    async def write(connection: AsyncConnection) -> bool:
        chat_id = pressed.chat_id
        if not await feds.choose(connection, chat_id, action, on=SWITCH[value], by=pressed.user_id):
            return False
        known = await store.of_chat(connection, chat_id)
        language = (await chats.settings(connection, chat_id)).language
        if known is not None:
            told = await feds.about(connection, known[0], chat_id)
            key = f"fedinfo:{context.turn.row.bot_id}:{context.turn.row.update_id}"
            rows = fedtexts.keyboard(language, told)
            await outbox.put(
                connection, [calls.rewrite(key, pressed.card, fedtexts.about(language, told), buttons=rows)]
            )
        return True

    is_done = await context.turn.commit(write)
    return Toast(say(pressed.language, "Saved: it counts from now on.")) if is_done else INVALID


# --- admins ----------------------------------------------------------------------------------------


async def fedadmins(context: Context, asker: Asker) -> None:
    """``/fedadmins [promote|demote WHO]``: who runs the federation, as its owner chooses."""
    action = asker.words[0].lower() if asker.words else ""
    if action not in ("promote", "demote"):
        await _list_admins(context, asker)
        return
    async with context.services.database.read() as connection:
        fed = await feds.run_by(connection, asker.user_id, None if asker.is_private else asker.chat_id)
    if isinstance(fed, Fed) and fed.owner_id != asker.user_id:
        fed = Refusal.NOT_OWNER
    if isinstance(fed, Refusal):
        await _refuse(context, asker, fed)
        return
    whom = await target.whom(context, replace(asker, words=asker.words[1:]), f"fedadmins {action}", search=_find)
    if whom is not None:
        await _choose_admin(context, asker, fed, whom.sender, is_admin=action == "promote")


async def _choose_admin(context: Context, asker: Asker, fed: Fed, who: Sender, *, is_admin: bool) -> None:
    async def words(connection: AsyncConnection, language: str) -> Html:
        change = feds.promote if is_admin else feds.demote
        why = await change(connection, fed, who, by=asker.user_id)
        if why is not None:
            return fedtexts.refusal(language, why)
        return fedtexts.promoted(language, who, fed, is_admin=is_admin)

    await _answer(context, asker, words)


async def _list_admins(context: Context, asker: Asker) -> None:
    async def words(connection: AsyncConnection, language: str) -> Html:
        fed = await feds.run_by(connection, asker.user_id, None if asker.is_private else asker.chat_id)
        if isinstance(fed, Refusal):
            return fedtexts.refusal(language, fed)
        return fedtexts.admins(language, await feds.about(connection, fed))

    await _answer(context, asker, words)


# --- bans ------------------------------------------------------------------------------------------


async def fban(context: Context, asker: Asker) -> None:
    """``/fban WHO [reason]``: ban in every chat of the federation."""
    order = await _order(context, asker, "fban")
    if order is None:
        return

    async def words(connection: AsyncConnection, language: str) -> Html:
        why = await fedbans.hindrance(connection, order)
        if why is not None:
            return fedtexts.refusal(language, why)
        return fedtexts.banned(language, await fedbans.ban(connection, order))

    await _answer(context, asker, words)


async def unfban(context: Context, asker: Asker) -> None:
    """``/unfban WHO``: take a ban of the federation back."""
    order = await _order(context, asker, "unfban")
    if order is None:
        return

    async def words(connection: AsyncConnection, language: str) -> Html:
        done = await fedbans.unban(connection, order)
        return fedtexts.unbanned(language, done) if isinstance(done, Spread) else fedtexts.refusal(language, done)

    await _answer(context, asker, words)


async def fedimport(context: Context, asker: Asker) -> None:
    """``/fedimport`` with a file, or as a reply to one, in private: take the bans of another federation in."""
    document = asker.message.get("document") or (asker.reply or {}).get("document")
    async with context.services.database.read() as connection:
        fed = await feds.run_by(connection, asker.user_id, None)
    if isinstance(fed, Fed) and fed.owner_id != asker.user_id:
        fed = Refusal.NOT_OWNER
    data = None
    if isinstance(fed, Fed):
        if asker.is_private and isinstance(document, dict):
            data = await _fetched(context, document)
        fed = fed if data is not None else Refusal.FILE_TOO_LARGE if document and asker.is_private else Refusal.NO_FILE
    if isinstance(fed, Refusal) or data is None:
        await _refuse(context, asker, fed if isinstance(fed, Refusal) else Refusal.NO_FILE)
        return
    await _take_in(context, asker, fed, data)


async def _take_in(context: Context, asker: Asker, fed: Fed, data: bytes) -> None:
    bans, bad = await asyncio.to_thread(parse, data)

    async def words(connection: AsyncConnection, language: str) -> Html:
        new, left_out = await fedbans.take_in(connection, fed, bans, by=(asker.user_id, asker.name))
        known = len(bans) - left_out - new
        return fedtexts.imported(language, fed, new=new, known=known, left_out=left_out, bad=bad)

    await _answer(context, asker, words)


async def _fetched(context: Context, document: dict[str, Any]) -> bytes | None:
    """Return a file's bytes, None when it is too large or Telegram does not hand it out. Raises `Unreachable`."""
    if (document.get("file_size") or 0) > MAX_BYTES:
        return None
    try:
        return await context.services.gateway.fetch(document["file_id"], MAX_BYTES, lambda _head: True)
    except (TooLarge, Unscannable):
        return None


async def _order(context: Context, asker: Asker, command: str) -> Order | None:
    """Find out who is meant and by which federation; None when that was answered already."""
    chat_id = None if asker.is_private else asker.chat_id
    async with context.services.database.read() as connection:
        fed = await feds.run_by(connection, asker.user_id, chat_id)
    if isinstance(fed, Refusal):
        await _refuse(context, asker, fed)
        return None
    whom = await target.whom(context, asker, command, search=_find)
    if whom is None:
        return None
    return Order(
        fed=fed,
        target=whom.sender,
        by=(asker.user_id, asker.name),
        chat_id=chat_id,
        places=await fedplaces.places(context, fed, whom.sender),
        reason=" ".join(whom.words),
        message_id=whom.message_id,
    )


async def _find(services: Services, asker: Asker) -> Target | Doubt | None:
    """Return whom a command names, a number that Telegram does not know here too."""
    number = asker.words[0] if asker.words and target.NUMBER.fullmatch(asker.words[0]) else None
    found = None if asker.is_private and number else await target.find(services, asker)
    if found is None and number is not None:
        return Target(await _numbered(services, int(number)), None, tuple(asker.words[1:]))
    return found


async def _numbered(services: Services, number: int) -> Sender:
    """Return who bears a number, by the name that the bot knows them by, if any."""
    if number == services.gateway.id:
        return Sender(SenderKind.SELF, number, "")
    async with services.database.read() as connection:
        person = await chats.person(connection, number) if number > 0 else None
    return Sender(SenderKind.USER if number > 0 else SenderKind.CHANNEL, number, person.name if person else "")


# --- answering -------------------------------------------------------------------------------------


async def _meant(connection: AsyncConnection, asker: Asker) -> Fed | Refusal:
    """Return the federation that somebody asks to see."""
    if asker.words:
        return await store.get(connection, asker.words[0].lower()) or Refusal.UNKNOWN
    if asker.is_private:
        return await feds.run_by(connection, asker.user_id, None)
    known = await store.of_chat(connection, asker.chat_id)
    return known[0] if known else Refusal.NONE


async def _refuse(context: Context, asker: Asker, why: Refusal) -> None:
    await tell(context, asker, lambda language: fedtexts.refusal(language, why))


async def _answer(context: Context, asker: Asker, words: Words) -> None:
    """Answer in the person's language in private, in a chat in the chat's."""

    async def write(connection: AsyncConnection) -> None:
        said = await words(connection, await language_of(connection, asker))
        text, rows = said if isinstance(said, tuple) else (said, None)
        await replies.answer(connection, context.turn, text, buttons=rows)

    await context.turn.commit(write)
