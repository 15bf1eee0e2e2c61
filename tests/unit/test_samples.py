"""Promises of the sandbox's samples: the same every time, rich enough to hash, and far from each other."""

from __future__ import annotations

import io
from itertools import combinations

import av
import httpx
import numpy as np
import pytest
from PIL import Image, ImageSequence
from starlette.applications import Starlette

from bot.media.hashes import distance
from bot.media.pdq import compute
from bot.sandbox import bird, samples, samples_routes

STILL = [s.name for s in samples.samples() if s.kind != "video"]
MOVING = [s.name for s in samples.samples() if s.kind == "video"]


def pdq(image: Image.Image) -> tuple[bytes, int]:
    """The PDQ hash and quality of `image`, reduced first to keep the tests fast."""
    small = image.convert("RGB").resize((320, 240), Image.Resampling.BOX)
    return compute(np.asarray(small))


def frames(data: bytes) -> list[Image.Image]:
    """Every frame of a clip."""
    with av.open(io.BytesIO(data), "r") as container:
        return [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", ["listed-1", "clean-2", "listed-gif", "clean-sticker"])
def test_same_bytes_every_time(name: str) -> None:
    """Making a sample twice gives the same bytes."""
    sample = samples.sample(name)
    assert sample.make() == sample.data()


def test_still_samples_are_rich_and_far_apart() -> None:
    """Every still sample has PDQ quality of at least 80, and any two are over 62 bits apart."""
    hashed = {name: pdq(Image.open(io.BytesIO(samples.sample(name).data()))) for name in STILL}
    poor = {name: quality for name, (_, quality) in hashed.items() if quality < 80}
    near = [(a, b) for a, b in combinations(hashed, 2) if distance(hashed[a][0], hashed[b][0]) <= 62]
    assert (poor, near) == ({}, [])


@pytest.mark.parametrize("name", MOVING)
def test_clips_can_be_decoded(name: str) -> None:
    """A sample clip is a film of 3 to 5 seconds whose frames are rich enough to hash."""
    shots = frames(samples.sample(name).data())
    assert 36 <= len(shots) <= 60
    assert min(pdq(shot)[1] for shot in shots[::6]) >= 80


def test_clips_look_the_same_every_time() -> None:
    """Making a clip twice gives the same frames, as far as PDQ sees them."""
    first, second = frames(samples.sample("listed-clip").data()), frames(samples.sample("listed-clip").make())
    drift = [distance(pdq(a)[0], pdq(b)[0]) for a, b in zip(first[::8], second[::8], strict=True)]
    assert max(drift) <= 8


def test_listed_clip_shows_a_listed_picture() -> None:
    """The listed clip holds a shot of a listed picture, the clean clip none."""
    wanted = [pdq(Image.open(io.BytesIO(samples.sample(f"listed-{n}").data())))[0] for n in range(1, 5)]

    def nearest(name: str) -> int:
        shots = [pdq(shot)[0] for shot in frames(samples.sample(name).data())]
        return min(distance(shot, hash_) for shot in shots for hash_ in wanted)

    assert nearest("listed-clip") <= 16
    assert nearest("clean-clip") > 62


def test_gifs_move_and_stickers_are_telegrams_size() -> None:
    """Sample GIFs have several frames; sample stickers are 512 pixels wide WebP pictures with a clear ground."""
    for kind in ("listed", "clean"):
        moving = Image.open(io.BytesIO(samples.sample(f"{kind}-gif").data()))
        assert sum(1 for _ in ImageSequence.Iterator(moving)) > 8
        sticker = Image.open(io.BytesIO(samples.sample(f"{kind}-sticker").data()))
        assert (sticker.format, sticker.size, sticker.mode) == ("WEBP", (512, 512), "RGBA")


def test_canary_file_is_the_painted_canary() -> None:
    """The canary that ships with the bot is the one `bird` paints, 800 x 600 and under 300 KB."""
    data = samples.sample("canary").data()
    image = Image.open(io.BytesIO(data))
    assert (image.size, image.mode, len(data) < 300_000) == ((800, 600), "RGB", True)
    drift = np.abs(np.asarray(image).astype(int) - np.asarray(bird.canary()).astype(int))
    assert drift.mean() < 1


async def test_shelf_lists_every_sample_with_its_bytes() -> None:
    """The shelf names every sample with kind, mark and address, and a wrong name is answered in words."""
    transport = httpx.ASGITransport(Starlette(routes=samples_routes.routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        shelf = (await client.get("/sandbox/samples")).json()
        answer = await client.get(next(row["url"] for row in shelf if row["name"] == "listed-gif"))
        missing = await client.get("/sandbox/sample/nothing")
    assert [row["name"] for row in shelf] == [s.name for s in samples.samples()]
    assert (answer.headers["content-type"], answer.content) == ("image/gif", samples.sample("listed-gif").data())
    assert (missing.status_code, missing.json()["ok"]) == (404, False)
