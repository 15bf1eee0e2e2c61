"""Videos on a list are found by any two of their frames, and never by what unrelated videos share."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from bot.matching.moments import DISTINCT_BITS, MOST_VIEWS, telling
from bot.matching.sequences import COMMON, MOST
from bot.model import Entry, Fingerprint, Frame, ListKind, Match, Part, SignalKind, Tier, Trust
from bot.sequence import MOST_FRAMES, Shown, pack, unpack
from tests.unit.lineup import CHAT, OTHER_CHAT, listed, matcher, picture

PLAIN = bytes(8)


def code(seed: int) -> bytes:
    """A hash far from all others, 128 bits set."""
    bits = [0, 1] * 128
    random.Random(seed).shuffle(bits)  # noqa: S311 - no secret
    return bytes(int("".join(map(str, bits[n : n + 8])), 2) for n in range(0, 256, 8))


def off(value: bytes, bits: int, first: int = 0) -> bytes:
    """`value`, that many bits away, as many set as before if it is an even number."""
    number, ones, zeros = int.from_bytes(value), bits - bits // 2, bits // 2
    places = [*range(first, 256), *range(first)]
    flip_down = [place for place in places if number >> place & 1][:ones]
    flip_up = [place for place in places if not number >> place & 1][:zeros]
    mask: int = sum(1 << place for place in (*flip_down, *flip_up))
    return (number ^ mask).to_bytes(32)


def video(entry_id: int, codes: Sequence[bytes], list_id: int = 1, quality: int = 100) -> Entry:
    """A video entry of a frame a second."""
    frames = [Shown(1000 * second, quality, value) for second, value in enumerate(codes)]
    return Entry(entry_id, list_id, SignalKind.VPDQ, pack(frames))


def posted(codes: Sequence[bytes], *, quality: int = 100, part: Part = Part.WHOLE) -> Fingerprint:
    """A clip with a frame every fifth of a second; each is seen as it is and in seven other ways."""
    frames = [
        Frame((value, *(code(10**6 + n) for n in range(7))), quality, PLAIN, n / 5, part)
        for n, value in enumerate(codes)
    ]
    return Fingerprint(b"c" * 32, b"d" * 16, "mp4", 640, 480, tuple(frames))


def found(made: object, clip: Fingerprint, chat_id: int = CHAT) -> list[Match]:
    """What counts against a clip."""
    matches: list[Match] = made.matches(chat_id, None, clip)  # type: ignore[attr-defined]
    return matches


def in_views(entry_id: int, moments: Sequence[Sequence[bytes]]) -> Entry:
    """A video entry of a moment a second, each in several views."""
    frames = [Shown(1000 * second, 100, value) for second, views in enumerate(moments) for value in views]
    return Entry(entry_id, 1, SignalKind.VPDQ, pack(frames))


MINE = [code(number) for number in range(10)]
NOISE = [code(number) for number in range(100, 130)]


def test_packed_frames_come_back_in_the_order_of_time() -> None:
    """A sequence is the same bytes whatever order its frames were given in, and comes back as it was."""
    frames = [Shown(number * 40, 100 - number, code(number)) for number in range(5)]
    assert unpack(pack(reversed(frames))) == tuple(frames)
    for value in (b"", bytes(36), bytes(38), pack(frames)[:-1], bytes(37 * (MOST_FRAMES + 1))):
        with pytest.raises(ValueError, match="packed frames"):
            unpack(value)


@pytest.mark.parametrize(("bits", "tier"), [(0, Tier.T1), (31, Tier.T1), (32, None)])
def test_two_frames_anywhere_convict(bits: int, tier: Tier | None) -> None:
    """Two different frames of a listed video, wherever they stand in a long clip, are enough, in any order."""
    made = matcher(listed(), video(1, MINE))
    clip = posted([*NOISE[:20], off(MINE[7], bits), *NOISE[20:], off(MINE[2], bits), code(999)])
    assert [match.tier for match in found(made, clip)] == ([tier] if tier is not None else [])


def test_a_frame_alone_is_for_a_person() -> None:
    """One frame of a listed video, in a clip or as a still picture, is never more than a review."""
    made = matcher(listed(), video(1, MINE))
    for one in (posted([*NOISE, MINE[3]]), picture(MINE[3])):
        (match,) = found(made, one)
        assert match.tier is Tier.T3
        assert match.how == "a frame of a listed video"


def test_three_frames_farther_off_remove_and_tell() -> None:
    """Frames that a caption moved up to 40 bits count when there are three of them, and punish nobody."""
    made = matcher(listed(), video(1, MINE))
    assert [match.tier for match in found(made, posted([off(one, 40) for one in MINE[:3]]))] == [Tier.T2]
    assert not found(made, posted([off(one, 40) for one in MINE[:2]]))
    assert not found(made, posted([off(one, 42) for one in MINE]))


def test_a_picture_that_stands_still_is_one_frame() -> None:
    """The same picture, shown again and again on both sides, counts once."""
    card = [off(MINE[0], 2 * (number % 5), first=20 * number) for number in range(8)]
    made = matcher(listed(), video(1, [*card, *MINE[5:]]))
    assert [match.tier for match in found(made, posted([*card, *NOISE]))] == [Tier.T3]


def test_one_moment_is_not_two() -> None:
    """Two parts of one moment of a clip, or one picture near to two of a video's frames, are one frame."""
    between = [off(MINE[0], 22, first=0), off(MINE[0], 22, first=90)]
    made = matcher(listed(), video(1, between))
    clip = posted([MINE[0], *NOISE])
    assert [match.tier for match in found(made, clip)] == [Tier.T3]
    twice = posted([between[0]]), posted([between[1]], part=Part.CROPPED)
    both = Fingerprint(b"c" * 32, b"d" * 16, "mp4", 640, 480, (*twice[0].frames, *twice[1].frames))
    assert [match.tier for match in found(made, both)] == [Tier.T3]


