"""The outbox against the sandbox: what goes first, what goes together, what waits, and what each call's end is."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cases
from bot.calls import CARD, CHATTER, RECEIPT
from bot.errors import Unreachable
from bot.model import MessageRef
from bot.outcome import Call, Wait
from bot.sandbox.access import DELETE_SECONDS
from bot.sandbox.client import PATIENCE
from bot.settings import Limits
from bot.store import outbox
from bot.store.db import Database
from bot.store.tables import outbox as rows
from bot.store.tables import pauses
from bot.telegram.gateway import Gateway
from bot.telegram.outbox import Outbox
from bot.telegram.pace import Pace
from tests.contract.stage import TOKEN, Stage, staged

UNPACED = Limits(words_per_second=1000, words_per_minute_in_groups=10_000, words_per_second_in_private=1000)
LANES = 8
HOURS = 3600


@dataclass
class Post:
    """A stage with a gateway and a database; `commits` counts the writer's."""

    stage: Stage
    gateway: Gateway
    database: Database
    commits: list[object] = field(default_factory=list)

    async def put(self, *wanted: Call) -> None:
        """Queue calls."""
        await self.database.write(lambda connection: outbox.put(connection, wanted))

    @contextlib.asynccontextmanager
    async def working(self, limits: Limits = UNPACED, *, patience: float = PATIENCE) -> AsyncIterator[None]:
        """Have an outbox at work, as after a start of the bot; in the end it may finish what it has in hand."""
        worker = Outbox(self.gateway, self.database, limits, record=cases.record)
        task = asyncio.create_task(worker.run())
        try:
            yield
            await worker.drain(patience)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def work(self, limits: Limits = UNPACED) -> None:
        """Make all calls that wait."""
        async with self.working(limits):
            await self.until(0)

    async def until(self, left: int) -> None:
        """Wait until no more than `left` calls wait."""
        async with asyncio.timeout(PATIENCE):
            while (await self.depth())[0] > left:  # noqa: ASYNC110 - the rows are looked at as they are
                await asyncio.sleep(0.02)

    async def depth(self) -> tuple[int, int]:
        """How many calls wait, and how many failed."""
        async with self.database.read() as connection:
            return await outbox.depth(connection)

    async def states(self) -> Counter[int]:
        """How many calls are in each state."""
        async with self.database.read() as connection:
            return Counter(await connection.scalars(select(rows.c.state)))

    async def chats(self, count: int) -> list[int]:
        """More groups with the bot in them."""
        world, owner = self.stage.world, self.stage.owner
        made = [world.create_chat(f"Group {number}", owner).id for number in range(count)]
        for chat in made:
            world.add_bot(owner, chat, True)
        return made

    def posted(self, chat: int, count: int) -> list[MessageRef]:
        """Messages of a chat, by its owner."""
        one = [self.stage.world.post(self.stage.owner, chat, text="x")[0].id for _ in range(count)]
        return [MessageRef(chat, number) for number in one]

    def methods(self) -> list[str]:
        """The methods of the calls made so far, in order."""
        return [call.method for call in self.stage.world.outbox.list()]

    def left(self, refs: list[MessageRef]) -> list[MessageRef]:
        """Those messages that are still there."""
        return [ref for ref in refs if self.stage.world.find_message(ref.chat_id, ref.message_id)]


@pytest.fixture
async def post(database: Database) -> AsyncIterator[Post]:
    """A stage whose bot has an outbox."""
    async with staged() as stage:
        gateway = Gateway(TOKEN, f"{stage.url}/bot", f"{stage.url}/file/bot")
        await gateway.start()
        stage.world.clear_calls()
        made = Post(stage, gateway, database)
        event.listen(database.writer.sync_engine, "commit", made.commits.append)
        yield made
        await gateway.stop()


def words(chat: int, number: int, *, rank: int = CHATTER) -> Call:
    """Something to say."""
    return calls.say(f"word:{chat}:{number}", chat, f"word {number}", rank=rank)


# --- what goes first -----------------------------------------------------------------------------


