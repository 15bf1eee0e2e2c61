"""Backup of a bot at work, restored elsewhere: nothing up to the backup is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot.sandbox.client import PATIENCE, SandboxClient, photo
from bot.sandbox.samples import sample
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.flow.places import RIGHTS, Place, Places
from tests.running import TOKEN, Bot, haechi

WAIT = 2
"""Seconds for which Telegram wants no calls, again and again until a backup was taken."""

WORDS = "select json_extract(args, '$.text'), state, error from outbox where method='sendMessage' and rank>=3"
REMOVALS = "select json_extract(args, '$.message_id'), state from outbox where method='deleteMessage'"


async def test_a_live_backup_restored_elsewhere(places: Places, bot: Bot, tmp_path: Path) -> None:
    """A backup taken while pictures come in starts a second bot: it knows all that was done, and repeats no word."""
    place, copy = await places.group(), tmp_path / "copy.db"
    first = await place.post_sample("listed-1")
    await place.wait_gone(first)
    await place.settle()
    for method in ("sendMessage", "deleteMessage", "deleteMessages"):
        await place.client.fault(method, "error", None, code=429, retry_after=WAIT, chat_id=place.chat)
    posting = asyncio.create_task(_post(place))
    await _until(place, "select count(*)>0 from outbox where state=0 and method='deleteMessage' and attempts>0")
    known = place.rows("select id, chat_id, incident from cases")
    code, shown, errors = await haechi(bot.folder, "backup", str(copy))
    assert (code, "whole and checked" in shown) == (0, True), errors
    await place.client.clear_faults()
    messages = await posting
    await place.wait_gone(*messages)
    await place.settle()
    assert set(known) <= set(_ask(copy, "select id, chat_id, incident from cases"))
    assert TOKEN.partition(":")[2].encode() not in await asyncio.to_thread(copy.read_bytes)
    code, _, errors = await haechi(bot.folder, "restore", str(copy))
    assert (code, "a bot runs on" in errors) == (2, True)
    await _check_restored(copy, tmp_path / "new")


async def _check_restored(copy: Path, folder: Path) -> None:
    """Start a bot from the backup, before a Telegram that has heard nothing yet: whatever it hears is from this bot."""
    await asyncio.to_thread(folder.mkdir)
    code, shown, errors = await haechi(folder, "restore", str(copy))
    assert code == 0, errors
    async with Server(World(TOKEN)) as server, SandboxClient(server.url) as client:
        new = Bot(server.url, folder, HAECHI_MEDIA__IMAGE_WORKERS="1")
        words = {text: (state, error) for text, state, error in _ask(new.database, WORDS)}
        unsaid = [text for text, (_, error) in words.items() if error and error.startswith("not sent: ")]
        assert unsaid
        assert f"words_not_sent={len(unsaid)}" in errors
        assert f"{len(unsaid)} messages that waited then will not be sent" in shown
        waiting = {number for number, state in _ask(new.database, REMOVALS) if state == 0}
        assert waiting
        (highest,) = _ask(new.database, "select max(update_id) from inbox")[0]
        await client.push_update({"update_id": highest + 1000})  # as Telegram does, go on counting
        try:
            await new.start()
            removed = {number for call in await _settled(client, new) for number in _removed(call)}
            assert waiting <= removed
            assert not [call for call in await client.calls("sendMessage") if call["args"]["text"] in words]
            await _protects(client, {number for (number,) in _ask(new.database, "select chat_id from chats")})
            assert await new.stop() == 0
        finally:
            await new.kill()
        assert set(_ask(new.database, "select count(*) from strikes group by sender_id, chat_id, incident")) == {(1,)}
        assert _ask(new.database, "pragma integrity_check") == [("ok",)]
        assert TOKEN not in new.log


async def _protects(client: SandboxClient, known: set[int]) -> None:
    """The lists came along: a listed picture goes, in a chat whose number means nothing to the bot."""
    owner, member = [(await client.create_user(name))["id"] for name in ("Owner", "Member")]
    while (chat := (await client.create_chat("Group", owner))["id"]) in known:
        pass
    await client.add_member(chat, member)
    await client.add_bot(owner, chat, RIGHTS)
    message = (await client.post_one(member, chat, media=[photo(sample("listed-2").data())]))["message_id"]
    await client.wait_deleted(chat, message)


async def _post(place: Place) -> list[int]:
    """Two members post what is listed."""
    return [await place.post_sample("listed-1", as_=user) for user in (place.other, place.member)]


async def _until(place: Place, query: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while place.rows(query) != [(1,)]:  # noqa: ASYNC110 - the bot is another process: it sets no event here
            await asyncio.sleep(0.02)


async def _settled(client: SandboxClient, bot: Bot) -> list[dict[str, Any]]:
    """Wait until the bot has made all calls that waited; those that remove."""
    await client.wait_idle(60)
    waiting = "select (select count(*) from inbox where state=0) + (select count(*) from outbox where state in (0, 1))"
    async with asyncio.timeout(PATIENCE):
        while _ask(bot.database, waiting) != [(0,)]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    return [call for name in ("deleteMessage", "deleteMessages") for call in await client.calls(name)]


def _removed(call: dict[str, Any]) -> Iterable[int]:
    """The messages that a call removes."""
    args = call["args"]
    return args["message_ids"] if "message_ids" in args else [args["message_id"]]


def _ask(file: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()
