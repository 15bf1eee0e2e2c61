"""More hostile files, rarer ones: parts that contradict each other, parts of the wrong kind, parts without end."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
import zlib
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from tests.clips import clip, shots
from tests.texture import animate, encode, texture
from tests.zoo import (
    ANY,
    EXIF_LOOP,
    PNG,
    STICKER,
    chunk,
    dot,
    gif,
    header,
    jpeg,
    mp4,
    noise,
    patched,
    png,
    scans,
    small,
    with_exif,
    zeros,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.zoo import Beast

_READ = {"seen", "broken"}
_TRANSPARENCY, _RUN = b"ALPH", b"trun"  # codespell:ignore alph,trun

# --- PNG -----------------------------------------------------------------------------------------

_END = chunk(b"IEND", b"")
_ROWS = zlib.compress(bytes(9) * 8)


def _interlaced(side: int) -> bytes:
    head = PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 1))
    return head + chunk(b"IDAT", zeros(side * (side + 2))) + _END


def _control(number: int, side: int, offset: int = 0, *, unit: int = 30) -> bytes:
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, side, side, offset, offset, 1, unit, 0, 0))


def _animated(*parts: bytes, frames: int = 2) -> bytes:
    """An APNG of 8 pixels a side with `parts` after its first picture."""
    head = header(8, 8) + chunk(b"acTL", struct.pack(">II", frames, 0)) + _control(0, 8)
    return head + chunk(b"IDAT", _ROWS) + b"".join(parts) + _END


def _frame_data(number: int) -> bytes:
    return chunk(b"fdAT", struct.pack(">I", number) + _ROWS)


_PNGS: dict[str, Beast] = {
    "png 7000x7000 interlaced": (lambda: _interlaced(7000), {"seen", "broken"}),
    "png a little over 50 MP": (lambda: png(7072, 7072, zeros(1000)), {"dimensions"}),
    "png 20,001 wide": (lambda: png(20_001, 1, zlib.compress(bytes(20_002))), {"dimensions"}),
    "png 20,000 wide": (lambda: png(20_000, 1, zlib.compress(bytes(20_001))), {"seen"}),
    "png of wrong checksums": (lambda: png(8, 8, _ROWS).replace(zlib.crc32(b"IEND").to_bytes(4), b"oops"), _READ),
    "png of two headers": (lambda: header(8, 8) + header(9000, 9000)[8:] + chunk(b"IDAT", _ROWS) + _END, ANY),
    "png that ends first": (lambda: PNG + _END + png(8, 8, _ROWS)[8:], {"broken"}),
    "png in 50,000 pieces": (
        lambda: header(200, 250) + b"".join(chunk(b"IDAT", b"") for _ in range(50_000)) + _END,
        _READ,
    ),
    "png of colours that its palette lacks": (
        lambda: png(8, 8, zlib.compress(b"\0" + b"\xff" * 8), 8, 3, chunk(b"PLTE", b"abc")),
        _READ,
    ),
    "png of more transparency than palette": (
        lambda: png(8, 8, _ROWS, 8, 3, chunk(b"PLTE", b"abc") + chunk(b"tRNS", bytes(256))),
        _READ,
    ),
    "png of a gamma of nothing": (lambda: dot(chunk(b"gAMA", bytes(4)) + chunk(b"cHRM", bytes(32))), _READ),
    "png with exif in a loop": (lambda: dot(chunk(b"eXIf", EXIF_LOOP)), _READ),
    "png with 60 MB of international text": (
        lambda: dot(chunk(b"iTXt", b"k\0\1\0\0\0" + zeros(60 << 20))),
        _READ,
    ),
    "png of packed noise": (lambda: png(800, 800, noise(11, 50_000)), _READ),
    "png of 40 MB more than it shows": (lambda: png(8, 8, zeros(40 << 20)), _READ),
    "png of 2 of 800 rows": (lambda: png(800, 800, zlib.compress(bytes(1602))), _READ),
    "png as telephones had it": (lambda: PNG + chunk(b"CgBI", bytes(4)) + png(8, 8, _ROWS)[8:], _READ),
    "png of 16 bits and one row": (lambda: png(20_000, 1, zlib.compress(bytes(160_001)), 16, 6), {"seen"}),
    "apng of a frame outside itself": (lambda: _animated(_control(1, 9000, 5), _frame_data(2)), ANY),
    "apng of frames in disorder": (lambda: _animated(_control(7, 8), _frame_data(3), _control(2, 8)), ANY),
    "apng of no frame": (lambda: _animated(frames=0), ANY),
    "apng of time divided by nothing": (lambda: _animated(_control(1, 8, unit=0), _frame_data(2)), ANY),
    "apng of controls alone": (lambda: _animated(*[_control(n, 8) for n in range(1, 5000)], frames=5000), ANY),
    "mng": (lambda: b"\x8aMNG\r\n\x1a\n" + chunk(b"MHDR", bytes(28)), {"not-media"}),
}

# --- GIF and WebP --------------------------------------------------------------------------------

_DOT = gif(1, (9, 9), (9, 9))


def _webp(*parts: tuple[bytes, bytes], claimed: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in parts
    )
    return b"RIFF" + struct.pack("<I", len(body) if claimed is None else claimed) + body


@cache
def _still() -> bytes:
    """The one chunk's content of a lossy WebP."""
    return encode(texture(8, 64, 48), "webp", quality=40)[20:]