async def test_a_call_that_ends_during_a_look_is_made_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read may be older than what is in hand: a ban that ends meanwhile is not taken for one that waits."""
    overdue, has_ended = outbox.overdue, asyncio.Event()

    async def slow(connection: AsyncConnection, since: float, *, ceilings: Mapping[int, int]) -> outbox.Row | None:
        found = await overdue(connection, since, ceilings=ceilings)
        if post.stage.world.outbox.list():
            await asyncio.wait_for(has_ended.wait(), PATIENCE)
        return found

    monkeypatch.setattr(outbox, "overdue", slow)
    await post.stage.people.fault("banChatMember", "delay", 1, seconds=1)
    await post.put(calls.ban(post.stage.group, post.stage.member, "1", is_channel=False))
    async with post.working():
        await post.until(0)
        await asyncio.sleep(0)  # the row is closed: let its end be told
        has_ended.set()
        await post.put(words(post.stage.group, 1))
        await post.until(0)
    assert post.methods() == ["banChatMember", "sendMessage"]


async def test_a_thousand_removals_go_ahead_of_words(post: Post) -> None:
    """Removals in many chats go before bans, and these before words, though they were put last; few commits do."""
    places = await post.chats(40)
    doomed = [ref for chat in places for ref in post.posted(chat, 25)]
    await post.put(*(words(chat, number) for chat in places for number in range(5)))
    await post.put(*(calls.ban(chat, post.stage.member, "1", is_channel=False) for chat in places))
    await post.put(*(calls.delete(ref) for ref in doomed))
    post.commits.clear()
    await post.work()
    made = post.methods()
    assert post.left(doomed) == []
    assert Counter(made) == {"deleteMessages": 40, "banChatMember": 40, "sendMessage": 200}
    ranks = [("deleteMessages", "banChatMember", "sendMessage").index(method) for method in made]
    overtaken = [place for place, rank in enumerate(ranks) if any(later < rank for later in ranks[place + LANES :])]
    assert overtaken == []  # but for what is on its way in other lanes in the same moment
    assert len(post.commits) <= 40 + 40 + 2 * 200


async def test_words_are_not_kept_waiting_for_ever(post: Post) -> None:
    """A word that was overtaken for long goes though removals keep the only lane busy."""
    places = await post.chats(30)
    await post.put(words(post.stage.group, 1))
    await post.put(*(calls.delete(ref) for chat in places for ref in post.posted(chat, 1)))
    old = update(rows).where(rows.c.method == "sendMessage").values(created_at=rows.c.created_at - HOURS)
    await post.database.write(lambda connection: connection.execute(old))
    await post.work(UNPACED.model_copy(update={"outbox_lanes": 1}))
    assert post.methods()[0] == "sendMessage"


async def test_a_word_on_its_way_keeps_no_removal_waiting(post: Post) -> None:
    """In one chat, and with every lane for words taken, a removal is made while words hang."""
    places = await post.chats(LANES)
    await post.stage.people.fault("sendMessage", "delay", None, seconds=3600)
    doomed = post.posted(places[0], 1)
    async with post.working(patience=0):
        await post.put(*(words(chat, 1) for chat in places))
        async with asyncio.timeout(PATIENCE):
            while "sendMessage" not in post.methods():  # noqa: ASYNC110 - a call that hangs is no event yet
                await asyncio.sleep(0.01)
        await post.put(*(calls.delete(ref) for ref in doomed))
        await post.stage.people.wait_deleted(places[0], doomed[0].message_id)
        assert all(call.ok is None for call in post.stage.world.outbox.list("sendMessage"))


async def test_words_keep_to_telegrams_limits(post: Post) -> None:
    """In a group and in all no more is said than allowed, and removals are none of it."""
    doomed = post.posted(post.stage.group, 30)
    limits = Limits(words_per_minute_in_groups=3)
    other = (await post.chats(1))[0]
    await post.put(*(words(chat, number) for chat in (post.stage.group, other) for number in range(5)))
    async with post.working(limits):
        await post.until(4)
        await post.put(*(calls.delete(ref) for ref in doomed))
        await post.until(4)
    said = Counter(call.args["chat_id"] for call in post.stage.world.outbox.list("sendMessage"))
    assert said == {post.stage.group: 3, other: 3}
    assert post.left(doomed) == []


def test_a_pace_counts_by_chat_and_in_all() -> None:
    """Twenty a minute in a group, five in five seconds to a person, thirty a second over all; not one more."""
    now = 0.0
    pace = Pace(Limits(), clock=lambda: now)
    assert [pace.take(-1) for _ in range(21)] == [True] * 20 + [False]
    assert [pace.take(7) for _ in range(6)] == [True] * 5 + [False]
    assert sorted(pace.full()) == [-1, 7]
    assert [pace.take(chat) for chat in range(100, 106)] == [True] * 5 + [False]
    assert pace.is_full
    now = 5.0
    assert not pace.is_full
    assert pace.full() == [-1]
    assert pace.take(7)
    now = 60.0
    assert pace.full() == []
    assert pace.take(-1)


# --- what goes together --------------------------------------------------------------------------


async def test_messages_go_in_hundreds_with_an_answer_for_each(post: Post) -> None:
    """Of 220 messages one is too old and one is gone: the others go in few calls, and only the old one fails."""
    group = post.stage.group
    ancient = post.posted(group, 1)
    await post.stage.people.clock(DELETE_SECONDS + HOURS)
    doomed = post.posted(group, 219)
    await post.stage.people.delete(post.stage.owner, group, doomed[50].message_id)
    post.stage.world.clear_calls()
    everything = [*doomed[:120], *ancient, *doomed[120:]]
    await post.put(*(calls.delete(ref) for ref in everything), words(group, 1))
    await post.work()
    assert post.left(everything) == ancient
    assert await post.states() == {outbox.DONE: 220, outbox.FAILED: 1}
    made = Counter(post.methods())
    assert made["deleteMessages"] + made["deleteMessage"] <= 3 + 2 * 7
    assert max(len(call.args["message_ids"]) for call in post.stage.world.outbox.list("deleteMessages")) == 100
    async with post.database.read() as connection:
        failed = (await connection.execute(select(rows.c.key, rows.c.error).where(rows.c.state == outbox.FAILED))).all()
    assert [key for key, _ in failed] == [calls.delete(ancient[0]).key]
    assert "can't be deleted" in failed[0][1]


async def test_a_refusal_of_the_chat_is_not_asked_for_each_message(post: Post) -> None:
    """Put out of the group, the bot hears so once and not a hundred times."""
    doomed = post.posted(post.stage.group, 30)
    await post.stage.people.remove_bot(post.stage.owner, post.stage.group)
    await post.put(*(calls.delete(ref) for ref in doomed))
    await post.work()
    assert post.methods() == ["deleteMessages"]
    assert await post.states() == {outbox.FAILED: 30}


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_many_removals_are_repeated_until_answered(post: Post, kind: str) -> None:
    """A hundred removals without an answer are asked for again, whether or not they were done."""
    doomed = post.posted(post.stage.group, 100)
    await post.stage.people.fault("deleteMessages", kind)
    await post.put(*(calls.delete(ref) for ref in doomed))
    await post.work()
    assert post.left(doomed) == []
    assert await post.states() == {outbox.DONE: 100}
    assert post.methods() == ["deleteMessages"] * 2


async def test_a_migration_ends_many_removals(post: Post) -> None:
    """The supergroup numbers its messages anew: removals that wait for the old group are made nowhere."""
    world = post.stage.world
    old = world.create_chat("Basic", post.stage.owner, type_="group").id
    world.add_bot(post.stage.owner, old, True)
    doomed = post.posted(old, 3)
    new = world.migrate(old).id
    kept = post.posted(new, 4)
    await post.put(*(calls.delete(ref) for ref in doomed), words(old, 1))
    await post.work()
    assert await post.states() == {outbox.FAILED: 3, outbox.DONE: 1}
    assert post.left(kept) == kept
    assert [call.args["chat_id"] for call in world.outbox.list("sendMessage") if call.ok] == [new]


# --- what waits ----------------------------------------------------------------------------------


async def test_a_flood_wait_for_words_holds_words_of_that_chat_over_a_restart(post: Post) -> None:
    """After a 429 the chat's words wait, those put later too; its removals and other chats go on."""
    group, other = post.stage.group, (await post.chats(1))[0]
    await post.stage.people.fault("sendMessage", retry_after=HOURS, chat_id=group)
    await post.put(words(group, 1, rank=CARD))
    async with post.working():
        await post.stage.people.wait_call("sendMessage", chat_id=group)
        await post.until(1)
    doomed = post.posted(group, 2)
    await post.put(words(group, 2), words(other, 1), *(calls.delete(ref) for ref in doomed))
    async with post.working():
        await post.until(2)
    assert post.left(doomed) == []
    assert Counter(call.args["chat_id"] for call in post.stage.world.outbox.list("sendMessage")) == {group: 1, other: 1}
    await post.database.write(lambda connection: connection.execute(update(pauses).values(until=0)))
    await post.database.write(lambda connection: connection.execute(update(rows).values(not_before=0)))
    await post.work()
    assert await post.states() == {outbox.DONE: 5}


