"""The bot's place in chats over a real database: what is kept, and who hears what, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from bot import chatsettings, membership
from bot.curation import list_files
from bot.membership import Change, Details
from bot.model import ListKind, UnscannablePolicy
from bot.protection import DELETE, INVITE, RESTRICT, Presence
from bot.store import cases, chats, entries, trusted
from bot.store.db import Database
from bot.store.reporttables import report_blocks
from bot.store.tables import audit, hits
from tests.contract.casework import audited, made

CHAT, LOG, OWNER, ADDER = -1001, -1002, 11, 12
AWAY, MEMBER = Presence("left"), Presence("member")
FULL = Presence("administrator", frozenset({DELETE, RESTRICT, INVITE}))
AT = 1_766_000_000.0  # 2025-12-17 19:33:20 UTC

ADDED = Change(CHAT, "supergroup", "The place", "place", AWAY, FULL, ADDER, "fr-CA", AT, "1:1")


def promoted(before: Presence, after: Presence, mark: str) -> Change:
    """A change of the bot's rights in the chat where it is already."""
    return replace(ADDED, before=before, after=after, mark=mark)


async def follow(database: Database, change: Change, details: Details | None = None) -> None:
    """Take in a change; replayed, as after a crash."""
    for _ in range(2):
        await database.write(lambda connection: membership.follow(connection, change, details or Details(OWNER, -1009)))


async def reachable(database: Database, user: int, language: str = "en") -> None:
    """Have somebody press start."""
    await database.write(
        lambda connection: chats.greet(connection, user, name=f"P{user}", language=language, reachable=True)
    )


async def texts(database: Database, chat_id: int | None = None) -> list[str]:
    """What is to be said, or was."""
    return [call.args["text"] for call in await made(database, "sendMessage", chat_id)]


async def settings(database: Database) -> Any:
    """The chat's settings."""
    async with database.read() as connection:
        return await chats.settings(connection, CHAT)


async def test_a_first_meeting_keeps_the_facts(database: Database) -> None:
    """Type, title, owner and linked chat are kept, and the language of whoever added the bot is spoken."""
    await follow(database, ADDED)
    async with database.read() as connection:
        chat = await chats.chat(connection, CHAT)
    assert chat is not None
    assert (chat.type, chat.title, chat.username, chat.linked_chat_id) == ("supergroup", "The place", "place", -1009)
    assert chat.bot_rights == FULL.rights
    found = await settings(database)
    assert (found.owner_id, found.language) == (OWNER, "fr")
    assert len(await texts(database, CHAT)) == 1


async def test_a_return_keeps_what_was_chosen(database: Database) -> None:
    """Removed and added again, the bot greets again and speaks the language that the chat has chosen."""
    await follow(database, ADDED)
    await database.write(lambda connection: chats.change(connection, CHAT, language="ko", preset="watch"))
    await follow(database, promoted(FULL, Presence("kicked"), "1:2"))
    await follow(database, replace(ADDED, mark="1:3"))
    found = await settings(database)
    assert (found.language, found.preset) == ("ko", "watch")
    assert len(await texts(database, CHAT)) == 2


async def test_a_channel_is_greeted_in_private(database: Database) -> None:
    """A channel's readers are spared the set-up: whoever added the bot gets it, with buttons that name the channel."""
    await reachable(database, ADDER)
    await follow(database, replace(ADDED, chat_type="channel"))
    (call,) = await made(database, "sendMessage")
    assert call.chat_id == ADDER
    data = [row[0]["callback_data"] for row in call.args["reply_markup"]["inline_keyboard"]]
    assert data == [f"s:preset:{name}:{CHAT}" for name in ("watch", "standard", "zero-tolerance")]


