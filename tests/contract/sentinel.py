"""One person all over a real database, and a search for them in every column and in every byte of its files."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cases, chatsettings, curation, review
from bot.model import (
    Fingerprint,
    ListKind,
    Match,
    MediaPost,
    MessageRef,
    Sender,
    SenderKind,
    Tier,
    Trust,
    Verdict,
    VerdictKind,
)
from bot.moderation import Deed, Order, Scene, carry_out
from bot.outcome import Call
from bot.policy import Standing
from bot.review import Ruling
from bot.store import appeals, chats, inbox, outbox
from bot.store import cases as records
from bot.store.appeals import State
from bot.store.db import Database
from bot.store.fedtables import fed_admins, fed_bans, fed_chats
from bot.store.reporttables import report_blocks
from bot.store.tables import breakers, hits, pauses, sanctions, strikes
from bot.store.tables import inbox as updates
from bot.store.tables import outbox as calls
from bot.store.telltables import unreachable
from bot.store.trusttables import trusted
from bot.telegram.sorting import arrival
from tests.contract import casework as work

PERSON = 7_310_442_917
WORD = "Zyxwoman"
NAME = f'{WORD} "Q" & Ö'
HANDLE = f"{WORD.lower()}_handle"
BOT = 4242

MEMBER = Sender(SenderKind.USER, PERSON, NAME)
USER = {"id": PERSON, "is_bot": False, "first_name": f'{WORD} "Q"', "last_name": "& Ö"}
GROUP = {"id": work.CHAT, "type": "supergroup", "title": "The place"}
ADMINS = Scene("supergroup", Standing.MEMBER)

EVERYWHERE = {
    "appeals.appellant_id",
    "appeals.by_id",
    "appeals.by_name",
    "appeals.text",
    "audit.actor_id",
    "audit.detail",
    "breakers.lifted_by",
    "breakers.lifted_name",
    "buttons.chat_id",
    "buttons.claimed_by",
    "buttons.data",
    "case_actions.by_id",
    "case_actions.by_name",
    "case_actions.key",
    "cases.reason",
    "cases.sender_id",
    "cases.sender_name",
    "chats.owner_id",
    "entries.added_by",
    "fed_admins.name",
    "fed_admins.user_id",
    "fed_bans.by_id",
    "fed_bans.by_name",
    "fed_chats.joined_by",
    "hits.sender_id",
    "inbox.chat_id",
    "inbox.error",
    "inbox.payload",
    "outbox.after",
    "outbox.args",
    "outbox.chat_id",
    "outbox.key",
    "pauses.chat_id",
    "people.name",
    "people.user_id",
    "people.username",
    "report_blocks.reporter_id",
    "reports.reason",
    "reports.reporter_id",
    "sanctions.who",
    "seen.sender_id",
    "strikes.sender_id",
    "trusted.by_id",
    "trusted.name",
    "trusted.sender_id",
    "unreachable.who",
}
"""Columns in which `live` leaves the person's number or name."""


async def live(database: Database) -> int:
    """The person posts, is punished, reports, is reported, decides and lists; the number of the open case."""
    await work.furnish(database, owner_id=PERSON)
    await database.write(lambda c: chats.greet(c, PERSON, name=NAME, username=HANDLE, language="en", reachable=True))
    await database.write(_posts)
    reported = await work.report(database, 1, message=30, sender=MEMBER, reason=f"{NAME} again")
    await work.report(database, PERSON, message=31, reason=f"says {NAME}")
    await work.report(database, PERSON, message=32, reason="look")
    await work.send_card(database)
    await database.write(_decides)
    await database.write(_appeals)
    await database.write(_writes)
    await database.write(_rest)
    await done(database)
    assert reported.case is not None
    return reported.case.id


async def done(database: Database) -> None:
    """Every update is handled, and every call is made."""

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(update(calls).values(state=outbox.DONE, done_at=time.time()))
        waiting = list(await connection.scalars(select(updates.c.update_id).where(updates.c.state == inbox.PENDING)))
        await inbox.finish(connection, BOT, waiting)

    await database.write(write)


