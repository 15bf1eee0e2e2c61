"""What is asked about cases: /case and /cases by admins, /why by anybody. Nothing is decided here."""

from __future__ import annotations

import time

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import appealtexts, calls, cards, casebook, notices, raidcards
from bot.i18n import Html, say
from bot.store import appeals, chats, outbox, raids
from bot.store import casebook as pages
from bot.store import cases as records
from bot.store.casebook import Filter
from bot.store.cases import Case
from handlers import guard, replies, target
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, denied, language_of, tell, text_of
from handlers.context import Context, Services
from handlers.rights import CASES_BUTTONS, Right
from handlers.target import Doubt

MAX_DIGITS = 18  # what 64 bits surely hold

MAX_MARK = 4  # UTF-16 units of an emoji before a title


def number_of(asker: Asker) -> int | None:
    """Return the number that is a command's first word, None when there is none."""
    word = asker.words[0].lstrip("#") if asker.words else ""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= MAX_DIGITS else None


# --- one -----------------------------------------------------------------------------------------


async def case(context: Context, asker: Asker) -> None:
    """``/case N``: the file of a case, to those whom it concerns."""
    number = number_of(asker)
    if number is None:
        await tell(context, asker, lambda language: say(language, "Which case? Give its number: /case 12"))
        return
    concerned = await _concerned(context, asker, number)

    async def write(connection: AsyncConnection) -> None:
        language, found = await language_of(connection, asker), await records.get(connection, number)
        if found is None or found.chat_id not in concerned:
            await replies.answer(connection, context.turn, _none(language, number))
        else:
            await _show(connection, context, asker, found)

    await context.turn.commit(write)


def _none(language: str, number: int) -> Html:
    return say(language, "There is no case {number} here.", number=number)


async def _show(connection: AsyncConnection, context: Context, asker: Asker, found: Case) -> None:
    """Answer with the file of a case, and the button that takes it back; in its own chat it does not name admins."""
    language, chat = await language_of(connection, asker), await chats.chat(connection, found.chat_id)
    title, actions = chat.title if chat else "", await records.actions(connection, found.id)
    said, appeal = await cards.said_in(connection, language, found), await appeals.get(connection, found.id)
    is_private = found.chat_id != asker.chat_id
    more = appealtexts.in_case(language, appeal, is_private=is_private) if appeal else ""
    text = notices.case_file(language, found, title, actions, is_named=is_private, reported=said, more=more)
    rows = cards.undo_rows(language, found) if not found.is_open and cards.can_undo(found, actions) else []
    if appeal and appeal.is_open and is_private:
        rows = [*appealtexts.keyboard(language, appeal.token), *rows]
    await replies.answer(connection, context.turn, text, buttons=rows)
    if found.is_open and not asker.is_private and not await raids.has_card(connection, found.id):
        settings = await chats.settings(connection, found.chat_id)
        await raidcards.show(connection, found, settings, settings.log_chat_id or asker.chat_id)


async def _concerned(context: Context, asker: Asker, number: int) -> set[int]:
    """Return the chats whose cases may be seen here: this one and those it logs; in private, where one is admin."""
    async with context.services.database.read() as connection:
        if not asker.is_private:
            return {asker.chat_id, *await chats.logged_by(connection, asker.chat_id)}
        found = await records.get(connection, number)
    if found is None:
        return set()
    chat_member = await guard.member(context.services, found.chat_id, asker.user_id)
    return {found.chat_id} if guard.has_right(chat_member, None) else set()


# --- many ----------------------------------------------------------------------------------------


async def cases(context: Context, asker: Asker) -> None:
    """``/cases [open|today|@user|id]``, or as a reply: the cases of this chat and of those it logs, in pages."""
    wanted = await _wanted(context, asker)
    if wanted is None:
        return

    async def write(connection: AsyncConnection) -> None:
        language = await language_of(connection, asker)
        text, rows = await _page(connection, language, asker.chat_id, wanted)
        await replies.answer(connection, context.turn, text, buttons=rows)

    await context.turn.commit(write)


