"""Tells Telegram's vector stickers (.tgs) from other gzip files, without rendering; runs in a decoder process."""

from __future__ import annotations

import zlib
from typing import NoReturn

from bot.media.refusal import Reason, Refusal

_GZIP = 31  # zlib's window bits: 15, plus 16 for a gzip wrapper


def refuse_gzip(data: bytes, most: int) -> NoReturn:
    """Raise Refusal: TGS when `data`, unpacked up to `most` bytes, is an object of JSON with layers, else NOT_MEDIA.

    One too large or too broken to be read to its end counts as a sticker if it starts like one.
    """
    unpacker = zlib.decompressobj(_GZIP)
    try:
        start = unpacker.decompress(data, most).lstrip()
    except zlib.error:
        start = b""
    is_sticker = start.startswith(b"{") and (b'"layers"' in start or not unpacker.eof)
    raise Refusal(Reason.TGS if is_sticker else Reason.NOT_MEDIA)
