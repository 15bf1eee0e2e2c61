"""Bytes of a HEIC or AVIF picture, whole or in tiles, to its hashes, with PyAV's codecs; runs in a decoder process."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

import av
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from bot.media.boxes import Album, Item, Reader, read_album
from bot.media.images import Decoded, see_still
from bot.media.refusal import Reason, Refusal

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

    from bot.media.limits import Limits

CODECS: Final = {b"hvc1": ("hevc", b"hvcC"), b"av01": ("libdav1d", b"av1C")}
"""By the kind of an item, FFmpeg's decoder, and the property that holds what the decoder has to know first."""

_TURNS: Final = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
_FLIPS: Final = (Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_LEFT_RIGHT)
_CHANGES: Final = frozenset({b"clap", b"irot", b"imir"})
_MATRICES: Final = {1: Colorspace.ITU709, 5: Colorspace.ITU601, 6: Colorspace.ITU601, 9: Colorspace.BT2020}
_ALPHA: Final = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")


def decode_still(data: bytes, limits: Limits, stop_at: float, look: str) -> Decoded | None:
    """What is seen of the picture that the file in `data` is about; None where it is a film or holds no pictures.

    `damaged` where a part of it could be decoded in part only, or where the file has other pictures for viewers that
    offer them. Raises Refusal, MemoryError, or an error of FFmpeg on a broken file.
    """
    album = read_album(data, limits.max_items)
    if album is None:
        return None
    painter = _Painter(album, limits, stop_at)
    seen = see_still(painter.paint(), limits, look)
    return replace(seen, damaged=painter.is_damaged or _has_others(album))


def _has_others(album: Album) -> bool:
    """Whether there are pictures beside the first that are neither hidden nor a part or a lesser version of one."""
    parts = {number for kind, source, to in album.references if kind == b"dimg" for number in to}
    lesser = {source for kind, source, _ in album.references if kind in {b"thmb", b"auxl"}}
    others = album.items.keys() - parts - lesser - {album.primary}
    return any(not album.items[number].is_hidden for number in others)


class _Painter:
    """Puts the picture of an album together, from its tiles and its alpha."""

    def __init__(self, album: Album, limits: Limits, stop_at: float) -> None:
        """Decode nothing yet."""
        self.is_damaged = False
        self._album = album
        self._limits = limits
        self._stop_at = stop_at
        self._contexts: dict[tuple[bytes, bytes], VideoCodecContext] = {}

    def paint(self) -> Image.Image:
        """The picture as it is shown: in RGB or RGBA, with its colour profile, cropped and turned as it asks for.

        EXIF has no say in that: what it tells of the orientation is told by properties already (23008-12, A.4.2).
        """
        number = self._album.primary
        item = self._item(number)
        picture = self._whole(number, "rgb24")
        alphas = [aux for aux in self._album.referring(b"auxl", number) if self._is_alpha(aux)]
        if alphas:
            picture = self._transparent(picture, number, alphas[0])
        picture = _changed(picture, item)
        if profile := self._profile(number):
            picture.info["icc_profile"] = profile
        return picture

    def _item(self, number: int) -> Item:
        """The picture of that number. Raises Refusal if there is none, or of a kind that is not decoded."""
        item = self._album.items.get(number)
        if item is None:
            raise Refusal(Reason.BROKEN)
        if item.kind != b"grid" and item.kind not in CODECS:
            raise Refusal(Reason.TYPE)
        return item

    def _whole(self, number: int, form: str) -> Image.Image:
        """A coded picture, or a grid of them, in FFmpeg's format `form`."""
        item = self._item(number)
        if item.kind != b"grid":
            _check_size(_size(item), self._limits)
            return self._tile(item, form)
        size, columns, tiles = self._grid(number)
        across, down = _size(tiles[0])
        canvas = Image.new("L" if form == "gray" else "RGB", size)
        for place, tile in enumerate(tiles):
            row, column = divmod(place, columns)
            canvas.paste(self._tile(tile, form), (column * across, row * down))
        return canvas

    def _grid(self, number: int) -> tuple[tuple[int, int], int, list[Item]]:
        """The size of a grid, its columns and its tiles, which are of one size (23008-12, 6.6.2.3); none is decoded."""
        reader = Reader(memoryview(self._item(number).data))
        wide = 4 if reader.number(2) & 1 else 2
        rows, columns = reader.number(1) + 1, reader.number(1) + 1
        size = reader.number(wide), reader.number(wide)
        tiles = [self._item(part) for part in self._album.referred(b"dimg", number)]
        _check_size(size, self._limits)
        if len(tiles) != rows * columns or any(tile.kind not in CODECS for tile in tiles):
            raise Refusal(Reason.BROKEN)
        if len({_size(tile) for tile in tiles}) > 1 or any(tile.find(name) for tile in tiles for name in _CHANGES):
            raise Refusal(Reason.BROKEN)
        across, down = _size(tiles[0])
        # Tiles that reach far beyond the picture would be decoded for nothing.
        if not (columns - 1) * across < size[0] <= columns * across or not (rows - 1) * down < size[1] <= rows * down:
            raise Refusal(Reason.BROKEN)
        return size, columns, tiles

    def _tile(self, item: Item, form: str) -> Image.Image:
        """One coded picture. Raises Refusal if it is not of the size that was announced, or there is no time left."""
        if time.monotonic() > self._stop_at:
            raise Refusal(Reason.TIMEOUT)
        size = _size(item)
        _check_size(size, self._limits)
        frame = _decode(self._context(item), item)
        if (frame.width, frame.height) != size:
            raise Refusal(Reason.BROKEN)
        self.is_damaged = self.is_damaged or frame.is_corrupt
        shown = frame.reformat(format=form, dst_color_range=ColorRange.JPEG, threads=1, **_colours(frame, item))
        return Image.fromarray(shown.to_ndarray())

    def _context(self, item: Item) -> VideoCodecContext:
        """The decoder for an item: tiles share one, on one thread."""
        name, configuration = CODECS[item.kind]
        setup = item.find(configuration)
        if setup is None:
            raise Refusal(Reason.BROKEN)
        known = self._contexts.get((item.kind, setup))
        if known is None:
            known = cast("VideoCodecContext", av.CodecContext.create(name, "r"))
            known.extradata = setup
            known.thread_count = 1
            # Left to itself, FFmpeg makes up what is missing of a slice, and does not say so.
            known.options = {"max_pixels": str(self._limits.max_pixels), "err_detect": "explode"}
            self._contexts[item.kind, setup] = known
        return known

    def _is_alpha(self, number: int) -> bool:
        """Whether an item is the transparency of another."""
        item = self._album.items.get(number)
        kind = item.find(b"auxC") if item else None
        return kind is not None and kind[4:].split(b"\0")[0] in _ALPHA

    def _transparent(self, picture: Image.Image, number: int, alpha: int) -> Image.Image:
        """The picture with its alpha, which may be of another size, and may be in its colours already."""
        channel = self._whole(alpha, "gray")
        channel = channel if channel.size == picture.size else channel.resize(picture.size)
        is_weighted = alpha in self._album.referred(b"prem", number)
        return Image.merge("RGBa" if is_weighted else "RGBA", (*picture.split(), channel)).convert("RGBA")

    def _profile(self, number: int) -> bytes | None:
        """The ICC profile of a picture, or of the first of its tiles."""
        sources = [number, *self._album.referred(b"dimg", number)[:1]]
        for item in (self._item(source) for source in sources):
            for name, body in item.properties:
                if name == b"colr" and body[:4] in {b"prof", b"rICC"}:
                    return body[4:]
        return None


