"""Somebody posts files that hang the decoder, again and again: the chat is served, and nothing of theirs is clean."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from bot.media.breaker import FAILURES
from bot.media.limits import Limits
from bot.media.pdq import compute
from bot.sandbox.client import SandboxClient, medium
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.flow.places import Place, Places
from tests.running import TOKEN, Bot, haechi, running
from tests.texture import encode, texture

SETTINGS = {"HAECHI_MEDIA__IMAGE_WORKERS": "1", "HAECHI_MEDIA__IMAGE_SECONDS": "1"}
"""A bot that gives a picture one second, where a hanging one takes a fast processor five."""


def hanging() -> bytes:
    """A picture within every rule, 49 megapixels in 60 scans of all colours, read twice because its end is missing."""
    data = encode(Image.new("RGB", (7000, 7000), (200, 30, 90)), "jpeg", progressive=True, subsampling=0)
    scan = data[data.index(b"\xff\xda") :]
    scan = scan[: scan.index(b"\xff\xc4")]
    return data[:-2] + scan * (Limits().max_jpeg_scans - data.count(b"\xff\xda"))


def document(data: bytes) -> dict[str, Any]:
    """A picture posted as a file, whose bytes stay as they are."""
    small = encode(texture(60, 64, 48), "jpeg")  # or the sandbox would read the picture itself to make one
    return medium("document", data, filename="picture.jpg", thumbnail=small)


async def post(place: Place, data: bytes, *, as_: int) -> int:
    """Post a picture and wait until it is judged; the number of its message."""
    (message,) = await place.post(media=[document(data)], as_=as_)
    await place.settle()
    return message


async def test_who_posts_hanging_files_is_not_decoded_for_a_while(tmp_path: Path) -> None:
    """After some of them the poster's files count as unscannable at once, never as clean; what is listed still goes.

    So do photos, which Telegram writes; others' files are read as ever, and it is counted.
    """
    known, bomb = encode(texture(61, 640, 480), "jpeg"), hanging()
    altered, pdq = texture(63, 640, 480), compute(np.asarray(texture(63, 640, 480)))[0]
    lines = f"sha256 {hashlib.sha256(known).hexdigest()}\npdq {pdq.hex()}\n"
    (tmp_path / "known.txt").write_text(lines, encoding="utf-8")
    assert (await haechi(tmp_path, "lists", "import", "known.txt", "--trust", "ban"))[0] == 0
    async with (
        Server(World(TOKEN)) as server,
        SandboxClient(server.url) as client,
        running(server.url, tmp_path, **SETTINGS) as bot,
    ):
        place = await Places(client, bot).group()
        for number in range(FAILURES):
            await post(place, bomb + bytes([number]), as_=place.member)
        assert _reasons(place) == ["timeout"] * FAILURES
        clean = encode(texture(62, 640, 480), "jpeg")
        unread = await post(place, clean, as_=place.member)
        assert _reasons(place)[FAILURES:] == ["breaker"]
        assert await place.is_there(unread)  # which the chat's policy of telling the admins leaves
        ((held,),) = place.rows("select id from cases where chat_id=? and reason='breaker'", place.chat)
        await place.command(f"/case {held}")  # the fourth in a minute: one card of all of them stands for its own
        await place.said("for a while they are not read", chat=place.log)
        await place.wait_gone(await post(place, known, as_=place.member))
        await place.wait_gone(await place.post_photo(encode(altered, "jpeg", quality=60), as_=place.member))
        await post(place, clean, as_=place.other)
        assert _reasons(place)[FAILURES:] == ["breaker"]
        assert await _pauses(bot) == 1


def _reasons(place: Place) -> list[str]:
    """Why posts of the chat could not be checked, in order."""
    rows = place.rows("select reason from cases where chat_id=? and kind='unscannable' order by id", place.chat)
    return [str(reason) for (reason,) in rows]


async def _pauses(bot: Bot) -> float:
    """What the bot's own metrics say."""
    async with httpx.AsyncClient() as web:
        text = (await web.get(f"{bot.web}/metrics")).text
    lines = (line for line in text.splitlines() if line.startswith("haechi_decode_pauses_total"))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
