"""The story of a scan: every file of a post fetched, fingerprinted and matched. What follows is decided elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

import structlog

from bot import metrics
from bot.errors import NotMedia, TooLarge, Unreachable, Unscannable
from bot.matching.matcher import Matcher, Scanned
from bot.media.decoder import Decoders, Upload
from bot.media.look import DENSE, PLAIN
from bot.media.sniff import HEAD, VIDEOS, is_media, sniff
from bot.model import Fingerprint, MediaKind, MediaPost, MediaRef, Verdict
from bot.searching import Searcher, is_still
from bot.slots import Slots
from bot.store import media
from bot.store.db import Database
from bot.store.media import Known
from bot.telegram.gateway import Gateway

log = structlog.get_logger(__name__)

REMEMBERED = 4_096
"""Files whose fingerprints stay in memory: some 1 kB a frame."""

LIGHT = 16
"""Frames up to which they do; those of a longer clip are read from the database again."""

FEW = 4
"""Frames of a post up to which judging it is no work for another thread: 0.3 ms each, 1 ms with a million entries."""

LARGE = 1 << 18
"""Bytes from which a file counts as large; a photo in the size that is fetched has a tenth of it."""

FILMS = frozenset({MediaKind.VIDEO, MediaKind.ANIMATION, MediaKind.VIDEO_NOTE})

PASSING = frozenset({"fetch", "crash", "timeout", "memory", "breaker"})
"""Reasons that may be gone at the next look, so they are not remembered."""

TELEGRAMS_OWN = frozenset({MediaKind.PHOTO, MediaKind.THUMBNAIL, MediaKind.COVER})
"""Files that Telegram writes itself: no poster chose their bytes, and they are read whatever else the poster sent."""


@dataclass(frozen=True, slots=True)
class Desks:
    """How many files are at each step at once, chats in turn; more of them would only lie in memory.

    A slow film keeps no picture waiting. The close look at pictures has one more than there are decoder processes by
    default, for some of it is done beside them; the plain look has more, so that it comes first where they meet.
    """

    fetch: Slots = field(default_factory=lambda: Slots(16))
    plain: dict[str, Slots] = field(default_factory=lambda: {"image": Slots(8), "video": Slots(2)})
    close: dict[str, Slots] = field(default_factory=lambda: {"image": Slots(3), "video": Slots(2)})
    large: dict[bool, Slots] = field(default_factory=lambda: {False: Slots(2), True: Slots(2)})

    def memory(self, ref: MediaRef, chat_id: int) -> contextlib.AbstractAsyncContextManager[None]:
        """Wait until there is memory for a file: of large ones few are held, films and others apart."""
        if ref.size is not None and ref.size < LARGE:
            return contextlib.nullcontext()
        is_film = ref.kind in FILMS or (ref.mime_type or "").startswith("video/")
        return self.large[is_film].hold(chat_id)


class Scanner:
    """Judges posts. `ready` is set once the lists are loaded: nothing is judged against half a list."""

    def __init__(
        self,
        *,
        database: Database,
        gateway: Gateway,
        decoders: Decoders,
        matcher: Matcher,
        searcher: Searcher,
        ready: asyncio.Event,
        max_file_bytes: int,
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._decoders = decoders
        self._matcher = matcher
        self._searcher = searcher
        self._ready = ready
        self._limit = max_file_bytes
        self._recent: OrderedDict[str, Known] = OrderedDict()
        self._alone: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._desks = Desks()

    async def scan(self, post: MediaPost, *, is_last_try: bool) -> Verdict:
        """Judge a post by all of its files. Raises `Unreachable` unless this is the last try.

        On the last try a file that Telegram does not hand out counts as unscannable: never as clean.
        """
        await self._ready.wait()
        scanned = [await self._look(ref, post, is_last_try=is_last_try) for ref in post.media]
        verdict = await self._verdict(post.ref.chat_id, [one for one in scanned if one is not None])
        metrics.SCANS.labels(verdict.kind.value).inc()
        for reason in verdict.reasons:
            metrics.unscannable(reason)
        return verdict

    async def _verdict(self, chat_id: int, scanned: list[Scanned]) -> Verdict:
        """What the matcher says; of a long clip in a thread, for the event loop would stand still meanwhile."""
        if sum(len(one.fingerprint.frames) for one in scanned if one.fingerprint) <= FEW:
            return self._matcher.verdict(chat_id, scanned)
        return await asyncio.to_thread(self._matcher.verdict, chat_id, scanned)

    async def fingerprints(self, file_unique_ids: list[str]) -> list[tuple[str, Known]]:
        """Return what is known of files that were scanned before."""
        found = []
        async with self._database.read() as connection:
            for unique_id in file_unique_ids:
                known = await media.known(connection, unique_id)
                if known is not None:
                    found.append((unique_id, known))
        return found

    async def _look(self, ref: MediaRef, post: MediaPost, *, is_last_try: bool) -> Scanned | None:
        """Look at one file; None when it is neither a picture nor a video."""
        try:
            known = await self._judged(post, ref, is_last_try=is_last_try)
        except NotMedia:
            return None
        except TooLarge:
            has_preview = any(other.parent == ref.file_unique_id for other in post.media)
            if has_preview or (ref.kind is MediaKind.DOCUMENT and not _looks_visual(ref)):
                return Scanned(ref.file_unique_id, None, None, partly=has_preview)
            return Scanned(ref.file_unique_id, None, "large", partly=False)
        except Unreachable:
            if not is_last_try:
                raise
            return Scanned(ref.file_unique_id, None, "fetch", partly=False)
        has_preview = any(other.parent == ref.file_unique_id for other in post.media)
        if known.reason == "tgs" and has_preview:
            return Scanned(ref.file_unique_id, known.fingerprint, None, partly=True)
        is_damaged = known.fingerprint is not None and known.fingerprint.damaged
        return Scanned(ref.file_unique_id, known.fingerprint, known.reason, partly=is_damaged, searched=known.searched)

    async def _judged(self, post: MediaPost, ref: MediaRef, *, is_last_try: bool) -> Known:
        """What is known of a file once it is looked at closely enough for this chat.

        A file that was seen and cannot be had again is judged by what was seen of it.
        """
        # The same file is looked at once, however many post it at this moment.
        async with self._alone.setdefault(ref.file_unique_id, asyncio.Lock()):
            earlier = await self._known(ref)
            if earlier is not None and not await self._is_open(post.ref.chat_id, ref, earlier):
                return earlier
            poster = None if ref.kind in TELEGRAMS_OWN else post.sender.id
            try:
                known = await self._inspect(post.ref.chat_id, ref, Upload(poster))
            except (Unreachable, TooLarge) as error:
                if earlier is None or (isinstance(error, Unreachable) and not is_last_try):
                    raise
                return _still(earlier, "fetch" if isinstance(error, Unreachable) else "large")
            if earlier is None or known.reason is None or known.reason not in PASSING:
                return known
            return _still(earlier, known.reason)

    async def _known(self, ref: MediaRef) -> Known | None:
        if (known := self._recent.get(ref.file_unique_id)) is not None:
            self._recent.move_to_end(ref.file_unique_id)
            return known
        async with self._database.read() as connection:
            return await media.known(connection, ref.file_unique_id)

    async def _is_open(self, chat_id: int, ref: MediaRef, known: Known) -> bool:
        """Whether a closer look may tell more of a file in this chat than all that was looked at.

        That is so of a clip's key frames, and of a picture that was searched before some entries were added, unless
        the closer look failed for good.
        """
        seen = known.fingerprint
        if (
            seen is None
            or known.reason is not None
            or not (seen.sparse or (is_still(seen) and not self._searcher.is_current(known.searched)))
        ):
            return False
        return not await asyncio.to_thread(self._matcher.is_settled, chat_id, ref.file_unique_id, seen)

    async def _inspect(self, chat_id: int, ref: MediaRef, upload: Upload) -> Known:
        """Fetch and fingerprint a file that was never looked at, or not closely enough for this chat."""
        if ref.size is not None and ref.size > self._limit:
            raise TooLarge("over media.max_file_bytes")
        try:
            async with self._desks.memory(ref, chat_id):
                known = await self._seen(chat_id, ref, upload)
        except Unscannable as error:
            known = Known(_exact(error), error.reason)
        if known.fingerprint is not None:  # the small grey pictures have done their part
            known = replace(known, fingerprint=replace(known.fingerprint, surveys=()))
        if known.reason not in PASSING:
            await self._remember(ref, known)
        return known

    async def _seen(self, chat_id: int, ref: MediaRef, upload: Upload) -> Known:
        """What there is to see in a file: what is cheap of all that wait first, then the rest where it may tell more.

        Raises `Unscannable`, and as the gateway's `fetch` does.
        """
        async with self._desks.fetch.hold(chat_id):
            data = await self._gateway.fetch(ref.file_id, self._limit, is_media)
        started = time.perf_counter()
        sort = "video" if sniff(data[:HEAD]) in VIDEOS else "image"
        async with self._desks.plain[sort].hold(chat_id):
            seen = await self._decoders.fingerprint(data, look=PLAIN, upload=upload)
        known = Known(seen, None)
        if await self._is_open(chat_id, ref, known):
            async with self._desks.close[sort].hold(chat_id):
                known = await self._closer(data, seen, upload)
        metrics.DECODE_SECONDS.labels(sort).observe(time.perf_counter() - started)
        return known

    async def _closer(self, data: bytes, seen: Fingerprint, upload: Upload) -> Known:
        """What a closer look tells: at all frames of a clip, or at a picture's windows.

        Where it fails, the reason stands beside what was seen before: that may match, and else is not clean.
        """
        try:
            if seen.sparse:
                return Known(await self._decoders.fingerprint(data, look=DENSE, upload=upload), None)
            cut = await self._decoders.survey(seen, upload)
        except Unscannable as error:
            return Known(seen, error.reason)
        searched, reason = await self._searcher.search(cut, upload)
        return Known(cut, reason, searched)

    async def _remember(self, ref: MediaRef, known: Known) -> None:
        if known.fingerprint is None or len(known.fingerprint.frames) <= LIGHT:
            self._recent[ref.file_unique_id] = known
        else:
            self._recent.pop(ref.file_unique_id, None)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        await self._database.write(lambda connection: media.keep(connection, ref.file_unique_id, known))


def _exact(error: Unscannable) -> Fingerprint | None:
    """The digests of a file that was fetched and could not be decoded: it may be listed by them all the same."""
    return Fingerprint(*error.digests, format="", width=0, height=0) if error.digests else None


def _still(earlier: Known, reason: str) -> Known:
    """What is known of a file that could not be looked at again, for a reason: that counts if no look was close yet."""
    seen = earlier.fingerprint
    was_close = seen is None or not (seen.sparse or (is_still(seen) and earlier.searched is None))
    return earlier if was_close else replace(earlier, reason=reason)


def _looks_visual(ref: MediaRef) -> bool:
    """Whether a document that cannot be fetched claims to be a picture or a video, or claims nothing."""
    return (ref.mime_type or "image/").startswith(("image/", "video/"))