def _extended(flags: int, side: int) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + struct.pack("<I", side - 1)[:3] * 2


def _animation_frame(side: int, *inside: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    return b"ANMF", bytes(6) + struct.pack("<I", side - 1)[:3] * 2 + b"\x01\0\0\0" + _webp(*inside)[12:]


_GIFS: dict[str, Beast] = {
    "gif of codes of no bits": (lambda: _DOT.replace(b"\x02\x44\x01", b"\x00\x44\x01"), ANY),
    "gif of codes of 255 bits": (lambda: _DOT.replace(b"\x02\x44\x01", b"\xff\x44\x01"), ANY),
    "gif of a frame of nothing": (lambda: gif(2, (9, 9), (0, 0)), ANY),
    "gif of a canvas of nothing": (lambda: gif(2, (0, 0), (9, 9)), ANY),
    "gif of 100,000 extensions": (lambda: _DOT[:19] + b"\x21\xfe\x01a\0" * 100_000 + _DOT[19:], ANY),
    "gif of 49 MP in one frame": (lambda: encode(Image.new("P", (7000, 7000)), "gif"), {"seen"}),
    "gif without colours": (lambda: _DOT[:10] + b"\0" + _DOT[11:13] + _DOT[19:], ANY),
    "gif of blocks of one byte": (lambda: gif(1, (900, 900), (900, 900), b"\x01\x44" * 50_000 + b"\0"), ANY),
    "gif of an unknown block": (lambda: _DOT[:-1] + b"\x99" * 1000, ANY),
    "gif of an endless loop and day-long frames": (
        lambda: animate("gif", shots(2, 32, 24), duration=655_350, loop=0),
        {"seen"},
    ),
    "webp that claims nothing": (lambda: _webp((b"VP8 ", _still()), claimed=0), ANY),
    "webp that claims 4 GB": (lambda: _webp((b"VP8 ", _still()), claimed=0xFFFFFFF0), ANY),
    "webp extended by nothing": (lambda: _webp(_extended(0x10, 64)), {"broken"}),
    "webp of transparency alone": (lambda: _webp(_extended(0x10, 64), (_TRANSPARENCY, noise(12, 900))), {"broken"}),
    "webp of a frame larger than its canvas": (
        lambda: _webp(_extended(2, 8), (b"ANIM", bytes(6)), _animation_frame(9000, (b"VP8 ", _still()))),
        {"broken", "dimensions"},
    ),
    "webp of frames in frames": (
        lambda: _webp(_extended(2, 64), (b"ANIM", bytes(6)), _animation_frame(64, _animation_frame(64))),
        {"broken"},
    ),
    "webp of a huge partition": (lambda: _webp((b"VP8 ", b"\xff\xff\xff" + _still()[3:])), {"broken"}),
    "webp lossless claiming 16384x16384": (
        lambda: _webp((b"VP8L", b"\x2f\xff\xff\xff\xff" + noise(13, 500))),
        {"dimensions", "broken"},
    ),
    "webp of 16 MP of one colour": (
        lambda: encode(Image.new("RGB", (4000, 4000)), "webp", lossless=True, method=0),
        {"seen"},
    ),
    "webp of 50,000 unknown chunks": (
        lambda: _webp(_extended(0, 64), *[(b"ABCD", b"")] * 50_000, (b"VP8 ", _still())),
        ANY,
    ),
    "webp of an exif in a loop": (
        lambda: _webp(_extended(8, 64), (b"VP8 ", _still()), (b"EXIF", EXIF_LOOP)),
        ANY,
    ),
    "riff of sound": (lambda: b"RIFF\xff\0\0\0WAVEfmt " + bytes(100), {"not-media"}),
}

# --- JPEG ----------------------------------------------------------------------------------------


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _before(part: bytes) -> Callable[[], bytes]:
    """The good JPEG with a segment in front of all others."""
    return lambda: jpeg()[:2] + part + jpeg()[2:]


def _marked(old: int, new: int) -> Callable[[], bytes]:
    """The good JPEG with one kind of marker replaced by another."""
    return lambda: jpeg().replace(bytes([0xFF, old]), bytes([0xFF, new]))


def _framed(offset: int, value: int) -> Callable[[], bytes]:
    """The good JPEG with a byte of its frame header replaced."""

    def make() -> bytes:
        data = bytearray(jpeg())
        data[data.index(b"\xff\xc0") + offset] = value
        return bytes(data)

    return make


def _exactly_scans(count: int) -> bytes:
    data = scans(1)
    return scans(count - data.count(b"\xff\xda") + 1)


_JPEGS: dict[str, Beast] = {
    "jpeg of 61 scans": (lambda: _exactly_scans(61), {"scans"}),
    "jpeg of 60 scans": (lambda: _exactly_scans(60), {"seen"}),
    "jpeg of 400 scans behind a comment": (
        lambda: scans(400)[:2] + _segment(0xFE, b"\xff\xd9") + scans(400)[2:],
        {"scans"},
    ),
    "jpeg coded arithmetically": (_marked(0xC0, 0xC9), _READ),
    "jpeg without loss": (_marked(0xC0, 0xC3), _READ),
    "jpeg of differences": (_marked(0xC0, 0xC5), _READ),
    "jpeg without code tables": (_marked(0xC4, 0xEF), {"broken", "seen"}),
    "jpeg without quantization": (_marked(0xDB, 0xEF), _READ),
    "jpeg of 12 bits": (_framed(4, 12), {"broken"}),
    "jpeg of 255 components": (_framed(9, 255), {"broken"}),
    "jpeg of no component": (_framed(9, 0), {"broken"}),
    "jpeg sampled 15 by 15": (_framed(11, 0xFF), _READ),
    "jpeg of a quantization table that is not there": (_framed(12, 3), _READ),
    "jpeg of a restart at each block": (_before(_segment(0xDD, b"\0\1")), _READ),
    "jpeg of two frames": (lambda: jpeg()[:-2] + jpeg()[2:], ANY),
    "jpeg of overfull codes": (_before(_segment(0xC4, b"\0" + b"\xff" * 16 + bytes(200))), {"broken", "seen"}),
    "jpeg of Adobe's inverted inks": (lambda: encode(texture(4, 64, 48).convert("CMYK"), "jpeg"), {"seen"}),
    "jpeg of several pictures": (_before(_segment(0xE2, b"MPF\0" + EXIF_LOOP)), {"seen"}),
    "jpeg of a profile in 255 parts, one there": (
        _before(_segment(0xE2, b"ICC_PROFILE\0\x01\xff" + noise(14, 99))),
        _READ,
    ),
    "jpeg of a thumbnail elsewhere": (
        lambda: with_exif(b"MM\0*\0\0\0\x08" + struct.pack(">HHHII", 1, 0x0201, 4, 1, 0xFFFFFFF0) + b"\0\0\0\x08"),
        {"seen"},
    ),
    "jpeg of an orientation of 65535": (
        lambda: with_exif(b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHH", 1, 0x0112, 3, 1, 65535, 0)),
        {"seen"},
    ),
    "jpeg without an end": (lambda: jpeg()[:-2], {"seen"}),
    "jpeg of a segment of no length": (_before(b"\xff\xe5\0\0"), ANY),
}

# --- impostors -----------------------------------------------------------------------------------

_LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)
_TIFF_BOMB = struct.pack("<2sHIH", b"II", 42, 8, 3) + b"".join(
    struct.pack("<HHII", *tag) for tag in ((256, 4, 1, 70_000), (257, 4, 1, 70_000), (279, 4, 1, 100))
)


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../../etc/passwd"))
    return file.getvalue()


_STRANGERS: dict[str, tuple[bytes, str]] = {
    "a laugh a billion times": (_LAUGHS, "not-media"),
    "a pickle that runs a command": (b"cposix\nsystem\n(S'true'\ntR.", "not-media"),
    "a pickle": (pickle.dumps({"level": "full"}), "not-media"),
    "a shell script": (b"#!/bin/sh\necho escaped\n", "not-media"),
    "a program for linux": (b"\x7fELF\x02\x01\x01" + bytes(60), "not-media"),
    "a program for windows": (b"MZ\x90\0" + bytes(60), "not-media"),
    "a web page": (b"<!doctype html><script>alert(1)</script>", "not-media"),
    "a sticker unpacked": (STICKER, "not-media"),
    "a song": (b"ID3\x04" + bytes(200), "not-media"),
    "a tiff of 70000x70000": (_TIFF_BOMB, "type"),
    "a jpeg xl": (b"\xff\x0a" + bytes(60), "type"),
    "a flash video": (b"FLV\x01\x05\0\0\0\x09" + bytes(60), "type"),
    "an ogg": (b"OggS\0\x02" + bytes(60), "type"),
    "a windows media video": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(60), "type"),
    "a program stream": (b"\0\0\x01\xba\x44" + bytes(60), "type"),
}
_IMPOSTORS: dict[str, Beast] = {name: (lambda data=data: data, {end}) for name, (data, end) in _STRANGERS.items()} | {
    "tga": (small("tga"), {"not-media"}),
    "ppm": (small("ppm"), {"not-media"}),
    "pcx": (small("pcx"), {"not-media"}),
    "a file called jpeg twice": (lambda: b"\xff\xd8\xff" * 30_000, {"broken"}),
}

