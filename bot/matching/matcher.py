"""Fingerprints against lists: what a post matches and what that amounts to. What is done about it is policy's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bot.matching import recipe
from bot.matching.entries import Entries, Numbers, Values
from bot.matching.evidence import agrees, covered, exact, good_frames, near, raised
from bot.matching.sequences import Meeting, grouped, meet
from bot.matching.tiers import PDQ_NEAR, strength
from bot.model import (
    Entry,
    Evidence,
    Fingerprint,
    HashList,
    ListKind,
    Match,
    Searched,
    SignalKind,
    Tier,
    Trust,
    Verdict,
    VerdictKind,
)

QUARANTINED = "in quarantine"
"""How an entry matches that is switched off as a punisher."""

MOST_ACTING = 16
"""Entries of one post whose hits are counted: one picture is listed under four signals."""


Shared = tuple[frozenset[int], Trust]
"""Other chats whose own block lists count in a chat, and the most that they may do there."""

ALONE: Shared = (frozenset(), Trust.OFF)

TRUSTS = tuple(Trust)


@dataclass(frozen=True, slots=True)
class Scanned:
    """One file of a post after the scan.

    `unscannable` is the machine word for why a file that should have been judged could not be. A file with neither
    fingerprint nor reason is judged by its id alone; `partly` says that its thumbnail stands beside it instead.
    """

    file_unique_id: str | None = field(default=None, repr=False)
    fingerprint: Fingerprint | None = None
    unscannable: str | None = None
    partly: bool = False
    searched: Searched | None = None


class _Finding(NamedTuple):
    """One meeting of a file and an entry of a list that applies."""

    evidence: Evidence
    match: Match

    @property
    def order(self) -> tuple[bool, tuple[int, ...], tuple[int, ...], str]:
        """Sorts the best first: blocks before canaries, what may do most, then the nearest; the rest breaks ties."""
        is_canary = self.match.list_kind is ListKind.CANARY
        most, tier, trust = strength(self.match)
        frame = -1 if self.evidence.frame is None else self.evidence.frame
        nearness = self.evidence.distance, self.match.list_id, self.match.entry_id, frame
        return is_canary, (-most, -tier, -trust), nearness, self.evidence.how


class _Weighed(NamedTuple):
    """What counts against one file, best first and each entry once, and whether an allowlist vouches for all of it."""

    findings: list[_Finding]
    is_allowed: bool


class Matcher:
    """All lists and their entries, in memory. Questions may be asked in other threads while lists change."""

    def __init__(self) -> None:
        """Make a matcher without lists: it matches nothing."""
        self._lists: dict[int, HashList] = {}
        self._shared: dict[int, Shared] = {}
        self._entries = Entries()
        self._quarantined: frozenset[int] = frozenset()

    # --- lists ------------------------------------------------------------------------------------

    def put(self, list_: HashList) -> None:
        """Take in a list's name, kind, trust and chat, or a change of them; its entries stay."""
        self._lists[list_.id] = list_

    def share(self, chats: Mapping[int, Shared]) -> None:
        """Take in for each chat whose own block lists count there besides its own, and what they may do at most."""
        self._shared = dict(chats)

    def drop_list(self, list_id: int) -> None:
        """Forget a list and all its entries."""
        self._lists.pop(list_id, None)  # from here on it matches no more
        self._entries.remove(self._entries.of_list(list_id))

    def add(self, entries: Iterable[Entry]) -> None:
        """Take in entries; they match as soon as this returns, if their list is known.

        An id names one signal for good: an entry whose id is known changes nothing.
        Raises ValueError, and takes none, when a value has not the size of its kind.
        """
        self._entries.add(entries)

    def add_bulk(
        self,
        kind: SignalKind,
        ids: Numbers,
        list_ids: int | Numbers,
        values: Values,
        *,
        categories: str | Iterable[str] = "",
    ) -> None:
        """Take in entries of one kind by columns, as `add` does: about a second for a million PDQ hashes.

        `list_ids` is one list for all or one for each, `categories` likewise; `values` are bytes or the rows of an
        array of bytes.
        """
        self._entries.add_bulk(kind, ids, list_ids, values, categories=categories)

    def remove(self, entry_ids: Iterable[int]) -> None:
        """Forget entries; unknown ids are passed over."""
        self._entries.remove(entry_ids)

    def quarantine(self, entry_ids: Iterable[int]) -> None:
        """From now on have these entries, and no others, match for review only; unknown ids are passed over."""
        self._quarantined = frozenset(entry_ids)

    def compact(self) -> bool:
        """Make searching fast again after large changes; whether there was anything to do.

        A second for a million entries: call it in a background thread after loading, and every minute or so.
        """
        done = [index.compact() for index in (*self._entries.near.values(), self._entries.sequences.frames)]
        return any(done)

    def stats(self) -> dict[int, dict[SignalKind, int]]:
        """How many entries of each kind each list has, by list id."""
        sizes = self._entries.sizes()
        return {list_id: sizes.get(list_id, {}) for list_id in self._lists}

    @property
    def entries(self) -> Entries:
        """The entries of all lists: for whoever loads and saves them."""
        return self._entries

    # --- judging ----------------------------------------------------------------------------------

    def matches(self, chat_id: int, file_unique_id: str | None, fingerprint: Fingerprint | None) -> list[Match]:
        """What counts against one file in a chat, best first; entries that an allowlist suppresses are left out."""
        return [match for match, _ in self.nearest(chat_id, Scanned(file_unique_id, fingerprint))]

    def nearest(self, chat_id: int, file: Scanned) -> list[tuple[Match, int]]:
        """As `matches`, each with the bits between file and entry: for the operator's terminal, never for a log."""
        return [(finding.match, finding.evidence.distance) for finding in self._weigh(chat_id, file).findings]

    def search(self, fingerprint: Fingerprint) -> recipe.Findings:
        """What the windows of a picture meet, in every list: see `recipe.search`. For a thread."""
        return recipe.search(self._entries.near[SignalKind.PDQ], fingerprint.surveys, good_frames(fingerprint))

    def registered(
        self, fingerprint: Fingerprint, candidates: Sequence[recipe.Candidate], distances: Sequence[int]
    ) -> list[Evidence]:
        """What registration proved: see `recipe.registered`."""
        size = len(self._entries.near[SignalKind.PDQ])
        return list(recipe.registered(fingerprint.surveys, candidates, distances, size))

    def is_settled(self, chat_id: int, file_unique_id: str | None, fingerprint: Fingerprint) -> bool:
        """Whether a closer look could not change much: the file is allowed, or may be removed and punished."""
        weighed = self._weigh(chat_id, Scanned(file_unique_id, fingerprint))
        sure = (f.match for f in weighed.findings if f.match.list_kind is ListKind.BLOCK and f.match.tier <= Tier.T1)
        return weighed.is_allowed or any(match.trust not in (Trust.OFF, Trust.NOTIFY) for match in sure)

    def verdict(self, chat_id: int, scanned: Sequence[Scanned]) -> Verdict:
        """What all files of one post amount to: a match, else unscannable if any file is, else clean.

        A file that could not be scanned is clean only if an allowlist names this very upload.
        """
        weighed = [self._weigh(chat_id, file) for file in scanned]
        findings = sorted((f for w in weighed for f in w.findings), key=lambda finding: finding.order)
        reasons = {f.unscannable for f, w in zip(scanned, weighed, strict=True) if f.unscannable and not w.is_allowed}
        best = findings[0].match if findings else None
        return Verdict(
            kind=_kind(best, is_unseen=bool(reasons)),
            match=best,
            partly=any(file.partly for file in scanned),
            reasons=tuple(sorted(reasons)),
            capped=any(file.searched is not None and file.searched.capped for file in scanned),
            entries=_acting(findings),
            others=_others(findings),
        )

    def _weigh(self, chat_id: int, file: Scanned) -> _Weighed:
        """Set what the allowlists vouch for against the rest: they always win.

        A clip's frame that is near an allowed picture vouches for itself, and for the clip only if all frames do:
        otherwise one allowed picture, shown for a second, would let any clip pass.
        """
        found = list(self._findings(chat_id, file))
        vouched = {
            finding.evidence.frame
            for finding in found
            if finding.match.list_kind is ListKind.ALLOW and finding.match.tier <= PDQ_NEAR.tier
        }
        frames = good_frames(file.fingerprint)
        meetings = meet(self._entries.sequences, frames)
        sure = (one for one in meetings if one.distance <= PDQ_NEAR.radius)
        vouched |= {one.frame for one in sure if self._kind_in(chat_id, one.entry_id) is ListKind.ALLOW}
        vouched = covered(frames, vouched)
        is_allowed = None in vouched or bool(frames and frames.keys() <= vouched)
        found += self._sequences(chat_id, [one for one in meetings if one.frame not in vouched])
        best: dict[int, _Finding] = {}
        for finding in sorted(found, key=lambda finding: finding.order):
            is_spared = is_allowed or finding.evidence.frame in vouched
            if finding.match.list_kind is ListKind.CANARY or (
                finding.match.list_kind is ListKind.BLOCK and not is_spared
            ):
                best.setdefault(finding.match.entry_id, finding)
        return _Weighed(list(best.values()), is_allowed)

    def _findings(self, chat_id: int, file: Scanned) -> Iterator[_Finding]:
        """Every meeting with an entry whose list applies in the chat."""
        met = [*exact(self._entries.exact, file.file_unique_id, file.fingerprint)]
        if file.fingerprint:
            met += near(self._entries.near, file.fingerprint)
        if file.searched:
            met += file.searched.evidence
        agreeing = {one.frame for one in met if agrees(one) and self._blocks(chat_id, one.entry_id)}
        yield from self._applying(chat_id, (raised(one, agreeing) for one in met))

    def _sequences(self, chat_id: int, meetings: Iterable[Meeting]) -> Iterator[_Finding]:
        """What the video entries of lists that apply amount to, by all their frames that were met."""
        index = self._entries.sequences
        counting = [one for one in meetings if self._kind_in(chat_id, one.entry_id)]
        for group in grouped(counting):
            judged = index.judge(group, lambda entry_id: self._kind_in(chat_id, entry_id))
            if judged:
                best = judged.best
                evidence = Evidence(best.entry_id, judged.tier, judged.how, best.distance, best.frame)
                yield from self._applying(chat_id, [evidence])

    def _kind_in(self, chat_id: int, entry_id: int) -> ListKind | None:
        """The kind of the entry's list, if that counts in the chat."""
        origin = self._entries.origin(entry_id)
        list_ = self._in_chat(chat_id, origin.list_id) if origin else None
        return list_.kind if list_ else None

    def _blocks(self, chat_id: int, entry_id: int) -> bool:
        """Whether an entry is on a block list that counts in the chat, and not in quarantine."""
        return entry_id not in self._quarantined and self._kind_in(chat_id, entry_id) is ListKind.BLOCK

    def _applying(self, chat_id: int, met: Iterable[Evidence]) -> Iterator[_Finding]:
        """The evidence of entries whose list applies in the chat."""
        for evidence in met:
            origin = self._entries.origin(evidence.entry_id)
            list_ = self._in_chat(chat_id, origin.list_id) if origin else None
            if origin and list_:
                weighed = self._calmed(evidence) if list_.kind is ListKind.BLOCK else evidence
                is_calmed = weighed is not evidence
                yield _Finding(weighed, _match(weighed, _doubted(list_) if is_calmed else list_, origin.category))

    def _in_chat(self, chat_id: int, list_id: int) -> HashList | None:
        """A list as it counts in a chat: another chat's block list may do there what was agreed; None: not at all."""
        list_ = self._lists.get(list_id)
        if list_ is None or list_.trust is Trust.OFF or list_.chat_id in (None, chat_id):
            return list_ if list_ is not None and list_.trust is not Trust.OFF else None
        others, most = self._shared.get(chat_id, ALONE)
        if list_.chat_id not in others or list_.kind is not ListKind.BLOCK:
            return None
        return replace(list_, trust=min(list_.trust, most, key=TRUSTS.index))

    def _calmed(self, evidence: Evidence) -> Evidence:
        """The evidence, for review only if its entry is in quarantine."""
        if evidence.entry_id not in self._quarantined:
            return evidence
        return evidence._replace(tier=Tier.T3, how=QUARANTINED)


