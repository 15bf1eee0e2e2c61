"""People who ask to be forgotten: every column and every byte of a real database is searched for them."""

from __future__ import annotations

import random
import time
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls
from bot.erasure import Eraser
from bot.store import dossier, erasure
from bot.store import outbox as queue
from bot.store import reports as store
from bot.store.db import Database
from bot.store.erasure import IMPERSONAL, TREATED
from bot.store.fedtables import fed_bans
from bot.store.reporttables import reports
from bot.store.shares import COUNT
from bot.store.tables import audit, cases, inbox, metadata, outbox, seen
from tests.contract import arrivals, sentinel
from tests.contract import casework as work
from tests.contract.sentinel import NAME, PERSON, WORD


def path_of(database: Database) -> Path:
    """The database's file."""
    assert database.path is not None
    return database.path


async def ask(database: Database) -> None:
    """The person asks to be forgotten."""
    await database.write(lambda connection: erasure.ask(connection, PERSON, NAME))


def test_every_table_is_thought_of() -> None:
    """A table that is new is either erased from or said to hold nothing of people."""
    assert set(metadata.tables) == TREATED | IMPERSONAL
    assert not TREATED & IMPERSONAL


async def test_nothing_is_left_of_somebody_with_no_strikes(database: Database) -> None:
    """After erasing, no column holds the person's number or name, and no byte of the database, its log or index."""
    await sentinel.live(database)
    path = path_of(database)
    assert set(sentinel.found(path)) == sentinel.EVERYWHERE
    await sentinel.age(database)
    others = await _others(database)
    await ask(database)
    assert await Eraser(database).round()
    assert sentinel.found(path) == {}
    assert sentinel.traces(path.parent) == {}
    assert await _others(database) == others


async def _others(database: Database) -> list[object]:
    """What the others go on seeing: cases, reports and who did what, as far as it is not the person's."""
    async with database.read() as connection:
        kept = await connection.execute(select(cases.c.id, cases.c.kind, cases.c.state, cases.c.strike))
        codes = await connection.execute(select(audit.c.code).order_by(audit.c.id))
        filed = await connection.execute(select(reports.c.case_id).where(reports.c.reporter_id != PERSON))
        updates = await connection.execute(select(inbox.c.update_id))
        return [*map(tuple, kept), *map(tuple, codes), *map(tuple, filed), *map(tuple, updates)]


async def test_no_index_keeps_a_number_that_was_moved(database: Database) -> None:
    """What SQLite leaves behind where it split a page of an index is gone as well, whoever it was of."""
    people = [0x123456789 + number * 0x10001 for number in range(200)]
    path = path_of(database)
    await database.write(partial(_post, people=people))
    theirs = seen.c.sender_id.in_(people)
    await database.write(lambda connection: connection.execute(update(seen).where(theirs).values(sender_id=0)))
    assert await database.truncate_log()
    if not any(person.to_bytes(5) in path.read_bytes() for person in people):
        pytest.skip("this SQLite leaves nothing behind")
    await ask(database)
    assert await Eraser(database).round()
    assert not any(person.to_bytes(5) in path.read_bytes() for person in people)


async def _post(connection: AsyncConnection, people: list[int]) -> None:
    """People post among many others, in chats all over."""
    chance = random.Random(5)  # noqa: S311 - with this one some pages are split where it matters
    first, last = people[0], people[-1]
    senders = [one for person in people for one in (person, *(chance.randrange(first, last) for _ in range(9)))]
    rows = [
        {"chat_id": -chance.randrange(500), "message_id": number, "file_unique_id": "u", "sender_kind": "user"}
        | {"sender_id": sender, "posted_at": 0.0}
        for number, sender in enumerate(senders)
    ]
    await connection.execute(seen.insert(), rows)


async def test_what_still_counts_stays_without_a_name_until_it_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strikes that count, open cases and today's limits keep the number alone; when they end it goes by itself."""
    number = await sentinel.live(database)
    path, eraser = path_of(database), Eraser(database)
    await ask(database)
    assert await eraser.round()
    kept = sentinel.found(path)
    assert set(kept) == {
        "appeals.appellant_id",
        "buttons.data",  # the open case's card links to whom it is about
        "cases.sender_id",
        "erasures.user_id",
        "report_blocks.reporter_id",
        "reports.reason",  # what a reporter wrote to the admins of the open case
        "reports.reporter_id",
        "sanctions.who",
        "strikes.sender_id",
    }
    assert await work.strikes(database, PERSON) == 1
    assert (await work.case_of(database, number)).is_open
    async with database.read() as connection:
        left = await erasure.left(connection, PERSON, time.time())
        assert await store.since(connection, PERSON, 0) == 2
    assert (len(left.strikes), left.is_open, left.is_limited) == (1, True, True)
    await database.write(_decide_all)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 31 * 86_400)
    assert await eraser.round()
    assert sentinel.found(path) == {}
    assert sentinel.traces(path.parent) == {}


async def _decide_all(connection: AsyncConnection) -> None:
    """Admins decide every case."""
    await connection.execute(update(cases).values(state="closed"))


async def test_a_ban_of_a_federation_stays_by_number_alone(database: Database) -> None:
    """Somebody whom a federation banned stays banned, and nothing but the number says whom."""
    row = {"fed_id": "f", "sender_id": PERSON, "name": NAME, "reason": NAME, "at": time.time()}

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(fed_bans.insert().values(**row))

    await database.write(write)
    await ask(database)
    await Eraser(database).round()
    assert sentinel.found(path_of(database)) == {"fed_bans.sender_id": 1}


