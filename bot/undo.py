"""The story of a case that is taken back: what was done is undone, once. Rights are checked before; nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import answers, appealcards, calls, cards, cases, curation, invites, quiet
from bot.calls import CHATTER, RECEIPT
from bot.i18n import Html, language_for, lines, listed, name, say
from bot.model import Fingerprint, ListKind, SenderKind, VerdictKind
from bot.moderation import By, Obstacle, Scene
from bot.store import cases as records
from bot.store import chats, outbox, undone
from bot.store import reports as filed
from bot.store.cases import Case, CaseAction

REMOVING = frozenset({"ban", "kick"})
"""Actions after which somebody is not in the chat any more."""

OUT = frozenset({"left", "kicked", ""})
"""What Telegram calls somebody who is not in a chat."""


class Fate(StrEnum):
    """What came of an attempt to take a case back."""

    DONE = "done"
    ALREADY = "already"
    OPEN = "open"  # it waits for a decision: there is nothing to take back yet
    NOTHING = "nothing"
    HINDERED = "hindered"


@dataclass(frozen=True, slots=True)
class Undoing:
    """An admin's wish to take a case back.

    `files` are the post's, by file_unique_id, to be let through from now on; `may_invite` is whether the bot may make
    links; `is_said_here` whether the answer is read in the case's own chat; `is_heard` whether the poster appealed, and
    is told what came of it otherwise. `thread_id` is the topic that the post was in, as far as it is known.
    """

    case: Case
    by: By
    scene: Scene
    may_invite: bool = False
    files: Sequence[tuple[str, Fingerprint | None]] = ()
    is_said_here: bool = False
    is_heard: bool = False
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What was given back, by the names of the actions; `stays` is the later case that keeps somebody out or silent.

    `invites` says whether a link is being made, None where none is needed. `by_name` is who was first; `key` is that of
    the call that ends the ban or mute.
    """

    fate: Fate
    case: Case
    given: tuple[str, ...] = ()
    stays: int | None = None
    invites: bool | None = None
    was_removed: bool = False
    by_name: str = ""
    key: str | None = None


def needs(case: Case, actions: Sequence[CaseAction]) -> tuple[bool, bool]:
    """Say which of Telegram's rights it took to do what is taken back: to ban users, and to delete messages."""
    against = bool(cards.in_force(actions) & cards.AGAINST)
    return against, case.kind == VerdictKind.MATCH or not against


async def take_back(connection: AsyncConnection, undoing: Undoing) -> Result:
    """Undo all of a case that can be undone, in the caller's transaction; of two who ask at once, one does it.

    A ban or a mute whose end Telegram refused can be taken back again.
    """
    case = await records.get(connection, undoing.case.id) or undoing.case
    undoing, actions = replace(undoing, case=case), await records.actions(connection, case.id)
    tries = sum(one.kind in ("unban", "unmute") and one.state == "refused" for one in actions)
    before = await undone.last(connection, case.id)
    if before is not None and not tries:
        return Result(Fate.ALREADY, case, by_name=before.by_name)
    if case.is_open:
        return Result(Fate.OPEN, case)
    kinds = cards.in_force(actions)
    if not cards.can_undo(case, actions) and not tries:
        return Result(Fate.NOTHING, case, was_removed="delete" in kinds)
    if kinds & {"ban", "mute", "kick"} and undoing.scene.chat_type != "group" and not undoing.scene.may_restrict:
        return Result(Fate.HINDERED, case)
    if not await undone.mark(connection, case.id, tries, undoing.by):
        return Result(Fate.ALREADY, case, by_name=before.by_name if before else "")
    return await _give_back(connection, undoing, actions, tries)


async def _give_back(
    connection: AsyncConnection, undoing: Undoing, actions: Sequence[CaseAction], tries: int
) -> Result:
    case, by = undoing.case, undoing.by
    await filed.void(connection, case.id)
    given = ["strike"] if await undone.lift_strikes(connection, case.id) else []
    mark = f"{case.id}-{tries}"
    released, key, stays = await release(connection, undoing, actions, mark)
    given += released
    if "block" in cards.in_force(actions) and await curation.unlist(connection, case.chat_id, case.id):
        given.append("block")
    if case.kind == VerdictKind.MATCH and undoing.files:
        await curation.list_files(connection, undoing.files, kind=ListKind.ALLOW, chat_id=case.chat_id, by=by[0])
        await records.note(connection, case.id, "allow", by=by)
        given.append("allow")
    is_invited = await way_in(connection, undoing, actions, mark, after=key) if stays is None else None
    if not await appealcards.settle(connection, case, by, after=key) and not undoing.is_heard:
        await _tell(connection, undoing, tries, key, is_invited=bool(is_invited))
    await records.record(connection, "case.undo", chat_id=case.chat_id, actor_id=by[0], detail=f"case {case.id}")
    await cards.log(connection, case, "undo", by=by)
    await cards.refresh(connection, case, mark=f"undo:{tries}")
    was_removed = "delete" in cards.in_force(actions)
    return Result(Fate.DONE, case, tuple(given), stays, is_invited, was_removed, key=key)


async def way_in(
    connection: AsyncConnection, undoing: Undoing, actions: Sequence[CaseAction], mark: str, *, after: str | None
) -> bool | None:
    """Queue a link for somebody whom the case put out; say whether there will be one, None where none is needed."""
    if not _is_out(undoing, actions):
        return None
    case, by_id = undoing.case, undoing.by[0]
    if not undoing.may_invite or await invites.recipient(connection, case, by_id) is None:
        return False
    await outbox.put(connection, [invites.invite(case, mark, after=after)])
    return True


