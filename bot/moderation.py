"""The story of an admin's command against a member: warn, mute, ban, and back. Rights are checked before."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import appealcards, calls, cards, cases, durations, letters
from bot.model import Action, ActionKind, ChatSettings, Decision, MessageRef, Preset, Sender, SenderKind
from bot.policy import LADDERS, PUNISHABLE, Standing, ladder, warning
from bot.store import cases as records
from bot.store import chats, media
from bot.store.cases import Case

KIND = "moderation"
"""The kind of case that an admin's command opens."""

By = tuple[int, str]
"""Who decided: their id, and the name under which it is on record."""

MUTE_SECONDS = LADDERS[Preset.STANDARD].mute_seconds
"""How long a mute lasts that names no end, where the chat has not chosen another length: as long as the ladder's."""


class Deed(StrEnum):
    """What an admin may have done to somebody; the names are those of the commands."""

    WARN = "warn"
    UNWARN = "unwarn"
    MUTE = "mute"
    UNMUTE = "unmute"
    BAN = "ban"
    UNBAN = "unban"
    KICK = "kick"


AGAINST = frozenset({Deed.WARN, Deed.MUTE, Deed.BAN, Deed.KICK})
"""Deeds that hurt; the others give back."""

RESTRICTING = frozenset({Deed.MUTE, Deed.UNMUTE, Deed.BAN, Deed.UNBAN, Deed.KICK})
"""Deeds for which the bot needs Telegram's right to ban users."""

LIFTING = {Deed.UNWARN: "warn mute strike", Deed.UNMUTE: "mute", Deed.UNBAN: "ban"}
"""What commands give back, by the names of the actions on a case's record."""

ABSENT = frozenset({"left", "kicked"})


class Obstacle(StrEnum):
    """Why a deed cannot be done at all; a poster's own standing may be one as well."""

    NO_MUTE_IN_GROUP = "basic group: no mute"
    NO_UNBAN_IN_GROUP = "basic group: no unban"
    NO_MUTE_IN_CHANNEL = "channel: no mute"
    NO_MUTE_OF_CHANNEL = "channel identity: no mute"
    NO_KICK_OF_CHANNEL = "channel identity: no kick"
    NOT_HERE = "not in the chat"
    NOT_MUTED = "not muted"
    NO_BOT_RIGHT = "the bot lacks can_restrict_members"
    NO_DELETE_RIGHT = "the bot lacks can_delete_messages"


@dataclass(frozen=True, slots=True)
class Scene:
    """What Telegram said a moment ago: the kind of chat, what the person is to it, and what the bot may do there.

    `status` is a ChatMember's, empty for who is none.
    """

    chat_type: str
    poster: Standing
    may_restrict: bool = True
    may_delete: bool = True
    status: str = "member"

    @property
    def can_mute(self) -> bool:
        """Whether this poster can be muted here: restrictChatMember is for members of supergroups."""
        return self.chat_type == "supergroup" and self.poster is not Standing.CHANNEL

    @property
    def can_end_bans(self) -> bool:
        """Whether a ban can be given an end: neither in a basic group nor for a channel identity."""
        return self.chat_type != "group" and self.poster is not Standing.CHANNEL


@dataclass(frozen=True, slots=True)
class Order:
    """An admin's command. `incident` is different for every update; `seconds` is as the admin wrote it, if at all.

    With `deletes` the message that was replied to goes as well, and its `album`; with `is_silent` the group is told
    nothing, and the command goes.
    """

    deed: Deed
    chat_id: int
    target: Sender
    scene: Scene
    by: By
    incident: str
    message_id: int | None = None
    seconds: int | None = None
    reason: str = ""
    deletes: bool = False
    is_silent: bool = False
    album: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an order.

    `case` is None when there was nothing to take back. `strikes` is how many count now. `seconds` is how long it
    lasts, None for ever; `is_clamped` says that this is not what the admin wrote. `decision` is what a warning cost.
    """

    order: Order
    case: Case | None = None
    strikes: int = 0
    seconds: int | None = None
    is_clamped: bool = False
    decision: Decision = field(default_factory=Decision)


def obstacle(deed: Deed, scene: Scene) -> Obstacle | Standing | None:
    """Say why a deed cannot be done, None when it can: the chat first, then the person, then the bot's own right."""
    if scene.chat_type == "group" and deed in (Deed.MUTE, Deed.UNMUTE, Deed.UNBAN):
        return Obstacle.NO_UNBAN_IN_GROUP if deed is Deed.UNBAN else Obstacle.NO_MUTE_IN_GROUP
    if deed in AGAINST and scene.poster not in PUNISHABLE:
        return scene.poster
    if deed in (Deed.MUTE, Deed.UNMUTE) and not scene.can_mute:
        is_channel = scene.poster is Standing.CHANNEL
        return Obstacle.NO_MUTE_OF_CHANNEL if is_channel else Obstacle.NO_MUTE_IN_CHANNEL
    if deed is Deed.KICK and scene.poster is Standing.CHANNEL:
        return Obstacle.NO_KICK_OF_CHANNEL
    if deed in RESTRICTING and not scene.may_restrict:
        return Obstacle.NO_BOT_RIGHT
    return _nothing_to_do(deed, scene)