# --- stickers ------------------------------------------------------------------------------------

_STICKERS: dict[str, Beast] = {
    "gzip of a tar": (lambda: gzip.compress(_tar()), {"not-media"}),
    "gzip of a jpeg": (lambda: gzip.compress(jpeg()), {"not-media"}),
    "gzip of a gzip of a sticker": (lambda: gzip.compress(gzip.compress(STICKER)), {"not-media"}),
    "gzip of a name of 1 MB": (lambda: b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * (1 << 20), {"not-media"}),
    "gzip of fields to come": (lambda: b"\x1f\x8b\x08\x04" + bytes(6) + b"\xff\xff" + bytes(99), {"not-media"}),
    "tgs of a wrong checksum": (lambda: gzip.compress(STICKER)[:-8] + b"12345678", {"tgs", "not-media"}),
    "tgs with a jpeg behind it": (lambda: gzip.compress(STICKER) + jpeg(), {"tgs"}),
    "tgs of a list": (lambda: gzip.compress(b"[" + STICKER + b"]"), {"not-media"}),
    "tgs of 3 million layers": (lambda: gzip.compress(b'{"layers":[' + b"{}," * 3_000_000, 1), {"tgs"}),
    "tgs of bytes that are no text": (lambda: gzip.compress(b'{"layers":"\xff\xfe\0"}'), {"tgs"}),
}