def _acting(findings: Iterable[_Finding]) -> tuple[int, ...]:
    """The entries of block lists that do more than to ask for a look, surest first, up to `MOST_ACTING`."""
    acting = (
        finding.match.entry_id
        for finding in findings
        if finding.match.list_kind is ListKind.BLOCK
        and finding.match.tier < Tier.T3
        and finding.match.trust not in (Trust.OFF, Trust.NOTIFY)
    )
    return tuple(dict.fromkeys(acting))[:MOST_ACTING]


def _others(findings: Sequence[_Finding]) -> tuple[Match, ...]:
    """The best match of each tier and trust besides the very best: which of them does most is up to a chat's rules."""
    kinds: dict[tuple[Tier, Trust], Match] = {}
    for finding in findings:
        if finding.match.list_kind is ListKind.BLOCK:
            kinds.setdefault((finding.match.tier, finding.match.trust), finding.match)
    return tuple(match for match in kinds.values() if match is not findings[0].match)


def _doubted(list_: HashList) -> HashList:
    """A list as it counts for an entry in quarantine: its matches are told, whatever a chat's rules say."""
    return replace(list_, trust=min(list_.trust, Trust.NOTIFY, key=TRUSTS.index))


def _match(evidence: Evidence, list_: HashList, category: str) -> Match:
    return Match(
        entry_id=evidence.entry_id,
        list_id=list_.id,
        list_name=list_.name,
        list_kind=list_.kind,
        trust=list_.trust,
        category=category,
        tier=evidence.tier,
        how=evidence.how,
    )


def _kind(best: Match | None, *, is_unseen: bool) -> VerdictKind:
    if best is not None:
        return VerdictKind.MATCH if best.list_kind is ListKind.BLOCK else VerdictKind.CANARY
    return VerdictKind.UNSCANNABLE if is_unseen else VerdictKind.CLEAN
