"""A database in which much has happened: thousands of chats, their members, strikes and cases. Nothing is measured."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import tables
from bot.store.appealtables import appeals
from bot.store.db import Database
from bot.store.fedtables import fed_admins, fed_bans, fed_chats, feds
from bot.store.reporttables import report_blocks, reports
from bot.store.schema import upgrade
from bot.store.shares import NOBODYS, share_of
from bot.store.telltables import counts
from bot.store.trusttables import trusted

CHATS, MEMBERS, CASES = 5_000, 200_000, 50_000
"""Chats, members with a strike each, and cases; the chats are of very different sizes (Zipf)."""

POSTS, LINES, CALLS, ENTRIES = 300_000, 150_000, 50_000, 50_000
"""Posts with media that were seen, lines of the audit log, updates and calls that are done, entries of lists."""

STAGES, LOGGED = 40, 200
"""Chats, the largest ones, in which commands are given; the first of them is the log chat of so many."""

FED_SIZE, FED_BANS, CROWD_PEOPLE = 20, 20_000, 10_000_000
PIECE = 20_000
SEED = 7
DAY = 24 * 3600.0

BOT = 4_242
"""Whose updates they are: the bot that is measured."""

Row = dict[str, Any]


def chat_id(place: int) -> int:
    """The number of a chat, the largest is at place 0."""
    return -1_001_000_000_000 - place


def owner_id(place: int) -> int:
    """Who owns the chat at a place."""
    return 5_000_000 + place


class Crowd:
    """What is in the database, as far as commands name it. The same at every run."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)  # noqa: S311 - an example
        self.now = time.time()
        sizes = [*accumulate(1 / (place + 1) for place in range(CHATS))]
        places = range(CHATS)
        self.members: dict[int, list[int]] = {place: [] for place in places}  # by the place of their chat
        self.cases: dict[int, list[int]] = {place: [] for place in places}
        self.open: dict[int, list[int]] = {place: [] for place in places}  # those that wait
        self.heard: dict[int, list[tuple[int, int]]] = {place: [] for place in places}  # may be appealed, and by whom
        self.appealed: dict[int, list[int]] = {place: [] for place in places}
        self.said: dict[int, list[int]] = {place: [] for place in places}  # messages
        for number, place in enumerate(self.chance.choices(places, cum_weights=sizes, k=MEMBERS)):
            self.members[place].append(CROWD_PEOPLE + number)
        for number, place in enumerate(self.chance.choices(places, cum_weights=sizes, k=CASES), 1):
            self.cases[place].append(number)

    async def fill(self, folder: Path) -> None:
        """Put everything into the database of a data folder, in which no bot may be running."""
        database = Database(f"sqlite+aiosqlite:///{folder / 'haechi.db'}")
        await upgrade(database)
        await database.start()
        for table, rows in self._tables():
            for some in _pieces(rows):
                await database.write(partial(_insert, table=table, rows=some))
        await database.stop()

    def _tables(self) -> Iterator[tuple[Table, Iterable[Row]]]:
        yield tables.chats, self._chats()
        yield tables.people, self._people()
        yield tables.cases, self._cases()
        yield tables.case_actions, self._actions()
        yield tables.strikes, self._strikes()
        yield tables.buttons, self._buttons()
        yield reports, self._reports()
        yield report_blocks, self._blocks()
        yield tables.audit, self._audit()
        yield appeals, self._appeals()
        yield trusted, self._trusted()
        yield counts, self._counts()
        yield tables.seen, self._seen()
        yield tables.files, ({"file_unique_id": f"f{n}", "seen_at": self._past(30)} for n in range(POSTS // 3))
        yield tables.sanctions, self._sanctions()
        yield tables.hits, self._hits()
        yield tables.inbox, self._inbox()
        yield tables.outbox, self._outbox()
        yield tables.lists, self._lists()
        yield tables.entries, self._entries()
        yield feds, self._feds()
        yield fed_chats, self._fed_chats()
        yield fed_admins, self._fed_admins()
        yield fed_bans, self._fed_bans()

    # --- rows ---------------------------------------------------------------------------------------

    def _past(self, days: float) -> float:
        return self.now - self.chance.random() * days * DAY

    def _somebody(self) -> int:
        return CROWD_PEOPLE + self.chance.randrange(MEMBERS)

    def _somewhere(self) -> int:
        return chat_id(self.chance.randrange(CHATS))

    def _chats(self) -> Iterator[Row]:
        for place in range(CHATS):
            log = chat_id(0) if 0 < place <= LOGGED else chat_id(CHATS + place // 10) if place % 2 else None
            yield {
                "chat_id": chat_id(place),
                "type": "supergroup",
                "title": f"Chat {place}",
                "log_chat_id": log,
                "owner_id": owner_id(place),
                "bot_status": "administrator",
                "bot_rights": "can_delete_messages can_restrict_members",
                "added_at": self._past(400),
                "rules": '{"appeal_seconds": 0}',  # cases are of any age, and each is heard
            }

    def _people(self) -> Iterator[Row]:
        everybody = (CROWD_PEOPLE + number for number in range(MEMBERS))
        for user in (*everybody, *(owner_id(place) for place in range(CHATS))):
            reachable = self.chance.random() < 0.1 or user < CROWD_PEOPLE
            name = {"name": f"Person {user}", "username": f"person_{user}", "language": "en"}
            yield {"user_id": user, **name, "reachable": reachable, "updated_at": self._past(90)}

    def _cases(self) -> Iterator[Row]:
        for place, numbers in self.cases.items():
            for number in numbers:
                kind = self.chance.choice(("match", "match", "report", "moderation"))
                is_open = kind == "report" and self.chance.random() < 0.2
                sender = self.chance.choice(self.members[place] or [CROWD_PEOPLE])
                is_heard = kind == "match" and number % 3 and place < STAGES
                if is_open:
                    self.open[place].append(number)
                elif is_heard:
                    self.heard[place].append((number, sender))
                yield {
                    "id": number,
                    "chat_id": chat_id(place),
                    "incident": f"message:{number}",
                    "kind": kind,
                    "state": "open" if is_open else "closed",
                    "message_id": number,
                    "sender_kind": "user",
                    "sender_id": sender,
                    "sender_name": f"Person {number}",
                    "list_name": "known abuse" if kind == "match" else None,
                    "category": "abuse" if kind == "match" else None,
                    "tier": 1 if kind == "match" else None,
                    "how": "PDQ" if kind == "match" else None,
                    "reason": "" if kind == "match" else "It was not kind.",
                    "strike": None if kind == "report" else 1,
                    "posted_at": self._past(300),
                    "opened_at": self.now - (CASES - number) * 300 * DAY / CASES,
                }

    def _actions(self) -> Iterator[Row]:
        for place, numbers in self.cases.items():
            for number in numbers:
                for kind in ("delete", "mute", "card"):
                    by = owner_id(place) if kind == "mute" and number % 3 == 0 else None
                    names = {"by_id": by, "by_name": "Owner" if by else None}
                    done = {"state": "done", "answer": "", "at": self._past(300)}
                    yield {"case_id": number, "kind": kind, "key": f"{kind}:{number}", **names, **done}

    def _strikes(self) -> Iterator[Row]:
        for place, members in self.members.items():
            for member in members:
                case = self.chance.choice(self.cases[place] or [1])
                whose = {"chat_id": chat_id(place), "sender_id": member, "incident": f"message:{case}:{member}"}
                yield {**whose, "case_id": case, "at": self._past(60), "expires_at": self.now + 30 * DAY}

    def _buttons(self) -> Iterator[Row]:
        for place, numbers in self.cases.items():
            for number in numbers:
                stands = {"kind": "case", "chat_id": chat_id(place), "case_id": number}
                yield {"token": f"token{number}", **stands, "created_at": self._past(300)}

    def _reports(self) -> Iterator[Row]:
        for number in range(1, CASES // 2):
            told = {"reason": "It is not kind.", "language": "en", "at": self._past(300)}
            yield {"case_id": number * 2, "reporter_id": self._somebody(), **told}

    def _blocks(self) -> Iterator[Row]:
        for number in range(2_000):
            until = self.now + 30 * DAY
            where = {"chat_id": chat_id(number % 200), "reporter_id": CROWD_PEOPLE + number}
            yield {**where, "case_id": 1 + number, "until": until}

    def _audit(self) -> Iterator[Row]:
        for number in range(LINES):
            code = self.chance.choice(("moderation.warn", "moderation.ban", "report.filed", "case.dismiss"))
            whose = {"chat_id": self._somewhere(), "actor_id": owner_id(number % CHATS)}
            yield {"at": self._past(300), **whose, "code": code, "detail": f"case {number}"}

    def _appeals(self) -> Iterator[Row]:
        """Every second of those who may appeal has done so, and waits."""
        for place, found in self.heard.items():
            for case, sender in found[::2]:
                self.appealed[place].append(case)
                words = {"language": "en", "text": "It was a mistake.", "state": "open", "at": self._past(3)}
                until = {"until": self.now + 4 * DAY, "remind_at": self.now + DAY}
                yield {"case_id": case, "token": f"appeal{case}", "appellant_id": sender, **words, **until}
            del found[::2]

    def _trusted(self) -> Iterator[Row]:
        for place in range(STAGES):
            for member in self.members[place][-200:]:
                given = {"name": f"Person {member}", "by_id": owner_id(place), "at": self._past(300)}
                yield {"chat_id": chat_id(place), "sender_id": member, **given}

    def _counts(self) -> Iterator[Row]:
        today = int(self.now // DAY)
        for place in range(CHATS):
            for day in range(today - 14, today + 1):
                for what in ("clean", "match", "report", "removal"):
                    yield {"chat_id": chat_id(place), "day": day, "what": what, "step": 0, "number": 1 + place % 50}

    def _seen(self) -> Iterator[Row]:
        for number in range(POSTS):
            what = {"message_id": number, "file_unique_id": f"f{number // 3}", "sender_kind": "user"}
            yield {"chat_id": self._somewhere(), **what, "sender_id": self._somebody(), "posted_at": self._past(14)}

    def _sanctions(self) -> Iterator[Row]:
        today = int(self.now // DAY)
        for number in range(MEMBERS // 4):
            whose = {"chat_id": self._somewhere(), "who": str(CROWD_PEOPLE + number)}
            yield {**whose, "day": today - number % 8, "kind": "delete"}

    def _hits(self) -> Iterator[Row]:
        for number in range(ENTRIES):
            whose = {"chat_id": self._somewhere(), "sender_id": self._somebody()}
            yield {"entry_id": 1 + number, **whose, "at": self._past(7)}

    def _inbox(self) -> Iterator[Row]:
        for number in range(CALLS):
            user, place = self._somebody(), self.chance.randrange(CHATS)
            chat = chat_id(place)
            self.said[place].append(number)
            sender = {"id": user, "is_bot": False, "first_name": f"Person {user}"}
            where = {"chat": {"id": chat, "type": "supergroup", "title": f"Chat {place}"}, "date": int(self.now)}
            message = {"message_id": number, "from": sender, **where, "text": "Something was said."}
            payload = json.dumps({"update_id": number, "message": message})
            done = {"state": 1, "received_at": self._past(1), "done_at": self._past(1)}
            yield {
                "bot_id": BOT,
                "update_id": number,
                "chat_id": chat,
                "line": 0,
                "size": 200,
                "payload": payload,
                "share": share_of(user),
                **done,
            }

    def _outbox(self) -> Iterator[Row]:
        for number in range(CALLS):
            chat = self._somewhere() if number % 4 else self._somebody()
            args = json.dumps({"chat_id": chat, "text": f"Case {number}."})
            done = {"state": 1, "created_at": self._past(7), "done_at": self._past(7)}
            said = {"key": f"said:{number}", "chat_id": chat, "method": "sendMessage", "args": args}
            share = share_of(chat) if chat > 0 else NOBODYS
            yield {**said, "rank": 2, "case_id": number, "share": share, **done}

    def _lists(self) -> Iterator[Row]:
        for number in range(STAGES):
            kind = {"name": f"list {number}", "kind": "block", "trust": "ban", "source": "chat"}
            yield {"id": 1 + number, **kind, "chat_id": chat_id(number), "created_at": 0.0, "updated_at": 0.0}

    def _entries(self) -> Iterator[Row]:
        for number in range(ENTRIES):
            value = {"list_id": 1 + number % STAGES, "kind": "pdq", "value": self.chance.randbytes(32)}
            yield {**value, "added_by": owner_id(number % CHATS), "added_at": self._past(300)}

    def _feds(self) -> Iterator[Row]:
        for number in range(CHATS // FED_SIZE // 2):
            owner = owner_id(number * FED_SIZE)
            yield {"id": f"fed{number}", "name": f"Fed {number}", "owner_id": owner, "created_at": self._past(300)}

    def _fed_chats(self) -> Iterator[Row]:
        for place in range(CHATS // 2):
            whose = {"chat_id": chat_id(place), "fed_id": f"fed{place // FED_SIZE}"}
            yield {**whose, "joined_by": owner_id(place), "joined_at": self._past(300)}

    def _fed_admins(self) -> Iterator[Row]:
        for place in range(CHATS // 2):
            if place % FED_SIZE:
                whose = {"fed_id": f"fed{place // FED_SIZE}", "user_id": owner_id(place)}
                yield {**whose, "name": f"Owner {place}", "added_at": self._past(300)}

    def _fed_bans(self) -> Iterator[Row]:
        for number in range(FED_BANS):
            whose = {"fed_id": f"fed{number % 100}", "sender_id": 1_000_000 + number, "name": f"Banned {number}"}
            yield {**whose, "reason": "It was not kind.", "by_id": owner_id(number % 100), "at": self._past(300)}


def _pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while piece := [*islice(left, PIECE)]:
        yield piece


async def _insert(connection: AsyncConnection, table: Table, rows: list[Row]) -> None:
    await connection.execute(table.insert(), rows)
