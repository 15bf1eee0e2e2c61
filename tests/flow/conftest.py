"""One sandbox and one real bot process for all flow tests; each test has chats and people of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from bot.calls import CHART
from bot.chart import draw, of
from bot.curation import CANARY
from bot.sandbox.client import SandboxClient
from bot.sandbox.samples import samples
from bot.sandbox.server import Server
from bot.sandbox.state import Limits
from bot.sandbox.world import World
from handlers.rights import BUTTONS
from tests.contract.bot_api import check_call
from tests.flow.places import Places
from tests.running import TOKEN, Bot, haechi, running

MAINTAINER = 11

CALM = {"HAECHI_LIMITS__QUARANTINE_POSTERS": "1000000", "HAECHI_LIMITS__QUARANTINE_REGULARS": "3"}
"""One sample hits people in all the chats of these tests, and has to go on doing so."""

QUICK = {
    "HAECHI_LIMITS__WORDS_PER_SECOND": "1000",
    "HAECHI_LIMITS__WORDS_PER_MINUTE_IN_GROUPS": "10000",
    "HAECHI_LIMITS__WORDS_PER_SECOND_IN_PRIVATE": "1000",
}
"""What many tests have the bot say to one person or group does not wait for the minute to be over."""

HASH = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16})(?![0-9a-f])")

SHOWING = {"sendPhoto", "sendVideo", "sendAnimation", "sendDocument", "sendSticker", "sendMediaGroup"} | {
    "copyMessage",
    "copyMessages",
    "forwardMessage",
    "forwardMessages",
    "editMessageMedia",
}
"""Calls that show a picture to somebody: the bot shows none but its canary, and charts that it draws itself."""

pytestmark = pytest.mark.asyncio(loop_scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run every flow test in the loop that sandbox and bot live in."""
    for item in items:
        if "/flow/" in str(item.path) and item.get_closest_marker("asyncio") is not None:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    """The sandbox; it forgets no call, for all are looked at in the end."""
    async with Server(World(TOKEN, limits=Limits(calls=1_000_000))) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(server: Server) -> AsyncIterator[SandboxClient]:
    """A client of the sandbox's control API."""
    async with SandboxClient(server.url) as opened:
        yield opened


def is_settings(call: dict[str, Any]) -> bool:
    """Whether a call sends a chat's settings as a file, which is words."""
    return call["method"] == "sendDocument" and [one["filename"] for one in call["files"].values()] == [
        "haechi-settings.json"
    ]


def without_row(call: dict[str, Any]) -> list[str]:
    """The buttons that a call draws and that the table of rights does not know."""
    keyboard = (call["args"].get("reply_markup") or {}).get("inline_keyboard", [])
    drawn = [button["callback_data"] for row in keyboard for button in row if "callback_data" in button]
    rows = [(data, BUTTONS.get(data[0])) for data in drawn]
    return [data for data, row in rows if row is None or row.asked(data.split(":")[1:]) is None]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bot(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    """The bot, with the listed samples on a list that is trusted to ban."""
    folder = tmp_path_factory.mktemp("bot")
    names = []
    for one in samples():
        if one.listed and one.name != "canary":
            (folder / one.filename).write_bytes(one.data())
            names.append(one.filename)
    code, hashes, errors = await haechi(folder, "hash", *names)
    assert code == 0, errors
    (folder / "known.txt").write_text(hashes, encoding="utf-8")
    code, _, errors = await haechi(folder, "lists", "import", "known.txt", "--name", "known abuse", "--trust", "ban")
    assert code == 0, errors
    async with running(server.url, folder, HAECHI_MAINTAINERS=f"[{MAINTAINER}]", **CALM, **QUICK) as started:
        yield started
    async with SandboxClient(server.url) as client:
        calls = await client.calls()
    wrong = [fault for call in calls for fault in check_call(call)]
    assert not wrong, wrong[:10]
    denied = [data for call in calls for data in without_row(call)]
    assert not denied, denied[:10]
    words = [str(call["args"].get(field, "")) for call in calls for field in ("text", "caption")]
    assert not [text for text in (*words, started.log) if HASH.search(text)]
    assert {call["method"] for call in calls if not is_settings(call)} & SHOWING <= {"sendPhoto"}
    assert [call["args"] for call in calls if call["method"] == "sendPhoto" and not is_own(call["args"], started)] == []
    assert TOKEN.partition(":")[2] not in started.log
    assert _records_with_hashes(started) == set()


def is_own(args: dict[str, Any], bot: Bot) -> bool:
    """Whether a picture that was shown is the bot's own, byte for byte: its canary, or a chart drawn from its counts.

    It has to be uploaded: an id, or an address, could be that of something posted.
    """
    shown, caption = args.get("photo"), args["caption"]
    digest = shown.get("sha256") if isinstance(shown, dict) else None
    if caption.startswith("📊"):
        return digest in {hashlib.sha256(one).hexdigest() for one in charts(bot)}
    return "canary" in caption and digest == hashlib.sha256(CANARY.read_bytes()).hexdigest()


def charts(bot: Bot) -> list[bytes]:
    """The pictures that follow from the numbers in the bot's outbox."""
    with sqlite3.connect(f"file:{bot.database}?mode=ro", uri=True) as connection:
        rows = connection.execute("select args from outbox where method='sendPhoto'").fetchall()
    return [draw(of(json.loads(args)[CHART])) for (args,) in rows]


def _records_with_hashes(bot: Bot) -> set[str]:
    """The columns in which a hash stands of the records that people are shown, or that operators read."""
    found = set()
    with contextlib.closing(sqlite3.connect(f"file:{bot.database}?mode=ro", uri=True)) as connection:
        for table in ("audit", "cases", "case_actions", "outbox", "reports", "people", "chats"):
            cursor = connection.execute(f"select * from {table}")  # noqa: S608 - one of the names above
            names = [one[0] for one in cursor.description]
            found |= {
                f"{table}.{name}" for row in cursor for name, one in zip(names, row, strict=True) if _is_hash(one)
            }
    return found - {"cases.incident"}  # an album's number may be as long


def _is_hash(value: object) -> bool:
    return isinstance(value, bytes) or (isinstance(value, str) and HASH.search(value) is not None)


@pytest.fixture(autouse=True)
def _no_fault_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a fault in the sandbox which all share: it would strike another test."""
    yield
    if "server" not in request.fixturenames:
        return
    faults = request.getfixturevalue("server").world.faults
    left = list(faults._waiting)
    faults.clear()
    assert left == []


@pytest.fixture
async def places(client: SandboxClient, bot: Bot) -> Places:
    """Makes chats with people in them, the bot an administrator."""
    return Places(client, bot)
