"""Federations on a real database: who joins, whom a ban reaches, what is shared, and that nothing happens twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot import cases, fedbans, feds, fedtexts
from bot.fedbans import Order, Place, Spread
from bot.fedfile import Banned
from bot.feds import MAX_ADMINS, Refusal
from bot.i18n import languages
from bot.lists.sync import ListFeed
from bot.matching.matcher import Matcher
from bot.model import ListKind, MessageRef, Sender, SenderKind, SignalKind, Trust
from bot.outcome import Refused
from bot.policy import Standing
from bot.store import appeals, chats, entries, outbox, trusted
from bot.store import cases as records
from bot.store import feds as store
from bot.store.db import Database
from bot.store.entries import NewEntry
from bot.store.feds import Fed, FedBan
from bot.store.tables import cases as case_rows
from tests.contract import casework as work

OWNER, FED_ADMIN = 801, 802
HERE, THERE, QUIET = work.CHAT, -2001, -2002
WHO = work.MEMBER


@pytest.fixture
async def fed(database: Database) -> Fed:
    """A federation of three chats, one of which only wants to be told."""
    await work.furnish(database)

    async def write(connection: Any) -> Fed:
        for chat_id in (THERE, QUIET):
            await chats.meet(connection, chat_id, title=f"Chat {chat_id}", log_chat_id=chat_id - 1)
        made = await feds.found(connection, " Our   groups ", OWNER)
        assert isinstance(made, Fed)
        for chat_id in (HERE, THERE, QUIET):
            assert await feds.join(connection, chat_id, made.id.upper(), by=1) == made
        await feds.choose(connection, QUIET, "acts", on=False, by=1)
        return made

    return await database.write(write)


def place(chat_id: int, standing: Standing = Standing.MEMBER, **facts: Any) -> Place:
    """A chat as the handler finds it."""
    return Place(chat_id, facts.pop("chat_type", "supergroup"), standing, may_restrict=facts.pop("may", True))


ALL = (place(HERE), place(THERE), place(QUIET))


def order(fed: Fed, places: Sequence[Place] = ALL, **facts: Any) -> Order:
    """An admin of the federation bans the poster, in the chat called HERE."""
    values: dict[str, Any] = {"target": WHO, "by": (OWNER, "Olga"), "chat_id": HERE, "reason": "spam", **facts}
    return Order(fed=fed, places=places, **values)


async def ban(database: Database, wanted: Order) -> Spread:
    """Carry a ban out."""
    return await database.write(lambda connection: fedbans.ban(connection, wanted))


async def kept(database: Database, chat_id: int = THERE) -> FedBan:
    """The poster's ban as a chat sees it."""
    async with database.read() as connection:
        found = await store.ban_in(connection, chat_id, WHO.id)
    assert found is not None
    return found


async def meet(database: Database, where: Place, message: int | None = None, mark: str = "1") -> None:
    """The poster joins a chat, or writes a message there."""
    found = await kept(database, where.chat_id)
    ref = MessageRef(where.chat_id, message) if message else None
    await database.write(lambda connection: fedbans.meet(connection, found, where, WHO, ref, mark=mark))


async def bans_in(database: Database, chat_id: int) -> int:
    """How many bans were queued for a chat."""
    return len(await work.made(database, "banChatMember", chat_id))


# --- chats and admins ------------------------------------------------------------------------------


async def test_every_refusal_is_plain(database: Database, fed: Fed) -> None:
    """A second federation, an unknown one, one a chat is in already, another: each is refused, and said so."""

    async def write(connection: Any) -> list[object]:
        await chats.meet(connection, -3001, title="Elsewhere")
        other = await feds.found(connection, "Others", 900)
        assert isinstance(other, Fed)
        return [
            await feds.found(connection, "Again", OWNER),
            await feds.found(connection, "  ", 901),
            await feds.join(connection, -3001, "nothing", by=1),
            await feds.join(connection, HERE, fed.id, by=1),
            await feds.join(connection, HERE, other.id, by=1),
            await feds.leave(connection, -3001, by=1),
            await feds.run_by(connection, 902, HERE),
            await feds.run_by(connection, 902, None),
            await feds.run_by(connection, OWNER, -3001),
        ]

    assert await database.write(write) == [
        Refusal.OWNS_ONE,
        Refusal.NO_NAME,
        Refusal.UNKNOWN,
        Refusal.IN_IT,
        Refusal.IN_ANOTHER,
        Refusal.NONE,
        Refusal.NOT_ADMIN,
        Refusal.NOT_ADMIN,
        Refusal.NONE,
    ]
    assert all(fedtexts.refusal(language, why) for why in Refusal for language in languages())


