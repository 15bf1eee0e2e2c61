"""One step milder: what becomes of a ban, a mute or a strike that is not taken back altogether. Nothing is sent."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cards, cases, durations, undo
from bot.appealtexts import moment
from bot.calls import LONGEST
from bot.durations import MINUTE
from bot.i18n import Html, length, say
from bot.moderation import MUTE_SECONDS
from bot.store import appeals as records
from bot.store import cases as acts
from bot.store.cases import CaseAction
from bot.undo import Undoing


class Step(StrEnum):
    """What a case was made milder by; the last three changed nothing."""

    MUTED = "muted"  # a ban became a mute of a day
    LET_IN = "let in"  # a ban ended where nobody can be muted
    UNMUTED = "unmuted"
    HALVED = "halved"  # a strike counts for half of the time that was left
    NONE = "none"
    HINDERED = "hindered"
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class Made:
    """A step, the key of the call that it is made by, how long a mute lasts, and when a halved strike ends."""

    step: Step
    key: str | None = None
    seconds: int | None = None
    ends: float | None = None


async def reduce(connection: AsyncConnection, undoing: Undoing, mark: str) -> Made:
    """Make what was done in a case one step milder; strikes stay, but where there is nothing else they are halved."""
    case, scene = undoing.case, undoing.scene
    actions = await acts.actions(connection, case.id)
    kinds = cards.in_force(actions)
    if kinds & {"ban", "mute"} and scene.chat_type != "group" and not scene.may_restrict:
        return Made(Step.HINDERED)
    released, key, stays = await undo.release(connection, undoing, actions, mark)
    if stays is not None:
        return Made(Step.STAYS)
    is_out_of_group = scene.chat_type == "group" and scene.status in undo.OUT
    if "ban" in kinds and (released or is_out_of_group):
        return await _let_in(connection, undoing, mark, key)
    if released:
        return Made(Step.UNMUTED, key)
    if await records.strikes_in(connection, case.id):
        return Made(Step.HALVED, ends=await records.halve_strikes(connection, case.id))
    return Made(Step.NONE)


async def _let_in(connection: AsyncConnection, undoing: Undoing, mark: str, key: str | None) -> Made:
    """End a ban, with a way in; where people can be muted they are, for a day or what was left of the ban."""
    case, actions = undoing.case, await acts.actions(connection, undoing.case.id)
    made = Made(Step.LET_IN, key)
    if undoing.scene.can_mute:
        seconds = min(MUTE_SECONDS, _left_of_ban(actions))
        call = replace(cases.mute(case, seconds=seconds, mark=f"-{mark}"), after=key)
        await cases.enqueue(connection, case, "mute", call, by=undoing.by, detail=durations.compact(seconds))
        made = Made(Step.MUTED, call.key, seconds=seconds)
    await undo.way_in(connection, undoing, actions, mark, after=key)
    return made


def _left_of_ban(actions: Sequence[CaseAction]) -> int:
    """Return for how many seconds the newest ban would have gone on, in whole minutes; one without end for a year."""
    lengths = [(one.at, durations.parse(one.detail)) for one in actions if one.kind == "ban" and one.state != "refused"]
    at, length_of_ban = lengths[-1]
    if length_of_ban is None:
        return LONGEST
    return durations.clamp(math.ceil((at + length_of_ban - time.time()) / MINUTE) * MINUTE)


def words(language: str, made: Made) -> Html | None:
    """Tell the appellant what is milder now."""
    if made.step is Step.MUTED:
        return say(
            language, "You are not banned any more, but muted for {time}.", time=length(language, made.seconds or 0)
        )
    if made.step is Step.LET_IN:
        return say(language, "You are not banned any more. A strike that counts stays.")
    if made.step is Step.UNMUTED:
        return say(language, "You may write again. A strike that counts stays.")
    if made.step is Step.HALVED:
        return say(
            language,
            "Your strike counts for half of the time that was left, until {time}.",
            time=moment(made.ends or 0),
        )
    return None
