"""The file that holds the indexes between two lives of the process: arrays as they are in memory, and a header.

Magic, the header's length and checksum, the header in JSON, then each array at a multiple of 64 bytes. It is a copy of
what the database holds: whatever is wrong with it, it is left aside and made anew. Whether it is of this database,
and up to date, is not known here.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bot.matching.dumps import Dump

NAME: Final = "entries.index"
FRESH: Final = f"{NAME}.new"
"""What is being written, until it is whole and takes the other's place."""

VERSION: Final = 1
"""Of the format and of the meaning of the arrays: bands are permuted by `bands.SEED`, for instance."""

_MAGIC: Final = b"haechi index\r\n\x1a\n"
_FRONT: Final = struct.Struct("<QI")  # length and CRC-32 of the header
_ALIGNED: Final = 64
_MOST_HEADER: Final = 64 << 20


class Unusable(Exception):
    """The file is not a whole index of this version; the text says why."""


def write(folder: Path, about: dict[str, Any], dump: Dump) -> None:
    """Write the index whole or not at all, for the owner alone. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    arrays = {name: np.ascontiguousarray(array) for name, array in dump.arrays.items()}
    table: list[tuple[str, str, tuple[int, ...], int, int]] = []
    offset = 0
    for name, array in arrays.items():
        table.append((name, array.dtype.str, array.shape, offset, zlib.crc32(_octets(array))))
        offset += -(-array.nbytes // _ALIGNED) * _ALIGNED
    header = json.dumps({"version": VERSION, "about": about, "facts": dump.facts, "arrays": table}).encode()
    fresh = folder / FRESH
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_MAGIC + _FRONT.pack(len(header), zlib.crc32(header)) + header)
        start = _start(len(header))
        for (*_, place, _), array in zip(table, arrays.values(), strict=True):
            file.seek(start + place)
            file.write(_octets(array))
        file.truncate(start + offset)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / NAME)


def remove(folder: Path) -> None:
    """Remove the index, if there is one and it can be removed."""
    with contextlib.suppress(OSError):
        (folder / NAME).unlink()


def tidy(folder: Path) -> None:
    """Remove what a write that was cut off has left, as large as an index and full of hashes."""
    with contextlib.suppress(OSError):
        (folder / FRESH).unlink()


def read(folder: Path) -> tuple[dict[str, Any], Dump]:
    """What the index was written about, and its arrays. Raises FileNotFoundError, OSError or Unusable."""
    with (folder / NAME).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        header = _header(file.read(len(_MAGIC) + _FRONT.size), file.read, size)
        start = _start(header.pop("length"))
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
            arrays = {name: _array(octets, start, name, described) for name, *described in header["arrays"]}
    return header["about"], Dump(header["facts"], arrays)


def _header(front: bytes, read_more: Any, size: int) -> dict[str, Any]:
    if len(front) < len(_MAGIC) + _FRONT.size or not front.startswith(_MAGIC):
        raise Unusable("it is not an index file")
    length, checksum = _FRONT.unpack(front[len(_MAGIC) :])
    text = read_more(length) if length <= min(size, _MOST_HEADER) else b""
    if len(text) != length or zlib.crc32(text) != checksum:
        raise Unusable("its header is damaged")
    header: dict[str, Any] = json.loads(text)
    if header.get("version") != VERSION:
        raise Unusable(f"it is of version {header.get('version')}, not {VERSION}")
    return header | {"length": length}


def _array(octets: mmap.mmap, start: int, name: str, described: list[Any]) -> NDArray[Any]:
    """One array of the file, copied: memory of our own comes in large pages, where queries take two thirds."""
    kind, shape, place, checksum = described
    dtype = np.dtype(kind)
    count = int(np.prod(shape, dtype=np.int64))
    first = start + place
    if first + count * dtype.itemsize > len(octets):
        raise Unusable(f"it ends before {name}")
    array: NDArray[Any] = np.frombuffer(octets, dtype, count, first).reshape(shape).copy()
    if zlib.crc32(_octets(array)) != checksum:
        raise Unusable(f"{name} is damaged")
    return array


def _octets(array: NDArray[Any]) -> memoryview | bytes:
    """The array's memory; an empty one has none to look at."""
    return array.data.cast("B") if array.size else b""


def _start(header: int) -> int:
    return -(-(len(_MAGIC) + _FRONT.size + header) // _ALIGNED) * _ALIGNED
