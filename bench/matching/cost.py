"""`python -m bench.matching.cost`: pictures a second, ours against threatexchange, on the same JPEGs and lists."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing import get_context
from statistics import median
from typing import Any, Final

import numpy as np

from bench import machine, results
from bench.matching import pixels
from bench.matching.distractors import Distractors, distractors
from bench.matching.originals import present
from bench.results import Table
from bot.matching import loose
from bot.matching.matcher import Matcher, Scanned
from bot.media.decoder import Decoders, Upload
from bot.media.look import PLAIN
from bot.model import HashList, ListKind, SignalKind, Trust
from bot.searching import Searcher

PICTURES, ROUNDS = 100, 3
SIZES: Final = (100_000, 1_000_000)
DECODERS: Final = 2
CHAT = 1

RIVAL, PLAIN_STAGE, RECIPE, COMPILED = "threatexchange", "ours, plain stage", "ours, recipe", "ours, recipe, compiled"
TO_REACH: Final = {
    (1_000_000, PLAIN_STAGE): "≥ 8× threatexchange",
    **{(100_000, name): "processor time ≤ 40 ms" for name in (RECIPE, COMPILED)},
    **{(1_000_000, name): "processor time ≤ 60 ms" for name in (RECIPE, COMPILED)},
}

Ask = Callable[[bytes], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class _Rate:
    """Pictures a second with all cores at work; of one alone the median time, and all processor time that it takes."""

    rate: float
    alone: float
    spent: float


async def measure() -> Table:
    """Measure both at each size of the list."""
    photos = [one.open() for one in present() if one.is_photo and one.fold == 0]
    clean = [pixels.save(photo) for photo in photos if max(photo.size) >= pixels.SIDE]
    pictures = (clean * PICTURES)[:PICTURES]
    every = distractors(SIZES[-1])
    rows: list[tuple[str, ...]] = []
    for size in SIZES:
        others = every.outside(0, size)
        rival = _rival(pictures, others)
        ours = await _ours(pictures, others)
        for name, one in [*([(RIVAL, rival)] if rival else []), *ours]:
            ratio = f"{one.rate / rival.rate:.1f}×" if rival else "–"
            times = (f"{seconds * 1000:.1f} ms" for seconds in (one.alone, one.spent))
            rows.append((f"{size:,}", name, f"{one.rate:.0f}", ratio, *times, TO_REACH.get((size, name), "")))
    return Table(
        f"{PICTURES} JPEGs of {pixels.SIDE} px, {len(clean)} photos in turn, best of {ROUNDS} rounds. "
        f"threatexchange: PdqSignal.hash_from_bytes and "
        f"PDQIndex.query in {DECODERS} processes. Ours: {DECODERS} decoder processes and the matcher; the "
        "whole recipe is asked of every picture, as of a clean one; compiled: by the extra fast. None of the pictures "
        "is on the list. Processor time is that of all processes for one picture alone.",
        ("entries", "what", "pictures/s", "to threatexchange", "one alone", "processor time", "to reach"),
        tuple(rows),
    )


async def _ours(pictures: list[bytes], others: Distractors) -> list[tuple[str, _Rate]]:
    matcher = Matcher()
    now = datetime.now(UTC)
    matcher.put(HashList(1, "others", ListKind.BLOCK, Trust.BAN, None, "bench", now, now))
    matcher.add_bulk(SignalKind.PDQ, np.arange(1, len(others.pdq) + 1), 1, others.pdq)
    matcher.compact()
    decoders = Decoders(images=DECODERS, videos=0, spares=0, unsafe=True)
    await decoders.start()
    searcher = Searcher(matcher, decoders, lambda: 1)

    async def plain(data: bytes) -> None:
        fingerprint = await decoders.fingerprint(data, look=PLAIN)
        await asyncio.to_thread(matcher.matches, CHAT, None, fingerprint)

    async def whole(data: bytes) -> None:
        upload = Upload()
        fingerprint = await decoders.fingerprint(data, look=PLAIN, upload=upload)
        await asyncio.to_thread(matcher.is_settled, CHAT, None, fingerprint)
        cut = await decoders.survey(fingerprint, upload)
        searched, _ = await searcher.search(cut, upload)
        matcher.verdict(CHAT, [Scanned(fingerprint=cut, searched=searched)])

    try:
        rates = [(PLAIN_STAGE, await _timed(plain, pictures))]
        loose.forget()
        rates.append((RECIPE, await _timed(whole, pictures)))
        if loose.prepare():
            rates.append((COMPILED, await _timed(whole, pictures)))
    finally:
        await decoders.stop()
    return rates


async def _timed(ask: Ask, pictures: list[bytes]) -> _Rate:
    rates = []
    for _ in range(ROUNDS):
        left = iter(pictures)
        began = time.perf_counter()
        await asyncio.gather(*(_worker(ask, left) for _ in range(DECODERS + 1)))
        rates.append(len(pictures) / (time.perf_counter() - began))
    alone = []
    before = machine.spent(os.getpid())
    for data in pictures:
        began = time.perf_counter()
        await ask(data)
        alone.append(time.perf_counter() - began)
    spent = machine.spent(os.getpid()) - before
    return _Rate(max(rates), median(alone), spent / len(pictures))


async def _worker(ask: Ask, left: Any) -> None:
    for data in left:
        await ask(data)


_index: Any = None  # of threatexchange; a fork inherits it


def _rival(pictures: list[bytes], others: Distractors) -> _Rate | None:
    """What threatexchange reaches; None when it is not installed."""
    global _index  # noqa: PLW0603 - forks inherit the index; it is too large to send
    try:
        index = import_module("threatexchange.signal_type.pdq.pdq_index").PDQIndex
    except ImportError:
        print("threatexchange is not installed, so there is nothing to compare with; see `make bench-rivals`")
        return None
    _index = index([(row.tobytes().hex(), number) for number, row in enumerate(others.pdq)])
    rates = []
    with get_context("fork").Pool(DECODERS) as pool:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            times = pool.map(_ask_rival, pictures, chunksize=4)
            rates.append(len(pictures) / (time.perf_counter() - began))
    alone, spent = zip(*times, strict=True)
    return _Rate(max(rates), median(alone), median(spent))


def _ask_rival(data: bytes) -> tuple[float, float]:
    signal = import_module("threatexchange.signal_type.pdq.signal").PdqSignal
    began, before = time.perf_counter(), time.process_time()
    if code := signal.hash_from_bytes(data):
        _index.query(code)
    return time.perf_counter() - began, time.process_time() - before


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    where = machine.facts()
    table = asyncio.run(measure())
    print(table.markdown())
    results.keep("rivals", where, table)
