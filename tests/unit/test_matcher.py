"""The matcher's promises: what counts against a file, how surely, on which lists, and what spares it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.matching.matcher import Scanned
from bot.matching.tiers import strength
from bot.model import (
    ActionKind,
    ChatSettings,
    Entry,
    Frame,
    HashList,
    ListKind,
    Match,
    SignalKind,
    Tier,
    Trust,
    Verdict,
    VerdictKind,
)
from bot.policy import Standing, decide
from bot.rules import Rules, TierAction
from tests.unit.lineup import (
    CHAT,
    OTHER_CHAT,
    PHASH,
    PICTURE,
    clip,
    flipped,
    judged,
    listed,
    matcher,
    pdq,
    picture,
    turned,
)

# --- tiers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distance", "tier"), [(0, Tier.T1), (31, Tier.T1), (32, Tier.T3), (40, Tier.T3), (41, None), (256, None)]
)
def test_pdq_tiers(distance: int, tier: Tier | None) -> None:
    """Up to 31 bits may punish, up to 40 a person looks, beyond is nothing."""
    matches = matcher(listed(), pdq(1, distance)).matches(CHAT, None, picture())
    assert [match.tier for match in matches] == ([] if tier is None else [tier])
    assert all(match.how == "full frame" for match in matches)


@pytest.mark.parametrize(("distance", "expected"), [(31, [Tier.T1]), (32, [])])
def test_turned_pictures_match_up_to_31(distance: int, expected: list[Tier]) -> None:
    """A mirrored or turned copy matches like the picture itself, but is not looked at beyond 31 bits."""
    entry = Entry(1, 1, SignalKind.PDQ, flipped(turned(PICTURE)[5], distance))
    matches = matcher(listed(), entry).matches(CHAT, None, picture())
    assert [match.tier for match in matches] == expected
    assert all(match.how == "mirrored or turned" for match in matches)


@pytest.mark.parametrize(("distance", "expected"), [(0, [Tier.T3]), (5, [Tier.T3]), (6, [])])
def test_phash_is_for_review_only(distance: int, expected: list[Tier]) -> None:
    """A pHash within 5 bits is shown to a person, whatever the list's trust."""
    made = matcher(listed(), Entry(1, 1, SignalKind.PHASH, flipped(PHASH, distance)))
    matches = made.matches(CHAT, None, picture(phash=PHASH))
    assert [match.tier for match in matches] == expected
    assert all(match.how == "resembles (pHash)" for match in matches)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([listed(2), pdq(2, 35, list_id=2)], Tier.T2),
        ([listed(2), pdq(2, 41, list_id=2)], Tier.T3),
        ([listed(2, trust=Trust.OFF), pdq(2, 35, list_id=2)], Tier.T3),
        ([listed(2, chat_id=OTHER_CHAT), pdq(2, 35, list_id=2)], Tier.T3),
        ([listed(2, ListKind.CANARY), pdq(2, 35, list_id=2)], Tier.T3),
        ([Entry(2, 1, SignalKind.PHASH, flipped(PHASH, 2))], Tier.T3),
        ([Entry(2, 1, SignalKind.SHA256, b"s" * 32)], Tier.T3),
    ],
    ids=["PDQ agrees", "PDQ is too far", "of a list that is off", "of another chat", "the canary", "pHash", "SHA-256"],
)
def test_phash_is_raised_only_by_pdq(others: list[HashList | Entry], expected: Tier) -> None:
    """A pHash match removes a post when PDQ meets a listed picture in the same frame, and by nothing else."""
    made = matcher(listed(), Entry(1, 1, SignalKind.PHASH, flipped(PHASH, 3)), *others)
    tiers = {match.entry_id: match.tier for match in made.matches(CHAT, None, picture(phash=PHASH))}
    assert tiers[1] is expected


