"""The knobs of a chat's fine-tuning: which values each offers, what holds, and their names on buttons. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot import helplines, policy
from bot.i18n import Html, length, say
from bot.model import ChatSettings, Tier
from bot.policy import ACTIONS
from bot.rules import DAY, HOUR, OPTIONAL, PRESET, REVIEWED, Quiet, Summary, TierAction

WEEK = 7 * DAY

AS_PRESET = "preset"
"""The value on a button that gives a field back to the preset, or to its default."""

EMPTY = "-"
"""The value on a button that is no word."""

STATES: Mapping[str, bool] = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Knob:
    """A field of the rules, the page of the panel on which it is, and the values that its buttons offer."""

    field: str
    page: str
    values: tuple[Any, ...]


_ALL = tuple(TierAction)

KNOBS: Mapping[str, Knob] = {
    knob.field: knob
    for knob in (
        *(Knob(f"tier_{int(tier)}", "matches", _ALL) for tier in (Tier.T0, Tier.T1, Tier.T2)),
        Knob("tier_3", "matches", tuple(one for one in _ALL if one in REVIEWED)),
        Knob("mute_at", "strikes", (1, 2, 3, 4, 5, 0)),
        Knob("mute_seconds", "strikes", (HOUR, 12 * HOUR, DAY, 3 * DAY, WEEK, 30 * DAY, 0)),
        Knob("ban_at", "strikes", (1, 2, 3, 4, 5, 7, 10, 0)),
        Knob("ban_seconds", "strikes", (DAY, WEEK, 30 * DAY, 90 * DAY, 365 * DAY, 0)),
        Knob("expiry_seconds", "strikes", (WEEK, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY)),
        Knob("reports", "reporting", (True, False)),
        Knob("hold_at", "reporting", (0, 1, 2, 3, 4, 5)),
        Knob("quiet", "voice", tuple(Quiet)),
        Knob("log_thread_id", "voice", ()),
        Knob("country", "language", ("", *helplines.COUNTRIES)),
        Knob("appeals", "appealing", (True, False)),
        Knob("appeal_link", "appealing", (True, False)),
        Knob("appeal_seconds", "appealing", (DAY, 3 * DAY, WEEK, 14 * DAY, 30 * DAY, 0)),
        Knob("summary", "summary", tuple(Summary)),
    )
}
"""Every field of the rules, in the order of the pages."""


def now(settings: ChatSettings, field: str) -> Any:
    """Return what holds in a chat: its own choice, else its preset's."""
    if field.startswith("tier_"):
        return policy.answer(settings, Tier(int(field[-1])))
    return getattr(policy.ladder(settings) if field in PRESET else settings.rules, field)


def preset_value(settings: ChatSettings, field: str) -> Any:
    """Return what a chat's preset says by itself."""
    return now(replace(settings, rules=settings.rules.untuned()), field)


def is_own(settings: ChatSettings, field: str) -> bool:
    """Whether the chat's admins chose a field themselves, instead of the preset."""
    return field in PRESET and getattr(settings.rules, field) is not None


def is_changed(settings: ChatSettings, field: str) -> bool:
    """Whether a chat's admins chose another value than their preset has."""
    return is_own(settings, field) and now(settings, field) != preset_value(settings, field)


def changes(settings: ChatSettings) -> int:
    """Count what a chat's admins chose other than their preset has it."""
    own = sum(is_changed(settings, field) for field in sorted(PRESET))
    return own + (settings.unscannable is not policy.UNSCANNABLE[settings.preset])


# --- from a button -------------------------------------------------------------------------------


def written(value: Any) -> str:
    """Return a value as the data of a button has it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return AS_PRESET if value is None else str(value) or EMPTY


def chosen(settings: ChatSettings, field: str, word: str) -> dict[str, Any] | None:
    """Return the fields that a button's choice sets, None when no button offers it.

    A surer match never does less than a less sure one: where a choice of one tier would have it so, others follow.
    """
    knob = KNOBS.get(field)
    if knob is None:
        return None
    if word == AS_PRESET and field in OPTIONAL:
        return _followed(settings, field, preset_value(settings, field)) | {field: None}
    found = [value for value in knob.values if written(value) == word]
    return _followed(settings, field, found[0]) | {field: found[0]} if found else None


def _followed(settings: ChatSettings, field: str, value: Any) -> dict[str, Any]:
    """Return the other tiers that have to change with one."""
    if not field.startswith("tier_"):
        return {}
    tier, rank = int(field[-1]), ACTIONS.index(value)
    changed = {}
    for other in Tier:
        has = ACTIONS.index(policy.answer(settings, other))
        if (other < tier and has < rank) or (other > tier and has > rank):
            changed[f"tier_{int(other)}"] = value
    return changed


# --- words on buttons ----------------------------------------------------------------------------


def knob_name(language: str, field: str) -> Html:
    """Return what a knob is called."""
    names = {
        "tier_0": say(language, "Exact copy"),
        "tier_1": say(language, "Surely the same picture"),
        "tier_2": say(language, "Probably the same picture"),
        "tier_3": say(language, "Perhaps the same picture"),
        "mute_at": say(language, "Which strike mutes"),
        "mute_seconds": say(language, "How long a mute lasts"),
        "ban_at": say(language, "Which strike bans"),
        "ban_seconds": say(language, "How long a ban lasts"),
        "expiry_seconds": say(language, "How long a strike counts"),
        "reports": say(language, "Reports by members"),
        "hold_at": say(language, "Reports that hide a post"),
        "quiet": say(language, "What the group hears"),
        "log_thread_id": say(language, "Topic of the log chat"),
        "country": say(language, "Helplines named here"),
        "appeals": say(language, "Appeals"),
        "appeal_link": say(language, "Appeal button in notices"),
        "appeal_seconds": say(language, "How long one may appeal"),
        "summary": say(language, "Summary for admins"),
    }
    return names[field]


def value_name(language: str, field: str, value: Any) -> Html:
    """Return what a value of a knob is called."""
    if field.endswith("_seconds"):
        return Html(length(language, value)) if value else say(language, "For ever")
    if field in ("mute_at", "ban_at"):
        return say(language, "Strike {number}", number=value) if value else say(language, "Never")
    if field == "hold_at":
        return say(language, "At {number}", number=value) if value else say(language, "Never")
    if field == "country" and value in ("", *helplines.COUNTRIES):
        return helplines.country_name(language, value) if value else say(language, "By language")
    if field == "log_thread_id":
        return Html(str(value)) if value else say(language, "The whole log chat")
    return _word(language, value)


def _word(language: str, value: Any) -> Html:
    names: dict[Any, Html] = {
        TierAction.TELL: say(language, "Only tell the admins"),
        TierAction.REMOVE: say(language, "Remove"),
        TierAction.STRIKE: say(language, "Remove, give a strike"),
        TierAction.BAN: say(language, "Remove and ban at once"),
        Quiet.OFF: say(language, "Everything"),
        Quiet.BRIEF: say(language, "One short line"),
        Quiet.SILENT: say(language, "Nothing"),
        Summary.NEVER: say(language, "No summary"),
        Summary.DAILY: say(language, "Every day"),
        Summary.WEEKLY: say(language, "Every week"),
        True: say(language, "On"),
        False: say(language, "Off"),
    }
    return names.get(value, Html(str(value)))