async def test_the_alarm_reaches_owner_and_log_chat(database: Database) -> None:
    """The loss of a right is told in private, in the owner's language, and in the log chat; with the time."""
    await reachable(database, OWNER, language="ko")
    await follow(database, replace(ADDED, by_language="en"))
    await database.write(lambda connection: chats.change(connection, CHAT, log_chat_id=LOG))
    await follow(database, promoted(FULL, Presence("administrator", frozenset({RESTRICT})), "1:2"))
    (logged,) = await texts(database, LOG)
    assert "Protection is off in <b>The place</b> since 19:33 UTC: I may no longer delete messages" in logged
    (private,) = await texts(database, OWNER)
    assert "보호가 꺼졌습니다" in private
    assert ("chat.rights_lost", ADDER, "") in await audited(database)


async def test_a_lesser_loss_is_told_as_such(database: Database) -> None:
    """Without the right to restrict, protection is weaker, not off; a right that is not needed is no loss."""
    await follow(database, replace(ADDED, by_language="en"))
    await follow(database, promoted(FULL, Presence("administrator", frozenset({DELETE, RESTRICT})), "1:2"))
    assert len(await texts(database)) == 1
    await follow(database, promoted(FULL, Presence("administrator", frozenset({DELETE})), "1:3"))
    assert "Protection is weaker" in (await texts(database, CHAT))[-2]  # the last word: that the owner does not hear it


async def test_a_removal_is_told_to_those_outside(database: Database) -> None:
    """Nobody can be told in a chat that the bot was removed from: the owner is, and nobody when not reachable."""
    await follow(database, replace(ADDED, by_language="en"))
    await follow(database, promoted(FULL, Presence("kicked"), "1:2"))
    assert len(await texts(database)) == 1
    await reachable(database, OWNER)
    await follow(database, replace(ADDED, mark="1:3"))
    await follow(database, promoted(FULL, Presence("kicked"), "1:4"))
    assert "I was removed from the chat" in (await texts(database, OWNER))[-1]


async def test_completeness_is_told_once(database: Database) -> None:
    """A promotion that completes the rights is confirmed once, however many follow."""
    await follow(database, replace(ADDED, after=MEMBER, by_language="en"))
    await follow(database, promoted(MEMBER, FULL, "1:2"))
    await follow(database, promoted(FULL, Presence("administrator", FULL.rights | {"can_pin_messages"}), "1:3"))
    said = await texts(database, CHAT)
    assert ["I have every right I need now" in text for text in said] == [False, True]


async def test_a_lost_log_chat_is_forgotten(database: Database) -> None:
    """A log chat that the bot is removed from is nobody's log chat any more, on record, and the chat hears so."""
    await follow(database, replace(ADDED, by_language="en"))
    await follow(database, replace(ADDED, chat_id=LOG, title="The log", by_language="en", mark="1:2"))
    await database.write(lambda connection: chats.change(connection, CHAT, log_chat_id=LOG))
    removal = replace(ADDED, chat_id=LOG, title="The log", before=FULL, after=Presence("kicked"), mark="1:3")
    await follow(database, removal)
    assert (await settings(database)).log_chat_id is None
    assert "The log" in (await texts(database, CHAT))[-1]
    assert ("settings.logchat", None, f"{LOG} → none") in await audited(database)


async def test_a_migration_moves_settings_lists_and_calls(database: Database) -> None:
    """A group that became a supergroup keeps its settings and its lists, and what waits goes to the new id."""
    new = -1005
    await follow(database, replace(ADDED, chat_type="group", by_language="en"))
    await database.write(lambda connection: chats.change(connection, CHAT, unscannable="hold"))
    files = [("unique", None)]

    async def block(chat_id: int) -> str:
        listing = await database.write(
            lambda connection: list_files(connection, files, kind=ListKind.BLOCK, chat_id=chat_id, by=1)
        )
        return listing.list_name

    name = await block(CHAT)
    async with database.read() as connection:
        before = await entries.last_change(connection)
    for _ in range(2):
        await database.write(lambda connection: membership.migrate(connection, CHAT, new, FULL))
    async with database.read() as connection:
        kept = await chats.settings(connection, new)
        assert await chats.chat(connection, CHAT) is None
        changed = {change.change for change in await entries.changes(connection, before)}
    assert kept.unscannable is UnscannablePolicy.HOLD
    assert changed == {"list"}, "a running process learns that the list belongs to another chat now"
    assert await block(new) == name, "the chat goes on filling the list it had"
    assert [call.args["chat_id"] for call in await made(database, "sendMessage", new)] == [new]