async def test_a_flood_wait_for_removals_holds_all_of_that_chat(post: Post) -> None:
    """Told to leave a chat alone with removals, the bot says nothing there either; other chats go on."""
    group, other = post.stage.group, (await post.chats(1))[0]
    doomed = post.posted(group, 5)
    await post.stage.people.fault("deleteMessages", retry_after=HOURS)
    await post.put(*(calls.delete(ref) for ref in doomed), words(group, 1), words(other, 1))
    async with post.working():
        await post.until(6)
    assert post.left(doomed) == doomed
    assert Counter(post.methods()) == {"deleteMessages": 1, "sendMessage": 1}


async def test_questions_wait_out_a_flood_wait(post: Post) -> None:
    """Asked for patience, the bot does not ask the same of that chat again; other chats go on."""
    group, other = post.stage.group, (await post.chats(1))[0]
    who = {"user_id": post.stage.owner}
    await post.stage.people.fault("getChatMember", retry_after=HOURS)
    for _ in range(3):
        with pytest.raises(Unreachable):
            await post.gateway.ask("getChatMember", {"chat_id": group, **who})
    assert (await post.gateway.ask("getChatMember", {"chat_id": other, **who}))["status"] == "creator"
    assert post.methods().count("getChatMember") == 2
    await post.stage.people.fault("getFile", retry_after=HOURS)
    for _ in range(3):
        with pytest.raises(Unreachable):
            await post.gateway.fetch("anything", 1000, bool)
    assert post.methods().count("getFile") == 1