def test_views_of_one_moment_of_an_entry_are_one_frame() -> None:
    """Of a listed moment all and its middle are stored; a clip that shows both of one moment shows one frame."""
    made = matcher(listed(), in_views(1, [MINE[:2], MINE[2:4]]))
    assert [match.tier for match in found(made, posted([*MINE[:2], *NOISE]))] == [Tier.T3]
    for two in ((0, 2), (0, 3), (1, 2), (1, 3)):
        assert [match.tier for match in found(made, posted([MINE[n] for n in two]))] == [Tier.T1]


def test_a_still_card_in_several_views_is_one_frame() -> None:
    """A card that stands still in the listed video is one picture, whichever views of whichever second are met."""
    card = [[off(MINE[0], 10, first=20 * second), off(MINE[1], 10, first=20 * second)] for second in range(4)]
    made = matcher(listed(), in_views(1, [*card, [MINE[5]], [MINE[6]]]))
    seen = [card[0][0], card[1][1], card[2][0], card[3][1]]
    assert [match.tier for match in found(made, posted([*seen, *NOISE]))] == [Tier.T3]
    assert [match.tier for match in found(made, posted([*seen, MINE[5]]))] == [Tier.T1]
    still = [[MINE[0], one[1]] for one in card]
    made = matcher(listed(), in_views(1, [*still, [MINE[5]], [MINE[6]]]))
    assert [match.tier for match in found(made, posted([MINE[0], still[2][1], *NOISE]))] == [Tier.T3]


def test_what_is_common_is_common_in_every_view() -> None:
    """An intro that unrelated videos show convicts nobody by its middle either, which only one list stored."""
    intro = [MINE[:2], MINE[2:4], MINE[4:6]]
    rest = [[code(1000 + number)] for number in range(7)]
    others = [
        video(n + 2, [*(views[0] for views in intro), *(code(2000 + 10 * n + m) for m in range(7))])
        for n in range(COMMON)
    ]
    made = matcher(listed(), in_views(1, [*intro, *rest]), *others)
    assert not found(made, posted([*(views[1] for views in intro), *NOISE]))
    assert [match.tier for match in found(made, posted([rest[0][0], rest[1][0]]))] == [Tier.T1]


def test_the_same_video_in_fewer_views_takes_nothing_away() -> None:
    """Half of a video's moments are half of it, however many views of them another list stored."""
    moments = [[code(6000 + 3 * n), code(6001 + 3 * n), code(6002 + 3 * n)] for n in range(10)]
    longer = [*(views[0] for views in moments[:6]), *(code(7000 + n) for n in range(20))]
    made = matcher(listed(), in_views(1, moments), video(2, longer))
    matches = found(made, posted([views[0] for views in moments[:4]]))
    assert {match.entry_id: match.tier for match in matches} == {1: Tier.T1, 2: Tier.T1}


def test_a_list_without_times_still_convicts() -> None:
    """Where one time is given to more frames than a moment has views, each frame is a moment."""
    frames = [Shown(0, 100, value) for value in MINE[: MOST_VIEWS + 1]]
    made = matcher(listed(), Entry(1, 1, SignalKind.VPDQ, pack(frames)))
    assert [match.tier for match in found(made, posted(MINE[:2]))] == [Tier.T1]


@pytest.mark.parametrize("others", [1, COMMON, 5])
def test_what_unrelated_videos_share_convicts_nobody(others: int) -> None:
    """An intro of several entries says nothing; one of two entries is at most for a person to look at."""
    intro = MINE[:3]
    entries = [video(n + 1, [*intro, *(code(1000 + 10 * n + m) for m in range(7))]) for n in range(others + 1)]
    made = matcher(listed(), *entries)
    tiers = {match.tier for match in found(made, posted([*intro, *NOISE]))}
    assert tiers == ({Tier.T3} if others < COMMON else set())
    (match,) = [one for one in found(made, posted([*intro, code(1000), code(1001)])) if one.tier is Tier.T1]
    assert match.entry_id == 1


