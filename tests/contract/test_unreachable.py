"""Who is out of reach, on a real database: said once to a chat's admins, anew after it was mended, of no reporter."""

from __future__ import annotations

from typing import Any

import pytest

from bot import cases, endings, membership, unreachable
from bot.membership import Change, Details
from bot.model import ListKind, Match, Tier, Trust, Verdict, VerdictKind
from bot.outcome import Done, Outcome, Refused
from bot.policy import Standing
from bot.protection import POST, Presence
from bot.store import chats, outbox
from bot.store import unreachable as records
from bot.store.db import Database
from tests.contract import casework as work

OWNER = 71
MATCH = Verdict(VerdictKind.MATCH, Match(1, 1, "list", ListKind.BLOCK, Trust.DELETE, "", Tier.T0, "full frame"))
BLOCKED = Refused("Forbidden: bot was blocked by the user")
KICKED = Refused("Forbidden: bot was kicked from the supergroup chat")


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database, bot_status="administrator", owner_id=OWNER)
    await database.write(lambda c: chats.meet(c, work.LOG, type="supergroup", title="The log", bot_status="member"))


async def change(database: Database, chat_id: int = work.CHAT, **facts: Any) -> None:
    """Something about a chat is otherwise."""
    await database.write(lambda connection: chats.meet(connection, chat_id, **facts))


async def greet(database: Database, *, reachable: bool) -> None:
    """The owner presses Start, or blocks the bot."""
    await database.write(lambda c: chats.greet(c, OWNER, name="Owner", language="en", reachable=reachable))


async def said(database: Database) -> list[tuple[int, str]]:
    """Where it was said that somebody is out of reach, and how."""
    rows = await work.made(database, "sendMessage")
    return [(one.chat_id, one.args["text"]) for one in rows if "🔕" in one.args["text"]]


async def mind(database: Database) -> None:
    """Something happens that the owner should hear at once."""

    async def write(connection: Any) -> None:
        await unreachable.mind(connection, await chats.settings(connection, work.CHAT))

    await database.write(write)


async def end(database: Database, chat_id: int, outcome: Outcome, **args: Any) -> None:
    """A message to a chat ends."""
    row = outbox.Row(1, "alarm:1", chat_id, "sendMessage", {"chat_id": chat_id, **args}, 2, None, 0, 0.0)
    await database.write(lambda connection: endings.record(connection, row, outcome))


async def match(database: Database, number: int) -> None:
    """A listed picture is posted."""
    await database.write(lambda c: cases.judge(c, work.post(number), MATCH, Standing.MEMBER))


# --- the owner -----------------------------------------------------------------------------------


async def test_an_owner_out_of_reach_is_named_once(database: Database) -> None:
    """Whatever happens afterwards, the log chat hears once that the owner is not told, with what to do."""
    for _ in range(3):
        await mind(database)
    ((chat_id, text),) = await said(database)
    assert chat_id == work.LOG
    assert "the owner of <b>The place</b>" in text
    assert "press Start" in text


async def test_it_is_said_again_only_after_it_was_mended(database: Database) -> None:
    """An owner who pressed Start and blocks the bot later is out of reach anew."""
    await mind(database)
    await greet(database, reachable=True)
    await mind(database)
    assert len(await said(database)) == 1
    await greet(database, reachable=False)
    await mind(database)
    await mind(database)
    assert len(await said(database)) == 2


async def test_without_a_log_chat_the_cards_of_the_group_say_so(database: Database) -> None:
    """Cards that are shown in the group, for the owner is out of reach, are explained there once."""
    await change(database, log_chat_id=None)
    for number in (9, 10):
        await match(database, number)
    ((chat_id, text),) = await said(database)
    assert chat_id == work.CHAT
    assert "/logchat" in text


async def test_with_a_log_chat_cards_need_no_owner(database: Database) -> None:
    """Where cards go to the log chat, nobody is missed by them."""
    await match(database, 9)
    assert await said(database) == []


async def test_a_channels_readers_hear_nothing_of_it(database: Database) -> None:
    """A channel without a log chat has nobody to tell."""
    await change(database, log_chat_id=None, type="channel")
    await mind(database)
    assert await said(database) == []


async def test_telegrams_answer_tells_who_blocked_the_bot(database: Database) -> None:
    """A message that the owner's block stops makes them unreachable, and the log chat hears it at once, and once."""
    await greet(database, reachable=True)
    for _ in range(2):
        await end(database, OWNER, BLOCKED)
    assert [chat_id for chat_id, _ in await said(database)] == [work.LOG]
    async with database.read() as connection:
        owner = await chats.person(connection, OWNER)
    assert owner is not None
    assert not owner.reachable


async def test_of_a_reporter_nothing_is_said(database: Database) -> None:
    """A reporter who blocked the bot before the outcome came is nobody's business: no chat hears of it."""
    await end(database, 1, BLOCKED)
    await end(database, 424242, BLOCKED)
    assert await said(database) == []
    async with database.read() as connection:
        assert await chats.person(connection, 424242) is None


