"""The hunt for a file that stops a decoder: mutations in, ends out. Run by the tests, and by `make fuzz` at random.

Nothing is stored: an offender is named by its kind, seed and number, from which `make fuzz` makes it again.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.errors import NotMedia, Unscannable
from bot.media.decoder import Decoders
from bot.media.limits import Limits
from tests.mutations import mutation, seeds

if TYPE_CHECKING:
    from collections.abc import Iterable

HARMLESS: Final = {"seen", "not-media", "type", "broken", "dimensions", "scans", "frames", "streams", "codec", "tgs"}
"""Ends of a spoiled file that cost nothing."""

RARE: Final = "memory"
"""The end that costs a process, which is survived; it has to be rare."""

LIMITS: Final = Limits(frames=2, keys=2, windows=0)
"""Few pictures of each file are hashed: it is the decoders that are tried, and hashes are the same whatever comes."""

_AT_ONCE: Final = 6
_COUNT: Final = 20_000
_SEEDS: Final = 1 << 32


@dataclass(slots=True)
class Hunt:
    """How often each end came, and which files, by kind and number, stopped a decoder."""

    ends: Counter[str] = field(default_factory=Counter)
    offenders: list[tuple[str, int, str]] = field(default_factory=list)


async def end_of(decoders: Decoders, data: bytes, look: str = "") -> str:
    """What comes of a file, in one word."""
    try:
        seen = await decoders.fingerprint(data, look=look)
    except Unscannable as refusal:
        return refusal.reason
    except NotMedia:
        return "not-media"
    return "seen" if seen.frames else "nothing"


async def hunt(decoders: Decoders, seed: int, files: Iterable[tuple[str, int]]) -> Hunt:
    """Feed the mutations that `files` name by kind and number, several at a time."""
    found, rest = Hunt(), iter(files)

    async def feed() -> None:
        for kind, number in rest:
            data = mutation(kind, seed, number)
            end = await end_of(decoders, data) if data else "broken"
            if end == "timeout":  # of the machine's making, if it is busy; a file that does it does it again
                end = await end_of(decoders, data)
            found.ends[end] += 1
            if end not in HARMLESS | {RARE}:
                found.offenders.append((kind, number, end))

    await asyncio.gather(*(feed() for _ in range(_AT_ONCE)))
    return found


async def _run(seed: int, files: list[tuple[str, int]]) -> Hunt:
    decoders = Decoders(images=1, videos=1, spares=1, limits=LIMITS)
    await decoders.start()
    try:
        return await hunt(decoders, seed, files)
    finally:
        await decoders.stop()


async def run() -> int:
    """Hunt as the command line says; 1 when a file stopped a decoder."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Feed spoiled files to the decoders.")
    parser.add_argument("--seed", type=int, help="one from an earlier hunt; random by default")
    parser.add_argument("--count", type=int, default=_COUNT, help=f"how many files; {_COUNT} by default")
    parser.add_argument("--only", metavar="KIND:NUMBER", help="one file of an earlier hunt")
    asked = parser.parse_args()
    seed = secrets.randbelow(_SEEDS) if asked.seed is None else asked.seed
    kinds = list(seeds())
    files = [(kinds[number % len(kinds)], number) for number in range(asked.count)]
    if asked.only:
        kind, _, number = asked.only.rpartition(":")
        files = [(kind, int(number))] if kind in kinds and number.isdecimal() else []
        if not files:
            parser.error(f"--only: expected KIND:NUMBER, the kind one of {', '.join(kinds)}")
    print(f"seed {seed}, {len(files)} files", flush=True)  # noqa: T201 - a command's answer
    found = await _run(seed, files)
    print(", ".join(f"{end} {count}" for end, count in found.ends.most_common()))  # noqa: T201 - as above
    for kind, number, end in found.offenders:
        print(f'{end}: make fuzz SEED={seed} ONLY="{kind}:{number}"')  # noqa: T201 - as above
    return 1 if found.offenders else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
