"""The index beside threatexchange's PDQIndex: queries in turn, memory in processes of their own, and what it does."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import machine, rival
from bench.results import Table
from bot.lists import saved
from bot.matching.matcher import Matcher
from bot.media.spectra import all_turns, hashes
from bot.model import SignalKind

SEED = 5
RADIUS = 31
RADII = (31, 40, 46, 54, 70)
ROUNDS = 8
QUERIES = 40  # of each round: half near to an entry, half near to none
CHUNK = 100_000
WINDOWS = 30
LATE_SECONDS = 3.0

Row = tuple[str, str, str, str, str]
Answer = dict[str, Any]  # of one of the processes


async def measure(folder: Path) -> Table:
    """Measure with a million entries, and the loose question with a tenth of them too."""
    return await _table(folder, 1_000_000)


async def measure_large(folder: Path) -> Table:
    """Measure with ten million entries: three minutes, and 10 GB for the other."""
    return await _table(folder, 10_000_000)


async def _table(folder: Path, count: int) -> Table:
    rows = await _compared(count, folder)
    matcher = filled(count)
    rows += _costs(matcher, count)
    rows += _changes(matcher, count)
    rows += _kept(matcher, folder)
    rows += await _lateness(matcher, count)
    return Table(
        f"{count:,} random PDQ hashes; one thread. Times are medians, of queries in {ROUNDS} rounds of {QUERIES} asked "
        "of both in turn; the ratio is the median of the rounds' ratios. Memory is what a process of its own grows by.",
        ("what", "Haechi", "threatexchange PDQIndex", "ratio", "to reach"),
        tuple(rows),
    )


# --- the lists -----------------------------------------------------------------------------------


def chunks(count: int) -> Iterator[tuple[int, Any]]:
    """The hashes in pieces: the number of the first, and an array of them."""
    random = np.random.default_rng(SEED)
    for start in range(0, count, CHUNK):
        yield start + 1, random.integers(0, 256, (min(CHUNK, count - start), 32), dtype=np.uint8)


def filled(count: int) -> Matcher:
    """A matcher with the hashes on one list, as the feed fills it."""
    matcher = Matcher()
    for first, codes in chunks(count):
        matcher.add_bulk(SignalKind.PDQ, np.arange(first, first + len(codes)), 1, codes)
    matcher.compact()
    return matcher


def _queries(count: int, number: int) -> list[bytes]:
    """Hashes to ask for: every second one is up to `RADIUS` bits from an entry."""
    random = np.random.default_rng([SEED, number])
    _, codes = next(chunks(min(count, CHUNK)))
    asked = random.integers(0, 256, (QUERIES, 32), dtype=np.uint8)
    for place in range(0, QUERIES, 2):
        mask = np.zeros(256, np.uint8)
        mask[random.permutation(256)[: random.integers(RADIUS + 1)]] = 1
        asked[place] = codes[random.integers(len(codes))] ^ np.packbits(mask)
    return [code.tobytes() for code in asked]


# --- measurements --------------------------------------------------------------------------------


async def _compared(count: int, folder: Path) -> list[Row]:
    """Both in processes of their own, asked in turn, so that the machine's other work meets both alike."""
    first = await _child("ours", count, folder)  # its file is what the process that is asked maps
    life = json.loads(await _line(first))
    await _end(first)
    processes = [await _child(name, count, folder) for name in ("mapped", "theirs")]
    built = [json.loads(await _line(process)) for process in processes]
    ratios: list[float] = []
    times: tuple[list[Answer], list[Answer]] = ([], [])
    for number in range(ROUNDS):
        for process, kept in zip(processes, times, strict=True):
            kept.append(await _ask(process, str(number)))
        if times[0][-1]["found"] != times[1][-1]["found"]:
            raise RuntimeError("the two do not find the same")
        ratios.append(times[0][-1]["p50"] / times[1][-1]["p50"])
    added = [
        median([(await _ask(process, "add"))["p50"] for _ in range(times)])
        for process, times in zip(processes, (15, 1), strict=True)
    ]
    for process in processes:
        await _end(process)
    ours, theirs = (median(one["p50"] for one in kept) for kept in times)
    mine, others = (one["bytes"] / count for one in built)
    return [
        (f"query, radius {RADIUS}, p50", _ms(ours), _ms(theirs), f"{median(ratios):.3f}", "≤ 0.10"),
        ("memory for each entry", f"{mine:.0f} B", f"{others:.0f} B", f"{mine / others:.3f}", "≤ 0.15"),
        ("the same, before the first restart", f"{life['bytes'] / count:.0f} B", "", "", ""),
        ("built in", f"{life['seconds']:.1f} s", f"{built[1]['seconds']:.1f} s", "", ""),
        ("add one, and find it", _ms(added[0]), _ms(added[1]), f"{added[0] / added[1]:.4f}", "< 1 ms"),
    ]


