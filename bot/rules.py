"""What a chat's admins may fine-tune beyond its preset: one field for each knob, as JSON on disk. Nothing acts here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

HOUR, DAY = 60 * 60, 24 * 60 * 60
YEAR = 365 * DAY


class TierAction(StrEnum):
    """What a match of one tier does, mildest first; a list's trust may allow less."""

    TELL = "tell"  # the admins are told, the post stays
    REMOVE = "remove"
    STRIKE = "strike"  # removed, and one strike on the ladder
    BAN = "ban"  # removed and banned at once


class Quiet(StrEnum):
    """How much the bot says in a group about what it did there."""

    OFF = "off"  # every notice
    BRIEF = "brief"  # one line, with neither reason nor name
    SILENT = "silent"  # nothing: the log chat and private messages only


class Summary(StrEnum):
    """How often the admins get a summary of what the bot did."""

    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Rules:
    """A chat's fine-tuning; None is the preset's own answer.

    Times are in seconds. 0 is for ever for the length of a mute or ban and for the time to appeal, and never for a
    number of strikes or reports.
    """

    tier_0: TierAction | None = None
    tier_1: TierAction | None = None
    tier_2: TierAction | None = None
    tier_3: TierAction | None = None
    mute_at: int | None = None  # the strike that mutes
    ban_at: int | None = None  # the strike that bans, or removes for good
    mute_seconds: int | None = None
    ban_seconds: int | None = None
    expiry_seconds: int | None = None  # after which a strike does not count any more
    quiet: Quiet = Quiet.OFF
    log_thread_id: int | None = None  # the topic of the log chat, where that is a forum
    reports: bool = True  # whether members may report
    hold_at: int = 0  # trusted reports after which a post is held for an admin; 0 is never
    appeals: bool = True  # whether who was acted on may appeal
    appeal_link: bool = True  # whether notices in the group lead to the appeal
    appeal_seconds: int = 7 * DAY  # how long after the case an appeal is heard
    summary: Summary = Summary.WEEKLY
    country: str = ""  # ISO 3166-1 alpha-2 of the helplines that are named here; empty: by language

    def changed(self, **values: Any) -> Rules:
        """Return the rules with some fields changed, given as JSON has them. Raises ValueError for what is none."""
        return replace(self, **{name: _value(name, value) for name, value in values.items()})

    def untuned(self) -> Rules:
        """Return the rules with all that a preset answers given back to it."""
        return self.changed(**dict.fromkeys(PRESET))


DEFAULTS = Rules()

ENUMS: Mapping[str, type[StrEnum]] = {
    **dict.fromkeys(("tier_0", "tier_1", "tier_2", "tier_3"), TierAction),
    "quiet": Quiet,
    "summary": Summary,
}
OPTIONAL = frozenset(one.name for one in fields(Rules) if one.default is None)

PRESET = OPTIONAL - {"log_thread_id"}
"""Fields that a preset answers as long as nobody chose: choosing a preset gives them back to it."""

PLACES = frozenset({"log_thread_id", "country"})
"""Fields that say where a chat is and what it reads, not how strict it is: no recommendation changes them."""

REVIEWED = frozenset({TierAction.TELL, TierAction.REMOVE})
"""All that a match for review (T3) may do: nobody is punished for a likeness."""

MOST_STRIKES, MOST_REPORTS = 100, 100

BOUNDS: Mapping[str, range] = {
    "mute_at": range(MOST_STRIKES + 1),
    "ban_at": range(MOST_STRIKES + 1),
    "expiry_seconds": range(HOUR, YEAR + 1),
    "log_thread_id": range(1, 2**31),
    "hold_at": range(MOST_REPORTS + 1),
}
"""The numbers that a field can have."""

SPANS: Mapping[str, range] = {
    **dict.fromkeys(("mute_seconds", "ban_seconds"), range(60, YEAR + 1)),  # in Telegram's own bounds
    "appeal_seconds": range(HOUR, YEAR + 1),
}
"""Lengths of time that may be without end; besides these 0 is for ever."""

COUNTRY = re.compile(r"(?:[A-Z]{2,3})?", re.ASCII)


def load(text: str | None) -> Rules:
    """Read rules from their JSON; a field that this version does not know, or cannot read, is left at its default."""
    found = json.loads(text or "{}")
    rules = Rules()
    for name, value in found.items():
        try:
            rules = rules.changed(**{name: value})
        except ValueError:
            continue
    return rules


def dump(rules: Rules) -> str:
    """Write rules as JSON: only what is not the default, so that a better default reaches who never chose."""
    return json.dumps({name: value for name, value in asdict(rules).items() if value != getattr(DEFAULTS, name)})


def _value(name: str, value: Any) -> Any:
    """Return a field's value from JSON. Raises ValueError when there is no such field or it cannot be that."""
    default = getattr(DEFAULTS, name) if name in Rules.__dataclass_fields__ else _unknown(name)
    if value is None and name in OPTIONAL:
        return None
    if name in ENUMS:
        word = ENUMS[name](value)
        if name == "tier_3" and word not in REVIEWED:
            raise ValueError(f"{name}: nobody is punished for a likeness")
        return word
    kind = int if default is None else type(default)
    if type(value) is not kind:
        raise ValueError(f"{name}: {kind.__name__} expected")
    if not _is_within(name, value):
        raise ValueError(f"{name}: out of bounds")
    return value


def _is_within(name: str, value: Any) -> bool:
    """Whether a value of the right type is one that its field can have."""
    if name in SPANS:
        return value == 0 or value in SPANS[name]
    if name == "country":
        return COUNTRY.fullmatch(value) is not None
    return name not in BOUNDS or value in BOUNDS[name]


def _unknown(name: str) -> Any:
    raise ValueError(f"{name}: there is no such rule")
