"""/block and /allow over a real database: what is listed where, what is removed, what stays on record."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from bot import listing
from bot.listing import Listed, Material
from bot.model import Fingerprint, Frame, HashList, ListKind
from bot.store import entries, media
from bot.store.db import Database
from handlers.lists import listed
from tests.contract.casework import CHAT, LOG, acts, audited, case_of, furnish, made, post

ADMIN = (601, "Admin")


def fingerprint(mark: int, *, quality: int = 100) -> Fingerprint:
    """A made-up picture's signals."""
    frame = Frame(tuple(bytes([mark + turn] * 32) for turn in range(8)), quality, bytes([mark] * 8))
    return Fingerprint(bytes([mark] * 32), bytes([mark] * 16), "jpeg", 640, 480, (frame,))


async def put(
    database: Database, material: Material, kind: ListKind, update: int = 1, *, everywhere: bool = False
) -> Listed:
    """List material by an update; replayed, as after a crash."""
    incident = f"update:{update}"
    for _ in range(2):
        done = await database.write(
            lambda connection: listing.put(
                connection,
                material,
                kind,
                by=ADMIN,
                incident=incident,
                everywhere=everywhere,
                reason="a reason " * 20,
            )
        )
    return done


async def lists(database: Database) -> dict[tuple[str, int | None], HashList]:
    """All lists by kind and chat."""
    async with database.read() as connection:
        return {(one.kind.value, one.chat_id): one for one in await entries.all_lists(connection)}


async def test_block_lists_removes_and_records(database: Database) -> None:
    """All four signals are listed for the chat alone, the message is removed once, and a case tells who did it."""
    material = Material(post(), [("unique9", fingerprint(1))])
    assert (await put(database, material, ListKind.BLOCK)).count == 1
    found = await lists(database)
    assert {key: one.size for key, one in found.items()} == {("block", CHAT): 4}
    assert [call.args for call in await made(database, "deleteMessage")] == [{"chat_id": CHAT, "message_id": 9}]
    assert await acts(database) == [("block", ADMIN[0]), ("delete", ADMIN[0])]
    assert {code for code, _, _ in await audited(database)} == {"list.block"}


async def test_a_reason_is_kept_short_with_the_entry(database: Database) -> None:
    """What an admin wrote is the entry's category, cut to what a card can show."""
    await put(database, Material(post(), [("unique9", None)]), ListKind.BLOCK)
    (one,) = (await lists(database)).values()
    async with database.read() as connection:
        rows = [row async for row in entries.rows(connection, one.id)]
    assert [len(row.category) for row in rows] == [64]


async def test_a_whole_album_goes(database: Database) -> None:
    """Every message of the album seen so far is removed with the one that was replied to."""
    for one in (post(number, album="a") for number in (9, 10, 11)):
        await database.write(partial(media.see, post=one))
    material = Material(post(10, album="a"), [(f"unique{number}", fingerprint(number)) for number in (9, 10, 11)])
    assert (await put(database, material, ListKind.BLOCK)).count == 3
    assert sorted(call.args["message_id"] for call in await made(database, "deleteMessage")) == [9, 10, 11]


async def test_allow_takes_off_the_chats_block_list(database: Database) -> None:
    """What is allowed is on the other list only, and nothing is removed."""
    material = Material(post(), [("unique9", fingerprint(1))])
    await put(database, material, ListKind.ALLOW)
    assert await made(database, "deleteMessage") == []
    await put(database, material, ListKind.BLOCK, 2)
    await put(database, material, ListKind.ALLOW, 3)
    assert {key: one.size for key, one in (await lists(database)).items()} == {("block", CHAT): 0, ("allow", CHAT): 4}


async def test_everywhere_is_a_list_of_its_own(database: Database) -> None:
    """A maintainer's entry is on the chat's list and on the one for all chats."""
    await put(database, Material(post(), [("unique9", fingerprint(1))]), ListKind.BLOCK, everywhere=True)
    assert {key: one.size for key, one in (await lists(database)).items()} == {("block", CHAT): 4, ("block", None): 4}


def test_what_is_known_only_exactly_is_counted() -> None:
    """A file that could not be read, and a picture below the quality that PDQ asks for, are counted apart."""
    files = [("a", None), ("b", fingerprint(1)), ("c", fingerprint(2, quality=49)), ("d", fingerprint(3, quality=50))]
    material = Material(post(), files)
    assert (material.unread, material.featureless) == (1, 1)
    assert replace(material, files=[]).featureless == 0


async def test_every_command_has_a_case_and_a_line_in_the_log(database: Database) -> None:
    """/block and /allow of one message are two cases, each with who was listed, by whom and why; no picture goes."""
    await furnish(database)
    material = Material(post(), [("unique9", fingerprint(1))])
    blocked = await put(database, material, ListKind.BLOCK, 1)
    allowed = await put(database, material, ListKind.ALLOW, 2)
    assert blocked.case.id != allowed.case.id
    assert (await case_of(database, allowed.case.id)).reason.startswith("a reason")
    assert ("allow", ADMIN[0]) in await acts(database)
    first, second = await made(database, chat_id=LOG)
    assert first.method == second.method == "sendMessage"
    assert f"<b>Case {blocked.case.id}</b> · The place · " in first.args["text"]
    assert "message removed, media listed — Admin. Reason: a reason" in first.args["text"]
    assert ": media allowed — Admin. Reason: a reason" in second.args["text"]


@pytest.mark.parametrize(("numbers", "words"), [((9,), "the message is"), ((9, 10), "the messages are")])
async def test_the_answer_names_the_case_and_promises_no_more_than_is_so(
    database: Database, numbers: tuple[int, ...], words: str
) -> None:
    """/block says that the removal is under way, for it may fail yet; /allow speaks of no removal."""
    for number in numbers:
        await database.write(partial(media.see, post=post(number, album="a")))
    material = Material(post(9, album="a"), [("unique9", fingerprint(1))])
    done = await put(database, material, ListKind.BLOCK)
    for everywhere in (False, True):
        text = listed("en", material, ListKind.BLOCK, done, everywhere=everywhere)
        assert f"; {words} being removed.\nCase {done.case.id}." in text
    done = await put(database, material, ListKind.ALLOW, 2)
    text = listed("en", material, ListKind.ALLOW, done, everywhere=False)
    assert f"Case {done.case.id}." in text
    assert "removed" not in text