def _costs(matcher: Matcher, count: int) -> list[Row]:
    """What each radius costs, and the question that the recipe asks."""
    index = matcher.entries.near[SignalKind.PDQ]
    rows = []
    for radius in RADII:
        asked = [code for number in range(2) for code in _queries(count, number)]
        rows.append(
            (f"query, radius {radius}, p50", _ms(median(_timed(index.query, c, radius) for c in asked)), *_NONE)
        )
    random = np.random.default_rng(SEED)
    windows = [_windows(random) for _ in range(9)]
    took = median(_worked(index.loose, codes, 70) for codes in windows)
    rows.append((f"loose, {WINDOWS} windows × 8 turns, radius 70, processor time", _ms(took), *_NONE))
    if count > CHUNK:
        small = filled(CHUNK).entries.near[SignalKind.PDQ]
        took = median(_worked(small.loose, codes, 70) for codes in windows)
        rows.append((f"loose, the same, {CHUNK:,} entries", _ms(took), *_NONE))
    return rows


def _changes(matcher: Matcher, count: int) -> list[Row]:
    """Ten thousand entries, spread over all, leave."""
    gone = np.linspace(1, count, 10_000).astype(np.int64).tolist()
    return [("remove 10,000", _ms(_timed(matcher.remove, gone)), "none", "", "< 50 ms")]


def _kept(matcher: Matcher, folder: Path) -> list[Row]:
    """Written to a file, and mapped again."""
    dump = matcher.entries.dump()
    wrote = _timed(saved.write, folder, {}, dump)
    again = Matcher()
    began = time.perf_counter()
    _, mapped = saved.read(folder)
    again.entries.restore(mapped)
    read = time.perf_counter() - began
    asked = _timed(again.entries.near[SignalKind.PDQ].query, bytes(32), RADIUS)
    size = (folder / saved.NAME).stat().st_size
    return [
        (f"save ({size / machine.MIB:,.0f} MiB)", _ms(wrote), *_NONE),
        ("read the saved file, and check it whole", _ms(read), *_NONE),
        ("first query after that", _ms(asked), *_NONE),
    ]


async def _lateness(matcher: Matcher, count: int) -> list[Row]:
    """How late the event loop is while a thread matches without a pause, and while none does: what the machine adds."""
    index = matcher.entries.near[SignalKind.PDQ]
    random = np.random.default_rng(SEED)
    windows = _windows(random)
    asked = _queries(count, 0)

    def work(over: float) -> None:
        while time.perf_counter() < over:
            index.loose(windows, 70)
            for code in asked:
                index.query(code, RADIUS)

    return [
        ("event loop late while matching, p99", _ms(await _late(work)), "", "", "≤ 20 ms"),
        ("the same while nothing is done", _ms(await _late(lambda _over: None)), *_NONE),
    ]


def _windows(random: np.random.Generator) -> NDArray[np.uint8]:
    """The hashes of windows of random frequencies, in the eight turns that those have, (windows, 8, 32)."""
    return hashes(all_turns(random.normal(size=(WINDOWS, 16, 16)).astype(np.float32)))


async def _late(work: Callable[[float], None]) -> float:
    """The p99 of how late the event loop is while `work` goes on in a thread until a moment."""
    late, over = [], time.perf_counter() + LATE_SECONDS
    working = asyncio.create_task(asyncio.to_thread(work, over))
    while time.perf_counter() < over:
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append(time.perf_counter() - began - 0.001)
    await working
    return float(np.quantile(late, 0.99))