async def _wanted(context: Context, asker: Asker) -> str | None:
    """Return which cases are meant, as a button names them; when that is not sure, ask, and return None."""
    word = asker.words[0].lower() if asker.words else ""
    if word in ("open", "today") or (not word and asker.reply is None):
        return word or "all"
    if word and casebook.wanted_of(f"u{word}", 0) is not None:
        return f"u{word}"
    whom = await target.find(context.services, asker)
    if isinstance(whom, Doubt):
        doubt = whom
        await tell(context, asker, lambda language: target.whom_of_several(language, "cases", doubt))
        return None
    if whom is None or whom.sender.id == 0:
        await tell(context, asker, _how_to)
        return None
    return f"u{whom.sender.id}"


def _how_to(language: str) -> Html:
    return say(
        language,
        "Which cases? <code>/cases</code> shows all, <code>/cases open</code> those that wait, "
        "<code>/cases today</code> today’s, and <code>/cases 123456789</code>, a @name or a reply somebody’s.",
    )


async def _page(
    connection: AsyncConnection,
    language: str,
    chat_id: int,
    wanted: str,
    *,
    below: int | None = None,
    above: int | None = None,
) -> tuple[Html, casebook.Rows]:
    chosen = casebook.wanted_of(wanted, time.time()) or Filter()
    chat_ids = {chat_id, *await chats.logged_by(connection, chat_id)}
    page = await pages.page(connection, chat_ids, chosen, below=below, above=above)
    return casebook.page_text(language, page), casebook.keyboard(language, page, wanted)


async def press(context: Context, pressed: Pressed) -> Toast:
    """``k:<older|newer>:<which>:<number>``: turn the page, for who is an admin here at this moment."""
    if len(pressed.parts) != 3 or not pressed.parts[2].isdigit():  # noqa: PLR2004 - direction, which, number
        return INVALID
    way, wanted, number = pressed.parts[0], pressed.parts[1], int(pressed.parts[2][:MAX_DIGITS])
    if casebook.wanted_of(wanted, 0) is None:
        return INVALID
    chat_member = await guard.member(context.services, pressed.chat_id, pressed.user_id)
    if (missing := guard.lacking(chat_member, CASES_BUTTONS[way])) is not None:
        return denied(pressed, missing)
    ends = {"below": number} if way == "older" else {"above": number}

    async def write(connection: AsyncConnection) -> None:
        language = (await chats.settings(connection, pressed.chat_id)).language
        text, rows = await _page(connection, language, pressed.chat_id, wanted, **ends)
        key = f"cases:{context.turn.row.bot_id}:{context.turn.row.update_id}"
        await outbox.put(connection, [calls.rewrite(key, pressed.card, text, buttons=rows)])

    await context.turn.commit(write)
    return Toast()


# --- why -----------------------------------------------------------------------------------------


async def why(context: Context, asker: Asker) -> None:
    """``/why`` as a reply to what the bot said: the plain reason for anybody, the whole case for admins."""
    number = _number_replied_to(context, asker)
    if number is None:
        await tell(context, asker, lambda language: say(language, "Reply with /why to what I said about a case."))
        return
    async with context.services.database.read() as connection:
        found = await records.get(connection, number)
    concerned = await _concerned(context, asker, number)
    is_admin = asker.is_private or await guard.may(context.services, asker.chat_id, asker.user_id, Right.ADMIN)

    async def write(connection: AsyncConnection) -> None:
        language = await language_of(connection, asker)
        if found is not None and is_admin and found.chat_id in concerned:
            await _show(connection, context, asker, found)
        elif found is not None and (found.chat_id == asker.chat_id or found.sender_id == asker.user_id):
            plainly = casebook.reason(language, found, await records.actions(connection, found.id))
            await replies.answer(connection, context.turn, plainly)
        else:
            await replies.answer(connection, context.turn, _none(language, number))

    await context.turn.commit(write)


def _number_replied_to(context: Context, asker: Asker) -> int | None:
    """Return the case that the bot's own message is about that was replied to."""
    reply = asker.reply
    if reply is None or not _is_own(context.services, reply):
        return None
    entities = reply.get("entities") or [{}]
    has_title = entities[0].get("type") == "bold" and entities[0].get("offset", 0) <= MAX_MARK
    return casebook.number_in(text_of(reply), has_title=has_title)


def _is_own(services: Services, message: dict[str, object]) -> bool:
    """Whether the bot wrote a message; in a channel nobody is named, and only admins write there."""
    author = message.get("from")
    return author.get("id") == services.gateway.id if isinstance(author, dict) else "sender_chat" in message