# --- video ---------------------------------------------------------------------------------------


def _box(name: bytes, body: bytes, claimed: int | None = None) -> bytes:
    return struct.pack(">I4s", len(body) + 8 if claimed is None else claimed, name) + body


_BRAND = _box(b"ftyp", b"isom\0\0\2\0isomiso2")


def _inside_moov(part: bytes) -> bytes:
    """The good MP4 with a box more at the end of its index."""
    data = mp4()
    start = data.index(b"moov") - 4
    size = int.from_bytes(data[start : start + 4], "big")
    return data[:start] + _box(b"moov", data[start + 8 : start + size] + part) + data[start + size :]


def _packed_index(size: int) -> bytes:
    """An index packed by zlib, as QuickTime had it, that claims and unpacks to `size` bytes."""
    packed = _box(b"cmvd", struct.pack(">I", size & 0xFFFFFFFF) + zeros(min(size, 200 << 20)))
    return _BRAND + _box(b"moov", _box(b"cmov", _box(b"dcom", b"zlib") + packed))


def _element(name: bytes, body: bytes, *, endless: bool = False) -> bytes:
    return name + (b"\x01" + b"\xff" * 7 if endless else struct.pack(">Q", len(body) | 1 << 56)) + body


_DOCTYPE = _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\x82", b"webm"))
_SEGMENT, _CLUSTER, _TAGS, _VOID = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\x12\x54\xc3\x67", b"\xec"