def test_phash_is_raised_in_its_own_frame_alone() -> None:
    """What PDQ meets in one frame of a clip says nothing of another frame."""
    far = bytes(255 - octet for octet in PICTURE)
    frames = Frame(turned(PICTURE), 90, bytes(8), 0.0), Frame(turned(far), 90, PHASH, 1.0)
    made = matcher(listed(), pdq(1), Entry(2, 1, SignalKind.PHASH, PHASH))
    tiers = {match.entry_id: match.tier for match in made.matches(CHAT, None, clip(*frames))}
    assert tiers == {1: Tier.T1, 2: Tier.T3}


def test_an_entry_in_quarantine_raises_no_phash() -> None:
    """An entry that is switched off as a punisher does not make another one punish."""
    made = matcher(listed(), Entry(1, 1, SignalKind.PHASH, PHASH), listed(2), pdq(2, list_id=2))
    made.quarantine([2])
    assert {match.tier for match in made.matches(CHAT, None, picture(phash=PHASH))} == {Tier.T3}


@pytest.mark.parametrize(
    ("kind", "value", "how"),
    [
        (SignalKind.SHA256, b"s" * 32, "exact file"),
        (SignalKind.MD5, b"m" * 16, "exact file"),
        (SignalKind.FILE, b"upload", "same upload"),
    ],
)
def test_exact_signals_are_t0(kind: SignalKind, value: bytes, how: str) -> None:
    """The same bytes or the same upload is the surest match there is."""
    matches = matcher(listed(), Entry(1, 1, kind, value, "ncii")).matches(CHAT, "upload", picture())
    assert [(match.tier, match.how, match.category) for match in matches] == [(Tier.T0, how, "ncii")]


def test_same_upload_needs_no_fingerprint() -> None:
    """A file that cannot be fetched or decoded still matches by Telegram's id."""
    made = matcher(listed(), Entry(1, 1, SignalKind.FILE, b"upload"))
    assert made.matches(CHAT, "upload", None)
    assert judged(made, Scanned("upload", None, "large")).kind is VerdictKind.MATCH


@pytest.mark.parametrize(("quality", "expected"), [(49, 0), (50, 1)])
def test_plain_pictures_match_by_exact_hash_only(quality: int, expected: int) -> None:
    """Below PDQ quality 50 neither PDQ nor pHash counts, and an exact match says why there is no other."""
    made = matcher(listed(), pdq(1), Entry(2, 1, SignalKind.PHASH, PHASH), Entry(3, 1, SignalKind.SHA256, b"s" * 32))
    matches = made.matches(CHAT, None, picture(quality=quality, phash=PHASH))
    assert len(matches) == 1 + 2 * expected
    assert matches[0].how == ("exact file" if expected else "exact file, too plain for a near match")


def test_one_good_frame_of_a_clip_is_enough() -> None:
    """A listed picture shown in a clip is found, with the time; black frames of low quality are not compared."""
    dark = Frame((PICTURE,) * 8, 10, PHASH, 3.0)
    shown = Frame(turned(flipped(PICTURE, 20)), 80, bytes(8), 72.9)
    matches = matcher(listed(), pdq(1)).matches(CHAT, None, clip(dark, shown, dark))
    assert [(match.tier, match.how) for match in matches] == [(Tier.T1, "frame at 1:12")]
    assert matcher(listed(), pdq(1)).matches(CHAT, None, clip(dark, dark)) == []


def test_clips_are_not_reviewed_beyond_31() -> None:
    """A clip has many frames to be mistaken in: 32 to 40 bits count for still pictures only."""
    frames = [Frame(turned(PICTURE), 80, bytes(8), float(at)) for at in range(2)]
    assert matcher(listed(), pdq(1, 35)).matches(CHAT, None, clip(*frames)) == []


def test_each_entry_counts_once_and_the_best_comes_first() -> None:
    """An entry met in many ways is one match, the surest; matches are sorted by what they may do, then nearness."""
    notify = listed(2, trust=Trust.NOTIFY)
    made = matcher(listed(), notify, pdq(1, 20), pdq(2, 3), pdq(3, 36), pdq(4, 0, list_id=2))
    frames = [Frame(turned(PICTURE), 80, bytes(8), float(at)) for at in range(5)]
    assert [match.entry_id for match in made.matches(CHAT, None, clip(*frames))] == [2, 1, 4]
    assert [match.entry_id for match in made.matches(CHAT, None, picture())] == [2, 1, 4, 3]


