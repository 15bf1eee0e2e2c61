"""A verdict, the poster's history and the chat's settings to consequences. Pure: no I/O, no clock, no texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.model import (
    Action,
    ActionKind,
    ChatSettings,
    Decision,
    Match,
    Preset,
    SenderKind,
    Tier,
    Trust,
    UnscannablePolicy,
    Verdict,
    VerdictKind,
)
from bot.rules import REVIEWED, TierAction

DAY = 24 * 60 * 60

CAP = "daily limit"
"""The reason of a hold that keeps for an admin what the bot would have done by itself, were it not for the cap."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """What the nth strike costs, 0 for never; times in seconds, the length of a mute or ban 0 for ever."""

    mute_at: int
    ban_at: int
    mute_seconds: int = DAY
    ban_seconds: int = 0
    expiry_seconds: int = 30 * DAY


LADDERS = {
    Preset.WATCH: Ladder(mute_at=0, ban_at=0),
    Preset.STANDARD: Ladder(mute_at=2, ban_at=3),
    Preset.ZERO_TOLERANCE: Ladder(mute_at=1, ban_at=1),
}
"""In `watch` strikes are counted and cost nothing."""

ACTIONS = tuple(TierAction)
"""What a match may do, mildest first."""

_CLIMBING = {
    Tier.T0: TierAction.STRIKE,
    Tier.T1: TierAction.STRIKE,
    Tier.T2: TierAction.REMOVE,
    Tier.T3: TierAction.TELL,
}

TIERS: Mapping[Preset, Mapping[Tier, TierAction]] = {
    Preset.WATCH: dict.fromkeys(Tier, TierAction.TELL),
    Preset.STANDARD: _CLIMBING,
    Preset.ZERO_TOLERANCE: _CLIMBING,
}
"""What a preset has a match of each tier do."""

TRUSTED_TO: Mapping[Trust, TierAction] = {
    Trust.OFF: TierAction.TELL,
    Trust.NOTIFY: TierAction.TELL,
    Trust.DELETE: TierAction.REMOVE,
    Trust.WARN: TierAction.STRIKE,
    Trust.BAN: TierAction.BAN,
}
"""The most that a list's trust lets its matches do, whatever a chat chose."""

UNSCANNABLE = {
    Preset.WATCH: UnscannablePolicy.NOTIFY,
    Preset.STANDARD: UnscannablePolicy.NOTIFY,
    Preset.ZERO_TOLERANCE: UnscannablePolicy.HOLD,
}
"""What a preset says about posts that could not be checked, until an admin chooses otherwise."""


class Standing(StrEnum):
    """What the poster is to the chat."""

    MEMBER = "member"
    CHANNEL = "channel"  # a channel identity: cannot be muted, is banned as a sender chat
    ADMIN = "admin"
    ANONYMOUS_ADMIN = "anonymous admin"
    LINKED_CHANNEL = "linked channel"
    OWN_POST = "own post"  # a channel's own post has no poster that could be acted on
    SERVICE = "service"
    SELF = "self"
    UNKNOWN = "unknown"  # Telegram would not say: it may be an admin
    TRUSTED = "trusted"  # by the chat's admins: the bot does nothing to them by itself


HARMLESS = frozenset({"featureless"})
"""Reasons of a verdict that do not make a file unscannable: it was compared by its exact hashes."""

PUNISHABLE = frozenset({Standing.MEMBER, Standing.CHANNEL})

SERVICE_IDS = frozenset({777000, 1087968824, 136817688})
"""Telegram itself, GroupAnonymousBot and Channel_Bot: identities that stand for others."""


def standing(kind: SenderKind, sender_id: int, *, is_admin: bool | None) -> Standing:
    """Say what a poster is to the chat, from what kind of sender it is and whether Telegram calls it an admin.

    `is_admin` is None where Telegram would not say, which matters for users only.
    """
    fixed = {
        SenderKind.SELF: Standing.SELF,
        SenderKind.ANONYMOUS_ADMIN: Standing.ANONYMOUS_ADMIN,
        SenderKind.LINKED_CHANNEL: Standing.LINKED_CHANNEL,
        SenderKind.CHAT: Standing.OWN_POST,
        SenderKind.CHANNEL: Standing.CHANNEL,
    }
    if kind in fixed:
        return fixed[kind]
    if sender_id in SERVICE_IDS:
        return Standing.SERVICE
    if is_admin is None:
        return Standing.UNKNOWN
    return Standing.ADMIN if is_admin else Standing.MEMBER


