"""The scan over a real Telegram, decoders and database: what is searched, remembered, and kept when a file is gone."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from bot.errors import Unscannable
from bot.matching.matcher import Matcher, Scanned
from bot.matching.recipe import Candidate, Findings
from bot.media import pdq
from bot.media.decoder import Decoders
from bot.media.look import DENSE
from bot.model import (
    Entry,
    Fingerprint,
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


def fail(stage: Stage, monkeypatch: pytest.MonkeyPatch, what: str, reason: str) -> None:
    """From now on one part of each close look fails, as it does where a process is stopped at it."""
    decoders = stage.scanner._decoders
    work = getattr(decoders, what)

    async def failing(*arguments: Any, **options: Any) -> Any:
        if what == "fingerprint" and options.get("look") != DENSE:
            return await work(*arguments, **options)
        raise Unscannable(reason)

    monkeypatch.setattr(decoders, what, failing)


def listed(stage: Stage, trust: Trust, *pictures: Image.Image) -> None:
    """A second list, of these pictures."""
    stage.scanner._matcher.put(HashList(2, "second", ListKind.BLOCK, trust, None, "test", SINCE, SINCE))
    codes = [pdq.compute(np.asarray(picture))[0] for picture in pictures]
    stage.scanner._matcher.add([Entry(10 + number, 2, SignalKind.PDQ, code) for number, code in enumerate(codes)])


async def test_a_failed_survey_leaves_what_the_plain_look_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a picture's windows cannot be cut its whole counts: a match stays one, and nothing found is unscannable."""
    listed(stage, Trust.NOTIFY, texture(9))
    fail(stage, monkeypatch, "survey", "timeout")
    verdict = await stage.scanner.scan(await stage.post(texture(9)), is_last_try=False)
    assert (verdict.kind, verdict.match and verdict.match.list_id) == (VerdictKind.MATCH, 2)
    assert verdict.reasons == ("timeout",)
    verdict = await stage.scanner.scan(await stage.post(texture(8)), is_last_try=False)
    assert (verdict.kind, verdict.reasons) == (VerdictKind.UNSCANNABLE, ("timeout",))


async def test_a_clip_that_cannot_be_read_whole_is_judged_by_its_key_frames(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip whose key frames match is a match though the rest of it is broken; it is not fetched for that again."""
    pictures = shots(12)
    listed(stage, Trust.NOTIFY, pictures[0])
    fail(stage, monkeypatch, "fingerprint", "broken")
    post = await stage.post_medium(medium("video", clip(pictures, each=4), filename="clip.mp4"))
    for _ in range(2):
        stage.scanner._recent.clear()
        verdict = await stage.scanner.scan(post, is_last_try=False)
        assert (verdict.kind, verdict.reasons) == (VerdictKind.MATCH, ("broken",))
    assert len(await stage.client.calls("getFile")) == len(post.media)


@pytest.mark.parametrize("reason", ["timeout", "fetch"])
async def test_a_first_close_look_that_fails_is_not_clean(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """What needed no close look before, and cannot be given one where it needs it, is unscannable there, not clean."""
    post = await stage.post(PICTURE)
    assert (await stage.scanner.scan(post, is_last_try=False)).kind is VerdictKind.MATCH
    stage.scanner._matcher.drop_list(1)
    if reason == "fetch":
        await stage.client.fault("getFile", count=None, code=502)
    else:
        fail(stage, monkeypatch, "survey", reason)
    verdict = await stage.scanner.scan(post, is_last_try=True)
    assert (verdict.kind, verdict.reasons) == (VerdictKind.UNSCANNABLE, (reason,))


async def test_a_failed_registration_leaves_what_the_windows_met(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that is near enough by itself is a match, whatever becomes of those that had to be moved about."""
    search = stage.scanner._matcher.search

    def loosely(fingerprint: Fingerprint) -> Findings:
        candidate = Candidate(0, (0.0, 0.0, 64.0, 64.0), 0.0, 0, bytes(32), 1, "half")
        return replace(search(fingerprint), candidates=(candidate,))

    monkeypatch.setattr(stage.scanner._matcher, "search", loosely)
    fail(stage, monkeypatch, "register", "timeout")
    verdict = await stage.scanner.scan(await stage.post(bordered(PICTURE)), is_last_try=False)
    assert (verdict.kind, verdict.match and verdict.match.tier) == (VerdictKind.MATCH, Tier.T2)
    assert verdict.reasons == ("timeout",)
    assert (await stage.scanner.scan(await stage.post(texture(8)), is_last_try=False)).reasons == ("timeout",)