# --- which lists apply ----------------------------------------------------------------------------


@pytest.mark.parametrize("chat_id", [None, CHAT, OTHER_CHAT])
@pytest.mark.parametrize("trust", Trust)
def test_a_list_applies_in_its_chat_unless_off(chat_id: int | None, trust: Trust) -> None:
    """A list counts everywhere or in its own chat, and not at all when its trust is off."""
    made = matcher(listed(chat_id=chat_id, trust=trust), pdq(1))
    assert bool(made.matches(CHAT, None, picture())) == (chat_id != OTHER_CHAT and trust is not Trust.OFF)


def test_list_facts_change_in_place() -> None:
    """A list's new trust and name count at once for the entries that it has."""
    made = matcher(listed(trust=Trust.OFF), pdq(1))
    assert made.matches(CHAT, None, picture()) == []
    made.put(replace(listed(trust=Trust.DELETE), name="renamed"))
    assert [(m.trust, m.list_name) for m in made.matches(CHAT, None, picture())] == [(Trust.DELETE, "renamed")]


def test_dropped_and_removed_entries_match_no_more() -> None:
    """Removing an entry, or dropping its list, ends its matches and leaves the others."""
    made = matcher(listed(), listed(2), pdq(1), pdq(2), pdq(3, list_id=2), Entry(4, 1, SignalKind.MD5, b"m" * 16))
    made.remove([1, 99])
    assert [match.entry_id for match in made.matches(CHAT, None, picture())] == [4, 2, 3]
    made.drop_list(1)
    assert [match.entry_id for match in made.matches(CHAT, None, picture())] == [3]
    assert made.stats() == {2: {SignalKind.PDQ: 1}}
    made.drop_list(1)
    made.put(listed())
    assert made.stats() == {1: {}, 2: {SignalKind.PDQ: 1}}


def test_adding_again_changes_nothing() -> None:
    """A replay of the same entries leaves one match and one entry."""
    made = matcher(listed(), pdq(1))
    made.add([pdq(1), pdq(1), pdq(2)])
    made.add_bulk(SignalKind.PDQ, [2, 3], 1, [PICTURE, PICTURE])
    assert len(made.matches(CHAT, None, picture())) == 3
    assert made.stats() == {1: {SignalKind.PDQ: 3}}


def test_bulk_equals_one_by_one() -> None:
    """Columns and arrays of every kind end up as the same entries as one by one, compacted or not."""
    random = np.random.default_rng(5)
    for kind, size in ((SignalKind.PDQ, 32), (SignalKind.PHASH, 8), (SignalKind.MD5, 16), (SignalKind.SHA256, 32)):
        codes = random.integers(0, 256, (20, size), dtype=np.uint8)
        bulk, single = matcher(listed(), listed(2)), matcher(listed(), listed(2))
        owners = [1 + number % 2 for number in range(20)]
        bulk.add_bulk(kind, np.arange(20), owners, codes, categories=["a"] * 20)
        single.add(Entry(n, owners[n], kind, codes[n].tobytes(), "a") for n in range(20))
        wanted = picture(codes[7].tobytes().ljust(32), phash=codes[7].tobytes()[:8])
        wanted = replace(wanted, md5=codes[7].tobytes()[:16], sha256=codes[7].tobytes().ljust(32))
        single.remove([3])
        bulk.remove([3])
        assert bulk.compact() == single.compact()
        assert bulk.matches(CHAT, None, wanted) == single.matches(CHAT, None, wanted) != []
        assert bulk.stats() == single.stats()