def decide(
    verdict: Verdict, poster: Standing, settings: ChatSettings, strikes: int, *, can_mute: bool = True
) -> Decision:
    """Say what follows from a verdict.

    `strikes` is how many strikes of the poster count at the moment, without this one. In a basic group nobody can be
    muted, and no ban has an end: `can_mute` is False there.
    """
    if verdict.kind is VerdictKind.CANARY:
        return Decision((Action(ActionKind.DELETE, "canary"),), spared="canary")
    if verdict.kind is VerdictKind.UNSCANNABLE:
        return _unscannable(settings, poster)
    match = leading(verdict, settings)
    if verdict.kind is VerdictKind.MATCH and match is not None:
        decision = _match(match, poster, settings, strikes, can_end=can_mute)
        if not can_mute:
            decision = replace(
                decision, actions=tuple(one for one in decision.actions if one.kind is not ActionKind.MUTE)
            )
        return _stricter(decision, _unscannable(settings, poster)) if set(verdict.reasons) - HARMLESS else decision
    return Decision()


def answer(settings: ChatSettings, tier: Tier) -> TierAction:
    """Say what a match of a tier does in a chat: never less than one that is less sure."""
    return max((_chosen(settings, one) for one in Tier if one >= tier), key=ACTIONS.index)


def _chosen(settings: ChatSettings, tier: Tier) -> TierAction:
    own: TierAction | None = getattr(settings.rules, f"tier_{int(tier)}")
    chosen = own or TIERS[settings.preset][tier]
    return chosen if tier is not Tier.T3 or chosen in REVIEWED else TierAction.REMOVE


def allowed(match: Match, settings: ChatSettings) -> TierAction:
    """Say what a match does in a chat, which is never more than its list is trusted to do."""
    return min(answer(settings, match.tier), TRUSTED_TO[match.trust], key=ACTIONS.index)


def leading(verdict: Verdict, settings: ChatSettings) -> Match | None:
    """Return the match of a verdict that does most by a chat's rules, the best of several that do as much."""
    if verdict.match is None:
        return None
    found = (verdict.match, *verdict.others)
    return max(found, key=lambda match: (ACTIONS.index(allowed(match, settings)), match.trust is Trust.BAN))


def ladder(settings: ChatSettings) -> Ladder:
    """Return what strikes cost in a chat: as its preset has it, where its rules say nothing else."""
    rules, preset = settings.rules, LADDERS[settings.preset]
    chosen = {name: getattr(rules, name) for name in Ladder.__dataclass_fields__}
    return replace(preset, **{name: value for name, value in chosen.items() if value is not None})


def _stricter(match: Decision, unscannable: Decision) -> Decision:
    """Of a post that matches and holds an unscannable file besides, return what asks for more."""
    return match if match.has(ActionKind.DELETE) else replace(match, actions=unscannable.actions)


@dataclass(frozen=True, slots=True)
class Room:
    """What a chat's limits of the day leave the bot to do by itself against one more person."""

    may_delete: bool = True
    may_restrict: bool = True


def is_sure(verdict: Verdict) -> bool:
    """Whether a post goes whatever the limit says: exactly, or nearly exactly, what a fully trusted list holds."""
    match = verdict.match
    return match is not None and match.tier <= Tier.T1 and match.trust is Trust.BAN


def capped(verdict: Verdict, decision: Decision, room: Room) -> Decision:
    """Return what is left of a decision where a limit of the day is reached; the rest waits for an admin."""
    hold, notify = Action(ActionKind.HOLD, CAP), Action(ActionKind.NOTIFY, CAP)
    if verdict.kind is VerdictKind.CANARY or not decision.has(ActionKind.DELETE):
        return decision
    if not room.may_delete and not is_sure(verdict):
        return Decision((hold, notify), spared=decision.spared)
    if room.may_restrict or not (decision.has(ActionKind.BAN) or decision.has(ActionKind.MUTE)):
        return decision
    left = tuple(one for one in decision.actions if one.kind not in (ActionKind.BAN, ActionKind.MUTE))
    return replace(decision, actions=(*left, hold))


