"""The pictures that a HEIC or AVIF file holds, as its boxes tell (ISO/IEC 14496-12 and 23008-12); decodes none of them.

Written for hostile files: every length is checked against what is there, and every count against a limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.media.refusal import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_BOXES: Final = 10_000
"""Boxes beside each other; files of phones have some 300, one property of a tile each at most."""
_MOST_EXTENTS: Final = 64
"""Pieces in which the bytes of one item may lie; writers use one."""
PICTURES: Final = frozenset({b"hvc1", b"av01", b"grid", b"iovl", b"iden"})
"""The kinds of items that are seen: coded, or made of others. Texts, EXIF and light for some screens are not."""

_IN_FILE, _IN_META = 0, 1  # where an item's bytes are, ISO/IEC 14496-12, 8.11.3


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a file: how it is coded or made, where its bytes are, and its properties, in their order."""

    kind: bytes
    pieces: tuple[memoryview, ...]
    properties: tuple[tuple[bytes, bytes], ...] = ()
    is_hidden: bool = False

    @property
    def data(self) -> bytes:
        """Its bytes, put together only when they are asked for: many items may claim the same ones."""
        return b"".join(self.pieces)

    def find(self, name: bytes) -> bytes | None:
        """The first property of that name."""
        return next((body for known, body in self.properties if known == name), None)


@dataclass(frozen=True, slots=True)
class Album:
    """All items by their numbers, which of them the file is about, and which refer to which, by kind."""

    primary: int
    items: Mapping[int, Item]
    references: tuple[tuple[bytes, int, tuple[int, ...]], ...]

    def referred(self, kind: bytes, number: int) -> tuple[int, ...]:
        """What item `number` refers to as `kind`."""
        return next((to for known, source, to in self.references if (known, source) == (kind, number)), ())

    def referring(self, kind: bytes, number: int) -> list[int]:
        """The items that refer to item `number` as `kind`."""
        return [source for known, source, to in self.references if known == kind and number in to]


class Reader:
    """Bytes that are read from front to back. Raises Refusal where there are fewer than asked for."""

    def __init__(self, data: memoryview) -> None:
        """Begin at the front."""
        self._data = data
        self._at = 0

    def take(self, size: int) -> memoryview:
        """The next `size` bytes."""
        if size > len(self._data) - self._at:
            raise Refusal(Reason.BROKEN)
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        """The next `size` bytes as a number."""
        return int.from_bytes(self.take(size), "big")

    def rest(self) -> memoryview:
        """All that was not read yet."""
        return self.take(len(self._data) - self._at)

    def full(self) -> int:
        """The version of a full box; its flags are passed over."""
        return self.number(4) >> 24

    def boxes(self) -> Iterator[tuple[bytes, memoryview]]:
        """The name and body of each box from here to the end."""
        for _ in range(_MOST_BOXES):
            if self._at == len(self._data):
                return
            size, name, head = self.number(4), bytes(self.take(4)), 8
            if size == 1:
                size, head = self.number(8), 16
            yield name, self.rest() if size == 0 else self.take(self._body(size, head))
        raise Refusal(Reason.BROKEN)

    @staticmethod
    def _body(size: int, head: int) -> int:
        if size < head:
            raise Refusal(Reason.BROKEN)
        return size - head


def read_album(data: bytes, most: int) -> Album | None:
    """The pictures of a file of at most `most` items; None where it is a film, whatever else it holds.

    Raises Refusal where the boxes make no sense.
    """
    meta = None
    for name, body in _top(memoryview(data)):
        if name == b"moov":
            return None
        meta = body if name == b"meta" and meta is None else meta
    return None if meta is None else _read_meta(memoryview(data), meta, most)