async def test_a_second_migration_loses_nothing(database: Database) -> None:
    """A group that moved at a refusal, is met again by an older update and moves again: what was chosen stays."""
    new, album = -1005, {"incident": "album:9", "kind": "match", "sender_kind": "user", "sender_id": 7}

    async def write(connection: Any) -> None:
        await membership.follow(connection, replace(ADDED, chat_type="group"), Details(OWNER))
        await chats.change(connection, CHAT, unscannable="hold", log_chat_id=LOG)
        await trusted.add(connection, CHAT, 7, "Kept", by=OWNER)
        await connection.execute(report_blocks.insert().values(chat_id=CHAT, reporter_id=8, case_id=1, until=AT))

    async def happen(connection: Any) -> None:
        case, _ = await cases.open_case(connection, chat_id=CHAT, **album)
        await cases.strike(connection, chat_id=CHAT, sender_id=7, incident="album:9", case_id=case.id, seconds=60)
        await connection.execute(hits.insert().values(chat_id=CHAT, entry_id=case.id, sender_id=7, at=AT))

    async def meet_again(connection: Any) -> None:
        await membership.meet(connection, CHAT, FULL, Details(9), type="group", title="The place")
        await trusted.add(connection, CHAT, 7, "Late", by=OWNER)

    await database.write(write)
    for again in (False, True, True):
        if again:
            await database.write(meet_again)
        await database.write(happen)
        await database.write(lambda connection: membership.migrate(connection, CHAT, new, FULL))
    async with database.read() as connection:
        kept = await chats.settings(connection, new)
        assert await chats.chat(connection, CHAT) is None
        assert [one.name for one in await trusted.listed(connection, new)] == ["Kept"]
        assert await cases.active_strikes(connection, new, 7) == 3
        blocked = await connection.scalars(select(report_blocks.c.chat_id))
        assert list(blocked) == [new]
        for table in (hits, audit):
            assert set(await connection.scalars(select(table.c.chat_id))) == {new}
    assert (kept.unscannable, kept.log_chat_id, kept.owner_id) == (UnscannablePolicy.HOLD, LOG, OWNER)


async def test_a_chat_that_was_met_first_is_greeted_all_the_same(database: Database) -> None:
    """A message may be handled before the change that brought the bot: the greeting and the alarm still come."""
    facts = {"type": "supergroup", "title": "The place", "username": "place"}
    await database.write(lambda connection: membership.meet(connection, CHAT, FULL, Details(OWNER), **facts))
    await follow(database, replace(ADDED, by_language="ko"))
    assert ["저는 해치" in text for text in await texts(database, CHAT)] == [True]
    assert (await settings(database)).language == "ko"


async def test_a_language_that_was_chosen_before_the_greeting_stays(database: Database) -> None:
    """What an admin chose in the moment between the first message and the change is not taken from them."""
    facts = {"type": "supergroup", "title": "The place", "username": "place"}
    await database.write(lambda connection: membership.meet(connection, CHAT, FULL, Details(OWNER), **facts))
    await database.write(lambda connection: chatsettings.choose(connection, CHAT, "language", "fr", by=OWNER))
    await follow(database, replace(ADDED, by_language="ko"))
    assert (await settings(database)).language == "fr"


async def test_a_loss_that_was_seen_first_alarms_all_the_same(database: Database) -> None:
    """A chat that is met while its change is on the way is known without the right; the loss is told nevertheless."""
    less = Presence("administrator", frozenset({RESTRICT, INVITE}))
    facts = {"type": "supergroup", "title": "The place", "username": "place"}
    await database.write(lambda connection: membership.meet(connection, CHAT, less, Details(OWNER), **facts))
    await follow(database, promoted(FULL, less, "1:2"))
    said = await texts(database, CHAT)
    assert ["Protection is off" in text for text in said] == [True, False]
    assert "I cannot tell the owner" in said[1]