async def test_a_start_waits_out_a_flood_wait(post: Post) -> None:
    """A 429 at the first question is no reason to end, nor to ask again before its time."""
    await post.stage.people.fault("getMe", retry_after=HOURS)
    gateway = Gateway(TOKEN, f"{post.stage.url}/bot", f"{post.stage.url}/file/bot")
    for _ in range(3):
        with pytest.raises(Unreachable):
            await gateway.start()
    assert post.methods() == ["getMe"]
    await gateway.stop()


# --- how often -----------------------------------------------------------------------------------


async def test_chatter_is_said_at_most_once(post: Post) -> None:
    """Without an answer a card is sent again and chatter is not: it may have been said."""
    await post.stage.people.fault("sendMessage", "cut_after", 3)
    places = await post.chats(3)
    await post.put(*(words(chat, 1, rank=rank) for chat, rank in zip(places, (CARD, RECEIPT, CHATTER), strict=True)))
    await post.work()
    said = Counter(call.args["chat_id"] for call in post.stage.world.outbox.list("sendMessage"))
    assert said == dict(zip(places, (2, 1, 1), strict=True))
    assert await post.states() == {outbox.DONE: 1, outbox.FAILED: 2}


async def test_what_was_marked_before_a_crash_is_not_said_after(post: Post) -> None:
    """Killed between its mark and Telegram's answer, chatter stays unsaid; a removal in hand is made again."""
    group = post.stage.group
    doomed = post.posted(group, 1)
    await post.put(words(group, 1), calls.delete(doomed[0]))
    async with post.database.read() as connection:
        number = await connection.scalar(select(rows.c.id).where(rows.c.method == "sendMessage"))
    await post.database.write(lambda connection: outbox.mark_sent(connection, int(number or 0)))
    await post.work()
    assert post.methods() == ["deleteMessage"]
    assert await post.states() == {outbox.DONE: 1, outbox.SENT: 1}


async def test_chatter_that_never_left_is_said_later(database: Database) -> None:
    """A call that reached nobody was surely not made, so chatter survives an outage of the network."""
    gateway = Gateway(TOKEN, "http://127.0.0.1:9/bot", "http://127.0.0.1:9/file/bot")
    worker = Outbox(gateway, database, UNPACED, record=cases.record)
    await database.write(lambda connection: outbox.put(connection, [words(-1, 1)]))
    async with database.read() as connection:
        (row,) = await outbox.due(connection, 1)
    await worker._make(row)
    async with database.read() as connection:
        state, attempts = (await connection.execute(select(rows.c.state, rows.c.attempts))).one()
    assert (state, attempts) == (outbox.DUE, 1)
    assert isinstance(await gateway.call("getMe", {}), Wait)
    await gateway.stop()


async def test_many_rows_share_few_commits(post: Post) -> None:
    """2,000 removals of eight chats take a commit for each hundred; marks and ends of words share theirs."""
    places = await post.chats(LANES)
    doomed = [MessageRef(chat, number) for chat in places for number in range(1000, 1250)]  # gone: as good as removed
    await post.put(*(calls.delete(ref) for ref in doomed))
    post.commits.clear()
    await post.work()
    assert await post.states() == {outbox.DONE: 2000}
    assert post.methods() == ["deleteMessages"] * 3 * LANES
    assert len(post.commits) <= 3 * LANES
    await post.put(*(words(chat, number) for chat in places for number in range(20)))
    post.commits.clear()
    await post.work()
    assert post.methods().count("sendMessage") == 160
    assert len(post.commits) < 2 * 160