def _top(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The outermost boxes up to what is none: some phones put something of their own behind them."""
    try:
        yield from Reader(data).boxes()
    except Refusal:
        return


def _read_meta(data: memoryview, meta: memoryview, most: int) -> Album:
    """The items that the box ``meta`` lists."""
    reader = Reader(meta)
    reader.full()
    parts: dict[bytes, memoryview] = {}
    for name, body in reader.boxes():
        parts.setdefault(name, body)
    if not {b"pitm", b"iinf", b"iloc", b"iprp"} <= parts.keys():
        raise Refusal(Reason.BROKEN)
    kinds = _kinds(parts[b"iinf"], most)
    places = _places(parts[b"iloc"], most)
    properties = _properties(parts[b"iprp"], most)
    sources = {_IN_FILE: data, _IN_META: parts.get(b"idat", memoryview(b""))}
    items = {
        number: Item(kind, _pieces(sources, places.get(number, [])), tuple(properties.get(number, ())), hidden)
        for number, (kind, hidden) in kinds.items()
        if kind in PICTURES
    }
    entry = Reader(parts[b"pitm"])
    primary = entry.number(4 if entry.full() else 2)
    return Album(primary, items, tuple(_references(parts.get(b"iref"), most)))


def _count(reader: Reader, size: int, most: int) -> int:
    """The next number, which tells how many follow. Raises Refusal if it is over `most`."""
    if (count := reader.number(size)) > most:
        raise Refusal(Reason.STREAMS)
    return count


def _kinds(box: memoryview, most: int) -> dict[int, tuple[bytes, bool]]:
    """What each item is, and whether it is hidden."""
    reader = Reader(box)
    _count(reader, 4 if reader.full() else 2, most)
    kinds: dict[int, tuple[bytes, bool]] = {}
    for name, body in reader.boxes():
        entry = Reader(body)
        head = entry.number(4)
        version = head >> 24
        if name != b"infe" or version < 2 or len(kinds) > most:  # noqa: PLR2004 - before, items had no kind
            raise Refusal(Reason.BROKEN)
        number = entry.number(2 if version == 2 else 4)  # noqa: PLR2004 - as above
        entry.take(2)
        kinds[number] = bytes(entry.take(4)), bool(head & 1)
    return kinds


def _places(box: memoryview, most: int) -> dict[int, list[tuple[int, int, int]]]:
    """Where each item's bytes are: for each piece, in which source, from where and how many."""
    reader = Reader(box)
    version = reader.full()
    sizes = reader.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version > 1 else 2
    places: dict[int, list[tuple[int, int, int]]] = {}
    for _ in range(_count(reader, wide, most)):
        number = reader.number(wide)
        source = reader.number(2) & 15 if version else _IN_FILE
        elsewhere = reader.number(2)
        start = reader.number(base)
        pieces = places.setdefault(number, [])
        for _ in range(_count(reader, 2, _MOST_EXTENTS)):
            reader.take(index if version else 0)
            at = start + reader.number(offset)
            pieces.append((-1 if elsewhere else source, at, reader.number(length)))
    return places


def _pieces(sources: Mapping[int, memoryview], places: list[tuple[int, int, int]]) -> tuple[memoryview, ...]:
    """The bytes at each place. Raises Refusal for one that is not there, or if they are more than the file."""
    pieces = []
    for source, at, size in places:
        data = sources.get(source, memoryview(b""))
        if at > len(data) or size > len(data) - at:
            raise Refusal(Reason.BROKEN)
        pieces.append(data[at : at + size] if size else data[at:])
    if sum(len(piece) for piece in pieces) > sum(len(data) for data in sources.values()):
        raise Refusal(Reason.BROKEN)
    return tuple(pieces)


def _properties(box: memoryview, most: int) -> dict[int, list[tuple[bytes, bytes]]]:
    """The properties of each item, in their order."""
    parts = dict(Reader(box).boxes())
    if not {b"ipco", b"ipma"} <= parts.keys():
        raise Refusal(Reason.BROKEN)
    known = [(name, bytes(body)) for name, body in Reader(parts[b"ipco"]).boxes()]
    reader = Reader(parts[b"ipma"])
    head = reader.number(4)
    number_size, index_size = (4 if head >> 24 else 2), (2 if head & 1 else 1)
    mask = 0x7FFF if index_size > 1 else 0x7F  # the highest bit says whether a reader has to know it
    properties: dict[int, list[tuple[bytes, bytes]]] = {}
    for _ in range(_count(reader, 4, most)):
        number = reader.number(number_size)
        places = [reader.number(index_size) & mask for _ in range(reader.number(1))]
        if any(place > len(known) for place in places):
            raise Refusal(Reason.BROKEN)
        properties.setdefault(number, []).extend(known[place - 1] for place in places if place)
    return properties


def _references(box: memoryview | None, most: int) -> Iterator[tuple[bytes, int, tuple[int, ...]]]:
    """Which item refers to which."""
    if box is None:
        return
    reader = Reader(box)
    wide = 4 if reader.full() else 2
    for number, (kind, body) in enumerate(reader.boxes()):
        entry = Reader(body)
        source = entry.number(wide)
        yield kind, source, tuple(entry.number(wide) for _ in range(_count(entry, 2, most)))
        if number > most:
            raise Refusal(Reason.STREAMS)
