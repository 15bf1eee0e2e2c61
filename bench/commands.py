"""What each command costs in the database: the real handlers, in a town of thousands of chats, no network between."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiosqlite
import numpy as np
from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.crowd import CASES, CHATS, FED_SIZE, MEMBERS, SEED, STAGES, Crowd, chat_id, owner_id
from bench.results import Table
from bot.app import App
from bot.outcome import Done, Outcome
from bot.sandbox.rights import ALL_RIGHTS, Member
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.settings import Media, Settings, Telegram, Web
from bot.store.outbox import DONE, DUE
from bot.store.tables import outbox
from tests.contract.cast import PRIVATE, Cast, Json
from tests.running import TOKEN

ROUNDS = 100
PEOPLE = 25  # of each chat whom commands name


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, or what a button sends (`press`), by the chat's owner or a `member`, in the chat or in private.

    ``{case}`` is one of the chat's, ``{open}`` one that waits, ``{appealed}`` one whose appeal waits, ``{heard}`` one
    in which the ``sender`` may appeal; ``{member}`` is one of those who have a strike, ``{banned}`` somebody who is
    banned in its federation, ``{link}`` leads to a message. `about` is what it replies to: a member's message, or the
    bot's words on a case.
    """

    words: str = ""
    by: str = "owner"
    about: str = ""
    press: str = ""
    private: bool = False


ASKED = {
    "/settings": Asked("/settings"),
    "/case": Asked("/case {case}"),
    "/cases": Asked("/cases"),
    "/cases open": Asked("/cases open"),
    "/cases today": Asked("/cases today"),
    "/cases of a member": Asked("/cases {member}"),
    "/cases, an older page": Asked(press="k:older:all:{case}"),
    "/cases open, an older page": Asked(press="k:older:open:{case}"),
    "/cases, a newer page": Asked(press="k:newer:all:{case}"),
    "/why": Asked("/why", by="member", about="case"),
    "/warns": Asked("/warns {member}"),
    "/warn": Asked("/warn {member} unkind"),
    "/unwarn": Asked("/unwarn {member}"),
    "/mute": Asked("/mute {member} 1h unkind"),
    "/unmute": Asked("/unmute {member}"),
    "/ban": Asked("/ban {member} unkind"),
    "/dban": Asked("/dban unkind", about="member"),
    "/unban": Asked("/unban {member}"),
    "/kick": Asked("/kick {member}"),
    "/undo": Asked("/undo {case}"),
    "/report": Asked("/report unkind", by="member", about="member"),
    "/reportblocks": Asked("/reportblocks"),
    "/report by link": Asked("/report {link} unkind", by="member", private=True),
    "/reports": Asked("/reports"),
    "delete, on a card": Asked(press="c:token{open}:delete"),
    "/appeal": Asked("/appeal {heard} It was a mistake.", by="sender", private=True),
    "/appeals": Asked("/appeals"),
    "uphold, on an appeal": Asked(press="p:appeal{appealed}:uphold"),
    "/summary": Asked("/summary"),
    "/trust": Asked("/trust {member}"),
    "/untrust": Asked("/untrust {member}"),
    "/trusted": Asked("/trusted"),
    "a page of the panel": Asked(press="s:page:strikes:{chat}", private=True),
    "a knob of the panel": Asked(press="s:tune:mute_at.3:{chat}", private=True),
    "/check": Asked("/check"),
    "/fedinfo": Asked("/fedinfo"),
    f"/fban, {FED_SIZE} chats": Asked("/fban {member} unkind"),
    f"/unfban, {FED_SIZE} chats": Asked("/unfban {banned}"),
    "/help": Asked("/help", by="member", private=True),
    "/start": Asked("/start", by="member", private=True),
    "/privacy": Asked("/privacy", by="member", private=True),
    "/helpme": Asked("/helpme", by="member", private=True),
    "/export_me": Asked("/export_me", by="member", private=True),
    "/forget_me": Asked("/forget_me", by="member", private=True),
}
"""Everything that is measured; one line is all that another command needs."""


async def measure(folder: Path) -> Table:
    """Measure every command, in turn, in chats at random."""
    crowd = Crowd()
    await crowd.fill(folder)
    world = World(TOKEN)
    async with Server(world) as server:
        app = App(_settings(folder, server.url))
        town = _Town(crowd, Cast(app, world))
        async with app._ready():  # noqa: SLF001 - everything but the loops
            app.gateway.call = town.call  # type: ignore[method-assign]  # without the way over HTTP
            town.gather()
            times = await _timed(town)
    return Table(
        f"{CHATS:,} chats of very different sizes, {MEMBERS:,} members with strikes, {CASES:,} cases. Time in the "
        f"database for one command with everything that its update causes, of {ROUNDS} in turn in one of the {STAGES} "
        "largest chats: statements, rows and the commit (synchronous=FULL), without the wait for a thread.",
        ("command", "statements", "p50", "p95", "slowest", "processor time, p95", "to reach"),
        tuple(_row(name, found) for name, found in times.items()),
    )


async def _timed(town: _Town) -> dict[str, list[_Spent]]:
    times: dict[str, list[_Spent]] = {name: [] for name in ASKED}
    with _stopwatch() as spent:
        for _ in range(ROUNDS):
            for name, asked in ASKED.items():
                spent.clear()
                await town.ask(asked)
                times[name].append(_Spent(sum(w for w, _ in spent), sum(p for _, p in spent), len(spent)))
            await town.cast.app.database.write(_call)
    return times