async def test_admins_are_the_owners_choice(database: Database, fed: Fed) -> None:
    """An admin is made once, runs the federation, and is none after; a channel is none, and there is a limit."""
    admin = Sender(SenderKind.USER, FED_ADMIN, "Ada")

    async def write(connection: Any) -> list[object]:
        said: list[object] = [
            await feds.promote(connection, fed, admin, by=OWNER),
            await feds.promote(connection, fed, admin, by=OWNER),
            await feds.promote(connection, fed, Sender(SenderKind.CHANNEL, -100, "News"), by=OWNER),
            await feds.run_by(connection, FED_ADMIN, None),
            await feds.demote(connection, fed, admin, by=OWNER),
            await feds.demote(connection, fed, admin, by=OWNER),
        ]
        for number in range(MAX_ADMINS):
            await feds.promote(connection, fed, Sender(SenderKind.USER, 2000 + number, ""), by=OWNER)
        return [*said, await feds.promote(connection, fed, admin, by=OWNER)]

    wanted = [None, Refusal.ADMIN_ALREADY, Refusal.NOBODY, fed, None, Refusal.NO_ADMIN, Refusal.TOO_MANY]
    assert await database.write(write) == wanted


# --- bans ------------------------------------------------------------------------------------------


async def test_a_ban_acts_in_every_chat_with_case_and_reason(database: Database, fed: Fed) -> None:
    """A chat that acts has its own case with the reason and one ban; one that does not is told; twice is once."""
    done = await ban(database, order(fed))
    assert (done.acts, done.told, done.spared, done.waits, done.is_new) == (2, 1, 0, 0, True)
    assert [await bans_in(database, chat_id) for chat_id in (HERE, THERE, QUIET)] == [1, 1, 0]
    told = await work.made(database, "sendMessage", QUIET - 1)
    assert len(told) == 1
    assert all(words in told[0].args["text"] for words in ("Our groups", "spam", f"/ban {WHO.id}"))
    assert done.case is not None
    assert (done.case.chat_id, done.case.reason) == (HERE, "spam")
    assert (await kept(database)).case_id == done.case.id
    logged = await work.made(database, "sendMessage", THERE - 1)
    assert "Our groups" in logged[0].args["text"]
    assert "spam" in logged[0].args["text"]
    calls = await work.made(database)
    again = await ban(database, order(fed))
    assert (again.is_new, again.acts, again.told) == (False, 2, 1)
    assert await work.made(database) == calls
    assert ("fed.ban", OWNER, f"{fed.id}: {WHO.id}") in await work.audited(database)
    assert all(fedtexts.banned(language, done) for language in languages())


async def test_who_a_federation_bans_is_told_and_its_admin_hears_no_appeal(database: Database, fed: Fed) -> None:
    """A letter for each chat that acts, with the way to appeal; who gave the ban counts as who acted in every case."""
    await database.write(lambda connection: chats.greet(connection, WHO.id, name="Who", language="en", reachable=True))
    await ban(database, order(fed))
    told = [one.args["text"] for one in await work.made(database, "sendMessage", WHO.id)]
    assert len(told) == 2
    assert all("You are banned. Reason: spam." in text and "/appeal " in text for text in told)
    async with database.read() as connection:
        numbers = list(await connection.scalars(select(case_rows.c.id).where(case_rows.c.chat_id.in_((HERE, THERE)))))
        assert [(await appeals.acts(connection, number)).by_ids for number in numbers] == [{OWNER}, {OWNER}]


async def test_nobody_protected_is_banned(database: Database, fed: Fed) -> None:
    """Who runs it, service accounts, the bot and an admin of the chat are refused; an admin elsewhere is spared."""
    await database.write(lambda c: feds.promote(c, fed, Sender(SenderKind.USER, FED_ADMIN, "Ada"), by=OWNER))
    here_admin = (place(HERE, Standing.ADMIN), place(THERE))
    asked = [
        (order(fed, target=Sender(SenderKind.USER, OWNER, "Olga")), Refusal.ITS_ADMIN),
        (order(fed, target=Sender(SenderKind.USER, FED_ADMIN, "Ada")), Refusal.ITS_ADMIN),
        (order(fed, target=Sender(SenderKind.USER, 777000, "Telegram")), Refusal.SERVICE),
        (order(fed, target=Sender(SenderKind.SELF, 4242, "Haechi")), Refusal.SELF),
        (order(fed, target=Sender(SenderKind.ANONYMOUS_ADMIN, HERE, "")), Refusal.CHAT_ADMIN),
        (order(fed, here_admin), Refusal.CHAT_ADMIN),
        (order(fed), None),
    ]
    async with database.read() as connection:
        assert [await fedbans.hindrance(connection, one) for one, _ in asked] == [why for _, why in asked]
    done = await ban(database, order(fed, (place(HERE), place(THERE, Standing.ADMIN), place(QUIET, Standing.UNKNOWN))))
    assert (done.acts, done.spared, done.waits) == (1, 1, 1)
    assert await bans_in(database, THERE) == 0
    await meet(database, place(THERE, Standing.ADMIN), 5)
    assert await bans_in(database, THERE) == 0