def _decode(context: VideoCodecContext, item: Item) -> VideoFrame:
    """The one frame of an item. Raises Refusal if there is none, or not all of it."""
    data = item.data
    if not data:  # FFmpeg would take that for the end of all
        raise Refusal(Reason.BROKEN)
    try:
        frames = [frame for packet in (av.Packet(data), None) for frame in context.decode(packet)]
    except av.error.InvalidDataError:
        raise Refusal(Reason.BROKEN) from None
    finally:
        context.flush_buffers()
    if not frames:
        raise Refusal(Reason.BROKEN)
    return frames[0]


def _size(item: Item) -> tuple[int, int]:
    """The width and height that an item announces. Raises Refusal if it has none."""
    extent = item.find(b"ispe")
    if extent is None:
        raise Refusal(Reason.BROKEN)
    reader = Reader(memoryview(extent))
    reader.full()
    return reader.number(4), reader.number(4)


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    """Refuse more pixels, or a longer side, than the limits allow."""
    width, height = size
    if width * height > limits.max_pixels or max(size) > limits.max_side or min(size) < 1:
        raise Refusal(Reason.DIMENSIONS)


def _colours(frame: VideoFrame, item: Item) -> dict[str, Any]:
    """How the frame's numbers are meant: as the file says, else as the frame, else full range (23000-22, 7.3.6.4)."""
    said: dict[str, Any] = {}
    if not frame.color_range:
        said["src_color_range"] = ColorRange.JPEG
    for name, body in item.properties:
        if name == b"colr" and body[:4] == b"nclx" and len(body) > 10:  # noqa: PLR2004 - 14496-12, 12.1.5
            said["src_color_range"] = ColorRange.JPEG if body[10] & 0x80 else ColorRange.MPEG
            if matrix := _MATRICES.get(int.from_bytes(body[8:10], "big")):
                said["src_colorspace"] = matrix
    return said


def _changed(picture: Image.Image, item: Item) -> Image.Image:
    """The picture cropped, turned and mirrored by its properties, in their order."""
    for name, body in item.properties:
        turn = None
        if name == b"clap":
            picture = _cropped(picture, body)
        elif name == b"irot":
            turn = _TURNS[Reader(memoryview(body)).number(1) & 3]
        elif name == b"imir":
            turn = _FLIPS[Reader(memoryview(body)).number(1) & 1]
        picture = picture if turn is None else picture.transpose(turn)
    return picture


def _cropped(picture: Image.Image, body: bytes) -> Image.Image:
    """What the clean aperture leaves: its size, and its middle's distance from the picture's (14496-12, 12.1.4)."""
    reader = Reader(memoryview(body))
    numbers = [int.from_bytes(reader.take(4), "big", signed=True) for _ in range(8)]
    if min(numbers[1::2]) < 1:
        raise Refusal(Reason.BROKEN)
    width, height, right, below = (top / bottom for top, bottom in zip(numbers[::2], numbers[1::2], strict=True))
    left, upper = round((picture.width - width) / 2 + right), round((picture.height - height) / 2 + below)
    box = (
        max(0, left),
        max(0, upper),
        min(picture.width, left + round(width)),
        min(picture.height, upper + round(height)),
    )
    if box[0] >= box[2] or box[1] >= box[3]:
        raise Refusal(Reason.BROKEN)
    return picture.crop(box)
