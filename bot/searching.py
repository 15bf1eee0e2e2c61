"""The story of a close look: a picture's windows against the lists, and registration. The verdict is not made here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from bot import metrics
from bot.errors import Unscannable
from bot.matching.matcher import Matcher
from bot.matching.recipe import Candidate
from bot.matching.tiers import GOOD_QUALITY
from bot.media import registration
from bot.media.decoder import Decoders, Upload
from bot.media.sniff import PICTURES, STILLS
from bot.model import Evidence, Fingerprint, Searched
from bot.survey import Survey
from bot.timing import Stopwatch


class Searcher:
    """Searches surveyed pictures. `version` tells which entries there are: it changes when any is added."""

    def __init__(self, matcher: Matcher, decoders: Decoders, version: Callable[[], int]) -> None:
        self._matcher = matcher
        self._decoders = decoders
        self._version = version

    def is_current(self, searched: Searched | None) -> bool:
        """Whether no entry was added since."""
        return searched is not None and searched.version == self._version()

    async def search(
        self, fingerprint: Fingerprint, upload: Upload, watch: Stopwatch | None = None
    ) -> tuple[Searched, str | None]:
        """What the windows of a picture meet, and if a decoder process fails at it the reason: then there may be more.

        `upload` is what the picture was read as: its time goes on.
        """
        version, watch = self._version(), watch or Stopwatch()
        with watch.stage("windows"), metrics.SEARCH_SECONDS.labels("windows").time():
            findings = await asyncio.to_thread(self._matcher.search, fingerprint)
        evidence = list(findings.evidence)
        reason = None
        for number, survey in enumerate(fingerprint.surveys):
            if asked := [one for one in findings.candidates if one.survey == number]:
                with watch.stage("registration"), metrics.SEARCH_SECONDS.labels("registration").time():
                    more, failed = await self._register(fingerprint, survey, asked, upload)
                evidence += more
                reason = reason or failed
        return Searched(version, tuple(evidence), capped=findings.capped), reason

    async def _register(
        self, fingerprint: Fingerprint, survey: Survey, asked: list[Candidate], upload: Upload
    ) -> tuple[Iterable[Evidence], str | None]:
        """What registration proved of one survey's windows; if it failed, nothing and the reason."""
        windows = [registration.Candidate(one.box, one.angle, one.turn, one.target) for one in asked]
        try:
            distances = await self._decoders.register(fingerprint, survey, windows, upload)
        except Unscannable as error:
            return (), error.reason
        return self._matcher.registered(fingerprint, asked, distances), None


def is_still(fingerprint: Fingerprint) -> bool:
    """Whether a file is one picture with enough in it to be searched; something transparent may be seen two ways."""
    frames = fingerprint.frames
    is_one = len({frame.at for frame in frames}) == 1 and not fingerprint.sparse
    return is_one and fingerprint.format in PICTURES | STILLS and any(frame.quality >= GOOD_QUALITY for frame in frames)
