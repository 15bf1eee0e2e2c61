"""The conversation about the log chat: a link, an id, or off. Who may choose one is asked of Telegram at every step."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, chatsettings, membership
from bot.calls import CHATTER, url_button
from bot.i18n import Html, lines, listed, name, plain, say
from bot.membership import Details
from bot.model import SenderKind
from bot.protection import POST, Presence, presence_of
from bot.store import chats, outbox
from handlers import guard, replies
from handlers.commands import Asker, ask_to_confirm, refusal
from handlers.context import Context, Services
from handlers.convert import sender_of, thread_of, title_of
from handlers.rights import Right

LINK = "log_"
"""What the payload of a link for a log chat begins with; the token follows."""

POSTING = "admin=post_messages"
"""The right that a link to a log channel asks for."""

HIDDEN = (SenderKind.CHAT, SenderKind.ANONYMOUS_ADMIN)

Words = Callable[[str], Html]


@dataclass(frozen=True, slots=True)
class Place:
    """A chat that could be a log chat, and what the bot is there."""

    type: str
    title: str
    presence: Presence

    @property
    def is_writable(self) -> bool:
        """Whether the bot may write there."""
        return self.presence.is_here if self.type != "channel" else POST in self.presence.rights


async def logchat(context: Context, asker: Asker) -> None:
    """Answer /logchat: with a link, by setting a chat named by its id, or none, or in a log chat the topic it is in."""
    wanted = asker.words[0] if asker.words else ""
    if not wanted:
        watched = await _watched(context.services, asker)
        await (_choose_topic(context, asker, watched) if watched else _offer(context, asker))
    elif wanted.lower() == "off":
        await _forget(context, asker)
    elif wanted.lstrip("-").isdecimal():
        await _by_id(context, asker, int(wanted))
    else:
        await _answer(
            context, lambda language: say(language, "Give the chat's number, such as -1001234567890, or off.")
        )


async def follow_link(context: Context, asker: Asker, token: str) -> None:
    """Make this chat the log chat of the one that the link came from, if the asker is an admin of both.

    Who wrote in a channel's name, or in the group's, is asked to prove who they are.
    """
    services = context.services
    sender = sender_of(asker.message, services.gateway.id)
    if sender.kind in HIDDEN and sender.id == asker.user_id:
        await ask_to_confirm(context, asker, "start")
        return
    async with services.database.read() as connection:
        link = await chatsettings.link_of(connection, token)
    if link is None or link.chat_id == asker.chat_id:
        await _answer(
            context,
            lambda language: say(language, "This link is no longer good. Give /logchat again in the other chat."),
        )
        return
    if not await _may_both(services, link.chat_id, asker.chat_id, asker.user_id):
        await _answer(context, _not_both)
        return

    async def use(connection: AsyncConnection) -> None:
        topic = thread_of(asker.message)
        if await chatsettings.use_link(connection, token, asker.chat_id, by=asker.user_id, thread_id=topic):
            await _tell_both(connection, context, asker, link.chat_id, asker.chat_id)

    context.turn.add(use)
    await context.turn.finish()


async def _watched(services: Services, asker: Asker) -> list[int]:
    """Return the chats whose log this forum is, and whose settings the asker may change; none for other chats."""
    if not asker.message["chat"].get("is_forum"):
        return []
    async with services.database.read() as connection:
        watched = await chats.logged_by(connection, asker.chat_id)
    return [one for one in watched if await guard.may(services, one, asker.user_id, Right.CHANGE)]


async def _choose_topic(context: Context, asker: Asker, watched: list[int]) -> None:
    """Have the cards of these chats go to the topic in which the command was given, or from now on to none."""
    topic = thread_of(asker.message)

    async def write(connection: AsyncConnection) -> None:
        titles = []
        for chat_id in watched:
            changed = await chatsettings.tune(connection, chat_id, by=asker.user_id, log_thread_id=topic)
            titles.append(Html(f"<b>{html.escape(name(changed.title))}</b>"))
        language = (await chats.settings(connection, asker.chat_id)).language
        values = {"titles": listed(language, titles)}
        text = (
            say(language, "This topic is the log of {titles} now.", **values)
            if topic
            else say(language, "What I find in {titles} is told in no topic of its own any more.", **values)
        )
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


async def _offer(context: Context, asker: Asker) -> None:
    async def write(connection: AsyncConnection) -> None:
        language = (await chats.settings(connection, asker.chat_id)).language
        token = await chatsettings.new_link(connection, asker.chat_id, by=asker.user_id)
        me = context.services.gateway.username
        url, channel = f"https://t.me/{me}?startgroup={LINK}{token}", f"https://t.me/{me}?startchannel&{POSTING}"
        text = lines(
            say(language, "In the log chat only admins read what I find; this chat stays free of it."),
            say(language, "Press the button within the hour and choose a group where you are an admin."),
            say(
                language,
                "For a channel: add me with the other button as an admin who may post, then post there "
                "<code>/start {payload}</code>. Where I am already, <code>/logchat ID</code> here does as well.",
                payload=f"{LINK}{token}",
            ),
            say(language, "<code>/logchat off</code> ends it."),
        )
        rows = [
            [url_button(plain(say(language, "Choose the log group")), url)],
            [url_button(plain(say(language, "Choose the log channel")), channel)],
        ]
        await replies.answer(connection, context.turn, text, buttons=rows)

    await context.turn.commit(write)


async def _forget(context: Context, asker: Asker) -> None:
    async def write(connection: AsyncConnection) -> None:
        await chatsettings.set_log_chat(connection, asker.chat_id, None, by=asker.user_id)
        language = (await chats.settings(connection, asker.chat_id)).language
        text = say(language, "There is no log chat any more: cards go to the owner in private, or to this chat.")
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


async def _by_id(context: Context, asker: Asker, target: int) -> None:
    place = await _place(context.services, target)
    if place is None or not place.is_writable or target == asker.chat_id:
        await _answer(context, lambda language: _unfit(language, place, is_same=target == asker.chat_id))
        return
    if not await _may_both(context.services, asker.chat_id, target, asker.user_id):
        await _answer(context, _not_both)
        return

    async def write(connection: AsyncConnection) -> None:
        await membership.meet(connection, target, place.presence, Details(), type=place.type, title=place.title)
        await chatsettings.set_log_chat(connection, asker.chat_id, target, by=asker.user_id)
        await _tell_both(connection, context, asker, asker.chat_id, target)

    await context.turn.commit(write)


async def _place(services: Services, chat_id: int) -> Place | None:
    """Ask Telegram about a chat; None when the bot does not know it. Raises `Unreachable`."""
    chat = await services.gateway.ask("getChat", {"chat_id": chat_id})
    if not isinstance(chat, dict) or chat.get("type") == "private":
        return None
    presence = presence_of(await guard.member(services, chat_id, services.gateway.id))
    return Place(str(chat.get("type")), title_of(chat), presence)


async def _may_both(services: Services, watched_id: int, log_id: int, user_id: int) -> bool:
    return await guard.may(services, watched_id, user_id, Right.CHANGE) and await guard.may(
        services, log_id, user_id, Right.ADMIN
    )


async def _tell_both(connection: AsyncConnection, context: Context, asker: Asker, watched_id: int, log_id: int) -> None:
    """Say in either chat what the log chat is now, where it was asked in the same topic; no channel's readers know."""
    watched, log = await chats.chat(connection, watched_id), await chats.chat(connection, log_id)
    language = (await chats.settings(connection, watched_id)).language
    title = watched.title if watched else str(watched_id)
    mark = f"{context.turn.row.bot_id}:{context.turn.row.update_id}"
    texts = {log_id: say(language, "This is the log chat of <b>{title}</b> now.", title=name(title))}
    if watched is None or watched.type != "channel":
        log_title = log.title if log and log.title else str(log_id)
        texts[watched_id] = say(language, "The log chat is <b>{title}</b> now.", title=name(log_title))
    topics = {asker.chat_id: thread_of(asker.message)}
    told = [
        calls.say(f"log:{mark}:{chat_id}", chat_id, text, rank=CHATTER, thread_id=topics.get(chat_id))
        for chat_id, text in texts.items()
    ]
    await outbox.put(connection, told)


async def _answer(context: Context, words: Words) -> None:
    async def write(connection: AsyncConnection) -> None:
        settings = await chats.settings(connection, context.turn.row.chat_id)
        await replies.answer(connection, context.turn, words(settings.language))

    await context.turn.commit(write)


def _unfit(language: str, place: Place | None, *, is_same: bool) -> Html:
    if is_same:
        return say(language, "That is this chat itself. The log chat is another one, for admins only.")
    if place is None:
        return say(language, "I am not in that chat. Add me there first, then give the command again.")
    return say(language, "I may not write in <b>{title}</b>. Let me post there first.", title=name(place.title))


def _not_both(language: str) -> Html:
    return lines(
        refusal(language, Right.CHANGE),
        say(language, "For the log chat you have to be an admin of both chats, and write as yourself."),
    )