@pytest.mark.parametrize("kind", list(SignalKind))
def test_values_of_the_wrong_size_are_refused_whole(kind: SignalKind) -> None:
    """An entry whose value cannot be of its kind is an error without the value, and none of the batch is taken."""
    made = matcher(listed())
    good, bad = pdq(1), Entry(2, 1, kind, b"" if kind is SignalKind.FILE else b"secret")
    with pytest.raises(ValueError, match=f"a {kind} entry has a value of the wrong size") as caught:
        made.add([good, bad])
    assert "secret" not in str(caught.value)
    assert made.stats() == {1: {}}
    with pytest.raises(ValueError, match="2 ids for 1 values"):
        made.add_bulk(SignalKind.PDQ, [1, 2], 1, [PICTURE])


# --- allowlists -----------------------------------------------------------------------------------


@pytest.mark.parametrize("chat_id", [None, CHAT, OTHER_CHAT])
@pytest.mark.parametrize(
    ("kind", "value", "wins"),
    [
        (SignalKind.SHA256, b"s" * 32, True),
        (SignalKind.MD5, b"m" * 16, True),
        (SignalKind.FILE, b"upload", True),
        (SignalKind.PDQ, flipped(PICTURE, 31), True),
        (SignalKind.PDQ, turned(PICTURE)[3], True),
        (SignalKind.PDQ, flipped(PICTURE, 32), False),
        (SignalKind.PHASH, PHASH, False),
    ],
)
def test_the_allowlist_wins_when_it_is_sure(chat_id: int | None, kind: SignalKind, value: bytes, wins: bool) -> None:
    """An entry allowed here, exact or within 31 bits, suppresses every block match of the file; a likeness does not."""
    blocks = [pdq(1), Entry(2, 1, SignalKind.SHA256, b"s" * 32), Entry(3, 1, SignalKind.PHASH, PHASH)]
    allow = listed(2, ListKind.ALLOW, Trust.NOTIFY, chat_id)
    made = matcher(listed(), allow, *blocks, Entry(9, 2, kind, value))
    matches = made.matches(CHAT, "upload", picture(phash=PHASH))
    assert bool(matches) == (chat_id == OTHER_CHAT or not wins)
    assert all(match.list_kind is ListKind.BLOCK for match in matches)


def test_an_allowed_frame_does_not_vouch_for_a_clip() -> None:
    """An allowed picture spliced into a clip spares its own frames only; all frames allowed spare the clip."""
    other = b"\x0f" * 32
    allowed, shown = Frame(turned(PICTURE), 80, bytes(8), 0.0), Frame(turned(other), 80, bytes(8), 5.0)
    entries = [pdq(1), Entry(2, 1, SignalKind.PDQ, other), Entry(3, 1, SignalKind.SHA256, b"c" * 32)]
    made = matcher(listed(), listed(2, ListKind.ALLOW), *entries, pdq(9, list_id=2))
    assert [m.entry_id for m in made.matches(CHAT, None, clip(allowed, shown))] == [3, 2]
    assert made.matches(CHAT, None, clip(allowed, allowed)) == []


def test_an_allowed_upload_that_cannot_be_scanned_is_clean() -> None:
    """What an admin allowed by name stays allowed although no decoder can read it."""
    made = matcher(listed(2, ListKind.ALLOW), Entry(9, 2, SignalKind.FILE, b"upload"))
    assert judged(made, Scanned("upload", None, "broken")) == Verdict(VerdictKind.CLEAN)
    assert judged(made, Scanned("other", None, "broken")).kind is VerdictKind.UNSCANNABLE


# --- verdicts -------------------------------------------------------------------------------------


def test_empty_lists_match_nothing() -> None:
    """A matcher without entries finds every scanned post clean."""
    for made in (matcher(), matcher(listed())):
        assert judged(made, picture()) == Verdict(VerdictKind.CLEAN)
        assert made.verdict(CHAT, []) == Verdict(VerdictKind.CLEAN)