async def test_what_waits_in_a_queue_goes_as_soon_as_it_is_done(database: Database) -> None:
    """Calls and updates that are still to be made are made first; then nothing of them stays either."""
    await sentinel.live(database)
    await sentinel.age(database)

    async def wait(connection: AsyncConnection) -> None:
        await connection.execute(update(outbox).values(state=0))
        await connection.execute(update(inbox).where(inbox.c.update_id == 2).values(state=0))

    await database.write(wait)
    await ask(database)
    eraser = Eraser(database)
    assert not await eraser.round()
    assert {name.rpartition(".")[0] for name in sentinel.found(path_of(database))} == {"erasures", "inbox", "outbox"}
    await sentinel.done(database)
    assert await eraser.round()
    assert sentinel.found(path_of(database)) == {}
    assert sentinel.traces(path_of(database).parent) == {}


async def test_what_comes_after_asking_is_kept(database: Database) -> None:
    """Somebody who comes back after an erasure is known again, and is not erased again."""
    await sentinel.live(database)
    await ask(database)
    await Eraser(database).round()
    await work.report(database, PERSON, message=50)
    await sentinel.age(database)
    await Eraser(database).round()
    async with database.read() as connection:
        assert await erasure.requests(connection) == []


async def test_one_alias_stands_for_one_person_in_the_records(database: Database) -> None:
    """Audit log, cases and lists go on saying that one and the same person acted, and not who."""
    await sentinel.live(database)
    async with database.read() as connection:
        before = list(await connection.execute(select(audit.c.id, audit.c.code).where(audit.c.actor_id == PERSON)))
    await ask(database)
    await Eraser(database).round()
    async with database.read() as connection:
        for number, code in before:
            row = (await connection.execute(select(audit).where(audit.c.id == number))).one()
            assert row.code == code
        query = select(audit.c.actor_id).where(audit.c.id.in_([number for number, _ in before])).distinct()
        aliases = list(await connection.scalars(query))
    assert len(aliases) == 1
    assert aliases[0] < 0


async def test_an_export_holds_everything_of_one_person(database: Database) -> None:
    """The document names every case, strike, report, appeal and act of the person's; nobody else, no open report."""
    number = await sentinel.live(database)
    async with database.read() as connection:
        document = await dossier.of(connection, PERSON)
    assert document["person"][0]["name"] == NAME
    assert [one["case"] for one in document["strikes"]] == [1]
    assert number not in {one["number"] for one in document["cases"]}
    assert {one["kind"] for one in document["cases"]} == {"match", "unscannable", "moderation"}
    assert {one["reason"] for one in document["reports"]} == {f"says {NAME}", "look"}
    assert [(one["text"], one["state"]) for one in document["appeals"]] == [(f"I am {NAME}", "open")]
    assert [one["state"] for one in document["appeals_decided"]] == ["upheld"]
    for part in (
        "decisions",
        "audit",
        "listed",
        "owned_chats",
        "posts",
        "updates",
        "told",
        "lifted_limits",
        "trusted",
        "trust_given",
    ):
        assert document[part], part
    assert NAME in [one["text"] for one in document["told"]]
    text = str(document)
    for secret in (
        "It was not me",
        "Reporter1",
        "Admin",
        "Poster",
        f"{NAME} again",
        str(work.ADMIN),
        "ss" * 16,
        "73" * 16,
    ):
        assert secret not in text, secret
    assert WORD in text


async def test_an_export_has_the_words_under_a_picture(database: Database) -> None:
    """What the bot said to somebody under a picture, such as a summary's chart, is in what they are given."""
    drawn = calls.draw("summary:1", PERSON, f"{WORD} of the week", {"days": []})
    await database.write(lambda connection: queue.put(connection, [drawn]))
    async with database.read() as connection:
        document = await dossier.of(connection, PERSON)
    assert [one["text"] for one in document["told"]] == [f"{WORD} of the week"]


@pytest.mark.parametrize("is_old", [False, True])
async def test_an_export_has_what_was_pressed_and_said_anywhere(database: Database, *, is_old: bool) -> None:
    """What somebody wrote in a group and pressed on a card is theirs to have, also from before shares were kept."""
    author, other = {"id": PERSON, "first_name": NAME}, {"id": PERSON + COUNT, "first_name": "Another"}
    chat = {"id": work.CHAT, "type": "supergroup"}
    raw = [
        {"update_id": 1, "message": {"message_id": 1, "from": author, "chat": chat, "text": "I wrote"}},
        {"update_id": 2, "message": {"message_id": 2, "from": other, "chat": chat, "text": f"You, {PERSON}"}},
        {"update_id": 3, "callback_query": {"id": "1", "from": author, "message": {"chat": chat}, "data": "I press"}},
        {"update_id": 4, "channel_post": {"message_id": 3, "chat": chat, "text": f"About {PERSON}"}},
    ]
    await database.write(lambda connection: arrivals.put(connection, sentinel.BOT, *raw))
    if is_old:
        await database.write(lambda connection: connection.execute(update(inbox).values(share=None)))
    async with database.read() as connection:
        document = await dossier.of(connection, PERSON)
    assert [one["text"] for one in document["updates"]] == ["I wrote", "I press"]


async def test_an_export_of_a_stranger_is_empty(database: Database) -> None:
    """Somebody whom nothing is kept about gets a document that says so, and nothing of others."""
    await sentinel.live(database)
    async with database.read() as connection:
        document = await dossier.of(connection, 5)
    assert not any(value for name, value in document.items() if name not in ("about", "made"))
