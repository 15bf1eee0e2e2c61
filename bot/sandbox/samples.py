"""The benign files that demo and tests post: the canary, stand-ins for listed pictures, and pictures on no list."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from bot.sandbox import bird, clips, moving, ornament, pictures, scenery

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

THUMBNAIL_SIDE = 240  # pixels
CANARY_FILE = Path(__file__).parent.parent / "canary.png"


@dataclass(frozen=True, slots=True)
class Sample:
    """One file to post; `listed` says whether the demo puts its hash on a list.

    `kind` is the Bot API's word for how it is best sent: photo, video, animation, sticker or document.
    """

    name: str
    title: str
    kind: str
    filename: str
    mime: str
    listed: bool
    make: Callable[[], bytes] = field(repr=False)
    face: Callable[[], Image.Image] | None = field(default=None, repr=False)  # a film's first frame

    def data(self) -> bytes:
        """The file's bytes, made when first asked for and then kept."""
        return _made(self.name)

    def thumbnail(self) -> bytes:
        """A small JPEG of the picture or of the film's first frame."""
        if self.face is not None:
            return clips.jpeg(pictures.scaled(self.face(), THUMBNAIL_SIDE))
        found = pictures.thumbnail(self.data(), THUMBNAIL_SIDE)
        return found.data if found else b""


def samples() -> list[Sample]:
    """Every sample, the canary first, listed ones before the others."""
    return list(_CATALOGUE.values())


def sample(name: str) -> Sample:
    """The sample called `name`; KeyError when there is none."""
    return _CATALOGUE[name]


def write_canary() -> None:
    """Paint the canary anew into the package's own file; only needed after `bird` has changed."""
    CANARY_FILE.write_bytes(clips.png(bird.canary()))


@cache
def _made(name: str) -> bytes:
    return _CATALOGUE[name].make()


def _photo(name: str, title: str, paint: Callable[[], Image.Image]) -> Sample:
    make = lambda: clips.jpeg(paint())  # noqa: E731 - a name of its own would only repeat the line
    return Sample(name, title, "photo", f"{name}.jpg", "image/jpeg", name.startswith("listed"), make)


def _sticker(name: str, title: str, paint: Callable[[], Image.Image]) -> Sample:
    make = lambda: clips.webp(paint())  # noqa: E731 - as above
    return Sample(name, title, "sticker", f"{name}.webp", "image/webp", name.startswith("listed"), make)


def _document(name: str, title: str, paint: Callable[[], Image.Image]) -> Sample:
    make = lambda: clips.png(paint())  # noqa: E731 - as above
    return Sample(name, title, "document", f"{name}.png", "image/png", name.startswith("listed"), make)


def _listed_clip() -> bytes:
    return clips.mp4(chain(moving.lighthouse(16), moving.glide(scenery.harbour(), 20), moving.windmill(10)))


def _clean_clip() -> bytes:
    return clips.mp4(chain(moving.balloons(28), moving.glide(ornament.fruit(), 16)))


def _catalogue() -> dict[str, Sample]:
    film, gif = "video/mp4", "image/gif"
    entries = (
        Sample("canary", "Canary", "photo", "canary.png", "image/png", listed=True, make=CANARY_FILE.read_bytes),
        _photo("listed-1", "Mountains at sunset", scenery.mountains),
        _photo("listed-2", "Harbour", scenery.harbour),
        _photo("listed-3", "City at night", scenery.city),
        _photo("listed-4", "Quilt", ornament.quilt),
        Sample(
            "listed-clip",
            "Lighthouse film",
            "video",
            "listed-clip.mp4",
            film,
            listed=True,
            make=_listed_clip,
            face=_lighthouse,
        ),
        Sample("listed-gif", "Windmill", "animation", "listed-gif.gif", gif, listed=True, make=_windmill_gif),
        _sticker("listed-sticker", "Cactus", ornament.cactus),
        _document("listed-document", "Walker's map", ornament.chart),
        _photo("clean-1", "Forest path", scenery.forest),
        _photo("clean-2", "Market fruit", ornament.fruit),
        _photo("clean-3", "Waves", scenery.sea),
        _photo("clean-4", "Tiles", ornament.tiles),
        Sample(
            "clean-clip",
            "Balloon film",
            "video",
            "clean-clip.mp4",
            film,
            listed=False,
            make=_clean_clip,
            face=_balloons,
        ),
        Sample("clean-gif", "Kites", "animation", "clean-gif.gif", gif, listed=False, make=_kites_gif),
        _sticker("clean-sticker", "Reef fish", ornament.fish),
        _document("clean-document", "Pressed leaves", ornament.herbarium),
    )
    return {entry.name: entry for entry in entries}


def _lighthouse() -> Image.Image:
    return next(moving.lighthouse(16))


def _balloons() -> Image.Image:
    return next(moving.balloons(28))


def _windmill_gif() -> bytes:
    return clips.gif(moving.windmill(12))


def _kites_gif() -> bytes:
    return clips.gif(moving.kites(18))


_CATALOGUE = _catalogue()
