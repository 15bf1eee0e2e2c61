"""What is forgotten when: a real database, and a clock that is moved instead of waited for."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import metrics, retention
from bot.settings import Retention
from bot.store.db import Database
from bot.store.expiry import Before, rules
from bot.store.tables import metadata
from bot.store.trusttables import trusted

HOUR, DAY = 3600.0, 24 * 3600.0
NOW = 1_800_000_000.0
KEEP = Retention()

Rows = dict[str, list[dict[str, Any]]]


async def fill(database: Database, rows: Rows) -> None:
    """Put rows into tables; what they leave out and has no default is nought, or no words."""

    async def write(connection: AsyncConnection) -> None:
        for name, some in rows.items():
            table = metadata.tables[name]
            needed = [one for one in table.columns if not one.nullable and one.server_default is None]
            empty = {one.name: one.type.python_type() for one in needed if one.name != "id"}
            for row in some:
                await connection.execute(insert(table).values(**empty | row))

    await database.write(write)


async def counts(database: Database) -> dict[str, int]:
    """How many rows the tables hold that hold any."""
    async with database.read() as connection:
        found = {name: await connection.scalar(select(func.count()).select_from(table)) for name, table in tables()}
    return {name: count for name, count in found.items() if count}


def tables() -> list[tuple[str, Any]]:
    """Every table by name."""
    return list(metadata.tables.items())


def case(number: int, at: float, **facts: Any) -> dict[str, Any]:
    """A case of that age."""
    who = {"chat_id": -1, "incident": f"message:{number}", "kind": "match", "sender_kind": "user", "sender_id": 7}
    return {"id": number, **who, "opened_at": at, **facts}


def strike(number: int, at: float, expires_at: float, **facts: Any) -> dict[str, Any]:
    """A strike given in the case of that number."""
    who = {"chat_id": -1, "sender_id": 7, "incident": f"message:{number}", "case_id": number}
    return {**who, "at": at, "expires_at": expires_at, **facts}


ALONE: list[tuple[str, float, dict[str, Any]]] = [
    ("inbox", 48 * HOUR, {"bot_id": 1, "update_id": 1, "chat_id": -1, "received_at": 0, "payload": "{}", "state": 1}),
    ("outbox", 48 * HOUR, {"key": "a", "chat_id": -1, "method": "sendMessage", "args": "{}", "rank": 3, "state": 2}),
    (
        "seen",
        48 * HOUR,
        {"chat_id": -1, "message_id": 1, "file_unique_id": "a", "sender_kind": "user", "sender_id": 7},
    ),
    ("files", 48 * HOUR, {"file_unique_id": "a"}),
    ("buttons", 48 * HOUR, {"token": "a", "kind": "confirm", "chat_id": -1}),
    ("cases", 90 * DAY, case(1, 0.0)),
    ("reports", 30 * DAY, {"case_id": 1, "reporter_id": 8}),
    ("audit", 365 * DAY, {"code": "report.filed"}),
    ("people", 365 * DAY, {"user_id": 8}),
    ("unreachable", 365 * DAY, {"chat_id": -1, "who": 8}),
]
"""A table, how long its rows are kept by default, and a row without its time."""

TIMES = {
    "inbox": "done_at",
    "outbox": "created_at",
    "seen": "posted_at",
    "files": "seen_at",
    "buttons": "created_at",
    "cases": "opened_at",
    "people": "updated_at",
    "unreachable": "said_at",
}


@pytest.mark.parametrize(("name", "kept", "row"), ALONE, ids=[name for name, *_ in ALONE])
async def test_each_kind_of_row_goes_at_its_time(
    database: Database, name: str, kept: float, row: dict[str, Any]
) -> None:
    """A row stays until its stated time is over, then it goes, and is counted."""
    await fill(database, {name: [row | {TIMES.get(name, "at"): NOW - kept}]})
    before = metrics.REGISTRY.get_sample_value("haechi_forgotten_total", {"table": name}) or 0
    assert await retention.purge(database, KEEP, NOW - 1) == Counter()
    assert await retention.purge(database, KEEP, NOW + 1) == Counter({name: 1})
    assert await counts(database) == {}
    assert metrics.REGISTRY.get_sample_value("haechi_forgotten_total", {"table": name}) == before + 1


async def test_every_time_can_be_set(database: Database) -> None:
    """Each key of [retention] moves its own moment, and nothing else."""
    usual = retention.before(KEEP, NOW)
    for key in Retention.model_fields:
        name, unit = key.rsplit("_", 1)
        moved = retention.before(Retention(**{key: 7}), NOW)
        changed = {one for one in Before.__dataclass_fields__ if getattr(moved, one) != getattr(usual, one)}
        assert changed == {name}
        assert getattr(moved, name) == NOW - 7 * (HOUR if unit == "hours" else DAY)
    assert {rule.table.name for rule in rules(usual)} >= {name for name, *_ in ALONE}
    assert await counts(database) == {}


async def test_a_case_takes_along_what_hangs_on_it(database: Database) -> None:
    """Actions, reports, the card's button and strikes that no longer count go with their case, in one go."""
    await fill(
        database,
        {
            "cases": [case(1, NOW - 91 * DAY), case(2, NOW - 1)],
            "case_actions": [{"case_id": number, "kind": "delete", "at": NOW} for number in (1, 2)],
            "reports": [{"case_id": number, "reporter_id": 8, "at": NOW} for number in (1, 2)],
            "buttons": [
                {"token": str(number), "kind": "case", "chat_id": -1, "case_id": number, "created_at": NOW - 80 * DAY}
                for number in (1, 2)
            ],
            "strikes": [strike(1, NOW - 91 * DAY, NOW - 61 * DAY), strike(2, NOW - 1, NOW + DAY)],
        },
    )
    await retention.purge(database, KEEP, NOW)
    assert await counts(database) == dict.fromkeys(("cases", "case_actions", "reports", "buttons", "strikes"), 1)


