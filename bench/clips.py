"""Clips: how many altered copies of listed ones are found, and how many others are taken for one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from bench.results import Table
from bot import sequence
from bot.curation import signals_of
from bot.matching.matcher import Matcher
from bot.media.limits import USUAL
from bot.media.videos import decode_video
from bot.model import Entry, Fingerprint, Frame, HashList, ListKind, Part, SignalKind, Tier, Trust
from tests.scenes import captioned, coded, cropped, film, letterboxed, mirrored, scenery, shot

TUNING, HELD_OUT, UNLISTED = range(20), range(1_000, 1_040), range(2_000, 2_060)
SIZE: Final = (320, 180)
PATIENCE: Final = 60.0
NEAR: Final = 31
TO_REACH: Final = "dense, held out ≥ 95 %"
BEYOND: Final = ("cropped by 15 %", "cropped by 20 %")
"""Copies that nobody promised to find."""

Pictures = list[Image.Image]


# --- the clips ------------------------------------------------------------------------------------


def _cut(seed: int) -> Pictures:
    return list(film(seed, shots=3, seconds=3.0, size=SIZE))


def _fast(seed: int) -> Pictures:
    source = scenery(seed + 7_000, (SIZE[0] * 3, SIZE[1] * 3))
    return list(shot(source, seed + 7_000, 6.0, SIZE))


KINDS: Final[Mapping[str, Callable[[int], Pictures]]] = {"cut": _cut, "one fast shot": _fast}


def _other(seed: int, seconds: float) -> Pictures:
    """Another clip, of one shot."""
    return list(film(5_000 + seed, shots=1, seconds=seconds, size=SIZE))


def _faster(frames: Pictures) -> Pictures:
    return [frames[int(number * 1.5)] for number in range(int(len(frames) / 1.5))]


def _half(frames: Pictures) -> Pictures:
    return frames[len(frames) // 4 : len(frames) * 3 // 4]


def _each(change: Callable[[Image.Image], Image.Image]) -> Callable[[Pictures, int], bytes]:
    return lambda frames, _: coded(map(change, frames))


COPIES: Final[Mapping[str, Callable[[Pictures, int], bytes]]] = {
    "coded again, crf 35": lambda frames, _: coded(frames, crf=35),
    "coded again, crf 45": lambda frames, _: coded(frames, crf=45),
    "resized to 192 pixels": _each(lambda frame: frame.resize((192, 108))),
    "half a second cut off": lambda frames, _: coded(frames[13:]),
    "trimmed to the middle half": lambda frames, _: coded(_half(frames)),
    "1.5 times as fast": lambda frames, _: coded(_faster(frames)),
    "behind an intro of 4 s": lambda frames, seed: coded(_other(seed, 4) + frames),
    "before an outro of 4 s": lambda frames, seed: coded(frames + _other(seed, 4)),
    "inside 30 s of another": lambda frames, seed: coded(_other(seed, 15) + frames + _other(seed + 50, 15)),
    "letterboxed": _each(letterboxed),
    "mirrored": _each(mirrored),
    "captioned": _each(captioned),
    "cropped by 5 %": _each(lambda frame: cropped(frame, 0.05)),
    "cropped by 10 %": _each(cropped),
    "cropped by 15 %": _each(lambda frame: cropped(frame, 0.15)),
    "cropped by 20 %": _each(lambda frame: cropped(frame, 0.2)),
    "few key frames": lambda frames, _: coded(frames, g="10000", sc_threshold="0"),
    "letterboxed, mirrored, crf 35": lambda frames, _: coded([letterboxed(mirrored(f)) for f in frames], crf=35),
    "cropped by 10 %, trimmed, crf 35": lambda frames, _: coded(map(cropped, _half(frames)), crf=35),
    "trimmed, intro, crf 35, 192 pixels": lambda frames, seed: coded(
        [frame.resize((192, 108)) for frame in _other(seed, 4) + _half(frames)], crf=35
    ),
}


# --- what is seen of them -------------------------------------------------------------------------


class Looks(NamedTuple):
    """What the first look and the closer one see of a copy."""

    keys: Fingerprint
    dense: Fingerprint


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip as the bot sees it, and altered copies of it by their names."""

    kind: str
    seed: int
    plain: Fingerprint
    copies: Mapping[str, Looks]


def _clip(kind: str, seed: int, copies: Sequence[str]) -> Clip:
    """Make a clip and the copies, and look at them; in a process of its own."""
    frames = KINDS[kind](seed)
    seen = {name: _looks(COPIES[name](frames, seed)) for name in copies}
    return Clip(kind, seed, _fingerprint(coded(frames), dense=True), seen)


def _looks(data: bytes) -> Looks:
    return Looks(_fingerprint(data, dense=False), _fingerprint(data, dense=True))


def _fingerprint(data: bytes, *, dense: bool) -> Fingerprint:
    seen = decode_video(data, "mp4", USUAL, time.monotonic() + PATIENCE, dense=dense)
    return Fingerprint(bytes(32), bytes(16), "mp4", *SIZE, tuple(seen.frames))


def _clips(asked: Iterable[tuple[str, int, Sequence[str]]]) -> Iterator[Clip]:
    """All that is asked for, on as many cores as there are, each with one thread for its sums as decoders have."""
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("spawn")) as processes:
        for number, clip in enumerate(processes.map(_clip, *zip(*asked, strict=True))):
            print(f"{number}: {clip.kind}, {clip.seed}", flush=True)
            yield clip


# --- what is found --------------------------------------------------------------------------------