async def release(
    connection: AsyncConnection, undoing: Undoing, actions: Sequence[CaseAction], mark: str
) -> tuple[list[str], str | None, int | None]:
    """Queue the end of a ban or a mute; return what ends, the key of the call, and the later case that forbids it."""
    case, scene, kinds = undoing.case, undoing.scene, cards.in_force(actions)
    on_its_way = {one.kind for one in actions if one.state == "pending"}
    is_banned = case.is_channel or scene.status == "kicked" or "ban" in on_its_way
    if "ban" in kinds and scene.chat_type != "group" and is_banned:
        if (later := await undone.stands_by(connection, case, "ban", "unban")) is not None:
            return [], None, later
        call = calls.unban(case.chat_id, case.sender_id, mark, is_channel=case.is_channel, case_id=case.id)
        await cases.enqueue(connection, case, "unban", call, by=undoing.by)
        return ["unban"], call.key, None
    is_muted = scene.status in ("restricted", "left") or "mute" in on_its_way
    if "mute" in kinds and scene.can_mute and is_muted:
        if (later := await undone.stands_by(connection, case, "mute", "unmute")) is not None:
            return [], None, later
        call = calls.unmute(case.chat_id, case.sender_id, mark, case_id=case.id)
        await cases.enqueue(connection, case, "unmute", call, by=undoing.by)
        return ["unmute"], call.key, None
    return [], None, None


def _is_out(undoing: Undoing, actions: Sequence[CaseAction]) -> bool:
    """Whether the case put a person out of the chat who is not back yet."""
    on_its_way = {one.kind for one in actions if one.state == "pending"}
    is_away = undoing.scene.status in OUT or bool(on_its_way & REMOVING)
    return undoing.case.sender_kind == SenderKind.USER and is_away and bool(cards.in_force(actions) & REMOVING)


async def _tell(
    connection: AsyncConnection, undoing: Undoing, tries: int, key: str | None, *, is_invited: bool
) -> None:
    """Tell the poster: in private where the bot may write to them, with their link if there is one, else the group."""
    case, settings = undoing.case, await chats.settings(connection, undoing.case.chat_id)
    if case.sender_kind == SenderKind.USER and await invites.is_reachable(connection, case.sender_id):
        if is_invited:
            return  # told with the link, once it is made
        person = await chats.person(connection, case.sender_id)
        language = language_for(person.language if person else None)
        text, target, rank, topic = invites.told(language, case, settings.title), case.sender_id, RECEIPT, None
    elif undoing.scene.chat_type != "channel" and not undoing.is_said_here and not quiet.is_silent(settings):
        text, target, rank = group_words(settings.language, case), case.chat_id, CHATTER
        topic = undoing.thread_id
    else:
        return
    call = calls.say(f"undone:{case.id}:{tries}", target, text, rank=rank, thread_id=topic, after=key)
    await outbox.put(connection, [call])


# --- what is said --------------------------------------------------------------------------------


def group_words(language: str, case: Case) -> Html:
    """Tell the group, and so the poster, that a case was taken back."""
    return say(language, "An admin took back what was done about a post. Case {number}.", number=case.id)


def words(language: str, result: Result, *, is_named: bool = True) -> Html:
    """Say to whoever took a case back what came of it, and what nobody can give back; with `is_named` who was first."""
    number = result.case.id
    gone = say(language, "What was removed cannot be brought back: Telegram keeps no copy for me.")
    if result.fate is Fate.HINDERED:
        return answers.hindrance(language, Obstacle.NO_BOT_RIGHT)
    if result.fate is Fate.ALREADY:
        by_name = name(result.by_name) if is_named else say(language, "an admin")
        return say(language, "Case {number} was taken back already, by {name}.", number=number, name=by_name)
    if result.fate is Fate.OPEN:
        return say(language, "Case {number} still waits: decide it by the buttons of its card.", number=number)
    if result.fate is Fate.NOTHING:
        text = say(language, "In case {number} there is nothing to take back.", number=number)
        return lines(text, gone if result.was_removed else None)
    return lines(_done(language, result), *_remarks(language, result), gone if result.was_removed else None)


def _done(language: str, result: Result) -> Html:
    if not result.given:
        return say(language, "Case {number} is taken back.", number=result.case.id)
    what = listed(language, _given(language, result))
    return say(language, "Case {number} is taken back: {what}.", number=result.case.id, what=what)


def given_words(language: str, result: Result) -> Html | None:
    """Tell the appellant what they were given back, and which later case stays."""
    given = Html(", ".join(_given(language, result)))
    stays = say(language, "The ban or mute of case {number} came later and stays.", number=result.stays or 0)
    return lines(say(language, "Given back: {what}.", what=given) if given else None, stays if result.stays else None)


def _given(language: str, result: Result) -> list[Html]:
    parts = {
        "unban": say(language, "unbanned"),
        "unmute": say(language, "unmuted"),
        "strike": say(language, "strike taken back"),
        "allow": say(language, "the same media may be posted here again"),
        "block": say(language, "the media are off this chat’s list"),
    }
    return [parts[one] for one in result.given]


def _remarks(language: str, result: Result) -> list[Html]:
    remarks = []
    if result.stays is not None:
        text = say(language, "The ban or mute of case {number} came later and stays.", number=result.stays)
        remarks.append(text)
    if result.invites:
        remarks.append(say(language, "A link for one person to come in again is on its way."))
    elif result.invites is False:
        remarks.append(say(language, "I cannot invite them here: please add them, or send them a link."))
    return remarks
