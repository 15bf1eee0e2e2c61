"""Entries that hit too many, from the match to the maintainers and back: real lists, matcher, feed and database."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from bot import cases, quarantine
from bot.cli import command_line
from bot.lists.sync import ListFeed
from bot.matching.matcher import Matcher, Scanned
from bot.model import ListKind, MessageRef, Sender, SenderKind, SignalKind, Tier, Trust, Verdict, VerdictKind
from bot.policy import Standing
from bot.quarantine import Pressing
from bot.settings import Limits
from bot.store import chats, entries
from bot.store import quarantine as store
from bot.store.db import Database
from bot.store.entries import NewEntry
from bot.store.quarantine import Quarantined
from bot.store.tables import hits, seen
from tests.contract import casework as work
from tests.contract.casework import Made
from tests.unit.lineup import PICTURE, picture

MAINTAINER = 11
LIMITS = Limits(quarantine_posters=4, quarantine_chats=2, quarantine_regulars=3)
HERE, THERE = -1001, -1003
_messages = itertools.count(1)


@dataclass(slots=True)
class Bench:
    """A list with one picture under three signals, a matcher that follows it, and posts that it judges."""

    database: Database
    matcher: Matcher
    feed: ListFeed
    list_id: int

    def verdict(self, chat_id: int = HERE) -> Verdict:
        """What the picture is in a chat at this moment."""
        return self.matcher.verdict(chat_id, [Scanned("upload", picture())])

    async def post(self, user: int, chat_id: int = HERE) -> Verdict:
        """Somebody posts the picture; the verdict that it got."""
        verdict = self.verdict(chat_id)
        ref, sender = MessageRef(chat_id, next(_messages)), Sender(SenderKind.USER, user, "Somebody")
        one = replace(work.post(1), ref=ref, sender=sender)
        await self.database.write(
            lambda c: cases.judge(c, one, verdict, Standing.MEMBER, limits=LIMITS, maintainers=[MAINTAINER])
        )
        await self.feed.follow()
        return verdict

    async def held(self) -> list[Quarantined]:
        """The entries that are off."""
        async with self.database.read() as connection:
            return await store.listed(connection)

    async def told(self) -> list[Made]:
        """What the maintainer was told."""
        return await work.made(self.database, "sendMessage", MAINTAINER)

    async def press(self, action: str) -> tuple[str, bool]:
        """The maintainer presses a button of the newest message."""
        token = (await self.told())[-1].args["reply_markup"]["inline_keyboard"][0][0]["callback_data"].split(":")[1]
        pressing = Pressing(token, action, (MAINTAINER, "Mai"), MessageRef(MAINTAINER, 5), "en", f"{next(_messages)}")
        done = await self.database.write(lambda connection: quarantine.decide(connection, pressing))
        await self.feed.follow()
        return done


@pytest.fixture
async def bench(database: Database) -> Bench:
    """A fresh one; in both chats there are regulars 501 to 509, who posted something two hours ago."""

    async def write(connection: AsyncConnection) -> int:
        for chat_id in (HERE, THERE):
            await chats.meet(connection, chat_id, title="T", type="supergroup")
            row = {"sender_kind": "user", "posted_at": time.time() - 7200, "chat_id": chat_id, "file_unique_id": "old"}
            rows = [{**row, "message_id": 9000 + user, "sender_id": user} for user in range(501, 510)]
            await connection.execute(seen.insert(), rows)
        list_id = await entries.ensure_list(connection, "known", kind=ListKind.BLOCK, trust=Trust.BAN)
        listed = ((SignalKind.SHA256, b"s" * 32), (SignalKind.MD5, b"m" * 16), (SignalKind.PDQ, PICTURE))
        await entries.add(connection, list_id, [NewEntry(kind, value, category="ncii") for kind, value in listed])
        return list_id

    list_id = await database.write(write)
    matcher = Matcher()
    feed = ListFeed(database, matcher)
    await feed.load()
    return Bench(database, matcher, feed, list_id)


async def spread(bench: Bench) -> None:
    """Four newcomers in two chats post the picture: enough for these limits."""
    for number in range(4):
        assert (await bench.post(600 + number, (HERE, THERE)[number % 2])).match is not None


async def test_what_hits_many_in_many_chats_is_switched_off_at_once(bench: Bench) -> None:
    """From the limit on all signals of the picture ask for a look only; maintainers are told once, without a hash."""
    for number in range(3):
        await bench.post(600 + number, (HERE, THERE)[number % 2])
    assert bench.verdict().match.tier is Tier.T0  # type: ignore[union-attr]
    assert await bench.held() == []
    await bench.post(603, THERE)
    after = bench.verdict()
    assert (after.match.tier, after.match.how, after.entries) == (Tier.T3, "in quarantine", ())  # type: ignore[union-attr]
    assert [(one.list_name, one.posters, one.chats) for one in await bench.held()] == [("known", 4, 2)] * 3
    (told,) = await bench.told()
    assert "3 entries of “known”" in told.args["text"]
    assert "4 people in 2 chats" in told.args["text"]
    assert [code for code, *_ in await work.audited(bench.database)].count("quarantine.held") == 3
    gone = len(await work.made(bench.database, "deleteMessage"))
    await bench.post(604)
    assert len(await work.made(bench.database, "deleteMessage")) == gone
    assert await work.strikes(bench.database, 604) == 0
    assert (await work.case_of(bench.database, 5)).is_open
    assert len(await bench.told()) == 1


async def test_it_survives_a_restart(bench: Bench) -> None:
    """Whoever loads the lists later finds the entries switched off as well."""
    await spread(bench)
    fresh = Matcher()
    await ListFeed(bench.database, fresh).load()
    assert fresh.verdict(HERE, [Scanned("upload", picture())]).match.tier is Tier.T3  # type: ignore[union-attr]


async def test_a_maintainer_keeps_it_off_or_switches_it_on_again(bench: Bench) -> None:
    """Kept off it stays so; switched on again it counts as before, and is never switched off by itself any more."""
    await spread(bench)
    assert await bench.press("keep") == ("kept", True)
    assert await bench.press("keep") == ("kept", False)
    assert bench.verdict().match.tier is Tier.T3  # type: ignore[union-attr]
    assert await bench.press("release") == ("released", True)
    assert await bench.press("keep") == ("released", False)
    assert bench.verdict().match.tier is Tier.T0  # type: ignore[union-attr]
    for number in range(8):
        await bench.post(700 + number, (HERE, THERE)[number % 2])
    assert bench.verdict().match.tier is Tier.T0  # type: ignore[union-attr]
    codes = [(code, by) for code, by, _ in await work.audited(bench.database) if code.startswith("quarantine.")]
    assert set(codes[3:]) == {("quarantine.kept", MAINTAINER), ("quarantine.released", MAINTAINER)}
    edits = await work.made(bench.database, "editMessageText", MAINTAINER)
    assert [len(one.args["reply_markup"]["inline_keyboard"]) for one in edits] == [1, 0]


async def test_the_terminal_releases_a_list_or_one_entry(bench: Bench) -> None:
    """What was released from the terminal counts again in a bot that runs."""
    await spread(bench)
    first, *rest = [one.entry_id for one in await bench.held()]
    release = quarantine.release
    assert await bench.database.write(lambda connection: release(connection, bench.list_id, [first])) == 1
    await bench.feed.follow()
    assert bench.verdict().entries == (first,)
    assert await bench.database.write(lambda connection: release(connection, bench.list_id, [])) == len(rest)
    assert await bench.held() == []


async def test_the_terminal_names_what_is_off_and_switches_it_on(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`haechi lists show` names the entries by number, list and reach; `haechi lists release` empties that table."""
    monkeypatch.setenv("HAECHI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    await spread(bench)
    first = (await bench.held())[0].entry_id

    async def haechi(*words: str) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, command_line(["lists"]), ["lists", *words])
        assert done.exit_code == 0, done.output
        return done.output

    shown = await haechi("show")
    assert re.search(rf"^ *{first} +known +ncii +4 +2 .*undecided", shown, re.MULTILINE)
    assert b"s".hex() * 32 not in shown
    assert "known: 1 entry switched on again" in await haechi("release", "known", "--entry", str(first))
    assert "known: 2 entries switched on again" in await haechi("release", "known")
    assert "in quarantine" not in await haechi("show")
    await bench.feed.follow()
    assert bench.verdict().match.tier is Tier.T0  # type: ignore[union-attr]


