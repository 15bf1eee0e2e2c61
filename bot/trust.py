"""The story of trusted members: chosen, dropped, listed, each on record. Rights are checked before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.i18n import Html, lines, mention, name, say, say_n
from bot.model import Sender, SenderKind
from bot.settingsfile import MOST_TRUSTED
from bot.store import cases as records
from bot.store import trusted
from bot.store.trusted import Trusted

PAGE = 30
"""Trusted members that one answer lists."""


async def give(connection: AsyncConnection, chat_id: int, sender: Sender, *, by: int) -> bool | None:
    """Trust somebody; say whether that is new, None when a chat trusts too many already."""
    if await trusted.count(connection, chat_id) >= MOST_TRUSTED:
        return None
    return await _add(connection, chat_id, Trusted(sender.id, sender.name), by=by)


async def take(connection: AsyncConnection, chat_id: int, sender_id: int, *, by: int) -> bool:
    """Trust somebody no more; say whether they were trusted."""
    is_done = await trusted.remove(connection, chat_id, sender_id)
    if is_done:
        detail = f"{sender_id}: trusted → not"
        await records.record(connection, "settings.untrust", chat_id=chat_id, actor_id=by, detail=detail)
    return is_done


async def replace_all(
    connection: AsyncConnection, chat_id: int, before: Sequence[Trusted], after: Iterable[Trusted] | None, *, by: int
) -> int:
    """Trust exactly these; return how many that changed. None leaves all as they are."""
    if after is None:
        return 0
    wanted = {one.sender_id: one for one in after}
    gone = [one.sender_id for one in before if one.sender_id not in wanted]
    dropped = [await take(connection, chat_id, sender_id, by=by) for sender_id in gone]
    added = [await _add(connection, chat_id, one, by=by) for one in wanted.values()]
    return sum(dropped) + sum(added)


async def _add(connection: AsyncConnection, chat_id: int, who: Trusted, *, by: int) -> bool:
    is_new = await trusted.add(connection, chat_id, who.sender_id, name(who.name), by=by)
    if is_new:
        detail = f"{who.sender_id}: not → trusted"
        await records.record(connection, "settings.trust", chat_id=chat_id, actor_id=by, detail=detail)
    return is_new


# --- what is said --------------------------------------------------------------------------------


def given(language: str, sender: Sender, is_new: bool | None) -> Html:
    """Say that somebody is trusted now, and what that means."""
    who = _who(language, sender.id, sender.name)
    if is_new is None:
        return say(language, "A chat can trust {number} members at most.", number=MOST_TRUSTED)
    if not is_new:
        return say(language, "{who} is trusted here already.", who=who)
    return say(
        language,
        "{who} is trusted here now: I do not strike, mute or ban them. Known abuse is removed all the same. "
        "/untrust ends it.",
        who=who,
    )


def taken(language: str, sender: Sender, *, is_done: bool) -> Html:
    """Say that somebody is not trusted any more."""
    who = _who(language, sender.id, sender.name)
    if is_done:
        return say(language, "{who} is not trusted here any more.", who=who)
    return say(language, "{who} is not trusted here. /trusted lists who is.", who=who)


def spared(language: str, sender: Sender) -> Html:
    """Say that somebody is never punished anyway."""
    if sender.kind is SenderKind.SELF:
        return say(language, "This is me: I do nothing against myself.")
    return say(language, "Admins, service accounts and the linked channel are never punished: no trust is needed.")


def listed(language: str, found: Sequence[Trusted], total: int, page: int) -> Html:
    """List whom a chat trusts, a page of it."""
    if not total:
        return say(language, "Nobody is trusted here. /trust as a reply trusts whoever wrote that message.")
    if not found:
        return say(language, "There is no such page: {number} are trusted here.", number=total)
    title = say_n(language, "<b>{n} trusted member</b>", "<b>{n} trusted members</b>", total)
    more = page * PAGE < total
    return lines(
        title,
        *(
            say(
                language,
                "• {who} (<code>{number}</code>)",
                who=_who(language, one.sender_id, one.name),
                number=one.sender_id,
            )
            for one in found
        ),
        say(language, "More: <code>/trusted {page}</code>", page=page + 1) if more else None,
    )


def _who(language: str, sender_id: int, shown: str) -> Html:
    if sender_id > 0:
        return mention(sender_id, shown)
    return say(language, "{name} (channel)", name=name(shown))
