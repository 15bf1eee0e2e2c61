"""The conversation that lists media: /block and /allow as a reply. What listing means is not known here."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import listing
from bot.i18n import Html, lines, say, say_n
from bot.listing import Listed, Material
from bot.media.sniff import VIDEOS
from bot.model import ListKind, VerdictKind
from bot.store import chats, inbox, media
from bot.telegram.carriers import messages
from handlers import replies
from handlers.commands import Asker, Json
from handlers.context import Context
from handlers.convert import post_of

PATIENCE = 10.0
"""Seconds that a command about a post waits for it to be judged; then the post is looked at as it is."""

Words = Callable[[str], Html]


async def block(context: Context, asker: Asker) -> None:
    """Answer /block: list the media of the replied message and remove it."""
    await _list(context, asker, ListKind.BLOCK)


async def allow(context: Context, asker: Asker) -> None:
    """Answer /allow: never act on the media of the replied message again."""
    await _list(context, asker, ListKind.ALLOW)


async def _list(context: Context, asker: Asker, kind: ListKind) -> None:
    if asker.reply is None:
        await _answer(
            context, lambda language: say(language, "Give this command as a reply to the message it is about.")
        )
        return
    await _judged(context, asker.reply)
    material = await _material(context, asker.reply)
    if material is None:
        await _answer(context, lambda language: say(language, "There is no picture or video in that message."))
        return
    everywhere = asker.user_id in context.services.settings.maintainers

    async def write(connection: AsyncConnection) -> None:
        done = await listing.put(
            connection,
            material,
            kind,
            by=(asker.user_id, asker.name),
            incident=f"update:{context.turn.row.update_id}",
            everywhere=everywhere,
            reason=" ".join(asker.words),
        )
        language = (await chats.settings(connection, asker.chat_id)).language
        text = listed(language, material, kind, done, everywhere=everywhere)
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)


def listed(language: str, material: Material, kind: ListKind, done: Listed, *, everywhere: bool) -> Html:
    """Say what was listed where, in which case, and what the limits of recognising it are; never a hash."""
    what, count = _what(language, material, done.count), done.count
    words = {
        (ListKind.BLOCK, False): say_n(
            language,
            "Listed for this chat: {what}; the message is being removed.",
            "Listed for this chat: {what}; the messages are being removed.",
            count,
            what=what,
        ),
        (ListKind.BLOCK, True): say_n(
            language,
            "Listed for this chat and for all others: {what}; the message is being removed.",
            "Listed for this chat and for all others: {what}; the messages are being removed.",
            count,
            what=what,
        ),
        (ListKind.ALLOW, False): say(language, "Allowed in this chat: {what}", what=what),
        (ListKind.ALLOW, True): say(language, "Allowed in this chat and in all others: {what}", what=what),
    }
    unread, plain = material.unread, material.featureless
    return lines(
        words[kind, everywhere],
        say(language, "Case {number}.", number=done.case.id),
        say_n(
            language,
            "{n} file could not be read: only exactly this upload is recognised.",
            "{n} files could not be read: only exactly these uploads are recognised.",
            unread,
        )
        if unread
        else None,
        say_n(
            language,
            "{n} picture has too few features: only exact copies of it are recognised.",
            "{n} pictures have too few features: only exact copies of them are recognised.",
            plain,
        )
        if plain
        else None,
    )


def _what(language: str, material: Material, count: int) -> Html:
    """Name what the messages carry: `count` pictures, videos, or files where it is both or unknown."""
    formats = {fingerprint.format if fingerprint else "" for _, fingerprint in material.files}
    if not formats & VIDEOS and "" not in formats:
        return say_n(language, "{n} picture", "{n} pictures", count)
    if formats & VIDEOS and count == 1:
        return say_n(language, "{n} video", "{n} videos", count)
    return say_n(language, "{n} file", "{n} files", count)


async def _judged(context: Context, reply: Json) -> None:
    """Wait for what the command is about, and its album, to be judged: commands overtake posts, which may be many."""
    row, album = context.turn.row, reply.get("media_group_id")
    about = {"media_group_id": album} if album else {"message_id": reply.get("message_id")}
    word = str(next(iter(about.values())))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while await _is_waiting(context, row.chat_id, word, about):  # noqa: ASYNC110 - the inbox sets no event
                await asyncio.sleep(0.1)


async def _is_waiting(context: Context, chat_id: int, word: str, about: Json) -> bool:
    async with context.services.database.read() as connection:
        waiting = await inbox.media_naming(connection, context.turn.row.bot_id, chat_id, word)
    posts = (message for payload in waiting for _, message in messages(json.loads(payload)))
    return any(about.items() <= message.items() for message in posts)


async def _material(context: Context, reply: Json) -> Material | None:
    """Return the media of a message and its album, scanning what was never seen; None when there are none."""
    services = context.services
    post = post_of("message", reply, services.gateway.id)
    if post is None:
        return None
    async with services.database.read() as connection:
        seen = await media.files_of(connection, post.ref)
    own = [one.file_unique_id for one in post.media]
    known = dict(await services.scanner.fingerprints([*own, *seen]))
    unread: set[str] = set()
    if not known.keys() >= set(own):
        verdict = await services.scanner.scan(post, is_last_try=context.turn.is_last_try)
        known |= dict(await services.scanner.fingerprints(own))
        if verdict.kind is VerdictKind.UNSCANNABLE or verdict.partly:
            unread = set(own)  # a file that is no picture at all would not have said so
    unread |= set(seen) - set(own)
    files = [
        (one, known[one].fingerprint if one in known else None)
        for one in dict.fromkeys([*own, *seen])
        if one in known or one in unread
    ]
    return Material(post, files) if files else None


async def _answer(context: Context, words: Words) -> None:
    async def write(connection: AsyncConnection) -> None:
        settings = await chats.settings(connection, context.turn.row.chat_id)
        await replies.answer(connection, context.turn, words(settings.language))

    await context.turn.commit(write)
