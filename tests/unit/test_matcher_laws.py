"""The matcher's laws, which no list and no post may break: more evidence never means less, and the allowlist wins."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.matching.matcher import Scanned
from bot.matching.tiers import strength
from bot.model import Entry, Fingerprint, Frame, ListKind, SignalKind, Trust, Verdict, VerdictKind
from tests.unit.lineup import CHAT, OTHER_CHAT, flipped, judged, listed, matcher, turned

LISTS = [
    listed(list_id, kind, trust, chat_id)
    for list_id, (kind, trust, chat_id) in enumerate(
        [
            (ListKind.BLOCK, Trust.BAN, None),
            (ListKind.BLOCK, Trust.NOTIFY, CHAT),
            (ListKind.BLOCK, Trust.OFF, None),
            (ListKind.BLOCK, Trust.BAN, OTHER_CHAT),
            (ListKind.CANARY, Trust.DELETE, None),
            (ListKind.ALLOW, Trust.NOTIFY, CHAT),
        ]
    )
]
BASES = [b"\x5a" * 32, b"\x0f" * 32]
near_codes = st.builds(flipped, st.sampled_from(BASES), st.sampled_from([0, 7, 31, 32, 40, 41]))
frames = st.builds(
    lambda code, quality, at: Frame(turned(code), quality, code[:8], at),
    near_codes,
    st.sampled_from([10, 50, 99]),
    st.sampled_from([0.0, 12.5]),
)
fingerprints = st.builds(
    lambda sha256, md5, shown: Fingerprint(sha256 * 32, md5 * 16, "jpeg", 1, 1, tuple(shown)),
    st.sampled_from([b"s", b"t"]),
    st.sampled_from([b"m", b"n"]),
    st.lists(frames, max_size=3),
)
files = st.one_of(
    st.builds(Scanned, st.sampled_from(["u", "v", None]), fingerprints),
    st.builds(Scanned, st.sampled_from(["u", "v", None]), st.none(), st.sampled_from(["broken", "large"])),
)
signals = st.one_of(
    st.tuples(st.just(SignalKind.PDQ), near_codes),
    st.tuples(st.just(SignalKind.PHASH), near_codes.map(lambda code: code[:8])),
    st.tuples(st.just(SignalKind.SHA256), st.sampled_from([b"s" * 32, b"t" * 32])),
    st.tuples(st.just(SignalKind.MD5), st.sampled_from([b"m" * 16, b"n" * 16])),
    st.tuples(st.just(SignalKind.FILE), st.sampled_from([b"u", b"v"])),
)


@st.composite
def entries(draw: st.DrawFn, kinds: tuple[ListKind, ...]) -> list[Entry]:
    """Entries on lists of the given kinds."""
    list_ids = st.sampled_from([list_.id for list_ in LISTS if list_.kind in kinds])
    rows = draw(st.lists(st.tuples(list_ids, signals), max_size=8))
    return [Entry(number, list_id, kind, value) for number, (list_id, (kind, value)) in enumerate(rows)]


def weight(verdict: Verdict) -> tuple[int, tuple[int, ...]]:
    """How much a verdict weighs: its kind, then what its match may do."""
    kinds = [VerdictKind.CLEAN, VerdictKind.UNSCANNABLE, VerdictKind.CANARY, VerdictKind.MATCH]
    return kinds.index(verdict.kind), strength(verdict.match) if verdict.match else (0, 0, 0)


@given(entries((ListKind.BLOCK, ListKind.CANARY, ListKind.ALLOW)), st.lists(files, max_size=3), files)
def test_another_file_never_lowers_the_verdict(known: list[Entry], post: list[Scanned], more: Scanned) -> None:
    """A post with one more file in it is judged at least as severely."""
    made = matcher(*LISTS, *known)
    assert weight(made.verdict(CHAT, [*post, more])) >= weight(made.verdict(CHAT, post))


@given(entries((ListKind.BLOCK, ListKind.CANARY, ListKind.ALLOW)), signals, st.lists(files, max_size=3))
def test_another_block_entry_never_lowers_the_verdict(
    known: list[Entry], signal: tuple[SignalKind, bytes], post: list[Scanned]
) -> None:
    """The same post against one more block entry is judged at least as severely."""
    made = matcher(*LISTS, *known)
    before = weight(made.verdict(CHAT, post))
    made.add([Entry(99, LISTS[1].id, *signal)])
    assert weight(made.verdict(CHAT, post)) >= before


@given(entries((ListKind.BLOCK, ListKind.ALLOW)), signals, st.lists(files, max_size=3))
def test_an_allow_entry_never_adds_a_match(
    known: list[Entry], signal: tuple[SignalKind, bytes], post: list[Scanned]
) -> None:
    """An entry on the allowlist only ever takes away from what counts against a post."""
    made = matcher(*LISTS, *known)
    before = [made.matches(CHAT, file.file_unique_id, file.fingerprint) for file in post]
    made.add([Entry(99, LISTS[5].id, *signal)])
    after = [made.matches(CHAT, file.file_unique_id, file.fingerprint) for file in post]
    for was, left in zip(before, after, strict=True):
        assert {match.entry_id for match in left} <= {match.entry_id for match in was}


@given(entries((ListKind.BLOCK,)), fingerprints)
def test_the_exact_file_allowed_is_clean_whatever_is_blocked(known: list[Entry], shown: Fingerprint) -> None:
    """No block entry, of any kind on any list, outweighs the allowed file itself."""
    allow = Entry(99, LISTS[5].id, SignalKind.SHA256, shown.sha256)
    assert judged(matcher(*LISTS, *known, allow), shown) == Verdict(VerdictKind.CLEAN)


@given(entries((ListKind.BLOCK, ListKind.CANARY, ListKind.ALLOW)), st.lists(files, max_size=3))
def test_lists_that_do_not_apply_change_nothing(known: list[Entry], post: list[Scanned]) -> None:
    """A list that is off or another chat's might as well not be there."""
    apply = {list_.id for list_ in LISTS if list_.chat_id in (None, CHAT) and list_.trust is not Trust.OFF}
    few = matcher(*LISTS, *(entry for entry in known if entry.list_id in apply))
    assert matcher(*LISTS, *known).verdict(CHAT, post) == few.verdict(CHAT, post)


@given(
    entries((ListKind.BLOCK, ListKind.CANARY, ListKind.ALLOW)),
    st.lists(files, max_size=3),
    st.randoms(use_true_random=False),
)
def test_order_does_not_matter(known: list[Entry], post: list[Scanned], random: Random) -> None:
    """Entries and files in another order give the same verdict."""
    shuffled, mixed = list(known), list(post)
    random.shuffle(shuffled)
    random.shuffle(mixed)
    assert matcher(*LISTS, *shuffled).verdict(CHAT, mixed) == matcher(*LISTS, *known).verdict(CHAT, post)