@pytest.mark.parametrize("end", ["expires", "lifted"])
async def test_a_strike_that_counts_outlives_the_time_of_its_case(database: Database, end: str) -> None:
    """A case is kept for as long as its strike counts, and goes with it when that expires or is taken back."""
    lifted = NOW + 9 * DAY if end == "lifted" else None
    row = strike(1, NOW - 89 * DAY, NOW + 10 * DAY)
    await fill(database, {"cases": [case(1, NOW - 100 * DAY)], "strikes": [row]})
    await retention.purge(database, KEEP, NOW)
    assert await counts(database) == {"cases": 1, "strikes": 1}
    if lifted:
        table = metadata.tables["strikes"]

        async def lift(connection: AsyncConnection) -> None:
            await connection.execute(table.update().values(lifted_at=lifted))

        await database.write(lift)
    await retention.purge(database, KEEP, NOW + (9 if lifted else 11) * DAY)
    assert await counts(database) == {}


async def test_what_waits_or_is_needed_stays(database: Database) -> None:
    """Updates and calls that are not done, owners of chats, and people who reported lately outlast every time."""
    old = NOW - 4000 * DAY
    update = {"bot_id": 1, "update_id": 1, "chat_id": -1, "received_at": old, "payload": "{}", "state": 0}
    call = {"key": "a", "chat_id": -1, "method": "deleteMessage", "args": "{}", "rank": 0, "created_at": old}
    chat = {"chat_id": -1, "type": "group", "owner_id": 7, "bot_status": "administrator", "added_at": old}
    kept: Rows = {
        "inbox": [update],
        "outbox": [call],
        "chats": [chat],
        "people": [{"user_id": user, "updated_at": old} for user in (7, 8)],
        "reports": [{"case_id": 1, "reporter_id": 8, "at": NOW}],
    }
    await fill(database, kept)
    assert await retention.purge(database, KEEP, NOW) == Counter()
    assert await counts(database) == {name: len(rows) for name, rows in kept.items()}


async def test_trust_is_forgotten_long_after_the_bot_has_left(database: Database) -> None:
    """Names that a chat trusts go when the bot has been away for a year, and not before, however old they are."""
    old, chats = NOW - 800 * DAY, {"here": -1, "lately": -2, "long ago": -3, "never met": -4}
    left = [{"code": "chat.left", "chat_id": -2, "at": NOW - 300 * DAY}]
    known = [{"chat_id": one, "type": "group", "bot_status": "left", "added_at": old} for one in (-2, -3)]
    here = {"chat_id": -1, "type": "group", "bot_status": "member", "added_at": old}
    rows = [{"chat_id": one, "sender_id": 7, "name": "Seven", "at": old} for one in chats.values()]
    lately = {"chat_id": -3, "sender_id": 8, "name": "Eight", "at": NOW - 300 * DAY}
    await fill(database, {"audit": left, "chats": [*known, here], "trusted": [*rows, lately]})
    assert await retention.purge(database, KEEP, NOW) == Counter(trusted=2)
    async with database.read() as connection:
        kept = await connection.execute(select(trusted.c.chat_id, trusted.c.sender_id))
        assert {(row.chat_id, row.sender_id) for row in kept} == {(-1, 7), (-2, 7), (-3, 8)}


async def test_many_rows_go_in_small_transactions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round never holds the writer for more rows than a batch has, and others write in between."""
    monkeypatch.setattr(retention, "BATCH", 10)
    await fill(database, {"audit": [{"code": "report.filed", "at": NOW - 400 * DAY} for _ in range(35)]})
    sizes: list[int] = []
    write = database.write

    async def watched(work: Any) -> Any:
        sizes.append(result := await write(work))
        return result

    monkeypatch.setattr(database, "write", watched)
    assert await retention.purge(database, KEEP, NOW) == Counter(audit=35)
    assert sizes == [10, 10, 10, 5]


async def test_a_round_empties_the_log(database: Database) -> None:
    """What was forgotten does not go on standing in the write-ahead log."""
    word = "sentinel-of-the-round"
    await fill(database, {"audit": [{"code": "report.filed", "detail": word, "at": time.time() - 400 * DAY}]})
    path = database.path
    assert path is not None
    files = [path, path.with_name(f"{path.name}-wal")]
    assert any(word.encode() in one.read_bytes() for one in files)
    await retention.purge(database, KEEP)
    assert not any(word.encode() in one.read_bytes() for one in files)
