"""Where a picture inside a grey picture may begin and end: uniform borders and straight edges. No hashing here.

The search of the recall study (docs/LISTS.md, "How a posted picture is searched"): strip borders of one colour, then
cut at edges that span the whole of what is left, twice; on a screen, take what has no gaps of paper in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Numbers = NDArray[np.float64]
Sums = NDArray[np.int64]

MOST: Final = 10
"""Rectangles that are looked for in a picture at most."""

_FLAT: Final = 10.0  # grey levels: a border line's deviation, and its difference from the outermost line
_LEAST: Final = 16  # lines that must be left inside borders
_STEP: Final = 12.0  # grey levels between neighbours that count as a step
_COVER: Final = 0.55  # share of a line's places that must step
_EDGE: Final = 0.03  # share of the lines at each end that are passed over
_LINES: Final = 6  # cuts in each direction
_DEPTH: Final = 2
_PAPER: Final = 0.2  # share of a screen's rows that are paper at least
_THINGS: Final = 4  # on a screen at least: a header, a picture, some lines of words
_SMALLEST: Final = 24  # pixels of a side
_PLAIN: Final = 6.0  # grey levels of deviation below which a line shows nothing
_FILLED: Final = 0.3  # share of lines that must show something, rows times columns: a picture fills its rectangle


class Rectangle(NamedTuple):
    """Left, top, right and bottom in pixels; right and bottom are the first outside."""

    left: int
    top: int
    right: int
    bottom: int


class Rectangles(NamedTuple):
    """Rectangles that may hold a picture, without the whole, and those of them that stand on a screen among others."""

    all: list[Rectangle]
    on_screen: list[Rectangle]


def rectangles(pixels: Pixels) -> Rectangles:
    """What may hold a picture in `pixels` (rows, columns; whole numbers from 0 to 255)."""
    search = _Search(pixels)
    search.run()
    return Rectangles(search.found[1:], search.on_screen)


class _Lines:
    """Sums along the rows of a picture, so that what is asked of parts of rows costs one subtraction a row.

    They are whole numbers: those add up six times as fast as fractions, and exactly.
    """

    def __init__(self, pixels: Sums) -> None:
        self._sums = _running(pixels)
        self._squares = _running(pixels * pixels)
        self._steps = _running(np.abs(np.diff(pixels, axis=0)) > _STEP)

    def stats(self, first: int, last: int, start: int, end: int) -> tuple[Numbers, Numbers]:
        """Mean and deviation of the rows `first` to `last` between the columns `start` and `end`."""
        means = self._between(self._sums, first, last, start, end)
        squares = self._between(self._squares, first, last, start, end)
        return means, np.sqrt(np.maximum(0, squares - means * means))

    def edges(self, first: int, last: int, start: int, end: int) -> list[int]:
        """The rows, counted from `first`, at which most columns step: the strongest few, in order."""
        shares = self._between(self._steps, first, last - 1, start, end)
        margin = max(2, int(_EDGE * len(shares)))
        shares[:margin] = 0
        shares[len(shares) - margin :] = 0
        found: list[int] = []
        while len(found) < _LINES and len(shares):
            row = int(shares.argmax())
            if shares[row] < _COVER:
                break
            found.append(row + 1)
            shares[max(0, row - 3) : row + 4] = 0
        return sorted(found)

    def borders(self, first: int, last: int, start: int, end: int) -> tuple[int, int]:
        """The first row inside the borders at both ends, and the first behind them."""
        if last - first < _LEAST:
            return first, last
        means, spreads = self.stats(first, last, start, end)
        ahead = _run(means, spreads, len(means))
        return first + ahead, last - _run(means[::-1], spreads[::-1], len(means) - ahead)

    def detail(self, first: int, last: int, start: int, end: int) -> Numbers:
        """How many of the rows from `first` on show something between two columns: 0, then one sum for each row."""
        _, spreads = self.stats(first, last, start, end)
        return np.concatenate([[0], np.cumsum(spreads > _PLAIN)])

    def is_paper(self, first: int, last: int, start: int, end: int) -> NDArray[np.bool_]:
        """Which rows are flat and of the colour that most flat rows have."""
        means, spreads = self.stats(first, last, start, end)
        flat = spreads < _FLAT
        if not flat.any():
            return flat
        return flat & (np.abs(means - np.median(means[flat])) < _FLAT)

    @staticmethod
    def _between(sums: Sums, first: int, last: int, start: int, end: int) -> Numbers:
        found: Numbers = (sums[first:last, end] - sums[first:last, start]) / (end - start)
        return found


def _runs(is_paper: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The two longest runs of lines that are not paper, the longest first, if they are long enough for a picture."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], is_paper, [True]]).astype(np.int8)))
    runs = sorted(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True), key=lambda run: run[0] - run[1])
    return [run for run in runs[:2] if run[1] - run[0] >= _SMALLEST]


def _spans(places: list[int]) -> list[tuple[int, int]]:
    """Every pair of places, in order, that is far enough apart for a picture."""
    return [(one, other) for one, other in combinations(places, 2) if other - one >= _SMALLEST]


def _running(values: Sums | NDArray[np.bool_]) -> Sums:
    """Sums of each row up to each column, 0 first."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1), np.int64)
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _run(means: Numbers, spreads: Numbers, most: int) -> int:
    """How many lines from the first on are flat and of its colour."""
    border = (spreads < _FLAT) & (np.abs(means - means[0]) < _FLAT)
    end = len(border) if border.all() else int(np.argmin(border))
    return max(0, min(end, most - 8))


