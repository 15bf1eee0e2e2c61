"""The decoder process: warms up, locks itself down, then answers one sealed memory file after another.

Started by `bot.media.process` with the socket's file descriptor and the limits on its command line. It never sees
the bot's memory, environment, token or files; it answers, and does nothing else.
"""

from __future__ import annotations

import ctypes
import gc
import io
import mmap
import os
import socket
import sys
import time
from typing import Final

import av
import numpy as np
from PIL import Image

from bot.media.answer import write_cuts, write_ready, write_refusal, write_registered, write_seen
from bot.media.heif import decode_still
from bot.media.images import Decoded, decode_image, restrict_pillow
from bot.media.limits import Limits
from bot.media.lockdown import lock_down
from bot.media.look import DENSE, PLAIN, REGISTER, SURVEY
from bot.media.refusal import Reason, Refusal
from bot.media.registration import register
from bot.media.sniff import FORMATS, PICTURES, STICKERS, STILLS
from bot.media.stickers import refuse_gzip
from bot.media.survey import cut
from bot.media.surveyed import read_request, read_survey_request
from bot.media.videos import decode_video

_MAX_REQUEST: Final = 64


def main(descriptor: int, limits: Limits) -> None:
    """Warm up, lock down, say so, and serve jobs until the parent closes the socket."""
    restrict_pillow(limits)
    av.logging.set_level(None)
    warm_up(limits)
    with socket.socket(fileno=descriptor) as channel:  # it asks the kernel for its family, so before the lock-down
        level = lock_down(limits)
        channel.sendall(write_ready(level))
        while answer := _serve(channel, limits):
            channel.sendall(answer)


def warm_up(limits: Limits) -> None:
    """Run every decoder and hash once: what they import or start lazily could not be had after the lock-down."""
    ctypes.CDLL("libgcc_s.so.1")  # glibc loads it when the first thread ends
    picture = Image.new("RGB", (64, 48), "white")
    for mode, kind in (("CMYK", "jpeg"), ("RGBA", "png"), ("P", "gif"), ("RGBA", "webp")):
        file = io.BytesIO()
        frames = [picture.convert(mode), picture.rotate(90).convert(mode)]
        frames[0].save(file, kind, **({} if kind == "jpeg" else {"save_all": True, "append_images": frames[1:]}))
        _decode(file.getvalue(), kind, PLAIN, limits, limits.image_seconds)
        _run(file.getvalue()[:-20], f"{kind} {DENSE} {limits.image_seconds}", limits)
    _decode(_small_video(), "mp4", DENSE, limits, limits.video_seconds)


def _small_video() -> bytes:
    """A second of grey as MP4."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=4)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(4):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), format="rgb24"))
            )
        container.mux(stream.encode(None))
    return file.getvalue()


def _serve(channel: socket.socket, limits: Limits) -> bytes:
    """Take one job and return its answer; nothing when there are no more jobs."""
    request, descriptors, _, _ = socket.recv_fds(channel, _MAX_REQUEST, 1)
    if not request or not descriptors:
        return b""
    try:
        size = os.fstat(descriptors[0]).st_size
        with mmap.mmap(descriptors[0], size, prot=mmap.PROT_READ) as memory:
            data = memory[:]
    finally:
        os.close(descriptors[0])
    return _run(data, request.decode("ascii").strip(), limits)


def _run(data: bytes, job: str, limits: Limits) -> bytes:
    """The answer to one job, whatever the decoders raise: a format, a look and the seconds it has."""
    recycle = time.process_time() > limits.cpu_seconds / 2
    try:
        kind, look, seconds = job.split(" ")
        if kind == REGISTER:
            return write_registered(register(*read_request(data)), recycle=recycle)
        if kind == SURVEY:
            return write_cuts(map(cut, read_survey_request(data)), recycle=recycle)
        return write_seen(_decode(data, kind, look, limits, float(seconds)), recycle=recycle)
    except Refusal as refusal:
        return write_refusal(refusal.reason, recycle=recycle)
    except MemoryError:
        gc.collect()
        return write_refusal(Reason.MEMORY, recycle=True)
    except Exception:  # noqa: BLE001 - decoders raise whatever their parsing stumbles over; the text could quote the file
        return write_refusal(Reason.BROKEN, recycle=recycle)


def _decode(data: bytes, kind: str, look: str, limits: Limits, seconds: float) -> Decoded:
    """What the decoder for the format `kind` sees in `data`, looked at as closely as `look` says."""
    stop_at = time.monotonic() + limits.patience * seconds
    if kind in PICTURES:
        return decode_image(data, kind, limits, stop_at, look)
    if kind in STICKERS:
        refuse_gzip(data, limits.tgs_bytes)
    if kind not in FORMATS:
        raise Refusal(Reason.TYPE)
    if kind in STILLS and (seen := decode_still(data, limits, stop_at, look)):
        return seen
    return decode_video(data, kind, limits, stop_at, dense=look == DENSE)


if __name__ == "__main__":
    main(int(sys.argv[1]), Limits.from_json(sys.argv[2]))