async def test_whom_a_chat_trusts_stays_and_its_admins_are_told(database: Database, fed: Fed) -> None:
    """A chat that trusts the banned person does nothing to them and tells its admins, once, until that ends."""
    await database.write(lambda c: trusted.add(c, THERE, WHO.id, WHO.name, by=1))
    done = await ban(database, order(fed, (place(HERE), place(THERE, may=False))))
    assert (done.acts, done.told, done.waits) == (1, 1, 0)
    await meet(database, place(THERE), 5)
    assert await bans_in(database, THERE) == 0
    assert await work.made(database, "deleteMessage", THERE) == []
    (told,) = await work.made(database, "sendMessage", THERE - 1)
    assert "trusted here" in told.args["text"]
    assert f"/ban {WHO.id}" in told.args["text"]
    await database.write(lambda c: trusted.remove(c, THERE, WHO.id))
    await meet(database, place(THERE), 6)
    assert await bans_in(database, THERE) == 1


async def test_who_could_not_be_reached_is_met_at_the_door(database: Database, fed: Fed) -> None:
    """Who was unknown in a chat is banned as they join or write, once, and what they wrote is removed."""
    done = await ban(database, order(fed, (place(HERE), place(THERE, Standing.UNKNOWN), place(QUIET))))
    assert done.waits == 1
    await meet(database, place(THERE, may=False), 4)
    assert await bans_in(database, THERE) == 0
    for message in (5, 6):
        await meet(database, place(THERE), message)
    assert await bans_in(database, THERE) == 1
    assert [one.args["message_id"] for one in await work.made(database, "deleteMessage", THERE)] == [5]
    await meet(database, place(QUIET), 7)
    assert await work.made(database, "deleteMessage", QUIET) == []


async def test_a_ban_that_telegram_refused_is_tried_again_at_the_door(database: Database, fed: Fed) -> None:
    """A refusal is not the end: the same ban is due again when the person shows up."""
    await ban(database, order(fed, (place(THERE),), chat_id=None))

    async def refuse(connection: Any) -> None:
        for row in await outbox.due(connection, 50):
            why = Refused("Bad Request: not enough rights")
            await outbox.finish(connection, row, error=why.reason)
            if row.method == "banChatMember":
                await cases.record(connection, row, why)

    await database.write(refuse)
    await meet(database, place(THERE))
    async with database.read() as connection:
        assert "banChatMember" in {row.method for row in await outbox.due(connection, 50)}


async def test_who_comes_back_into_a_basic_group_is_put_out_again(database: Database, fed: Fed) -> None:
    """Telegram keeps nobody out of one: each return is met once, and silently, until an admin of the chat undoes it."""
    there = place(THERE, chat_type="group")
    await ban(database, order(fed, (there,), chat_id=None))
    told = len(await work.made(database, "sendMessage"))
    for mark in ("1", "1", "2"):
        await meet(database, there, mark=mark)
    await meet(database, there, 8, mark="3")
    assert await bans_in(database, THERE) == 4
    assert [one.args["message_id"] for one in await work.made(database, "deleteMessage", THERE)] == [8]
    assert len(await work.made(database, "sendMessage")) == told
    async with database.read() as connection:
        number = int(await connection.scalar(select(case_rows.c.id).where(case_rows.c.chat_id == THERE)) or 0)
    await database.write(lambda connection: records.note(connection, number, "undo"))
    await meet(database, there, mark="4")
    assert await bans_in(database, THERE) == 4


async def test_a_ban_is_taken_back_where_it_acted(database: Database, fed: Fed) -> None:
    """/unfban lifts the ban in the chats where it acted, and who joins after that is left alone."""
    await ban(database, order(fed))
    done = await database.write(lambda connection: fedbans.unban(connection, order(fed)))
    assert isinstance(done, Spread)
    assert done.acts == 2
    lifted = await work.made(database, "unbanChatMember")
    assert {one.chat_id for one in lifted} == {HERE, THERE}
    assert await database.write(lambda connection: fedbans.unban(connection, order(fed))) is Refusal.NOT_BANNED
    async with database.read() as connection:
        assert await store.ban_in(connection, HERE, WHO.id) is None
    again = await ban(database, order(fed, reason="again"))
    assert (again.is_new, again.acts) == (True, 2)
    assert await bans_in(database, HERE) == 2
    assert all(fedtexts.unbanned(language, done) for language in languages())