async def _call(connection: AsyncConnection) -> None:
    """Be the outbox: what was to be called is done."""
    await connection.execute(update(outbox).where(outbox.c.state == DUE).values(state=DONE, done_at=time.time()))


# --- the town --------------------------------------------------------------------------------------


@dataclass
class _Town:
    """The largest chats as Telegram knows them, and who speaks in them."""

    crowd: Crowd
    cast: Cast
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - an example

    async def call(self, method: str, args: Mapping[str, Any]) -> Outcome:
        """Answer the bot's call; files are not looked at."""
        return Done(result=True) if method == "sendDocument" else await self.cast.call(method, args)

    def gather(self) -> None:
        """Make the chats and their people known to Telegram."""
        world, bot = self.cast.world, self.cast.world.bot.id
        for place in range(STAGES):
            owner = world.create_user(f"Owner {place}", id_=owner_id(place)).id
            chat = world.create_chat(f"Chat {place}", owner, id_=chat_id(place))
            chat.members[bot] = Member(bot, "administrator", ALL_RIGHTS)
            for member in self.crowd.members[place][:PEOPLE]:
                chat.members[world.create_user(f"Person {member}", id_=member).id] = Member(member)

    async def ask(self, asked: Asked) -> None:
        """Have a command given, or a button pressed, in a chat at random."""
        place = self.chance.randrange(STAGES)
        somebody = self.chance.choice(self.crowd.members[place][:PEOPLE])
        names, sender = self._names(place)
        names["member"] = somebody
        other = self.chance.choice(self.crowd.members[place][:PEOPLE])
        self.cast.chats["here"] = chat_id(place)
        self.cast.people |= {"owner": owner_id(place), "member": other, "somebody": somebody, "sender": sender}
        kind = PRIVATE if asked.private else "here"
        if asked.press:
            data = asked.press.format(**names)
            card = self.cast.card(kind, data, number=names["open"])  # a case has one card, however often it is pressed
            await self.cast.press(asked.by, card, data)
            return
        message = self.cast.message(kind, asked.by, asked.words.format(**names))
        await self.cast.hear(message | self._reply(kind, asked, names["case"]))

    def _names(self, place: int) -> tuple[dict[str, Any], int]:
        """What commands in a chat name, at random, and whose case is heard; Telegram knows them."""
        crowd, choice = self.crowd, self.chance.choice
        heard, sender = choice(crowd.heard[place])
        if sender not in self.cast.world.people.users:
            self.cast.world.create_user(f"Person {sender}", id_=sender)
        return {
            "case": choice(crowd.cases[place]),
            "open": choice(crowd.open[place]),
            "appealed": choice(crowd.appealed[place]),
            "heard": heard,
            "banned": 1_000_000 + 100 * self.chance.randrange(150) + place // FED_SIZE,
            "link": f"https://t.me/c/{str(chat_id(place))[4:]}/{choice(crowd.said[place])}",
            "chat": chat_id(place),
        }, sender

    def _reply(self, kind: str, asked: Asked, case: int) -> Json:
        if not asked.about:
            return {}
        said = self.cast.message(kind, "somebody", "Something unkind.")
        if asked.about == "case":
            said |= {"from": self.cast.world.bot.json(), "text": f"Case {case}: removed."}
        return {"reply_to_message": {**said, "entities": []}}


def _settings(folder: Path, url: str) -> Settings:
    return Settings(
        data_dir=folder,
        telegram=Telegram(token=SecretStr(TOKEN), base_url=f"{url}/bot", base_file_url=f"{url}/file/bot"),
        web=Web(listen="off"),
        media=Media(image_workers=1),
    )


# --- the stopwatch ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Spent:
    """What one command took: seconds by the clock and of the processor, and in how many trips to the database."""

    wall: float
    worked: float
    trips: int


@contextlib.contextmanager
def _stopwatch() -> Iterator[list[tuple[float, float]]]:
    """Note what every trip to a database's thread takes there, by the clock and of the processor."""
    spent: list[tuple[float, float]] = []
    real: Any = aiosqlite.Connection._execute  # noqa: SLF001 - all trips go through it

    async def execute(self: aiosqlite.Connection, what: Any, *arguments: Any, **named: Any) -> Any:
        def timed(*given: Any, **by_name: Any) -> Any:
            began, worked = time.perf_counter(), time.thread_time()
            try:
                return what(*given, **by_name)
            finally:
                spent.append((time.perf_counter() - began, time.thread_time() - worked))

        return await real(self, timed, *arguments, **named)

    aiosqlite.Connection._execute = execute  # type: ignore[assignment, method-assign]  # noqa: SLF001
    try:
        yield spent
    finally:
        aiosqlite.Connection._execute = real  # type: ignore[method-assign]  # noqa: SLF001


# --- words -----------------------------------------------------------------------------------------


def _row(name: str, found: list[_Spent]) -> tuple[str, ...]:
    walls = [one.wall * 1000 for one in found]
    worked = float(np.quantile([one.worked * 1000 for one in found], 0.95))
    p50, p95 = (float(np.quantile(walls, share)) for share in (0.5, 0.95))
    trips = int(np.median([one.trips for one in found]))
    return name, str(trips), *(f"{one:.1f} ms" for one in (p50, p95, max(walls), worked)), "p95 < 20 ms"
