"""Hostile files made by code: bombs, liars, cripples and impostors, each with what may come of it; none is stored."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from tests.clips import clip, shots, sound
from tests.texture import animate, encode, texture

if TYPE_CHECKING:
    from collections.abc import Callable

Beast = tuple["Callable[[], bytes]", set[str]]
"""How to make the file, and the acceptable ends: "seen", "not-media" or a reason."""

ANY = {"seen", "broken", "frames", "codec", "dimensions", "not-media", "empty", "streams"}
"""Every end but memory, time-out and crash: for files of which only that much is promised."""


@cache
def seeds() -> dict[str, bytes]:
    """One small good file of each kind, to be cut."""
    picture, frames = texture(3, 96, 72), shots(2, 96, 72)
    return {
        "jpeg": encode(picture, "jpeg"),
        "png": encode(picture, "png"),
        "webp": encode(picture, "webp"),
        "gif": animate("gif", frames),
        "h264": clip(frames, each=2, g="2"),
        "vp9": clip(frames, "vp9", each=2, g="2"),
        "avif": encode(picture, "avif"),
    }


def noise(seed: int, size: int) -> bytes:
    """The same random bytes each time."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - no secret


# --- PNG -----------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(width: int, height: int, bits: int = 8, colour: int = 0) -> bytes:
    """The first chunk, that says what the picture is."""
    return PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))


@cache
def zeros(size: int) -> bytes:
    """`size` zero bytes, packed."""
    packer = zlib.compressobj(1)
    parts = [packer.compress(bytes(min(1 << 20, size - start))) for start in range(0, size, 1 << 20)]
    return b"".join([*parts, packer.flush()])


def png(width: int, height: int, packed: bytes, bits: int = 8, colour: int = 0, before: bytes = b"") -> bytes:
    """A whole PNG around packed rows."""
    return header(width, height, bits, colour) + before + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def dot(before: bytes) -> bytes:
    """A PNG of one pixel with other chunks in front."""
    return png(1, 1, zlib.compress(b"\0\0"), before=before)


def apng(frames: int, side: int, claimed: int | None = None) -> bytes:
    """An animation of black frames; `claimed` is how many it says it has."""
    row = zlib.compress(bytes(side * (side + 1)), 1)
    parts = [header(side, side), chunk(b"acTL", struct.pack(">II", claimed or frames, 0))]
    for number in range(frames):
        control = struct.pack(">IIIIIHHBB", max(0, 2 * number - 1), side, side, 0, 0, 1, 30, 0, 0)
        body = chunk(b"fdAT", struct.pack(">I", 2 * number) + row) if number else chunk(b"IDAT", row)
        parts += [chunk(b"fcTL", control), body]
    return b"".join([*parts, chunk(b"IEND", b"")])


_PNGS: dict[str, Beast] = {
    "png 30000x30000 of 1 bit": (lambda: png(30000, 30000, zeros(30000 * 3751), 1), {"dimensions"}),
    "png 7000x7000 rgba": (lambda: png(7000, 7000, zeros(7000 * 28001), 8, 6), {"seen"}),
    "png 60000x800 of 16 bits": (lambda: png(60000, 800, zeros(1 << 20), 16, 6), {"dimensions"}),
    "png 1x2147483647": (lambda: png(1, 2147483647, zeros(1000)), {"dimensions"}),
    "png 0x0": (lambda: png(0, 0, zeros(1)), {"broken", "dimensions"}),
    "png with 120 MB of packed text": (
        lambda: dot(b"".join(chunk(b"zTXt", b"c%d\0\0" % n + zeros(60 << 20)) for n in range(2))),
        {"broken", "seen"},
    ),
    "png with 60 MB of colour profile": (
        lambda: dot(chunk(b"iCCP", b"x\0\0" + zeros(60 << 20))),
        {"broken", "seen"},
    ),
    "png with 100,000 chunks": (lambda: dot(chunk(b"tEXt", b"a\0b") * 100_000), {"broken", "seen"}),
    "png chunk of 4 GB": (lambda: PNG + b"\xff\xff\xff\xffIHDR" + bytes(40), {"broken"}),
    "png magic only": (lambda: PNG, {"broken"}),
    "png of nothing but a header": (lambda: header(10, 10), {"broken", "seen"}),
    "png palette without a palette": (lambda: png(8, 8, zlib.compress(bytes(72)), 8, 3), ANY),
    "png of an unknown colour type": (lambda: png(8, 8, zlib.compress(bytes(72)), 8, 7), {"broken"}),
    "apng of 20,000 frames": (lambda: apng(20_000, 1), {"seen"}),
    "apng 2000x2000 of 60 frames": (lambda: apng(60, 2000), {"seen"}),
    "apng claiming 4 billion frames": (lambda: apng(2, 8, 0xFFFFFFFF), ANY),
}