async def test_imported_bans_act_at_the_door(database: Database, fed: Fed) -> None:
    """Bans of a file ban nobody at once; who runs the federation is left out, who is banned keeps the reason."""
    await ban(database, order(fed, (place(HERE),)))
    bans = [Banned(WHO.id, "P", "other"), Banned(OWNER, "", ""), Banned(77, "Spammer", "ads"), Banned(-100, "News", "")]
    for new in (2, 0):
        took = await database.write(lambda connection: fedbans.take_in(connection, fed, bans, by=(OWNER, "Olga")))
        assert took == (new, 1)
    assert (await kept(database)).reason == "spam"
    async with database.read() as connection:
        found = await store.ban_in(connection, THERE, 77)
        assert await store.ban_count(connection, fed.id) == 3
    assert found is not None
    assert found.reason == "ads"
    assert await bans_in(database, THERE) == 0
    spammer = Sender(SenderKind.USER, 77, "Spammer")
    await database.write(lambda c: fedbans.meet(c, found, place(THERE), spammer, None, mark="1"))
    assert await bans_in(database, THERE) == 1


# --- what is shared --------------------------------------------------------------------------------


@pytest.mark.usefixtures("fed")
async def test_strikes_count_together_as_each_chat_chooses(database: Database) -> None:
    """A strike of one chat counts in the others' ladders, but not where they are kept apart or where nothing acts."""

    async def write(connection: Any) -> None:
        facts: dict[str, Any] = {"sender_id": WHO.id, "incident": "message:9", "case_id": 1, "seconds": 60}
        await records.strike(connection, chat_id=THERE, **facts)

    async def counts() -> list[int]:
        async with database.read() as connection:
            here = [await records.active_strikes(connection, chat, WHO.id, but="message:9") for chat in (HERE, QUIET)]
            return [*here, await records.active_strikes(connection, THERE, WHO.id)]

    await database.write(write)
    assert await counts() == [1, 0, 1]
    await database.write(lambda c: feds.choose(c, HERE, "strikes", on=False, by=1))
    assert await counts() == [0, 0, 1]
    await database.write(lambda c: feds.choose(c, HERE, "strikes", on=True, by=1))
    await database.write(lambda c: feds.leave(c, THERE, by=1))
    assert await counts() == [0, 0, 1]


async def test_blocked_pictures_count_in_every_chat(database: Database, fed: Fed) -> None:
    """What one chat blocks is removed in the others at the next look, warns at most, and only tells by choice."""
    matcher = Matcher()
    feed = ListFeed(database, matcher)
    await feed.load()

    async def write(connection: Any) -> None:
        for kind, value in ((ListKind.BLOCK, b"blocked"), (ListKind.ALLOW, b"allowed")):
            list_id = await entries.ensure_list(
                connection, f"{kind} there", kind=kind, trust=Trust.BAN, chat_id=THERE, source="chat"
            )
            await entries.add(connection, list_id, [NewEntry(SignalKind.FILE, value)])

    def trust(chat_id: int) -> list[Trust]:
        return [match.trust for match in matcher.matches(chat_id, "blocked", None)]

    await database.write(write)
    await feed.follow()
    assert [trust(chat) for chat in (THERE, HERE, QUIET, -1)] == [[Trust.BAN], [Trust.WARN], [Trust.NOTIFY], []]
    assert matcher.matches(HERE, "allowed", None) == []
    await database.write(lambda c: feds.choose(c, QUIET, "acts", on=True, by=1))
    await feed.follow()
    assert trust(QUIET) == [Trust.WARN]
    await database.write(lambda c: chats.migrate(c, HERE, -5001))
    await feed.follow()
    assert [trust(chat) for chat in (HERE, -5001)] == [[], [Trust.WARN]]
    await database.write(lambda c: feds.leave(c, THERE, by=1))
    await feed.follow()
    assert [trust(chat) for chat in (THERE, -5001, QUIET)] == [[Trust.BAN], [], []]
    async with database.read() as connection:
        assert await store.of_chat(connection, HERE) is None
        known = await store.of_chat(connection, -5001)
    assert known is not None
    assert known[0] == replace(fed, name="Our groups")


async def test_what_is_told_of_a_federation(database: Database, fed: Fed) -> None:
    """Name, number, owner, chats, bans, and how this chat takes part, in every language."""
    await ban(database, order(fed))
    async with database.read() as connection:
        told = [await feds.about(connection, fed, chat_id) for chat_id in (HERE, QUIET, -1)]
    assert (told[0].chats, told[0].bans) == (3, 1)
    for language in languages():
        assert all(fed.id in fedtexts.about(language, one) for one in told)
        rows = [len(fedtexts.keyboard(language, one)) for one in told]
        assert rows == [2, 1, 0]
