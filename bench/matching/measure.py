"""Every posted picture through one method, fold by fold, two at a time; answers are kept so that a run can go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zlib import crc32

import imagehash
import numpy as np
from numpy.typing import NDArray

from bench.matching import baselines, ours
from bench.matching.baselines import Baselines
from bench.matching.distractors import Distractors, distractors
from bench.matching.listed import OWN, Listed, code_of
from bench.matching.originals import FOLDS, present
from bench.matching.packages import DATA
from bench.matching.posted import UNRELATED, Posted, attacked, unrelated
from bench.matching.progress import Progress

SLICE = 200
"""Answers after which they are kept."""

Answer = dict[str, Any]
"""What a method said about one picture, as JSON keeps it."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    originals: int
    unrelated: int
    entries: int

    @property
    def folder(self) -> Path:
        """Where the answers of runs against lists of this length are kept."""
        return DATA / "answers" / str(self.entries)

    def posted(self, fold: int) -> list[Posted]:
        """What is posted in one fold: the unrelated pictures first."""
        half = self.originals // 2
        every = [*unrelated(self.unrelated), *attacked("tuning", half), *attacked("held-out", self.originals - half)]
        return [one for one in every if one.fold == fold]


class _Plain:
    """The methods that others ship."""

    def __init__(self, others: Distractors) -> None:
        self._others = Baselines(others)

    def unrelated(self, one: Posted) -> Answer:
        return dict(self._others.nearest(one.data()))

    def attacked(self, one: Posted) -> Answer:
        return dict(baselines.distances(one.data(), *_listed_hashes(one.source)))


class _Ours:
    """The recipe of the bot, thresholds and all."""

    def __init__(self, others: Distractors) -> None:
        self._listed = Listed(others)
        # Copies are looked for among a tenth of the others: which are found hangs on the own entry alone.
        self._short = Listed(others.first(len(others.pdq) // 10))

    def unrelated(self, one: Posted) -> Answer:
        return ours.answer(one.data(), self._listed)

    def attacked(self, one: Posted) -> Answer:
        self._short.add_originals(one.fold)
        own = OWN + one.source
        return {**ours.answer(one.data(), self._short, own), "own": own}


METHODS: dict[str, Callable[[Distractors], Any]] = {"plain": _Plain, "ours": _Ours}

_method: Any = None  # of this process; a fork inherits it


def measure(method: str, sizes: Sizes, processes: int) -> None:
    """Ask a method about everything that is posted, but for what it has answered before; a slice of each fold in turn.

    So a run that is cut short has answered something of everything.
    """
    listing = cache(lambda fold: METHODS[method](distractors(sizes.entries).outside(fold, sizes.entries)))
    left = [_left(method, sizes, fold) for fold in range(FOLDS)]
    with Progress(method, sum(map(len, left))) as progress:
        for start in range(0, max(map(len, left)), SLICE):
            for fold in range(FOLDS):
                if some := left[fold][start : start + SLICE]:
                    found = _kept(method, sizes, fold) | _ask(listing(fold), some, processes, progress)
                    _keep(_path(method, sizes, fold), found)


def _left(method: str, sizes: Sizes, fold: int) -> list[Posted]:
    """What of a fold is not answered yet, in an order that has some of everything in every slice."""
    answered = _kept(method, sizes, fold)
    left = [one for one in sizes.posted(fold) if _key(one) not in answered]
    return sorted(left, key=lambda one: crc32(_key(one).encode()))


def kept(method: str, sizes: Sizes) -> dict[Posted, Answer]:
    """What a method has answered so far to what is posted."""
    answers: dict[Posted, Answer] = {}
    for fold in range(FOLDS):
        found = _kept(method, sizes, fold)
        answers.update((one, found[_key(one)]) for one in sizes.posted(fold) if _key(one) in found)
    return answers


def _keep(path: Path, answers: dict[str, Answer]) -> None:
    """Write the answers of a fold; whoever is interrupted leaves those before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".part")
    scratch.write_text(json.dumps(answers), encoding="utf-8")
    scratch.replace(path)


def _key(one: Posted) -> str:
    return f"{one.kind}/{one.name}"


def _path(method: str, sizes: Sizes, fold: int) -> Path:
    return sizes.folder / method / f"{fold}.json"


def _kept(method: str, sizes: Sizes, fold: int) -> dict[str, Answer]:
    path = _path(method, sizes, fold)
    if not path.is_file():
        return {}
    found: dict[str, Answer] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _ask(listing: Any, posted: list[Posted], processes: int, progress: Progress) -> dict[str, Answer]:
    global _method  # noqa: PLW0603 - forks inherit the list; it is too large to send
    _method = listing
    answers: dict[str, Answer] = {}
    with get_context("fork").Pool(processes) as pool:
        for key, answer in pool.imap_unordered(_answer, posted, chunksize=4):
            answers[key] = answer
            progress.step()
    return answers


def _answer(one: Posted) -> tuple[str, Answer]:
    ask = _method.unrelated if one.kind == UNRELATED else _method.attacked
    return _key(one), ask(one)


@cache
def _listed_hashes(number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The pHash and the PDQ hash of an original, as its provider lists them."""
    original = next(one for one in present() if one.number == number)
    phash = np.packbits(imagehash.phash(original.open()).hash)
    return phash, np.frombuffer(code_of(original), np.uint8)
