"""Where every entry stands - list, kind, category - by its id, in a byte or two each. Hashes are not kept here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.model import SignalKind

I64 = NDArray[np.int64]
Codes = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]

PAGE_BITS = 16
PAGE = 1 << PAGE_BITS  # ids of one page: 64 KB, wider once it stands for more than 255 places
GONE = 0  # the code of an id without an entry


class Origin(NamedTuple):
    """Where an entry stands; one object serves all entries of the same list, kind and category."""

    list_id: int
    kind: SignalKind
    category: str


class Origins:
    """The origin of each id: pages of codes, for ids are given one after the other.

    Reading needs no lock, for a page's element is replaced as a whole; writers must take turns.
    """

    def __init__(self) -> None:
        """Make an empty collection."""
        self._known: list[Origin | None] = [None]  # by code
        self._codes: dict[Origin, int] = {}
        self._pages: dict[int, Codes] = {}

    def __len__(self) -> int:
        return sum(int(np.count_nonzero(page)) for page in list(self._pages.values()))

    def get(self, entry_id: int) -> Origin | None:
        """Where the entry stands, None if it is gone."""
        page = self._pages.get(entry_id >> PAGE_BITS)
        return None if page is None else self._known[int(page[entry_id & PAGE - 1])]

    def sizes(self) -> Counter[Origin]:
        """How many entries stand in each place."""
        sizes: Counter[Origin] = Counter()
        for page in list(self._pages.values()):
            counts = np.bincount(page)
            for code in np.flatnonzero(counts).tolist():
                if (origin := self._known[code]) is not None:
                    sizes[origin] += int(counts[code])
        return sizes

    def of_list(self, list_id: int) -> I64:
        """The ids of a list's entries."""
        wanted = [code for origin, code in self._codes.items() if origin.list_id == list_id]
        found = [np.flatnonzero(np.isin(page, wanted)) + (number << PAGE_BITS) for number, page in self._pages.items()]
        return np.concatenate([np.empty(0, np.int64), *found])

    def ids(self) -> I64:
        """The ids of all entries."""
        found = [np.flatnonzero(page) + (number << PAGE_BITS) for number, page in self._pages.items()]
        return np.concatenate([np.empty(0, np.int64), *found])

    def codes_of(self, ids: I64) -> NDArray[np.uint32]:
        """The code of each id, `GONE` where there is no entry."""
        codes = np.zeros(ids.size, np.uint32)
        for number, rows in _by_page(ids):
            if (page := self._pages.get(number)) is not None:
                codes[rows] = page[ids[rows] & PAGE - 1]
        return codes

    def kinds(self) -> dict[SignalKind, list[int]]:
        """The codes of each kind."""
        kinds: dict[SignalKind, list[int]] = {}
        for origin, code in self._codes.items():
            kinds.setdefault(origin.kind, []).append(code)
        return kinds

    def code(self, origin: Origin) -> int:
        """The number that stands for `origin`, a new one if need be."""
        if origin not in self._codes:
            self._known.append(origin)
            self._codes[origin] = len(self._known) - 1
        return self._codes[origin]

    def put(self, ids: I64, codes: I64 | int) -> None:
        """Note the origin of each id, or that it is `GONE`."""
        each = np.broadcast_to(codes, ids.shape)
        for number, rows in _by_page(ids):
            page = self._pages.get(number)
            if page is None:
                page = np.zeros(PAGE, np.uint8)
            if (most := int(each[rows].max())) > np.iinfo(page.dtype).max:
                page = page.astype(np.min_scalar_type(most))
            page[ids[rows] & PAGE - 1] = each[rows]
            self._pages[number] = page

    def columns(self) -> tuple[list[Origin], I64, list[Codes]]:
        """Copies to keep: the origins by code from 1, and the numbers of the pages with the pages."""
        numbers = sorted(self._pages)
        known = [origin for origin in self._known if origin is not None]
        return known, np.array(numbers, np.int64), [self._pages[number].copy() for number in numbers]

    @classmethod
    def of_columns(cls, known: list[Origin], numbers: I64, pages: list[Codes]) -> Origins:
        """What `columns` gave; the pages are written to from now on."""
        origins = cls()
        origins._known += known
        origins._codes = {origin: code for code, origin in enumerate(known, 1)}
        origins._pages = dict(zip(numbers.tolist(), pages, strict=True))
        return origins


def _by_page(ids: I64) -> Iterator[tuple[int, I64]]:
    """The number of each page that `ids` are on, and which of them are."""
    numbers = ids >> PAGE_BITS
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order])) + 1
    for rows in np.split(order, starts) if ids.size else ():
        yield int(numbers[rows[0]]), rows