async def test_an_error_of_one_message_makes_nobody_unreachable(database: Database) -> None:
    """What Telegram refuses for the message's own sake says nothing of its reader."""
    await greet(database, reachable=True)
    await end(database, OWNER, Refused("Bad Request: message is too long"))
    await end(database, work.LOG, Refused("Bad Request: message is too long"))
    assert await said(database) == []


async def test_an_admin_who_misses_answers_is_named_to_the_log_alone(database: Database) -> None:
    """Who gives silent commands and never pressed Start is named in the log chat, once; without one nowhere."""
    async with database.read() as connection:
        settings = await chats.settings(connection, work.CHAT)
    for _ in range(2):
        await database.write(lambda c: unreachable.miss(c, settings, 88, "Anna"))
    ((chat_id, text),) = await said(database)
    assert (chat_id, "Anna" in text) == (work.LOG, True)
    await change(database, log_chat_id=None)
    async with database.read() as connection:
        bare = await chats.settings(connection, work.CHAT)
    await database.write(lambda c: unreachable.miss(c, bare, 89, "Berta"))
    assert len(await said(database)) == 1


# --- the log chat --------------------------------------------------------------------------------


@pytest.mark.parametrize("is_met", [True, False])
async def test_a_log_chat_that_takes_nothing_is_told_once(database: Database, *, is_met: bool) -> None:
    """The owner in private, else the group, hears once; a message that gets through has it said anew later."""
    await greet(database, reachable=is_met)
    for _ in range(3):
        await end(database, work.LOG, KICKED)
    ((chat_id, text),) = await said(database)
    assert chat_id == (OWNER if is_met else work.CHAT)
    assert "The log, takes nothing" in text
    await end(database, work.LOG, Done({"message_id": 5}))
    await end(database, work.LOG, KICKED)
    assert len(await said(database)) == 2


async def test_a_topic_that_is_gone_is_told_until_it_is_chosen_again(database: Database) -> None:
    """In the log chat itself, which has the cards from then on, once; the owner, who misses nothing, is not told."""
    gone = Refused("Bad Request: message thread not found")
    for times in (1, 2):
        await change(database, rules='{"log_thread_id": 44}')
        for _ in range(2):  # the second was on its way already
            await end(database, work.LOG, gone, message_thread_id=44, text="a card")
        told = await said(database)
        assert [(chat_id, "cards come here" in text) for chat_id, text in told] == [(work.LOG, True)] * times


async def test_what_is_closed_concerns_those_whose_cards_go_there(database: Database) -> None:
    """A closed General topic is told, once, to the chats whose cards go there; another's topic is none of theirs."""
    await greet(database, reachable=True)
    closed = Refused("Bad Request: TOPIC_CLOSED")
    await end(database, work.LOG, closed, message_thread_id=44, text="what somebody said")
    assert await said(database) == []
    for _ in range(2):
        await end(database, work.LOG, closed)
    ((chat_id, text),) = await said(database)
    assert (chat_id, "open the topic again" in text) == (OWNER, True)
    await change(database, rules='{"log_thread_id": 44}')
    await end(database, work.LOG, Done({"message_id": 5}), message_thread_id=44)
    await end(database, work.LOG, closed)
    assert len(await said(database)) == 1


async def test_a_channel_that_takes_the_right_to_post_is_told_at_once(database: Database) -> None:
    """A log channel that lets the bot post no more is told before a card is lost, and what was posted counts anew."""
    await greet(database, reachable=True)
    await change(database, work.LOG, type="channel")

    def became(before: frozenset[str], after: frozenset[str], mark: str) -> Change:
        presences = Presence("administrator", before), Presence("administrator", after)
        return Change(work.LOG, "channel", "The log", None, *presences, by_id=1, by_language="en", at=1.0, mark=mark)

    may, may_not = frozenset({POST}), frozenset[str]()
    for number, (before, after) in enumerate(((may, may_not), (may_not, may), (may, may_not))):
        one = became(before, after, f"1:{number}")
        await database.write(lambda c, one=one: membership.follow(c, one, Details()))  # type: ignore[misc]
    assert [chat_id for chat_id, _ in await said(database)] == [OWNER, OWNER]
    assert "administrator there who may post" in (await said(database))[0][1]


async def test_a_supergroup_knows_what_the_group_was_told(database: Database) -> None:
    """The chat's growth repeats nothing about its owner; its log chat's growth makes the log reachable anew."""
    await mind(database)
    new, new_log = -1_000_009, -1_000_010
    await database.write(lambda connection: chats.migrate(connection, work.CHAT, new))
    async with database.read() as connection:
        assert await records.watchers(connection, OWNER) == [new]
    await end(database, work.LOG, KICKED)
    await database.write(lambda connection: chats.migrate(connection, work.LOG, new_log))
    async with database.read() as connection:
        assert await records.watchers(connection, work.LOG) == await records.watchers(connection, new_log) == []
