"""The decoder pools as an operator configured them. How they work is in `decoder`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.media.decoder import Decoders
from bot.media.limits import Limits

if TYPE_CHECKING:
    from bot.media.launch import Launched
    from bot.settings import Media


def decoders(
    media: Media, *, spares: int = 1, files: int | None = None, launched: list[Launched] | None = None
) -> Decoders:
    """Return the pools, not yet started; for a number of `files` that is known, with no more processes than that.

    They take over what was `launched` for them already.
    """
    images, videos = (
        size if files is None else min(size, files) for size in (media.image_workers, media.video_workers)
    )
    return Decoders(
        images=images,
        videos=videos,
        spares=spares,
        limits=Limits.configured(media),
        unsafe=media.unsafe_decoder,
        launched=launched,
    )
