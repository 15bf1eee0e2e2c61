"""Listed clips are found in altered copies of them: real files, made by code, decoded as the bot decodes them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from bot.curation import add_to, signals_of
from bot.lists import files, sync
from bot.lists.formats import write
from bot.matching.matcher import Matcher
from bot.media.images import decode_image
from bot.media.limits import Limits
from bot.media.videos import decode_video
from bot.model import Entry, Fingerprint, Match, Part, SignalKind, Tier
from bot.sequence import unpack
from bot.store import columns, entries, media
from bot.store.db import Database
from bot.store.media import Known
from tests.scenes import RATE, captioned, coded, cropped, film, letterboxed, mirrored, scenery, shot
from tests.texture import animate
from tests.unit.lineup import CHAT, listed, matcher

SIZE = (256, 144)
Pictures = list[Image.Image]


@cache
def mine() -> Pictures:
    """The frames of the listed clip: three shots of two seconds."""
    return list(film(1, shots=3, seconds=2.0, size=SIZE))


@cache
def other() -> Pictures:
    """Two seconds of another clip."""
    return list(film(50, shots=1, seconds=2.0, size=SIZE))


@cache
def moving() -> Pictures:
    """One fast shot of five seconds."""
    return list(shot(scenery(7, (SIZE[0] * 3, SIZE[1] * 3)), 7, 5.0, SIZE))


def seen(data: bytes, *, dense: bool = True, kind: str = "mp4") -> Fingerprint:
    """What a decoder process sees in a clip."""
    until = time.monotonic() + 3600  # however slow the machine is
    if kind == "mp4":
        decoded = decode_video(data, kind, Limits(), until, dense=dense)
    else:
        decoded = decode_image(data, kind, Limits(), until)
    frames, is_sparse = tuple(decoded.frames), decoded.sparse
    return Fingerprint(b"c" * 32, b"d" * 16, kind, decoded.width, decoded.height, frames, sparse=is_sparse)


@cache
def plainly(clip: Callable[[], Pictures]) -> Fingerprint:
    """What is seen in one of the clips as it was made."""
    return seen(coded(clip()))


def entry(fingerprint: Fingerprint, entry_id: int = 1) -> Entry:
    """The entry by which a clip is found when it was altered."""
    kind, value = signals_of(None, fingerprint)[2]
    return Entry(entry_id, 1, kind, value)


@cache
def listing() -> Matcher:
    """Both clips on a list, as `/block` lists them."""
    return matcher(listed(), entry(plainly(mine)), entry(plainly(moving), 2))


def found(data: bytes, *, dense: bool = True) -> list[Match]:
    """What counts against a clip."""
    return listing().matches(CHAT, None, seen(data, dense=dense))


def _each(change: Callable[[Image.Image], Image.Image]) -> Callable[[Pictures], bytes]:
    return lambda frames: coded(map(change, frames))


def _half(frames: Pictures) -> Pictures:
    return frames[len(frames) // 4 : len(frames) * 3 // 4]


def _faster(frames: Pictures) -> Pictures:
    return [frames[int(number * 1.5)] for number in range(int(len(frames) / 1.5))]


COPIES: dict[str, Callable[[Pictures], bytes]] = {
    "coded again": lambda frames: coded(frames, crf=38),
    "resized": _each(lambda frame: frame.resize((192, 108))),
    "trimmed": lambda frames: coded(_half(frames)),
    "sped up": lambda frames: coded(_faster(frames)),
    "in a longer upload": lambda frames: coded([*other(), *frames, *other()]),
    "half a second later": lambda frames: coded(frames[RATE // 2 :]),
    "letterboxed": _each(letterboxed),
    "mirrored": _each(mirrored),
    "captioned": _each(captioned),
    "cropped": _each(cropped),
    "cropped by a twentieth": _each(lambda frame: cropped(frame, 0.05)),
    "cropped by a fifth": _each(lambda frame: cropped(frame, 0.2)),
    "cropped and trimmed": lambda frames: coded(map(cropped, _half(frames)), crf=35),
    "one key frame": lambda frames: coded(frames, g="10000", sc_threshold="0"),
}


IN_ONE_SHOT = ("half a second later", "captioned", *(copy for copy in COPIES if copy.startswith("cropped")))


@pytest.mark.parametrize(("copy", "number"), [*((one, 1) for one in COPIES), *((one, 2) for one in IN_ONE_SHOT)])
def test_altered_copies_of_a_listed_clip_are_found(copy: str, number: int) -> None:
    """A clip in shots, and one of a single moving shot, are removed in whatever copy of them is posted."""
    matches = found(COPIES[copy](mine() if number == 1 else moving()))
    assert [match.entry_id for match in matches] == [number]
    assert matches[0].tier <= Tier.T2


def test_a_fast_shot_with_much_at_its_edges_is_found_without_them() -> None:
    """Of a shot whose edges cannot be guessed from the rest, a copy without them is found as surely as any."""
    frames = list(shot(scenery(7_008, (SIZE[0] * 3, SIZE[1] * 3)), 7_008, 6.0, SIZE))
    made = matcher(listed(), entry(seen(coded(frames))))
    (match,) = made.matches(CHAT, None, seen(coded(map(cropped, frames))))
    assert match.tier is Tier.T1


def test_what_a_listed_copy_was_cropped_from_is_found() -> None:
    """Where the listed clip is the one without its edges, the whole one is found."""
    made = matcher(listed(), entry(seen(coded(map(cropped, moving())))))
    (match,) = made.matches(CHAT, None, plainly(moving))
    assert match.tier is Tier.T1


def test_key_frames_alone_settle_most_copies() -> None:
    """Where a clip has cuts, its key frames alone convict it, and say that a closer look would show more."""
    data = coded(mine(), crf=35)
    keys = seen(data, dense=False)
    assert keys.sparse
    assert len(keys.frames) < len(seen(data).frames)
    assert listing().is_settled(CHAT, None, keys)
    assert not listing().is_settled(CHAT, None, seen(coded(other()), dense=False))


def test_an_unrelated_clip_is_clean() -> None:
    """Another clip meets nothing, however closely it is looked at."""
    assert not listing().matches(CHAT, None, plainly(other))
    assert not found(coded(letterboxed(frame) for frame in other()))


def _card() -> Pictures:
    """A title card that stands still for a second."""
    card = scenery(99, SIZE)
    ImageDraw.Draw(card).text((SIZE[0] / 2, SIZE[1] / 2), "A MAKER", "white", font_size=40, anchor="mm")
    return [card] * RATE


def test_a_title_card_and_black_frames_convict_nobody() -> None:
    """A clip that shares its card and its blackness with a listed one is at most for a person to look at."""
    black = [Image.new("RGB", SIZE)] * (RATE // 2)
    made = matcher(listed(), entry(seen(coded([*black, *_card(), *mine()]))))
    matches = made.matches(CHAT, None, seen(coded([*black, *_card(), *other()])))
    assert all(match.tier is Tier.T3 for match in matches)
    assert not made.matches(CHAT, None, seen(coded([*black, *other(), *black])))
    assert made.matches(CHAT, None, seen(coded([*_card(), *mine()], crf=35)))[0].tier is Tier.T1


def test_an_intro_of_many_videos_convicts_nobody() -> None:
    """A moving intro that three listed videos open with says nothing about a fourth."""
    films = [list(film(60 + number, shots=2, seconds=2.0, size=SIZE)) for number in range(3)]
    intro = moving()[: RATE * 2]
    made = matcher(listed(), *(entry(seen(coded([*intro, *one])), n + 1) for n, one in enumerate(films)))
    assert not made.matches(CHAT, None, seen(coded([*intro, *other()])))
    assert made.matches(CHAT, None, seen(coded([*intro, *films[1]])))[0].entry_id == 2


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_of_a_listed_clip_is_found(kind: str) -> None:
    """A listed video that comes back as a GIF or an animated WebP, ten frames a second, is found."""
    frames = [frame.resize((192, 108)) for frame in mine()[:: RATE // 10]]
    matches = listing().matches(CHAT, None, seen(animate(kind, frames), kind=kind))
    assert [match.tier for match in matches] == [Tier.T1]


def test_a_clip_shows_a_listed_picture() -> None:
    """One moment of a clip near to a listed picture is enough."""
    picture = next(frame for frame in plainly(mine).frames if frame.part is Part.WHOLE and frame.at >= 2)
    made = matcher(listed(), Entry(1, 1, SignalKind.PDQ, picture.pdq[0]))
    (match,) = made.matches(CHAT, None, seen(coded([*other(), *mine()], crf=30)))
    assert match.tier is Tier.T1
    assert match.how.startswith("frame at ")


def test_a_clip_of_one_picture_is_listed_as_that() -> None:
    """A clip in which nothing moves is listed as its picture, and a moving one of seconds as some dozen frames."""
    assert entry(seen(coded(_card()))).kind is SignalKind.PDQ
    one = entry(plainly(moving))
    assert one.kind is SignalKind.VPDQ
    times = sorted({frame.millis for frame in unpack(one.value)})
    assert 8 <= len(times) <= 13
    assert min(later - earlier for earlier, later in pairwise(times)) >= 350


async def _values(database: Database) -> list[tuple[SignalKind, bytes]]:
    async with database.read() as connection:
        return [(one.kind, value) async for piece in columns.load(connection) for one in piece for value in one.each()]


async def test_videos_are_kept_written_read_and_removed(database: Database, tmp_path: Path) -> None:
    """A clip put on a list survives the database, the text formats and back, and leaves the list by its text."""
    fingerprint = plainly(mine)
    wanted = (SignalKind.VPDQ, entry(fingerprint).value)

    async def add(connection: AsyncConnection) -> None:
        await add_to(connection, "clips", [("", fingerprint)])
        await add_to(connection, "clips", [("", fingerprint)])

    await database.write(add)
    assert [value for value in await _values(database) if value[0] is SignalKind.VPDQ] == [wanted]
    async with database.read() as connection:
        one = await entries.find(connection, "clips")
    assert one is not None
    rows = [row async for row in files.rows(database, one.id)]
    for form, suffix in (("csv", "csv"), ("plain", "txt"), ("vpdq", "vpdq")):
        path = tmp_path / f"clips.{suffix}"
        path.write_text("".join(write(rows, form)), encoding="utf-8")  # type: ignore[arg-type]
        assert wanted in [(row.kind, row.value) for row in files.parsed(path)]
        assert (await files.read(database, path, files.Target("clips"))).added == 0
    assert await database.write(lambda connection: entries.remove(connection, one.id, [wanted])) == 1
    assert wanted not in await _values(database)


async def test_what_was_seen_of_a_clip_is_kept(database: Database) -> None:
    """A short clip's frames come back from the database as they were; a long one's as they are and mirrored."""
    for frames, codes in ((other()[:12], 8), (mine(), 2)):
        fingerprint = seen(coded(frames))

        async def keep(connection: AsyncConnection, one: Fingerprint = fingerprint) -> None:
            await media.keep(connection, "file", Known(one, None))

        await database.write(keep)
        async with database.read() as connection:
            known = await media.known(connection, "file")
        assert known is not None
        assert known.fingerprint is not None
        kept = known.fingerprint.frames
        assert [(one.at, one.part, one.pdq[0]) for one in kept] == [
            (one.at, one.part, one.pdq[0]) for one in fingerprint.frames
        ]
        assert {len(one.pdq) for one in kept} == {codes}
        assert kept[0].pdq[-3 if codes == 8 else 1] == fingerprint.frames[0].pdq[5]


async def test_listed_videos_come_back_from_the_saved_index(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start with the file of the index believes it, and finds a listed clip by its frames as before."""
    monkeypatch.setattr(sync, "SAVE_FROM", 1)
    fingerprint = plainly(mine)

    async def add(connection: AsyncConnection) -> None:
        await add_to(connection, "clips", [("", fingerprint)])

    await database.write(add)
    first = sync.ListFeed(database, Matcher(), tmp_path / "index")
    await first.load()
    await first.tidy()
    await first.saved()
    made = Matcher()
    with capture_logs() as logs:
        await sync.ListFeed(database, made, tmp_path / "index").load()
    assert [one["saved"] for one in logs if one["event"] == "lists.loaded"] == [True]
    changed = replace(seen(coded(mirrored(frame) for frame in mine())), sha256=bytes(32), md5=bytes(16))
    assert made.matches(CHAT, None, changed)[0].tier is Tier.T1