# --- GIF and WebP --------------------------------------------------------------------------------

PIXEL = b"\x02\x44\x01\x00"


def gif(frames: int, canvas: tuple[int, int], frame: tuple[int, int], packed: bytes = PIXEL) -> bytes:
    """A GIF that repeats one frame."""
    head = b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    body = b"\x21\xf9\x04\x04\x01\x00\x00\x00," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02" + packed
    return head + body * frames + b";"


def webp(frames: int, canvas: int = 1) -> bytes:
    """A WebP that repeats one dot."""
    still = encode(Image.new("RGBA", (1, 1)), "webp", lossless=True)[12:]
    head = bytes(12) + b"\x01\0\0" + b"\0"
    frame = b"ANMF" + struct.pack("<I", len(head) + len(still)) + head + still
    size = struct.pack("<I", canvas - 1)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x12\0\0\0" + size
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6) + frame * frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


_GIFS: dict[str, Beast] = {
    "gif of 50,000 frames": (lambda: gif(50_000, (1, 1), (1, 1)), {"seen"}),
    "gif of a canvas 65535x65535": (lambda: gif(1, (65535, 65535), (1, 1)), {"dimensions"}),
    "gif of a frame larger than its canvas": (
        lambda: gif(2, (9, 9), (65535, 65535)),
        {"dimensions", "broken", "seen"},
    ),
    "gif of 49 MP canvas and 20,000 frames": (lambda: gif(20_000, (7000, 7000), (1, 1)), {"seen"}),
    "gif of random codes": (
        lambda: gif(1, (2000, 2000), (2000, 2000), b"\xff" + noise(1, 255) + b"\0"),
        {"seen", "broken"},
    ),
    "gif without a frame": (lambda: gif(0, (9, 9), (9, 9)), {"broken", "frames", "seen"}),
    "gif without an end": (lambda: gif(3, (9, 9), (9, 9))[:-1], ANY),
    "gif of an endless comment": (lambda: b"GIF89a\x09\0\x09\0\0\0\0!\xfe" + b"\xff" * 100_000, {"broken", "seen"}),
    "gif magic only": (lambda: b"GIF89a", {"broken"}),
    "gif that is a script": (lambda: b"GIF89a/*" + gif(1, (1, 1), (1, 1))[8:] + b"*/=1;alert(1)", ANY),
    "webp of 20,000 frames": (lambda: webp(20_000), {"seen"}),
    "webp of a canvas 16384x16384": (lambda: webp(2, 16384), {"dimensions", "broken"}),
    "webp magic only": (lambda: b"RIFF\xff\xff\xff\xffWEBP", {"broken"}),
    "webp of 16 million pixels a side": (lambda: webp(1, 1 << 24), {"dimensions", "broken"}),
}

# --- JPEG ----------------------------------------------------------------------------------------


@cache
def jpeg() -> bytes:
    """A good JPEG."""
    return encode(texture(4, 320, 240), "jpeg")


def _resized(width: int, height: int) -> bytes:
    """A JPEG that claims another size than it has."""
    data = jpeg()
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def scans(count: int) -> bytes:
    """A progressive JPEG that repeats its last scan."""
    data = encode(texture(4, 320, 240), "jpeg", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * count + b"\xff\xd9"


def with_exif(body: bytes) -> bytes:
    """The good JPEG with EXIF."""
    body = b"Exif\0\0" + body
    return jpeg()[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg()[2:]


def _zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.html", "<script>alert(1)</script>")
    return file.getvalue()


EXIF_LOOP = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x0112, 3, 0xFFFFFFFF, 8, 8)
_JPEGS: dict[str, Beast] = {
    "jpeg claiming 65535x65535": (lambda: _resized(65535, 65535), {"dimensions"}),
    "jpeg claiming 7000x7000": (lambda: _resized(7000, 7000), {"seen", "broken"}),
    "jpeg claiming 0x0": (lambda: _resized(0, 0), {"broken", "dimensions"}),
    "jpeg 7000x7000": (lambda: encode(Image.new("L", (7000, 7000)), "jpeg"), {"seen"}),
    "jpeg of 400 scans": (lambda: scans(400), {"scans"}),
    "jpeg of 20 scans": (lambda: scans(10), {"seen"}),
    "jpeg with exif in a loop": (lambda: with_exif(EXIF_LOOP), {"seen"}),
    "jpeg with 9 MB of comments": (
        lambda: jpeg()[:2] + (b"\xff\xfe\xff\xff" + b"A" * 65533) * 150 + jpeg()[2:],
        {"seen"},
    ),
    "jpeg with an archive behind it": (lambda: jpeg() + _zipped(), {"seen"}),
    "jpeg with a video behind it": (lambda: jpeg() + seeds()["h264"], {"seen"}),
    "jpeg magic only": (lambda: b"\xff\xd8\xff", {"broken"}),
    "jpeg magic, then noise": (lambda: b"\xff\xd8\xff\xe0" + noise(2, 1 << 18), {"broken", "seen"}),
    "jpeg of markers only": (lambda: b"\xff\xd8" + b"\xff" * 100_000, {"broken"}),
}

# --- impostors -----------------------------------------------------------------------------------

_SVG = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "a">]><svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
_EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n{} loop\nshowpage\n%%EOF\n"
_HLS = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
_DASH = b'<?xml version="1.0"?><MPD><Period><BaseURL>http://127.0.0.1/</BaseURL></Period></MPD>'


