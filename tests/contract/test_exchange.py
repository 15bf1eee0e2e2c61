"""Settings taken along as a file and brought in again, on a real database: shown first, then all of it or nothing."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import chatsettings, exchange, settingsfile, trust
from bot.exchange import Fate
from bot.model import Sender, SenderKind
from bot.settingsfile import Wanted
from bot.store import cases as records
from bot.store import chats, trusted
from bot.store.cases import Button
from bot.store.db import Database
from bot.store.tables import audit, buttons
from bot.store.trusted import Trusted
from tests.contract.casework import audited

HERE, THERE, OWNER = -1001, -1002, 601


@pytest.fixture(autouse=True)
async def _chats(database: Database) -> None:
    """A chat with choices of its own, and one without."""

    async def write(connection: AsyncConnection) -> None:
        await chats.meet(connection, HERE, title="Here", log_chat_id=-1009)
        await chats.meet(connection, THERE, title="There")
        await chatsettings.choose(connection, HERE, "preset", "zero-tolerance", by=OWNER)
        await chatsettings.choose(connection, HERE, "language", "ko", by=OWNER)
        await chatsettings.tune(connection, HERE, by=OWNER, ban_seconds=86_400, quiet="silent", log_thread_id=4)
        for number, name in ((5, "Five"), (-1007, "Mask")):
            kind = SenderKind.USER if number > 0 else SenderKind.CHANNEL
            await trust.give(connection, HERE, Sender(kind, number, name), by=OWNER)
        await trust.give(connection, THERE, Sender(SenderKind.USER, 8, "Eight"), by=OWNER)
        await connection.execute(audit.delete())

    await database.write(write)


async def exported(database: Database, chat_id: int = HERE) -> Wanted:
    """A chat's file, read again."""
    document = await database.write(lambda c: exchange.export(c, chat_id, by=OWNER))
    wanted = settingsfile.load(settingsfile.dump(document))
    assert isinstance(wanted, Wanted)
    return wanted


async def offered(database: Database, wanted: Wanted) -> tuple[str, Button]:
    """What is shown of an import, and what its buttons stand for."""
    text, rows = await database.write(lambda c: exchange.offer(c, THERE, wanted, "en"))
    assert rows is not None
    return text, await button_of(database, rows[0][0]["callback_data"].split(":")[1])


async def button_of(database: Database, token: str) -> Button:
    """What a token stands for."""
    async with database.read() as connection:
        found = await records.button(connection, token)
    assert found is not None
    return found


async def state(database: Database, chat_id: int = THERE) -> Any:
    """All that is chosen in a chat."""
    async with database.read() as connection:
        people = await trusted.listed(connection, chat_id)
        return settingsfile.write(await chats.settings(connection, chat_id), people)


async def test_an_import_makes_the_other_chat_the_same(database: Database) -> None:
    """Preview first, nothing changed; once confirmed all is as in the file, on record with before and after."""
    before = await state(database)
    text, found = await offered(database, await exported(database))
    for words in (
        "Standard → Zero tolerance",
        "English → 한국어",
        "as the preset has it → 1 day",
        "Everything → Nothing",
    ):
        assert words in text
    assert "2 more, 1 no more" in text
    assert await state(database) == before
    fate, said, count = await database.write(lambda c: exchange.confirm(c, found, "en", by=OWNER))
    assert (fate, count) == (Fate.APPLIED, 8)
    assert "8 changes" in said
    assert await state(database) == await state(database, HERE)
    lines = await audited(database)
    assert ("settings.export", OWNER, "") in lines
    assert ("settings.preset", OWNER, "standard → zero-tolerance") in lines
    assert ("settings.rules", OWNER, "ban_seconds: preset → 86400") in lines
    assert ("settings.untrust", OWNER, "8: trusted → not") in lines
    assert lines[-1] == ("settings.import", OWNER, "8 changes")


async def test_the_places_of_the_chat_stay(database: Database) -> None:
    """Log chat and topic are not brought along, and those of the other chat are left alone."""
    await database.write(lambda c: chatsettings.set_log_chat(c, THERE, -1008, by=OWNER, thread_id=9))
    _, found = await offered(database, await exported(database))
    await database.write(lambda c: exchange.confirm(c, found, "en", by=OWNER))
    async with database.read() as connection:
        after = await chats.settings(connection, THERE)
    assert (after.log_chat_id, after.rules.log_thread_id) == (-1008, 9)


async def test_a_token_is_used_once_and_keeps_nobody(database: Database) -> None:
    """Confirmed or cancelled, a token says only which, and holds no name of a trusted member any more."""
    wanted = await exported(database)
    for fate in (Fate.CANCELLED, Fate.APPLIED):
        before = await state(database)
        _, found = await offered(database, wanted)
        assert "Five" in found.data
        if fate is Fate.APPLIED:
            await database.write(partial(exchange.confirm, found=found, language="en", by=OWNER))
        else:
            await database.write(partial(exchange.cancel, found=found, language="en"))
        used = await button_of(database, found.token)
        assert (used.state, used.data) == ("used", fate.value)
        assert (await state(database) == before) is (fate is Fate.CANCELLED)
    async with database.read() as connection:
        kept = list(await connection.scalars(select(buttons.c.data)))
    assert not any("Five" in data for data in kept)


async def test_what_was_changed_meanwhile_is_shown_again(database: Database) -> None:
    """Settings that were changed since they were shown are not overwritten unseen: the changes are shown anew."""
    _, found = await offered(database, await exported(database))
    await database.write(lambda c: chatsettings.tune(c, THERE, by=7, hold_at=3))
    before = await state(database)
    fate, said, _ = await database.write(lambda c: exchange.confirm(c, found, "en", by=OWNER))
    assert fate is Fate.CHANGED
    assert "At 3 → Never" in said
    assert await state(database) == before
    again = await button_of(database, found.token)
    fate, _, _ = await database.write(lambda c: exchange.confirm(c, again, "en", by=OWNER))
    assert fate is Fate.APPLIED
    assert await state(database) == await state(database, HERE)


async def test_a_failure_half_way_changes_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the last of the changes cannot be made, none is made."""
    _, found = await offered(database, await exported(database))
    before = await state(database)

    async def fail(*_args: Any, **_options: Any) -> bool:
        raise LookupError

    monkeypatch.setattr(trusted, "add", fail)
    with pytest.raises(LookupError):
        await database.write(lambda c: exchange.confirm(c, found, "en", by=OWNER))
    assert await state(database) == before
    assert (await button_of(database, found.token)).state == "open"


async def test_what_changes_nothing_asks_nothing(database: Database) -> None:
    """A file that says what holds already has no buttons."""
    wanted = await exported(database, THERE)
    text, rows = await database.write(lambda c: exchange.offer(c, THERE, wanted, "en"))
    assert "nothing to change" in text
    assert rows is None


async def test_a_file_without_trusted_members_leaves_them(database: Database) -> None:
    """What a file does not speak of stays, and is not shown."""
    wanted = settingsfile.read({"haechi": "settings", "version": 1, "preset": "watch"})
    assert isinstance(wanted, Wanted)
    text, found = await offered(database, wanted)
    assert "Trusted" not in text
    await database.write(lambda c: exchange.confirm(c, found, "en", by=OWNER))
    async with database.read() as connection:
        assert [Trusted(one.sender_id, one.name) for one in await trusted.listed(connection, THERE)] == [
            Trusted(8, "Eight")
        ]
    assert json.loads(json.dumps(await state(database)))["preset"] == "watch"