def _nothing_to_do(deed: Deed, scene: Scene) -> Obstacle | None:
    """Say whether a deed meets nobody: an unban that is not only for the banned would let a banned member in."""
    if deed is Deed.KICK and scene.status in ABSENT:
        return Obstacle.NOT_HERE
    if deed is Deed.UNMUTE and scene.status != "restricted":
        return Obstacle.NOT_MUTED
    return None


def hindrance(order: Order) -> Obstacle | Standing | None:
    """Say why an order cannot be carried out as it was given, the removal of messages included."""
    why = obstacle(order.deed, order.scene)
    if why is None and (order.deletes or order.is_silent) and not order.scene.may_delete:
        return Obstacle.NO_DELETE_RIGHT
    return why


async def carry_out(connection: AsyncConnection, order: Order) -> Result:
    """Put an order on record and queue the calls that it takes, once however often it is asked."""
    done = await records.find(connection, order.chat_id, order.incident, KIND)
    if done is not None:
        return Result(order, done)
    deeds = {
        Deed.WARN: _warn,
        Deed.UNWARN: _unwarn,
        Deed.MUTE: _mute,
        Deed.UNMUTE: _unmute,
        Deed.BAN: _ban,
        Deed.UNBAN: _unban,
        Deed.KICK: _kick,
    }
    result = await deeds[order.deed](connection, order)
    if result.case is not None and order.deletes and order.message_id is not None:
        await _remove(connection, result.case, order)
    if result.case is not None and order.deed in AGAINST:
        settings = await chats.settings(connection, order.chat_id)
        await letters.send(connection, result.case, _decision(result), settings)
    elif result.case is not None and order.deed in LIFTING:
        await appealcards.settle_lifted(connection, result.case, LIFTING[order.deed], order.by)
    return result


def _decision(result: Result) -> Decision:
    """Return what an order cost whom it was against."""
    lasting = {Deed.MUTE: ActionKind.MUTE, Deed.BAN: ActionKind.BAN}
    kind = lasting.get(result.order.deed)
    return _lasting(kind, result.seconds) if kind else result.decision


async def _remove(connection: AsyncConnection, case: Case, order: Order) -> None:
    """Queue the removal of the message that was replied to, and of all that is known of its album."""
    refs = {MessageRef(order.chat_id, order.message_id or 0)}
    if order.album:
        refs.update(await media.album(connection, order.chat_id, order.album))
    for ref in sorted(refs, key=lambda one: one.message_id):
        await cases.enqueue(connection, case, "delete", calls.delete(ref, case_id=case.id), by=order.by)


async def _warn(connection: AsyncConnection, order: Order) -> Result:
    seconds = durations.clamp(order.seconds) if order.seconds is not None else None
    case = await _open(connection, order)
    decision = await strike(connection, case, order.scene, by=order.by, seconds=seconds)
    await cards.log(connection, case, "warn", by=order.by, decision=decision)
    is_clamped = _is_clamped(order, seconds)
    return Result(order, case, strikes=decision.strike or 0, seconds=seconds, is_clamped=is_clamped, decision=decision)


async def _unwarn(connection: AsyncConnection, order: Order) -> Result:
    of_case = await records.lift_strike(connection, order.chat_id, order.target.id)
    if of_case is None:
        return Result(order)
    case = await _open(connection, order)
    await records.note(connection, case.id, "unwarn", by=order.by)
    await cards.log(connection, case, "unwarn", by=order.by)
    if order.scene.can_mute and await _has_muted(connection, of_case):
        call = calls.unmute(case.chat_id, case.sender_id, str(case.id), case_id=case.id)
        await cases.enqueue(connection, case, "unmute", call, by=order.by)
    return Result(order, case, strikes=await records.active_strikes(connection, order.chat_id, order.target.id))


async def _has_muted(connection: AsyncConnection, case_id: int) -> bool:
    """Whether a case led to a mute: taking back its strike lifts that as well."""
    return any(one.kind == "mute" and one.state != "refused" for one in await records.actions(connection, case_id))