# --- one of the two, in a process of its own -------------------------------------------------------


async def _end(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    await process.wait()


async def _child(name: str, count: int, folder: Path) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.index", name, str(count), str(folder), stdin=pipe, stdout=pipe
    )


async def _ask(process: asyncio.subprocess.Process, question: str) -> Any:
    if process.stdin is None:
        raise RuntimeError("the process takes no questions")
    process.stdin.write(f"{question}\n".encode())
    await process.stdin.drain()
    return json.loads(await _line(process))


async def _line(process: asyncio.subprocess.Process) -> bytes:
    line = b"" if process.stdout is None else await process.stdout.readline()
    if not line:
        raise RuntimeError("a process of the index's measurement ended early; what it said stands above")
    return line


def main() -> None:
    """Build one of the two, say what it took, then answer questions: the number of a round, or `add`."""
    name, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    query, add = {"ours": _ours, "mapped": _mapped, "theirs": _theirs}[name](count, folder)
    for line in sys.stdin:
        answer = _added(query, add) if line.strip() == "add" else _round(query, _queries(count, int(line)))
        print(json.dumps(answer), flush=True)


def _round(query: Callable[[bytes], Any], asked: list[bytes]) -> dict[str, float]:
    times, found = [], 0
    for code in asked:
        began = time.perf_counter()
        found += len(query(code))
        times.append(time.perf_counter() - began)
    return {"p50": median(times), "found": found}


def _added(query: Callable[[bytes], Any], add: Callable[[bytes], None]) -> dict[str, float]:
    code = os.urandom(32)
    began = time.perf_counter()
    add(code)
    if not query(code):
        raise RuntimeError("what was added is not found")
    return {"p50": time.perf_counter() - began}


Ways = tuple[Callable[[bytes], Any], Callable[[bytes], None]]


def _ours(count: int, folder: Path) -> Ways:
    Matcher()
    before, began = machine.held(os.getpid()).resident, time.perf_counter()
    matcher = filled(count)
    seconds, resident = time.perf_counter() - began, machine.held(os.getpid()).resident
    saved.write(folder, {}, matcher.entries.dump())
    _say(resident - before, seconds)
    return _ways(matcher, count)


def _mapped(count: int, folder: Path) -> Ways:
    """Every start but the first."""
    matcher = Matcher()
    before, began = machine.held(os.getpid()).resident, time.perf_counter()
    matcher.entries.restore(saved.read(folder)[1])
    _say(machine.held(os.getpid()).resident - before, time.perf_counter() - began)
    return _ways(matcher, count)


def _ways(matcher: Matcher, count: int) -> Ways:
    index, ids = matcher.entries.near[SignalKind.PDQ], iter(range(count + 1, 2 * count))
    return lambda code: index.query(code, RADIUS), lambda code: matcher.add_bulk(SignalKind.PDQ, [next(ids)], 1, [code])


def _theirs(count: int, _folder: Path) -> Ways:
    rival.index_type()
    before, began = machine.held(os.getpid()).resident, time.perf_counter()
    index = rival.build(code.tobytes() for _, codes in chunks(count) for code in codes)
    _say(machine.held(os.getpid()).resident - before, time.perf_counter() - began)
    return lambda code: index.query(code.hex()), lambda code: index.add(code.hex(), count + 1)


def _say(size: int, seconds: float) -> None:
    print(json.dumps({"bytes": size, "seconds": seconds}), flush=True)


# --- words ---------------------------------------------------------------------------------------

_NONE = ("", "", "")


def _timed(what: Callable[..., Any], *arguments: Any) -> float:
    began = time.perf_counter()
    what(*arguments)
    return time.perf_counter() - began


def _worked(what: Callable[..., Any], *arguments: Any) -> float:
    began = time.thread_time()
    what(*arguments)
    return time.thread_time() - began


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.{2 if seconds < 1 else 0}f} ms"


if __name__ == "__main__":
    main()