def test_unscannable_is_never_clean() -> None:
    """One file that could not be scanned makes the post unscannable, with every reason once; a match goes first."""
    broken, large = Scanned("a", None, "broken"), Scanned("b", None, "large")
    verdict = judged(matcher(), broken, picture(), large, broken)
    assert verdict == Verdict(VerdictKind.UNSCANNABLE, reasons=("broken", "large"))
    verdict = judged(matcher(listed(), pdq(1)), broken, picture())
    assert (verdict.kind, verdict.reasons) == (VerdictKind.MATCH, ("broken",))


def test_partly_is_carried() -> None:
    """A post of which only a thumbnail was seen says so, whatever the verdict."""
    for made in (matcher(), matcher(listed(), pdq(1))):
        assert judged(made, Scanned("a", None, None, partly=True), picture()).partly
        assert not judged(made, picture()).partly


def test_a_canary_is_a_canary_unless_blocked() -> None:
    """The canary picture has a verdict of its own, and is not suppressed; a block match of the same post wins."""
    canary = matcher(listed(5, ListKind.CANARY), pdq(50, list_id=5))
    verdict = judged(canary, picture())
    assert verdict.kind is VerdictKind.CANARY
    assert verdict.match is not None
    assert verdict.match.list_id == 5
    both = matcher(listed(5, ListKind.CANARY), listed(), pdq(50, list_id=5), pdq(1, 36))
    assert judged(both, picture()).kind is VerdictKind.MATCH


def test_matches_do_not_show_entry_or_hash() -> None:
    """What may end up in a log names the list, never the entry or the distance."""
    made = matcher(listed(), pdq(424_242, 17))
    text = repr(made.matches(CHAT, None, picture())) + repr(Scanned("upload", picture()))
    assert not any(secret in text for secret in ("424242", "17", "upload", "ZZ"))


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ((Tier.T0, Trust.NOTIFY), (Tier.T1, Trust.BAN)),
        ((Tier.T3, Trust.BAN), (Tier.T1, Trust.DELETE)),
        ((Tier.T2, Trust.BAN), (Tier.T1, Trust.WARN)),
        ((Tier.T1, Trust.BAN), (Tier.T0, Trust.BAN)),
        ((Tier.T3, Trust.NOTIFY), (Tier.T3, Trust.BAN)),
    ],
)
def test_what_may_do_more_is_stronger(weaker: tuple[Tier, Trust], stronger: tuple[Tier, Trust]) -> None:
    """A match that may do more goes before one that is surer but may do less; then the tier, then the trust decides."""
    first, second = (
        Match(1, 1, "list", ListKind.BLOCK, trust, "", tier, "full frame") for tier, trust in (weaker, stronger)
    )
    assert strength(first) < strength(second)


def test_the_verdict_names_what_other_rules_may_prefer() -> None:
    """Besides the best match a verdict has the best of each tier and trust, for a chat's own rules to choose from."""
    weak = listed(2, trust=Trust.DELETE)
    made = matcher(listed(1), weak, pdq(1, 36, 1), Entry(2, 2, SignalKind.SHA256, b"s" * 32), pdq(3, 5, 2))
    verdict = judged(made, picture())
    assert verdict.match is not None
    assert (verdict.match.tier, verdict.match.trust) == (Tier.T0, Trust.DELETE)
    assert {(one.tier, one.trust) for one in verdict.others} == {(Tier.T1, Trust.DELETE), (Tier.T3, Trust.BAN)}


def test_an_entry_in_quarantine_is_trusted_to_tell() -> None:
    """Whatever a chat chose for a likeness, what is in quarantine is only told of: so far is its list trusted."""
    made = matcher(listed(), pdq(1))
    made.quarantine([1])
    verdict = judged(made, picture())
    assert verdict.match is not None
    assert verdict.match.trust is Trust.NOTIFY
    settings = ChatSettings(-1, rules=Rules(tier_3=TierAction.REMOVE))
    assert [one.kind for one in decide(verdict, Standing.MEMBER, settings, 0).actions] == [ActionKind.NOTIFY]
