"""The words for why a file could not be scanned, and the exception that carries one inside a decoder process."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why bytes gave no fingerprint: fit for a counter's label, saying nothing of the content."""

    TYPE = "type"  # a picture or video of a format that is not decoded (BMP, TIFF, AVI, overlaid HEIC …)
    EMPTY = "empty"  # no bytes at all
    BROKEN = "broken"  # the decoder gave up, also when asked to be tolerant
    DIMENSIONS = "dimensions"  # more pixels, or a longer side, than the limits allow
    SCANS = "scans"  # a JPEG of more scans than the limits allow: a decompression bomb in time
    FRAMES = "frames"  # a container without a single frame that can be decoded
    STREAMS = "streams"  # a container of more streams than the limits allow
    CODEC = "codec"  # a video of a codec that is not decoded, or no video at all
    MEMORY = "memory"  # the decoder needed more memory than its process may have
    TIMEOUT = "timeout"  # no answer in time and the process killed, or a picture in tiles left half-way
    BREAKER = "breaker"  # not decoded: the poster's files, or this one, stopped several decoders lately
    CRASH = "crash"  # the process died, or answered what no honest one does
    TGS = "tgs"  # an animated vector sticker: recognised, not rendered
    NOT_MEDIA = "not-media"  # neither a picture nor a video after all: `errors.NotMedia` for the caller


class Refusal(Exception):
    """Raised while decoding when the file breaks a rule."""

    def __init__(self, reason: Reason) -> None:
        """Keep `reason`."""
        super().__init__(reason.value)
        self.reason = reason
