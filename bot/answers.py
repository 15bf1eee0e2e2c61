"""What is said to admins about their commands and presses, and to the group about what they decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot import lengths
from bot.i18n import Html, length, lines, mention, name, say, say_n
from bot.model import ActionKind, Decision, Sender, SenderKind
from bot.moderation import Deed, Obstacle, Result
from bot.notices import poster, shorten
from bot.policy import Standing
from bot.store.cases import Case, Strike

MOST_STRIKES = 20
"""Strikes that /warns lists, the newest: more than any ladder lets somebody have."""


def done(language: str, result: Result) -> Html:
    """Say in the group what an admin's command came to, with the number of its case."""
    order, who = result.order, _who(language, result.order.target)
    if result.case is None:
        return say(language, "{who} has no strikes that count.", who=who)
    reason = say(language, "Reason: {reason}.", reason=shorten(order.reason).rstrip(".")) if order.reason else None
    number = say(language, "Case {number}.", number=result.case.id)
    return _sentences(_deed(language, result, who), _remark(language, result), reason, number)


def warns(language: str, sender: Sender, strikes: Sequence[Strike]) -> Html:
    """Say which strikes of somebody count: since when, in which case, until when."""
    who = _who(language, sender)
    if not strikes:
        return say(language, "{who} has no strikes that count.", who=who)
    title = say_n(
        language, "{who} has {n} strike that counts:", "{who} has {n} strikes that count:", len(strikes), who=who
    )
    shown = [
        say(
            language,
            "• {day}, case {number}, until {end}",
            day=_day(one.at),
            number=one.case_id,
            end=_day(one.expires_at),
        )
        for one in strikes[-MOST_STRIKES:]
    ]
    return lines(title, *shown)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def sanction(language: str, case: Case, deed: Deed, decision: Decision) -> Html:
    """Say in the group what an admin decided about a poster; how it came to be decided is not said."""
    who = poster(language, case)
    if deed is Deed.WARN:
        text = _warned(language, who, decision.strike or 0, decision)
    else:
        words = lengths.is_muted if deed is Deed.MUTE else lengths.is_banned
        text = words(language, who, next((one.seconds for one in decision.actions), None))
    return _sentences(text, say(language, "Case {number}.", number=case.id))


def hindrance(language: str, why: Obstacle | Standing) -> Html:
    """Say why something cannot be done, and what can be done instead."""
    words = {
        Standing.ADMIN: say(language, "This is an admin here: I do nothing against admins."),
        Standing.ANONYMOUS_ADMIN: say(language, "This is an anonymous admin: I do nothing against admins."),
        Standing.LINKED_CHANNEL: say(language, "This is the channel linked to this group: I do nothing against it."),
        Standing.OWN_POST: say(language, "This is the channel's own post: please see who may post here."),
        Standing.SERVICE: say(language, "This is one of Telegram's service accounts, which speaks for others."),
        Standing.SELF: say(language, "This is me: I do nothing against myself."),
        Standing.TRUSTED: say(language, "This member is trusted here: I do nothing against them by myself."),
        Standing.UNKNOWN: say(language, "Telegram does not tell me who this is here, so I do nothing."),
        Obstacle.NO_MUTE_IN_GROUP: say(
            language, "Nobody can be muted in a basic group. Make it a supergroup, or use /ban."
        ),
        Obstacle.NO_UNBAN_IN_GROUP: say(
            language, "In a basic group there is nothing to lift: add the member to the group again."
        ),
        Obstacle.NO_MUTE_IN_CHANNEL: say(language, "Nobody can be muted in a channel. Use /ban."),
        Obstacle.NO_MUTE_OF_CHANNEL: say(language, "A channel cannot be muted, it can only be banned. Use /ban."),
        Obstacle.NO_KICK_OF_CHANNEL: say(language, "A channel is not in the chat, it only writes here. Use /ban."),
        Obstacle.NOT_HERE: say(language, "This person is not in the chat, so there is nobody to remove."),
        Obstacle.NOT_MUTED: say(language, "This person is not muted here."),
        Obstacle.NO_BOT_RIGHT: say(language, "I lack the admin right “Ban users” here. Give it to me, then try again."),
        Obstacle.NO_DELETE_RIGHT: say(
            language, "I lack the admin right “Delete messages” here. Give it to me, then try again."
        ),
    }
    return words.get(why) or say(language, "This cannot be done here.")


def _deed(language: str, result: Result, who: Html) -> Html:
    deed, seconds = result.order.deed, result.seconds
    if deed is Deed.WARN:
        counts = say(language, "It counts for {time}.", time=length(language, seconds)) if seconds else None
        return _sentences(_warned(language, who, result.strikes, result.decision), counts)
    given = {
        Deed.UNWARN: say(
            language, "One strike of {who} is taken back; {number} count now.", who=who, number=result.strikes
        ),
        Deed.UNBAN: say(language, "{who} is not banned any more.", who=who),
        Deed.UNMUTE: say(language, "{who} may write again.", who=who),
        Deed.KICK: say(language, "{who} is removed from the chat and may come back.", who=who),
    }
    if deed in given:
        return given[deed]
    return (lengths.is_muted if deed is Deed.MUTE else lengths.is_banned)(language, who, seconds)


def _warned(language: str, who: Html, strikes: int, decision: Decision) -> Html:
    text = say(language, "{who} is warned: strike {number}.", who=who, number=strikes)
    for action in decision.actions:
        if action.kind is ActionKind.BAN:
            return _sentences(text, lengths.step_bans(language, action.seconds))
        if action.kind is ActionKind.MUTE:
            return _sentences(text, lengths.step_mutes(language, action.seconds))
    return text


def _remark(language: str, result: Result) -> Html | None:
    """Say why something lasts as long as it does, where that is not what the admin wrote."""
    if not result.is_clamped:
        return None
    if result.order.deed is Deed.KICK:
        return say(language, "A kick has no length: /ban takes one.")
    if result.order.deed is Deed.WARN:
        return say(language, "Lengths go from one minute to 365 days, so I took the nearest.")
    if result.order.scene.can_end_bans:
        return say(language, "Telegram knows lengths from one minute to 365 days only, so I took the nearest.")
    if result.order.scene.poster is Standing.CHANNEL:
        return say(language, "A channel's ban has no end: /unban lifts it.")
    return say(language, "In a basic group a ban has no end.")


def _who(language: str, sender: Sender) -> Html:
    if sender.kind is SenderKind.USER:
        return mention(sender.id, sender.name)
    return say(language, "{name} (channel)", name=name(sender.name))


def _sentences(*parts: Html | None) -> Html:
    return Html(" ".join(part for part in parts if part))