async def _mute(connection: AsyncConnection, order: Order) -> Result:
    seconds = mute_seconds(await chats.settings(connection, order.chat_id))
    if order.seconds is not None:
        seconds = durations.clamp(order.seconds)
    case = await _open(connection, order)
    decision = _lasting(ActionKind.MUTE, seconds)
    await cases.sanction(connection, case, decision.actions[0], by=order.by)
    await cards.log(connection, case, "mute", by=order.by, decision=decision)
    return Result(order, case, seconds=seconds, is_clamped=_is_clamped(order, seconds))


async def _unmute(connection: AsyncConnection, order: Order) -> Result:
    case = await _open(connection, order)
    call = calls.unmute(case.chat_id, case.sender_id, str(case.id), case_id=case.id)
    await cases.enqueue(connection, case, "unmute", call, by=order.by)
    await cards.log(connection, case, "unmute", by=order.by)
    return Result(order, case)


async def _kick(connection: AsyncConnection, order: Order) -> Result:
    case = await _open(connection, order)
    kind = order.scene.chat_type
    call = calls.kick(case.chat_id, case.sender_id, str(case.id), chat_type=kind, case_id=case.id)
    await cases.enqueue(connection, case, "kick", call, by=order.by)
    await cards.log(connection, case, "kick", by=order.by)
    return Result(order, case, is_clamped=order.seconds is not None)


async def _ban(connection: AsyncConnection, order: Order) -> Result:
    seconds = durations.clamp(order.seconds) if order.seconds is not None and order.scene.can_end_bans else None
    case = await _open(connection, order)
    decision = _lasting(ActionKind.BAN, seconds)
    await cases.sanction(connection, case, decision.actions[0], by=order.by)
    await cards.log(connection, case, "ban", by=order.by, decision=decision)
    return Result(order, case, seconds=seconds, is_clamped=_is_clamped(order, seconds))


async def _unban(connection: AsyncConnection, order: Order) -> Result:
    case = await _open(connection, order)
    incident, is_channel = str(case.id), order.target.kind is SenderKind.CHANNEL
    call = calls.unban(case.chat_id, case.sender_id, incident, is_channel=is_channel, case_id=case.id)
    await cases.enqueue(connection, case, "unban", call, by=order.by)
    await cards.log(connection, case, "unban", by=order.by)
    return Result(order, case)


def mute_seconds(settings: ChatSettings) -> int | None:
    """Return how long a mute lasts in a chat that names no end, None for ever: as long as the ladder's."""
    return ladder(settings).mute_seconds or None


def _lasting(kind: ActionKind, seconds: int | None) -> Decision:
    return Decision((Action(kind, "admin", seconds),))


async def strike(
    connection: AsyncConnection, case: Case, scene: Scene, *, by: By, seconds: int | None = None
) -> Decision:
    """Count an admin's strike against a case's poster, and queue what it costs on the chat's ladder.

    It counts for `seconds`, else as long as the ladder says.
    """
    settings = await chats.settings(connection, case.chat_id)
    before = await records.active_strikes(connection, case.chat_id, case.sender_id, but=case.incident)
    decision = _possible(warning(scene.poster, settings, before, can_end=scene.can_end_bans), scene)
    await records.strike(
        connection,
        chat_id=case.chat_id,
        sender_id=case.sender_id,
        incident=case.incident,
        case_id=case.id,
        seconds=seconds or ladder(settings).expiry_seconds,
    )
    await records.note(connection, case.id, "warn", by=by, detail=str(decision.strike))
    for action in decision.actions:
        if action.kind in cases.LASTING:
            await cases.sanction(connection, case, action)
    return decision


def _possible(decision: Decision, scene: Scene) -> Decision:
    """Leave out what Telegram has no call for here: a strike still counts where nobody can be muted."""
    actions = tuple(action for action in decision.actions if action.kind is not ActionKind.MUTE or scene.can_mute)
    return Decision(actions, decision.strike, decision.spared)


async def _open(connection: AsyncConnection, order: Order) -> Case:
    """Open the case of an order and note it in the audit log."""
    case, _ = await records.open_case(
        connection,
        chat_id=order.chat_id,
        incident=order.incident,
        kind=KIND,
        state="closed",
        message_id=order.message_id,
        sender_kind=order.target.kind.value,
        sender_id=order.target.id,
        sender_name=order.target.name,
        reason=order.reason,
    )
    code, actor = f"moderation.{order.deed}", order.by[0]
    await records.record(connection, code, chat_id=order.chat_id, actor_id=actor, detail=f"case {case.id}")
    return case


def _is_clamped(order: Order, seconds: int | None) -> bool:
    return order.seconds is not None and order.seconds != seconds
