"""Tells a file's format by its first bytes alone; nothing is decoded here and no name or MIME type is believed."""

from __future__ import annotations

from typing import Final

HEAD: Final = 64
"""How many first bytes are enough for every answer here."""

PICTURES: Final = frozenset({"jpeg", "png", "gif", "webp"})
"""Formats that Pillow decodes."""
STILLS: Final = frozenset({"heic", "avif"})
"""Pictures in a video container, whole or in tiles, coded as a video's key frames are."""
VIDEOS: Final = frozenset({"mp4", "webm"})
"""Formats that PyAV decodes."""
STICKERS: Final = frozenset({"tgs"})
"""Vector animations in gzip; every gzip file looks like one until it is opened."""
FORMATS: Final = PICTURES | STILLS | VIDEOS | STICKERS
"""All answers of `sniff` but None."""

_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_OLD_QUICKTIME: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_STARTS: Final = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"\x1f\x8b", "tgs"),
)
_FOREIGN_STARTS: Final = (
    b"BM",  # BMP, told from text by `_is_bmp`
    b"II*\x00",  # TIFF
    b"MM\x00*",
    b"II+\x00",  # BigTIFF
    b"MM\x00+",
    b"8BPS\x00\x01",  # Photoshop
    b"\x00\x00\x00\x0cjP  \r\n\x87\n",  # JPEG 2000
    b"\xff\x4f\xff\x51",  # JPEG 2000 code stream
    b"\x00\x00\x00\x0cJXL \r\n\x87\n",  # JPEG XL
    b"\xff\x0a",
    b"\x00\x00\x01\x00",  # ICO
    b"FLV\x01",
    b"OggS",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # WMV, ASF
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",
)


def sniff(head: bytes) -> str | None:
    """The format that the first `HEAD` bytes of a file announce, one of `FORMATS`; None for what is not decoded."""
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _sniff_brand(head)
    # The first byte of a box's size is 0 in any box under 16 MiB but never in text, which "free" could start.
    if head[4:8] in _OLD_QUICKTIME and head[0] == 0:
        return "mp4"
    return None


def is_media(head: bytes) -> bool:
    """Whether the first bytes are those of a picture or video of any kind, also of one that `sniff` has no name for."""
    if sniff(head) is not None:
        return True
    if head.startswith(b"BM"):
        return _is_bmp(head)
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    return head.startswith(_FOREIGN_STARTS)


def _sniff_brand(head: bytes) -> str:
    """Heic, avif or mp4, by the major brand and, where that is the general ``mif1``, by the compatible ones."""
    size = int.from_bytes(head[:4], "big")
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, min(size, len(head)), 4))]
    if brands[0] in _AVIF_BRANDS:
        return "avif"
    if brands[0] not in _HEIC_BRANDS:
        return "mp4"
    return "avif" if _AVIF_BRANDS.intersection(brands) else "heic"


def _is_bmp(head: bytes) -> bool:
    """Whether "BM" is followed by what a bitmap has: four reserved zero bytes and a small header size."""
    return len(head) >= 18 and head[6:10] == bytes(4) and head[15:18] == bytes(3)  # noqa: PLR2004 - offsets of BITMAPFILEHEADER
