"""The scan over a real Telegram, decoders and database: what is searched, remembered, and kept when a file is gone."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from bot.matching.matcher import Matcher, Scanned
from bot.media import pdq
from bot.media.decoder import Decoders
from bot.model import (
    Entry,
    HashList,
    ListKind,
    MediaPost,
    MessageRef,
    Sender,
    SenderKind,
    SignalKind,
    Tier,
    Trust,
    Verdict,
    VerdictKind,
)
from bot.sandbox.client import SandboxClient, medium, photo
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.scan import Scanner
from bot.searching import Searcher
from bot.store.db import Database
from bot.telegram.carriers import media_in
from bot.telegram.gateway import Gateway
from tests.clips import clip, shots
from tests.contract.stage import TOKEN
from tests.tampering import bordered
from tests.texture import encode, texture
from tests.unhurried import UNHURRIED

PICTURE = texture(7)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Stage:
    """A scanner with all that belongs to it, and somebody who posts."""

    client: SandboxClient
    scanner: Scanner
    version: list[int]
    chat: int
    poster: int

    async def post(self, picture: Image.Image) -> MediaPost:
        """Post a picture and take the update that comes of it."""
        return await self.post_medium(photo(encode(picture, "jpeg")))

    async def post_medium(self, posted: dict[str, Any]) -> MediaPost:
        """Post a file of any sort and take the update that comes of it."""
        message = await self.client.post_one(self.poster, self.chat, media=[posted])
        sender = Sender(SenderKind.USER, self.poster, "A member")
        return MediaPost(MessageRef(self.chat, message["message_id"]), sender, SINCE, tuple(media_in(message)))


@pytest_asyncio.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    """A group, a matcher that knows one picture, and a scanner."""
    matcher, version = Matcher(), [1]
    matcher.put(HashList(1, "known", ListKind.BLOCK, Trust.BAN, None, "test", SINCE, SINCE))
    matcher.add([Entry(1, 1, SignalKind.PDQ, pdq.compute(np.asarray(PICTURE))[0])])
    decoders = Decoders(images=1, videos=1, spares=0, limits=UNHURRIED)
    async with Server(World(TOKEN)) as server, SandboxClient(server.url) as client:
        gateway = Gateway(TOKEN, f"{server.url}/bot", f"{server.url}/file/bot")
        await gateway.start()
        await decoders.start()
        searcher = Searcher(matcher, decoders, lambda: version[0])
        ready = asyncio.Event()
        ready.set()
        scanner = Scanner(
            database=database,
            gateway=gateway,
            decoders=decoders,
            matcher=matcher,
            searcher=searcher,
            ready=ready,
            max_file_bytes=20 << 20,
        )
        poster = int((await client.create_user("Mira"))["id"])
        chat = int((await client.create_chat("A group", poster))["id"])
        await client.add_bot(poster, chat, rights=True)
        yield Stage(client, scanner, version, chat, poster)
        await decoders.stop()
        await gateway.stop()


async def test_windows_are_searched_and_forgotten(stage: Stage) -> None:
    """A framed copy is matched by its window; of no picture, match or clean, a grey one stays in memory."""
    framed = await stage.post(bordered(PICTURE))
    verdict = await stage.scanner.scan(framed, is_last_try=False)
    assert (verdict.kind, verdict.match and verdict.match.tier) == (VerdictKind.MATCH, Tier.T2)
    for picture in (texture(8), PICTURE):
        await stage.scanner.scan(await stage.post(picture), is_last_try=False)
    kept = [known.fingerprint for known in stage.scanner._recent.values()]
    assert len(kept) == 3
    assert all(one is not None and one.surveys == () for one in kept)


async def test_a_long_clip_is_judged_beside_the_event_loop(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing the frames of a clip with long lists takes a tenth of a second, in which the bot answers others."""
    judge, threads = stage.scanner._matcher.verdict, []

    def watched(chat_id: int, scanned: Sequence[Scanned]) -> Verdict:
        threads.append(threading.current_thread())
        return judge(chat_id, scanned)

    monkeypatch.setattr(stage.scanner._matcher, "verdict", watched)
    video = await stage.post_medium(medium("video", clip(shots(12), each=4), filename="clip.mp4"))
    for post in (video, await stage.post(PICTURE)):
        await stage.scanner.scan(post, is_last_try=False)
    assert [thread is threading.main_thread() for thread in threads] == [False, True]


async def test_a_scan_looks_for_no_module(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once warm, nothing on the way of a picture is looked for on the disk: a missing module, least of all."""
    looked: list[str] = []

    class Witness:
        """Sees what Python looks for, and finds none of it."""

        def find_spec(self, name: str, *_where: object) -> None:
            looked.append(name)

    await stage.scanner.scan(await stage.post(PICTURE), is_last_try=False)
    post = await stage.post(texture(8))
    monkeypatch.setattr(sys, "meta_path", [Witness(), *sys.meta_path])
    await stage.scanner.scan(post, is_last_try=False)
    monkeypatch.undo()
    assert looked == []


async def test_a_new_entry_makes_a_searched_picture_worth_another_look(stage: Stage) -> None:
    """A picture that came back is not fetched again, but once after the lists have changed."""
    post = await stage.post(texture(8))
    for version, fetched in ((1, 1), (1, 1), (2, 2), (2, 2)):
        stage.version[0] = version
        assert (await stage.scanner.scan(post, is_last_try=False)).kind is VerdictKind.CLEAN
        assert len(await stage.client.calls("getFile")) == fetched


@pytest.mark.parametrize("code", [400, 502])
async def test_what_was_seen_counts_when_the_file_is_gone(stage: Stage, code: int) -> None:
    """A match that cannot be looked at again, for Telegram has the file no more, stays a match on the last try."""
    post = await stage.post(bordered(PICTURE))
    await stage.scanner.scan(post, is_last_try=False)
    stage.version[0] = 2
    await stage.client.fault("getFile", count=None, code=code)
    verdict = await stage.scanner.scan(post, is_last_try=True)
    assert (verdict.kind, verdict.reasons) == (VerdictKind.MATCH, ())