async def test_newcomers_of_one_chat_switch_nothing_off(bench: Bench) -> None:
    """A raid on one chat by any number of new accounts leaves its entry as sharp as it was; regulars do not."""
    for number in range(12):
        await bench.post(600 + number)
    assert bench.verdict().match.tier is Tier.T0  # type: ignore[union-attr]
    for number in range(3):
        assert bench.verdict().match.tier is Tier.T0  # type: ignore[union-attr]
        await bench.post(501 + number)
    assert bench.verdict().match.tier is Tier.T3  # type: ignore[union-attr]
    assert "3 people in 1 chat" in (await bench.told())[0].args["text"]


async def test_the_same_few_people_everywhere_switch_nothing_off(bench: Bench) -> None:
    """People are counted, not posts: however often three of them post it in how many chats, they are three."""
    for number in range(12):
        await bench.post(600 + number % 3, (HERE, THERE)[number // 3 % 2])
    assert await bench.held() == []


async def test_what_is_long_ago_does_not_count(bench: Bench) -> None:
    """Only hits of the last day count towards the limit."""
    for number in range(3):
        await bench.post(600 + number, (HERE, THERE)[number % 2])
    await bench.database.write(lambda connection: connection.execute(hits.update().values(at=time.time() - 90_000)))
    await bench.post(603, THERE)
    assert await bench.held() == []


@pytest.mark.parametrize(
    ("kind", "trust"), [(ListKind.CANARY, Trust.DELETE), (ListKind.BLOCK, Trust.NOTIFY)], ids=["canary", "notify"]
)
async def test_the_canary_and_lists_that_only_tell_are_left_alone(bench: Bench, kind: ListKind, trust: Trust) -> None:
    """An entry that punishes nobody cannot be switched off as a punisher: its hits are not counted."""
    listed = next(one for one in bench.matcher._lists.values())
    bench.matcher.put(replace(listed, kind=kind, trust=trust))
    verdict = bench.verdict()
    assert verdict.kind is (VerdictKind.CANARY if kind is ListKind.CANARY else VerdictKind.MATCH)
    assert verdict.entries == ()