def warning(poster: Standing, settings: ChatSettings, strikes: int, *, can_end: bool = True) -> Decision:
    """Say what follows from an admin's warning: one more strike on the chat's ladder.

    `strikes` is how many count at the moment, without this one. In `watch` the strike counts and costs nothing. Where
    Telegram knows no end of a ban `can_end` is False.
    """
    if poster not in PUNISHABLE:
        return Decision(spared=poster.value)
    steps = _steps(ladder(settings), strikes + 1, poster, may_ban=True, can_end=can_end)
    return Decision((Action(ActionKind.STRIKE, "warning"), *steps), strike=strikes + 1)


def reported(weight: float, settings: ChatSettings, *, is_spared: bool) -> Decision:
    """Say what follows from members' reports of one post, given what they weigh together (`bot.precision`).

    At most it is held where the chat asks for that: reports alone punish nobody, and take nothing from the protected.
    """
    hold_at = settings.rules.hold_at
    if settings.preset is Preset.WATCH or is_spared or not hold_at or weight < hold_at:
        return Decision()
    return Decision((Action(ActionKind.DELETE, "reports"), Action(ActionKind.HOLD, "reports")))


def _unscannable(settings: ChatSettings, poster: Standing) -> Decision:
    notify = Action(ActionKind.NOTIFY, "unscannable")
    if poster is Standing.TRUSTED or settings.unscannable is UnscannablePolicy.NOTIFY:
        return Decision((notify,))
    delete = Action(ActionKind.DELETE, "unscannable")
    if settings.unscannable is UnscannablePolicy.HOLD:
        return Decision((delete, Action(ActionKind.HOLD, "unscannable"), notify))
    return Decision((delete, notify))


def _match(match: Match, poster: Standing, settings: ChatSettings, strikes: int, *, can_end: bool) -> Decision:
    notify, action = Action(ActionKind.NOTIFY, "match"), allowed(match, settings)
    if action is TierAction.TELL:
        return Decision((notify,))
    delete = Action(ActionKind.DELETE, "match")
    if poster not in PUNISHABLE:
        return Decision((delete, notify), spared=poster.value)
    if action is TierAction.REMOVE:
        return Decision((delete, notify))
    costs, ordinal = ladder(settings), strikes + 1
    if action is TierAction.BAN:
        steps: tuple[Action, ...] = (_ban(costs, poster, "match", can_end=can_end),)
    else:
        steps = _steps(costs, ordinal, poster, may_ban=match.trust is Trust.BAN, can_end=can_end)
    return Decision((delete, Action(ActionKind.STRIKE, "match"), *steps, notify), strike=ordinal)


def _steps(ladder: Ladder, ordinal: int, poster: Standing, *, may_ban: bool, can_end: bool) -> tuple[Action, ...]:
    """Say what the strike costs. A channel identity cannot be muted: where a member is, it is banned as a sender."""
    ban = _ban(ladder, poster, "ladder", can_end=can_end)
    if may_ban and 0 < ladder.ban_at <= ordinal:
        return (ban,)
    first = min(ladder.mute_at, ladder.ban_at or ladder.mute_at)  # a list that may not ban mutes instead
    if ladder.mute_at == 0 or ordinal < first:
        return ()
    if poster is Standing.CHANNEL:
        return (ban,) if may_ban else ()
    return (Action(ActionKind.MUTE, "ladder", seconds=ladder.mute_seconds or None),)


def _ban(ladder: Ladder, poster: Standing, reason: str, *, can_end: bool) -> Action:
    """Return a ban of the chat's length; where Telegram knows no end of one it has none."""
    ends = can_end and poster is not Standing.CHANNEL
    return Action(ActionKind.BAN, reason, seconds=(ladder.ban_seconds or None) if ends else None)