async def age(database: Database) -> None:
    """Strikes run out, cases are decided, and the day is over whose reports and removals count."""
    yesterday = time.time() - 90_000

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(update(strikes).values(expires_at=yesterday))
        for table in ("cases", "reports"):
            values: dict[str, Any] = {"state": "closed"} if table == "cases" else {"at": yesterday}
            await connection.execute(update(strikes.metadata.tables[table]).values(**values))
        await connection.execute(update(sanctions).values(day=sanctions.c.day - 1))
        await connection.execute(update(report_blocks).values(until=yesterday))

    await database.write(write)


def found(path: Path, number: int = PERSON, word: str = WORD) -> dict[str, int]:
    """The columns that hold somebody's number or a word of theirs, each with in how many rows."""
    seen: dict[str, int] = {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        names = [row[0] for row in connection.execute("select name from sqlite_master where type='table'")]
        for name in names:
            cursor = connection.execute(f'select * from "{name}"')  # noqa: S608 - the database's own tables
            columns = [one[0] for one in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    if _is_theirs(value, number, word):
                        seen[f"{name}.{column}"] = seen.get(f"{name}.{column}", 0) + 1
    return seen


def traces(folder: Path, number: int = PERSON, word: str = WORD) -> dict[str, list[str]]:
    """The database's files below a folder in whose bytes somebody's number or a word of theirs stands, in which form.

    A number of 33 bits is five bytes in a column, and five groups of seven bits where it numbers the row.
    """
    groups = [(number >> shift) & 0x7F for shift in (28, 21, 14, 7, 0)]
    forms = {
        "word": word.encode(),
        "word in lower case": word.lower().encode(),
        "number in words": str(number).encode(),
        "number": number.to_bytes(5, "big"),
        "number as a row's": bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]]),
    }
    files = [one for one in sorted(folder.rglob("*")) if one.is_file() and not one.name.endswith(".txt")]
    held = {str(one.name): [form for form, needle in forms.items() if needle in one.read_bytes()] for one in files}
    return {name: some for name, some in held.items() if some}


def _is_theirs(value: Any, number: int, word: str) -> bool:
    if isinstance(value, bytes):
        return word.encode() in value
    return value == number or (isinstance(value, str) and (word.lower() in value.lower() or str(number) in value))


# --- a life ------------------------------------------------------------------------------------------


