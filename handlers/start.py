"""The first words: what Haechi is, how it is added, and which commands there are."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.calls import url_button
from bot.i18n import Html, lines, paragraphs, plain, say
from bot.panel import LINK
from bot.protection import ASKED
from bot.store import chats
from handlers import appeal, chatpanel, helpme, logchat, replies
from handlers.commands import Asker
from handlers.context import Context
from handlers.menus import ADMINS, EVERYBODY, PRIVATE, describe

RIGHTS = "+".join(right.removeprefix("can_") for right in ASKED)
"""The rights that a link asks for, in the spelling of links."""


async def start(context: Context, asker: Asker) -> None:
    """Answer /start: an introduction in private, a link's purpose or a sign of life in a group."""
    payload = asker.words[0] if asker.words else ""
    if asker.is_private and payload.startswith(helpme.LINK):
        await helpme.follow_link(context, asker, payload)
    elif asker.is_private and payload.startswith(LINK):
        await chatpanel.open_by_link(context, asker, payload)
    elif asker.is_private and payload.startswith(appeal.LINK):
        await appeal.follow_link(context, asker, payload.removeprefix(appeal.LINK))
    elif asker.is_private and payload.startswith(appeal.RAID_LINK):
        await appeal.follow_raid(context, asker, payload.removeprefix(appeal.RAID_LINK))
    elif asker.is_private:
        await _introduce(context, asker)
    elif payload.startswith(logchat.LINK):
        await logchat.follow_link(context, asker, payload.removeprefix(logchat.LINK))
    elif payload != "setup":  # after “setup” the words of arrival are on their way already
        await _show_life(context)


async def show_help(context: Context, asker: Asker) -> None:
    """Answer /help: the commands, by who may use them."""

    async def write(connection: AsyncConnection) -> None:
        language = asker.language
        if not asker.is_private:
            language = (await chats.settings(connection, asker.chat_id)).language
        await replies.answer(connection, context.turn, help_text(language))

    await context.turn.commit(write)


def add_links(username: str) -> tuple[str, str]:
    """Return the addresses that add the bot to a group and to a channel, asking for the rights it needs."""
    return (
        f"https://t.me/{username}?startgroup=setup&admin={RIGHTS}",
        f"https://t.me/{username}?startchannel&admin={RIGHTS}",
    )


def introduction(language: str) -> Html:
    """Say plainly what Haechi is, does and never does."""
    return paragraphs(
        say(
            language,
            "<b>Haechi</b> guards groups and channels. It compares every picture and video that is posted with lists "
            "of known abuse, such as deepfakes and intimate pictures shared without consent, and removes what matches.",
        ),
        lines(
            say(language, "• Nobody has to look at the pictures: they are recognised by their digital fingerprints."),
            say(language, "• Pictures are never kept, forwarded or shown. They are in memory while they are checked."),
            say(language, "• Members report what the lists do not know yet with /report, and learn what came of it."),
        ),
        say(
            language,
            "Add me with the buttons below. I ask for three rights: to delete messages, to ban users, "
            "and to invite them back.",
        ),
    )


def help_text(language: str) -> Html:
    """List the commands by who may use them."""
    return paragraphs(
        lines(say(language, "<b>Everybody</b>"), *(_line(language, name) for name in EVERYBODY)),
        lines(
            say(language, "<b>Admins</b>, each with the right that Telegram has for it"),
            *(_line(language, name) for name in ADMINS if name not in EVERYBODY),
        ),
        lines(
            say(language, "<b>In private</b>"),
            *(_line(language, name) for name in PRIVATE if name not in (*EVERYBODY, *ADMINS)),
        ),
        say(language, "Most commands are given as a reply to the message they are about."),
    )


def _line(language: str, command: str) -> Html:
    return Html(f"/{command}: {describe(language, command)}")


async def _introduce(context: Context, asker: Asker) -> None:
    async def write(connection: AsyncConnection) -> None:
        await chats.greet(connection, asker.user_id, name=asker.name, language=asker.language, reachable=True)
        to_group, to_channel = add_links(context.services.gateway.username)
        rows = [
            [url_button(plain(say(asker.language, "Add to a group")), to_group)],
            [url_button(plain(say(asker.language, "Add to a channel")), to_channel)],
        ]
        await replies.answer(connection, context.turn, introduction(asker.language), buttons=rows)

    await context.turn.commit(write)


async def _show_life(context: Context) -> None:
    async def write(connection: AsyncConnection) -> None:
        settings = await chats.settings(connection, context.turn.row.chat_id)
        text = say(settings.language, "I am on guard here. /help lists the commands, /check tests whether I work.")
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)
