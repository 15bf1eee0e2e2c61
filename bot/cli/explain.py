"""Verdicts in words, for the operator's terminal: which stage, which list, how sure, how long. No hash is shown."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cli import counting
from bot.curation import MIN_QUALITY
from bot.matching.matcher import Scanned
from bot.model import Match, Tier, Verdict
from bot.timing import Timing

SURE = {
    Tier.T0: "exact, the very same file: may punish",
    Tier.T1: "near, at most one false alarm in 1,000,000 pictures: may punish",
    Tier.T2: "near, at most one false alarm in 10,000 pictures: deletes and tells",
    Tier.T3: "resembles, at most one false alarm in 1,000 pictures: a person looks",
}
"""What each tier promises, for one posted picture against a million entries."""

SHOWN = 10
"""Entries that are explained one by one; the rest is counted."""


def verdict_words(verdict: Verdict) -> str:
    """A verdict in one line."""
    more = "; it resembles more entries than are looked at closely" if verdict.capped else ""
    if verdict.match:
        return f"{verdict.kind.value}: {_match_words(verdict.match)}{more}"
    reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
    return f"{verdict.kind.value}{reasons}{more}"


def explained(scanned: Scanned, found: Sequence[tuple[Match, int]], timings: Sequence[Timing]) -> list[str]:
    """The lines under a verdict: what was seen, every entry that was met, best first, and the time of each stage."""
    lines = [f"  seen     {_seen(scanned)}"]
    for match, distance in found[:SHOWN]:
        bits = "" if match.tier is Tier.T0 else f", {distance} bits away"
        lines += [
            f"  stage    {match.how}{bits}",
            f"    list   {match.list_name!r}, may at most {match.trust.value}; entry {match.entry_id}",
            f"    sure   T{int(match.tier)}: {SURE[match.tier]}",
        ]
    if len(found) > SHOWN:
        more = counting.counted(len(found) - SHOWN, "more entry", "more entries")
        lines.append(f"  … and {more}")
    whole = sum(one.seconds for one in timings)
    return [*lines, *(_took(one.stage, one.seconds) for one in timings), _took("in all", whole)]


def _seen(scanned: Scanned) -> str:
    fingerprint = scanned.fingerprint
    if fingerprint is None:
        return f"nothing: {scanned.unscannable}"
    plain = sum(frame.quality < MIN_QUALITY for frame in fingerprint.frames)
    count = len(fingerprint.frames)
    words = f"{fingerprint.format}, {fingerprint.width}x{fingerprint.height}, {count} frame{'s' * (count > 1)}"
    words += f", {plain} of them too plain for a near match" if plain else ""
    return words + (", damaged" if fingerprint.damaged else "")


def _took(stage: str, seconds: float) -> str:
    return f"  took     {seconds * 1000:8.1f} ms  {stage}"


def _match_words(match: Match) -> str:
    category = f", {match.category}" if match.category else ""
    return f"list {match.list_name!r}{category}, T{int(match.tier)}, {match.how}"