async def _posts(connection: AsyncConnection) -> None:
    """A listed picture that costs a strike, and one that cannot be checked."""
    match = Match(1, 1, "known", ListKind.BLOCK, Trust.BAN, "abuse", Tier.T0, "exact file")
    for number, verdict in (
        (10, Verdict(VerdictKind.MATCH, match)),
        (11, Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",))),
    ):
        await cases.judge(connection, _post(number), verdict, Standing.MEMBER)


def _post(number: int) -> MediaPost:
    return replace(work.post(number), sender=MEMBER, chat_title="The place")


async def _decides(connection: AsyncConnection) -> None:
    """The person is an admin too: they claim and decide cards, warn somebody, and are warned."""
    by = (PERSON, NAME)
    for message, action in ((31, "dismiss"), (32, "claim")):
        case = await records.find(connection, work.CHAT, f"message:{message}", "report")
        assert case is not None
        button = await records.case_button(connection, case.id)
        assert button is not None
        place = MessageRef(work.LOG, work.CARD)
        await review.rule(connection, Ruling(button, case, action, by, ADMINS, place, f"m{message}"))
    other = Sender(SenderKind.USER, work.POSTER, "Poster")
    await carry_out(connection, Order(Deed.WARN, work.CHAT, other, ADMINS, by, incident="update:1", reason="rude"))
    admin = (work.ADMIN, "Admin")
    for number, reason in ((2, f"{NAME} was rude"), (3, "again")):
        incident = f"update:{number}"
        await carry_out(connection, Order(Deed.MUTE, work.CHAT, MEMBER, ADMINS, admin, incident, reason=reason))
    files = [("unique1", Fingerprint(b"s" * 32, b"m" * 16, "jpeg", 640, 480))]
    await curation.list_files(connection, files, kind=ListKind.BLOCK, chat_id=work.CHAT, by=PERSON)


async def _appeals(connection: AsyncConnection) -> None:
    """The person appeals against the strike of the listed picture, and decides another's appeal."""
    mine = await records.find(connection, work.CHAT, "message:10", "match")
    others = await records.find(connection, work.CHAT, "update:1", "moderation")
    assert mine is not None
    assert others is not None
    later = time.time() + 1_000
    await appeals.file(
        connection, mine.id, appellant_id=PERSON, language="en", text=f"I am {NAME}", until=later, remind_at=later
    )
    await appeals.file(connection, others.id, appellant_id=work.POSTER, text="It was not me", until=later)
    await appeals.close(connection, others.id, State.UPHELD, by=(PERSON, NAME))


async def _writes(connection: AsyncConnection) -> None:
    """Updates of the person's and about them, one of which could not be handled."""
    message = {"message_id": 5, "date": 1, "chat": GROUP, "from": USER, "text": "hello"}
    private = {**message, "chat": {"id": PERSON, "type": "private", "first_name": WORD}}
    about = {**message, "from": {"id": 9, "is_bot": False, "first_name": "A"}, "reply_to_message": message}
    hidden = {**message, "from": {"id": 9}, "forward_origin": {"type": "hidden_user", "sender_user_name": NAME}}
    raw = [{"update_id": number, "message": one} for number, one in enumerate((message, private, about, hidden), 1)]
    raw += [{"update_id": 100 + number, "message": {**message, "message_id": number}} for number in range(300)]
    await inbox.put(connection, BOT, [arrival(one) for one in raw], 500)
    await inbox.bury(connection, inbox.Row(BOT, 1, work.CHAT, ""), f"ValueError: {NAME}")
    await outbox.put(connection, [Call("words", "sendMessage", {"chat_id": PERSON, "text": NAME}, PERSON, 3)])


async def _rest(connection: AsyncConnection) -> None:
    """Questions that wait, a limit that was lifted, counts, and a line of the audit log that names the person."""
    waiting = {"message_id": 6, "date": 1, "chat": GROUP, "text": "/ban", "reply_to_message": {"from": USER}}
    await records.new_button(connection, "confirm", work.CHAT, data=json.dumps(waiting, ensure_ascii=False))
    await records.new_button(connection, "forget", PERSON)
    await chatsettings.new_link(connection, work.CHAT, by=PERSON)
    await records.record(connection, "settings.logchat", chat_id=work.CHAT, actor_id=PERSON, detail=f"none → {PERSON}")
    today = int(time.time() // 86_400)
    lifted = {"lifted_by": PERSON, "lifted_name": NAME}
    rows: list[tuple[Any, dict[str, Any]]] = [
        (breakers, {"chat_id": -9, "day": today, "kind": "ban", "tripped_at": time.time(), **lifted}),
        (sanctions, {"chat_id": -9, "day": today, "kind": "ban", "who": str(PERSON)}),
        (hits, {"entry_id": 77, "chat_id": -9, "sender_id": PERSON, "at": time.time()}),
        (report_blocks, {"chat_id": -9, "reporter_id": PERSON, "case_id": 1, "until": time.time() + 1_000}),
        (fed_admins, {"fed_id": "f", "user_id": PERSON, "name": NAME, "added_at": time.time()}),
        (fed_chats, {"fed_id": "f", "chat_id": -9, "joined_by": PERSON, "joined_at": time.time()}),
        (fed_bans, {"fed_id": "f", "sender_id": 9, "by_id": PERSON, "by_name": NAME, "at": time.time()}),
        (trusted, {"chat_id": -9, "sender_id": PERSON, "name": NAME, "by_id": 9, "at": time.time()}),
        (trusted, {"chat_id": -9, "sender_id": 9, "name": "Other", "by_id": PERSON, "at": time.time()}),
        (pauses, {"chat_id": PERSON, "rank": 3, "until": time.time()}),
        (unreachable, {"chat_id": -9, "who": PERSON, "said_at": time.time()}),
    ]
    for table, values in rows:
        await connection.execute(insert(table).values(**values))