def small(kind: str) -> Callable[[], bytes]:
    """What makes a small picture of one of Pillow's kinds."""
    return lambda: encode(texture(2, 64, 48), kind)


_IMPOSTORS: dict[str, Beast] = {
    "nothing": (lambda: b"", {"empty"}),
    "one byte": (lambda: b"\xff", {"not-media"}),
    "noise": (lambda: b"\x7f" + noise(3, 1 << 16), {"not-media"}),
    "svg": (lambda: _SVG, {"not-media"}),
    "eps": (lambda: _EPS, {"not-media"}),
    "pdf": (lambda: b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n", {"not-media"}),
    "pdf with a picture in it": (lambda: b"%PDF-1.4\n" + jpeg(), {"not-media"}),
    "playlist": (lambda: _HLS, {"not-media"}),
    "dash manifest": (lambda: _DASH, {"not-media"}),
    "ffconcat": (lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", {"not-media"}),
    "zip": (_zipped, {"not-media"}),
    "bmp": (small("bmp"), {"type"}),
    "tiff": (small("tiff"), {"type"}),
    "ico": (small("ico"), {"type"}),
    "jpeg 2000": (small("jpeg2000"), {"type"}),
    "psd": (lambda: b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 100, 100, 8, 3) + bytes(30_000), {"type"}),
    "avi": (lambda: b"RIFF\xff\xff\xff\x00AVI LIST" + bytes(100), {"type"}),
    "eps in a png's clothes": (lambda: PNG + _EPS, {"broken"}),
    "playlist in an mp4's clothes": (lambda: b"\0\0\0\x10ftypisom\0\0\0\0" + _HLS, {"broken", "codec", "frames"}),
}

# --- stickers ------------------------------------------------------------------------------------

STICKER = json.dumps({"v": "5.5.2", "w": 512, "h": 512, "layers": []}).encode()
_STICKERS: dict[str, Beast] = {
    "tgs": (lambda: gzip.compress(STICKER), {"tgs"}),
    "tgs of 64 MB": (lambda: gzip.compress(b'{"layers":["' + b"A" * (64 << 20) + b'"]}', 1), {"tgs"}),
    "tgs of deep json": (lambda: gzip.compress(b'{"a":' + b"[" * 2_000_000), {"tgs", "not-media"}),
    "tgs of 50,000 members": (lambda: gzip.compress(STICKER) * 50_000, {"tgs"}),
    "tgs of a huge number": (lambda: gzip.compress(b'{"layers":' + b"9" * 3_000_000 + b"}"), {"tgs"}),
    "tgs cut in half": (lambda: gzip.compress(STICKER)[:30], {"tgs", "not-media"}),
    "gzip of text": (lambda: gzip.compress(b"a tar file, or so" * 1000), {"not-media"}),
    "gzip of 64 MB of zeros": (lambda: gzip.compress(bytes(64 << 20), 1), {"not-media"}),
    "gzip magic only": (lambda: b"\x1f\x8b", {"not-media"}),
}

# --- video ---------------------------------------------------------------------------------------


@cache
def mp4() -> bytes:
    """A good MP4."""
    return clip(shots(2, 160, 120), each=5)


def patched(*changes: tuple[bytes, int, bytes]) -> Callable[[], bytes]:
    """The good MP4 with bytes replaced at an offset from the name of a box."""

    def make() -> bytes:
        data = bytearray(mp4())
        for name, offset, value in changes:
            at = data.index(name) + offset
            data[at : at + len(value)] = value
        return bytes(data)

    return make


def _streams(count: int) -> bytes:
    """The good MP4 with its track repeated."""
    data = mp4()
    moov, trak = data.index(b"moov") - 4, data.index(b"trak") - 4
    whole, track = (int.from_bytes(data[at : at + 4], "big") for at in (moov, trak))
    inside = data[moov + 8 : moov + whole] + data[trak : trak + track] * count
    return data[:moov] + data[moov + whole :] + struct.pack(">I4s", len(inside) + 8, b"moov") + inside


def _nested(depth: int) -> bytes:
    box = b""
    for _ in range(depth):
        box = struct.pack(">I4s", len(box) + 8, b"moov") + box
    return b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + box


_HUGE = b"\xff\xff\xff\xf0"
_TABLES = {"stts": 8, "stsc": 8, "stco": 8, "stss": 8, "stsz": 12}
_VIDEOS: dict[str, Beast] = {
    "mp4 of absurd size": (patched((b"stsd", 44, b"\xff" * 4), (b"tkhd", 80, b"\xff" * 8)), ANY),
    "mp4 of infinite duration": (patched((b"mvhd", 20, b"\xff" * 4), (b"mdhd", 20, b"\xff" * 4)), ANY),
    "mp4 of zero time scale": (patched((b"mdhd", 16, bytes(4))), ANY),
    "mp4 of a huge sample": (patched((b"stsz", 8, b"\x7f\xff\xff\xff")), ANY | {"memory"}),
    "mp4 of a huge moov": (patched((b"moov", -4, b"\xff" * 4)), ANY),
    "mp4 of a moov of one byte": (patched((b"moov", -4, b"\0\0\0\1")), ANY),
    "mp4 of an unknown codec": (patched((b"stsd", 16, b"zzzz")), {"codec", "broken"}),
    "mp4 of raw pictures": (patched((b"stsd", 16, b"raw ")), {"codec", "broken"}),
    "mp4 of png pictures": (patched((b"stsd", 16, b"png ")), {"codec", "broken"}),
    "mp4 without key frames": (patched((b"stss", 4, bytes(8))), {"seen"}),
    "mp4 with data elsewhere": (patched((b"url ", 3, b" \0\0\0\0")), ANY),
    "mp4 magic only": (lambda: b"\0\0\0\x18ftypisom", {"broken"}),
    "mp4 of 10 streams": (lambda: _streams(9), {"seen"}),
    "mp4 of 40 streams": (lambda: _streams(39), {"streams"}),
    "mp4 of 5,000 streams": (lambda: _streams(5000), {"streams", "broken", "memory"}),
    "mp4 of 20,000 boxes in each other": (lambda: _nested(20_000), ANY),
    "mp4 of sound alone": (sound, {"codec"}),
    "mp4 of noise": (
        lambda: b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + noise(4, 1 << 18),
        {"broken"},
    ),
    "webm of noise": (lambda: b"\x1a\x45\xdf\xa3" + noise(5, 1 << 18), {"broken", "codec"}),
    "webm of an unknown codec": (lambda: seeds()["vp9"].replace(b"V_VP9", b"V_XYZ"), {"codec", "broken"}),
    "webm magic only": (lambda: b"\x1a\x45\xdf\xa3", {"broken"}),
    "heic of nothing": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", {"broken", "codec", "type"}),
    "avif of noise": (lambda: seeds()["avif"][:120] + noise(6, 5000), ANY),
    "a small picture, an hour long": (lambda: clip(shots(1, 32, 32) * 2, each=1800, rate=1, g="10000"), {"seen"}),
} | {
    f"mp4 of 4 billion in {name}": (patched((name.encode(), at, _HUGE)), ANY | {"memory"})
    for name, at in _TABLES.items()
}


def _cut(kind: str, part: int) -> Callable[[], bytes]:
    return lambda: seeds()[kind][: len(seeds()[kind]) * part // 8]


_CUTS: dict[str, Beast] = {
    f"{kind} cut at {part}/8": (_cut(kind, part), ANY)
    for kind in ("jpeg", "png", "webp", "gif", "h264", "vp9", "avif")
    for part in range(1, 8)
}

ZOO: dict[str, Beast] = _PNGS | _GIFS | _JPEGS | _IMPOSTORS | _STICKERS | _VIDEOS | _CUTS
"""Every hostile file by a name that says what it is."""
