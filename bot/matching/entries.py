"""The entries of all lists in memory: hashes in indexes, and which list each belongs to. Nothing is judged here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from bot.matching.dumps import (
    Dump,
    dump_exact,
    dump_near,
    dump_origins,
    fill_exact,
    restored_near,
    restored_origins,
)
from bot.matching.index import ExactIndex, HammingIndex
from bot.matching.origins import GONE, I64, Origin, Origins
from bot.matching.sequences import SequenceIndex
from bot.model import Entry, SignalKind
from bot.sequence import is_packed

# Bytes of each kind's hash; a file id has the length that Telegram gave it.
SIZES = {SignalKind.PDQ: 32, SignalKind.PHASH: 8, SignalKind.MD5: 16, SignalKind.SHA256: 32}

NEAR = (SignalKind.PDQ, SignalKind.PHASH)
"""Kinds that match within a distance; the others match by equality."""

Numbers = Sequence[int] | NDArray[np.int64]
Values = Sequence[bytes] | NDArray[np.uint8]  # of an array, each row is a value


class Entries:
    """Every entry by id, and its hash in the index of its kind. Reading needs no lock, writers wait for each other."""

    def __init__(self) -> None:
        """Make an empty collection."""
        self.near = {kind: HammingIndex(SIZES[kind] * 8) for kind in NEAR}
        self.exact = {kind: ExactIndex() for kind in SignalKind if kind not in self.near}
        self.exact[SignalKind.VPDQ] = self.sequences = SequenceIndex()
        self._origins = Origins()
        self._writing = Lock()

    def __len__(self) -> int:
        return len(self._origins)

    def origin(self, entry_id: int) -> Origin | None:
        """Where the entry stands, None if it is gone."""
        return self._origins.get(entry_id)

    def sizes(self) -> dict[int, dict[SignalKind, int]]:
        """How many entries of each kind each list has."""
        sizes: defaultdict[int, dict[SignalKind, int]] = defaultdict(dict)
        for origin, count in self._origins.sizes().items():  # which waits for no writer
            kinds = sizes[origin.list_id]
            kinds[origin.kind] = kinds.get(origin.kind, 0) + count
        return dict(sizes)

    def add(self, entries: Iterable[Entry]) -> None:
        """Take in `entries`. Raises ValueError, and takes none, when a value has not the size of its kind."""
        by_kind: defaultdict[SignalKind, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_kind[entry.kind].append(entry)
        for kind, group in by_kind.items():
            _check(kind, [entry.value for entry in group])
        for kind, group in by_kind.items():
            owners, categories = [entry.list_id for entry in group], [entry.category for entry in group]
            self.add_bulk(kind, [e.id for e in group], owners, [e.value for e in group], categories=categories)

    def add_bulk(
        self,
        kind: SignalKind,
        ids: Numbers,
        list_ids: int | Numbers,
        values: Values,
        *,
        categories: str | Iterable[str] = "",
    ) -> None:
        """Take in entries of one kind by columns; an id that is known keeps its entry as it was."""
        _check(kind, values)
        numbers = np.asarray(ids, np.int64)
        if numbers.size != len(values):
            raise ValueError(f"{numbers.size} ids for {len(values)} values")
        with self._writing:
            codes = self._codes(kind, np.broadcast_to(np.asarray(list_ids, np.int64), numbers.shape), categories)
            fresh = self._fresh(numbers)
            if fresh.size < numbers.size:
                values = values[fresh] if isinstance(values, np.ndarray) else [values[row] for row in fresh.tolist()]
            self._origins.put(numbers[fresh], codes[fresh])
            self._index(kind, numbers[fresh], values)

    def remove(self, entry_ids: Iterable[int]) -> None:
        """Forget entries; unknown ids are passed over."""
        ids = np.fromiter(entry_ids, np.int64)
        with self._writing:
            codes = self._origins.codes_of(ids)
            self._origins.put(ids[codes != GONE], GONE)  # from here on they match no more
            for kind, of_kind in self._origins.kinds().items():
                gone = ids[np.isin(codes, of_kind)]
                if kind in self.near:
                    self.near[kind].remove(gone)
                else:
                    self.exact[kind].remove(gone.tolist())

    def of_list(self, list_id: int) -> I64:
        """The ids of a list's entries."""
        with self._writing:
            return self._origins.of_list(list_id)

    def dump(self) -> Dump:
        """Everything that is known now. Later changes do not show in it, so it can be written while they go on."""
        with self._writing:
            made = [dump_origins(self._origins)]
            made += [dump_near(kind, index) for kind, index in self.near.items()]
            made += [dump_exact(kind, index) for kind, index in self.exact.items()]
        return Dump(
            {name: facts for name, facts, _ in made}, {k: v for _, _, arrays in made for k, v in arrays.items()}
        )

    def restore(self, dump: Dump) -> None:
        """Become what `dump` was made of. Raises KeyError, TypeError or ValueError when it is of another make."""
        fresh = Entries()
        fresh.near = {kind: restored_near(kind, SIZES[kind] * 8, dump) for kind in fresh.near}
        for kind, index in fresh.exact.items():
            fill_exact(kind, index, dump)
        fresh._origins = restored_origins(dump)
        self._become(fresh)

    def clear(self) -> None:
        """Forget everything."""
        self._become(Entries())

    def _become(self, other: Entries) -> None:
        with self._writing:
            self.near, self.exact, self.sequences = other.near, other.exact, other.sequences
            self._origins = other._origins

    def sample(self, count: int) -> dict[int, bytes]:
        """The values of `count` entries over all, and of the `count` newest: to compare them with the database's."""
        with self._writing:
            ids = np.sort(self._origins.ids())
            spread = ids[np.linspace(0, ids.size - 1, min(count, ids.size)).astype(np.int64)]
            chosen = np.unique(np.concatenate([spread, ids[-count:]]))
            found = [index.values(chosen) for index in self.near.values()]
            found += [index.values(chosen.tolist()) for index in self.exact.values()]
        return {entry_id: value for values in found for entry_id, value in values.items()}

    def ids(self) -> I64:
        """The ids of all entries."""
        with self._writing:
            return self._origins.ids()

    def _codes(self, kind: SignalKind, owners: I64, categories: str | Iterable[str]) -> I64:
        """The code of each new entry's origin. Raises ValueError if there are not as many categories as entries."""
        if isinstance(categories, str):
            lists, each = np.unique(owners, return_inverse=True)
            of_lists = [self._origins.code(Origin(one, kind, categories)) for one in lists.tolist()]
            return np.array(of_lists, np.int64)[each]
        places = [*zip(owners.tolist(), categories, strict=True)]
        codes = {place: self._origins.code(Origin(place[0], kind, place[1])) for place in dict.fromkeys(places)}
        return np.array([codes[place] for place in places], np.int64)

    def _fresh(self, ids: I64) -> I64:
        """Which of `ids` have no entry yet, each once."""
        _, first = np.unique(ids, return_index=True)
        first.sort()
        is_new = self._origins.codes_of(ids[first]) == GONE
        return np.asarray(first[is_new], np.int64)

    def _index(self, kind: SignalKind, ids: I64, values: Values) -> None:
        if kind in self.near:
            self.near[kind].add(ids, values)
        elif isinstance(values, np.ndarray):
            self.exact[kind].add(ids.tolist(), [value.tobytes() for value in values])
        else:
            self.exact[kind].add(ids.tolist(), values)


def _check(kind: SignalKind, values: Values) -> None:
    """Raise ValueError, without the value, if one has not the size of its kind."""
    size = SIZES.get(kind)
    if isinstance(values, np.ndarray):
        is_right = values.dtype == np.uint8 and values.shape[1:] == (size,)
    elif size is None:
        is_right = all(is_packed(value) if kind is SignalKind.VPDQ else value for value in values)
    else:
        is_right = all(len(value) == size for value in values)
    if not is_right:
        raise ValueError(f"a {kind} entry has a value of the wrong size: expected {size or 'at least 1'} bytes")