def _deep(name: bytes, depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = _element(name, body)
    return body


@cache
def _vp9() -> bytes:
    return clip(shots(1, 64, 48), "vp9", each=2)


def _brand(name: bytes) -> Callable[[], bytes]:
    return lambda: mp4()[:8] + name + mp4()[12:]


_VIDEOS: dict[str, Beast] = {
    "mp4 of an index that unpacks to 200 MB": (lambda: _packed_index(200 << 20), {"broken", "codec", "memory"}),
    "mp4 of an index that claims 4 GB": (lambda: _packed_index(0xFFFFFFFF), {"broken", "codec", "memory"}),
    "mp4 of two indexes": (lambda: _inside_moov(b"") + mp4()[mp4().index(b"moov") - 4 :], ANY),
    "mp4 of an index in its index": (lambda: _inside_moov(mp4()[mp4().index(b"moov") - 4 :]), ANY),
    "mp4 of 100,000 empty boxes": (lambda: _BRAND + _box(b"free", b"") * 100_000, {"broken", "codec"}),
    "mp4 of boxes of 16 EB": (lambda: _BRAND + struct.pack(">I4sQ", 1, b"mdat", (1 << 64) - 1), {"broken", "codec"}),
    "mp4 of an edit list of millions": (
        lambda: _inside_moov(_box(b"edts", _box(b"elst", b"\0" * 4 + b"\xff" * 400))),
        ANY,
    ),
    "mp4 of fragments that are not there": (
        lambda: mp4() + _box(b"moof", _box(b"traf", _box(_RUN, b"\0\0\x0f\1\xff\xff\xff\xff" + bytes(64)))),
        ANY,
    ),
    "mp4 of a table of itself": (lambda: _BRAND + _box(b"sidx", b"\0" * 8 + b"\xff" * 2000), {"broken", "codec"}),
    "mp4 of 5 MB of metadata": (lambda: _inside_moov(_box(b"udta", _box(b"meta", b"A" * (5 << 20)))), ANY),
    "mp4 of words without end": (lambda: _inside_moov(_box(b"udta", _box(b"\xa9nam", b"\xff" * 600))), ANY),
    "mp4 of a key that nobody has": (lambda: _inside_moov(_box(b"pssh", b"\1" + b"\xff" * 80)), ANY | {"memory"}),
    "mp4 that calls itself heic": (_brand(b"heic"), ANY | {"type"}),
    "mp4 that calls itself avif": (_brand(b"avif"), ANY | {"type"}),
    "mp4 of an old telephone": (_brand(b"3gp4"), {"seen"}),
    "mp4 of a time before its start": (patched((b"stts", 12, b"\x80\0\0\0")), ANY),
    "mp4 of a time scale of 4 billion": (patched((b"mdhd", 16, b"\xff" * 4)), ANY),
    "mp4 of samples beyond its end": (patched((b"stco", 12, b"\x7f\xff\xff\xf0")), ANY),
    "mp4 turned by a broken matrix": (patched((b"tkhd", 44, noise(15, 36))), ANY),
    "mp4 of another picture size inside": (lambda: clip(shots(1, 64, 48), each=2) + mp4(), ANY),
    "webm without end": (lambda: _DOCTYPE + _element(_SEGMENT, _vp9(), endless=True), ANY),
    "webm of 50,000 voids": (lambda: _DOCTYPE + _element(_SEGMENT, _element(_VOID, b"") * 50_000), ANY),
    "webm of 5,000 tags in each other": (lambda: _DOCTYPE + _element(_SEGMENT, _deep(_TAGS, 5000)), ANY),
    "webm of 20,000 clusters": (lambda: _DOCTYPE + _element(_SEGMENT, _element(_CLUSTER, b"") * 20_000), ANY),
    "webm of a name of 4 GB": (lambda: b"\x1a\x45\xdf\xa3\x08\xff\xff\xff\xf0" + bytes(99), {"broken", "codec"}),
    "webm of another kind of document": (lambda: _vp9().replace(b"webm", b"evil", 1), ANY),
    "webm of frames tied together wrongly": (lambda: _vp9().replace(b"\x81\0\0\x80", b"\x81\0\0\x86"), ANY),
}

CHIMERAS: dict[str, Beast] = _PNGS | _GIFS | _JPEGS | _IMPOSTORS | _STICKERS | _VIDEOS
"""Every one of them by a name that says what it is."""