class _Search:
    """One search, and the rectangles found so far."""

    def __init__(self, pixels: Pixels) -> None:
        exact = pixels.astype(np.int64)
        self._rows, self._columns = _Lines(exact), _Lines(np.ascontiguousarray(exact.T))
        self._height, self._width = pixels.shape
        self.found = [Rectangle(0, 0, self._width, self._height)]
        self.on_screen: list[Rectangle] = []

    def run(self) -> None:
        """Strip borders, then cut, what came of it once more."""
        self._add(self._inside(self.found[0]))
        is_screen = self._is_screen()
        for block in self._blocks(self.found[0]):
            core = self._inside(block)
            if self._add(core) and is_screen:
                self.on_screen.append(core)
        todo = list(self.found)
        for _ in range(_DEPTH):
            todo = [new for outer in todo for new in self._within(outer)]

    def _within(self, outer: Rectangle) -> Iterator[Rectangle]:
        """New rectangles between the edges inside `outer`, the most promising first."""
        for part in self._parts(outer)[:MOST]:
            if len(self.found) >= MOST + 2:
                return
            new = self._inside(part)
            if self._add(new):
                yield new

    def _inside(self, outer: Rectangle) -> Rectangle:
        """What is left of `outer` without borders of one colour; all of it when nothing would be."""
        left, top, right, bottom = outer
        for _ in range(2):
            top, bottom = self._rows.borders(top, bottom, left, right)
            left, right = self._columns.borders(left, right, top, bottom)
            if min(bottom - top, right - left) < _LEAST:
                return outer
        return Rectangle(left, top, right, bottom)

    def _blocks(self, outer: Rectangle) -> Iterator[Rectangle]:
        """The highest and the widest runs of lines that are not paper: on a screen, pictures, for text has gaps."""
        left, top, right, bottom = outer
        for first, last in _runs(self._rows.is_paper(top, bottom, left, right)):
            for start, end in _runs(self._columns.is_paper(left, right, top + first, top + last))[:1]:
                yield Rectangle(left + start, top + first, left + end, top + last)
        for start, end in _runs(self._columns.is_paper(left, right, top, bottom))[:1]:
            for first, last in _runs(self._rows.is_paper(top, bottom, left + start, left + end))[:1]:
                yield Rectangle(left + start, top + first, left + end, top + last)

    def _is_screen(self) -> bool:
        """Whether the picture is mostly things on paper: words, buttons and pictures, with gaps between them."""
        paper = self._rows.is_paper(0, self._height, 0, self._width)
        things = int(np.count_nonzero(np.diff(paper.astype(np.int8)) < 0)) + int(not paper[0])
        return bool(paper.mean() >= _PAPER and things >= _THINGS)

    def _parts(self, outer: Rectangle) -> list[Rectangle]:
        """Rectangles between edges that span `outer`, the most promising first."""
        left, top, right, bottom = outer
        rows = [top, *(top + row for row in self._rows.edges(top, bottom, left, right)), bottom]
        columns = [left, *(left + one for one in self._columns.edges(left, right, top, bottom)), right]
        across = {(p, q): self._rows.detail(top, bottom, p, q) for p, q in _spans(columns)}
        down = {(i, j): self._columns.detail(left, right, i, j) for i, j in _spans(rows)}
        scored = []
        for (i, j), (p, q) in product(down, across):
            part = Rectangle(p, i, q, j)
            filled = (across[p, q][j - top] - across[p, q][i - top]) / (j - i)
            filled *= (down[i, j][q - left] - down[i, j][p - left]) / (q - p)
            if part != outer and filled > _FILLED:
                scored.append(((q - p) * (j - i) * filled**2, part))
        return [part for _, part in sorted(scored, reverse=True)]

    def _add(self, new: Rectangle) -> bool:
        wide, high = new.right - new.left, new.bottom - new.top
        if wide < self._width * 0.22 or high < self._height * 0.15 or min(wide, high) < _SMALLEST:
            return False
        if any(self._is_same(new, old) for old in self.found):
            return False
        self.found.append(new)
        return True

    def _is_same(self, one: Rectangle, other: Rectangle) -> bool:
        across, down = self._width * 0.012 + 1, self._height * 0.012 + 1
        limits = (across, down, across, down)
        return all(abs(a - b) <= limit for a, b, limit in zip(one, other, limits, strict=True))