def test_the_same_video_listed_again_takes_nothing_away() -> None:
    """Copies of one video on several lists, trimmed or longer, are no unrelated entries."""
    entries = [video(n + 1, MINE[n:]) for n in range(5)] + [video(9, [*MINE, *NOISE])]
    made = matcher(listed(), *entries)
    matches = found(made, posted([*MINE[5:9], *(code(2000 + n) for n in range(30))]))
    assert {match.entry_id for match in matches} == {1, 2, 3, 4, 5, 9}
    assert {match.tier for match in matches} == {Tier.T1}


def test_another_chats_list_cannot_make_a_frame_common() -> None:
    """What a chat's own admins list says nothing about what is common elsewhere."""
    poison = [video(n + 2, [*MINE, *(code(3000 + 50 * n + m) for m in range(40))], list_id=2) for n in range(5)]
    made = matcher(listed(), listed(2, chat_id=OTHER_CHAT), video(1, [*MINE, *NOISE]), *poison)
    assert found(made, posted(MINE))[0].tier is Tier.T1


def test_an_allowed_video_takes_the_weight_of_its_frames() -> None:
    """What an allowed video shows convicts nobody, in that video and in others; the rest of a listed one still does."""
    intro, rest = MINE[:5], MINE[5:]
    made = matcher(listed(), listed(2, ListKind.ALLOW), video(1, MINE), video(2, [*intro, *NOISE[:9]], list_id=2))
    assert not found(made, posted([off(one, 20) for one in intro]))
    assert found(made, posted([*intro, *rest]))[0].tier is Tier.T1


def test_an_allowed_picture_spares_its_frame() -> None:
    """A title card on an allowlist says nothing, also where a listed video shows it."""
    card = Entry(2, 2, SignalKind.PDQ, MINE[0])
    made = matcher(listed(), listed(2, ListKind.ALLOW), video(1, MINE), card)
    assert not found(made, posted([MINE[0], *NOISE]))
    assert found(made, posted([MINE[0], MINE[1], *NOISE]))[0].tier is Tier.T3
    assert found(made, posted([MINE[0], MINE[1], MINE[2], *NOISE]))[0].tier is Tier.T1


def test_plain_frames_say_nothing() -> None:
    """Black frames and frames of low quality are not compared, on neither side."""
    black = [bytes(32), b"\xff" * 32]
    made = matcher(listed(), video(1, [*MINE[:1], *black]), video(2, MINE, quality=49))
    assert not found(made, posted([*black, *NOISE]))
    assert not found(made, posted(MINE, quality=49))
    assert telling(video(1, [MINE[0], *black, MINE[0], off(MINE[0], 8)]).value).codes == (MINE[0],)


def test_lists_that_do_not_count_do_not_convict() -> None:
    """A video entry counts where its list counts, and what it may do is its list's."""
    for one in (listed(trust=Trust.OFF), listed(chat_id=OTHER_CHAT)):
        assert not found(matcher(one, video(1, MINE)), posted(MINE))
    made = matcher(listed(trust=Trust.NOTIFY), video(1, MINE))
    assert found(made, posted(MINE))[0].trust is Trust.NOTIFY
    assert not made.is_settled(CHAT, None, posted(MINE))
    assert matcher(listed(), video(1, MINE)).is_settled(CHAT, None, posted(MINE))
    assert not matcher(listed(), video(1, MINE)).is_settled(CHAT, None, posted(MINE[:1]))


def test_entries_come_and_go() -> None:
    """A video entry matches as soon as it is added, and no more once it is removed, alone or with its list."""
    made = matcher(listed(), video(1, MINE), video(2, [code(4000 + n) for n in range(10)]))
    made.remove([1])
    assert not found(made, posted(MINE))
    assert found(made, posted([code(4000), code(4001)]))
    made.add([video(3, MINE)])
    assert [match.entry_id for match in found(made, posted(MINE))] == [3]
    made.drop_list(1)
    assert not found(made, posted([code(4000), code(4001)]))
    with pytest.raises(ValueError, match="a vpdq entry has a value of the wrong size"):
        made.add([Entry(5, 1, SignalKind.VPDQ, b"secret")])


def test_a_clip_is_judged_against_so_many_entries() -> None:
    """Of more entries than a clip is judged against, those with the most frames in it are."""
    entries = [video(n + 1, [*MINE[: 2 + (n == 30)], *(code(5000 + 20 * n + m) for m in range(2))]) for n in range(31)]
    matches = found(matcher(listed(), *entries), posted(MINE[:4]))
    assert len(matches) <= MOST
    assert 31 in {match.entry_id for match in matches}
    assert DISTINCT_BITS > 8