async def measure(_folder: Path) -> Table:
    """List clips, alter each in every way, and look for it; and look at clips that are not listed."""
    listed = list(_clips((kind, seed, tuple(COPIES)) for kind in KINDS for seed in (*TUNING, *HELD_OUT)))
    mine, foreign = _listing(map(_as_ours, listed)), _listing(map(_as_others, listed))
    rows = []
    for kind in KINDS:
        for copy in COPIES:
            posts = [Post(entry, clip, copy) for entry, clip in enumerate(listed, 1) if clip.kind == kind]
            rows.append((kind, copy, *_shares(posts, mine, foreign), "" if copy in BEYOND else TO_REACH))
    rows += [_unlisted(kind, mine, foreign) for kind in KINDS]
    return Table(
        f"{len(TUNING)} clips of 9 s in 3 shots and {len(TUNING)} of 6 s in one fast shot ({SIZE[0]} × {SIZE[1]}, made "
        f"by code), and {len(HELD_OUT)} of each that nothing was chosen by (held out), are on one list, each as "
        "`/block` lists it. Found: at T1 or T2, so that the post is removed. One a second against one a second is what "
        "vpdq compares, here with the rule of two frames in place of its 80 %. By others: listed as vpdq does, a whole "
        "frame a second and nothing else. All columns but one are of all clips. Wrong: copies for which any other clip "
        f"of either list is met, at any tier. Unlisted: {len(UNLISTED)} more clips of each kind, altered in all ways "
        "in turn.",
        (
            "clips",
            "copy",
            "one a second",
            "key frames",
            "dense",
            "dense, held out",
            "dense, listed by others",
            "wrong",
            "to reach",
        ),
        tuple(rows),
    )


class Post(NamedTuple):
    """A copy of a listed clip."""

    entry: int
    clip: Clip
    copy: str


def _shares(posts: Sequence[Post], mine: Matcher, foreign: Matcher) -> Iterator[str]:
    """In percent: found by one a second, key frames and the closer look, the last of the held-out alone and of others'
    lists; and how many are wrong.
    """  # noqa: D205 - the columns need naming
    looks = [post.clip.copies[post.copy] for post in posts]
    dense = [_is_found(mine, post.entry, look.dense) for post, look in zip(posts, looks, strict=True)]
    yield _percent(_sparsely(post.clip.plain, look.dense) for post, look in zip(posts, looks, strict=True))
    yield _percent(_is_found(mine, post.entry, look.keys) for post, look in zip(posts, looks, strict=True))
    yield _percent(dense)
    yield _percent(found for post, found in zip(posts, dense, strict=True) if post.clip.seed in HELD_OUT)
    yield _percent(_is_found(foreign, post.entry, look.dense) for post, look in zip(posts, looks, strict=True))
    yield _count(_is_wrong(looks, (mine, foreign), post.entry) for post, looks in zip(posts, looks, strict=True))


def _unlisted(kind: str, *lists: Matcher) -> tuple[str, ...]:
    """The row of clips that no list has."""
    names = list(COPIES)
    clips = _clips((kind, seed, names[number % len(names) :][:1]) for number, seed in enumerate(UNLISTED))
    wrong = _count(_is_wrong(looks, lists, 0) for clip in clips for looks in clip.copies.values())
    return kind, "unlisted", *("–",) * 5, wrong, ""


def _percent(found: Iterable[bool]) -> str:
    shares = list(found)
    return f"{100 * sum(shares) / len(shares):.0f} %"


def _count(wrong: Iterable[bool]) -> str:
    counted = list(wrong)
    return f"{sum(counted)} of {len(counted)}"


def _is_found(matcher: Matcher, entry: int, posted: Fingerprint) -> bool:
    return any(match.entry_id == entry and match.tier <= Tier.T2 for match in matcher.matches(0, None, posted))


def _is_wrong(looks: Looks, lists: Sequence[Matcher], entry: int) -> bool:
    """Whether any entry but the right one is met."""
    met = (match.entry_id for one in lists for look in looks for match in one.matches(0, None, look))
    return any(other != entry for other in met)


def _sparsely(listed: Fingerprint, posted: Fingerprint) -> bool:
    """Whether two frames of one a second are near to two of one a second."""
    mine, theirs = (np.array([_words(f) for f in _seconds(one)]) for one in (listed, posted))
    near = np.bitwise_count(mine[:, None] ^ theirs).sum(axis=2) <= NEAR
    return bool(near.any(axis=1).sum() > 1 and near.any(axis=0).sum() > 1)


def _words(frame: Frame) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.frombuffer(frame.pdq[0], np.uint64)


def _seconds(fingerprint: Fingerprint) -> list[Frame]:
    """The whole frame nearest to each second."""
    frames = [frame for frame in fingerprint.frames if frame.part is Part.WHOLE]
    last = int(frames[-1].at) if frames else -1
    return [min(frames, key=lambda frame: abs(frame.at - second)) for second in range(last + 1)]


def _as_ours(clip: Clip) -> bytes:
    """What `/block` lists."""
    return dict(signals_of(None, clip.plain))[SignalKind.VPDQ]


def _as_others(clip: Clip) -> bytes:
    """What vpdq lists."""
    return sequence.pack(
        sequence.Shown(second * 1000, frame.quality, frame.pdq[0]) for second, frame in enumerate(_seconds(clip.plain))
    )


def _listing(values: Iterable[bytes]) -> Matcher:
    """A block list of videos, numbered from 1."""
    now = datetime.now(UTC)
    matcher = Matcher()
    matcher.put(HashList(1, "clips", ListKind.BLOCK, Trust.BAN, None, "bench", now, now))
    matcher.add([Entry(number, 1, SignalKind.VPDQ, value) for number, value in enumerate(values, 1)])
    return matcher
