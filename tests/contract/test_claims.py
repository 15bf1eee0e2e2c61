"""Claims on a real database: shown with their time, ended by it, taken over by name, told to whoever had them."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from sqlalchemy import update

from bot import cards, claims, review
from bot.model import MessageRef
from bot.moderation import Scene
from bot.policy import Standing
from bot.review import Fate, Ruled, Ruling
from bot.store import cases as records
from bot.store import chats
from bot.store.db import Database
from bot.store.tables import buttons
from tests.contract import casework as work
from tests.contract.test_review import opened

HOLDER, OTHER = 701, 702


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database)
    await database.write(lambda c: chats.greet(c, HOLDER, name="Holder", language="fr", reachable=True))


async def press(database: Database, number: int, action: str, by: int, claim: int | None = None) -> Ruled:
    """An admin presses a button of a case's card; `claim` is the one that it speaks of."""
    values: dict[str, Any] = {
        "button": await work.button_of(database, number),
        "case": await work.case_of(database, number),
        "scene": Scene("supergroup", Standing.MEMBER),
        "card": MessageRef(work.LOG, work.CARD),
    }
    ruling = Ruling(**values, action=action, by=(by, f"Admin{by}"), mark=f"{by}{action}{time.time()}", number=claim)
    return await database.write(lambda connection: review.rule(connection, ruling))


async def shown(database: Database) -> tuple[str, dict[str, str]]:
    """The card's text by now, and its buttons by action."""
    args = (await work.made(database, "editMessageText"))[-1].args
    row = [one for row in args["reply_markup"]["inline_keyboard"] for one in row]
    return args["text"], {one["callback_data"].split(":", 2)[2]: one["text"] for one in row}


async def run_out(database: Database, number: int) -> None:
    """Let a claim's time be over."""
    button = await work.button_of(database, number)
    data = json.dumps({**json.loads(button.data), "claimed_until": time.time() - 1})
    await database.write(lambda c: c.execute(update(buttons).values(data=data)))


async def test_a_claim_says_whose_and_until_when(database: Database) -> None:
    """The card names the admin, since when and until when, and offers to take it over from them by name."""
    number = await opened(database)
    assert (await press(database, number, "claim", HOLDER)).fate is Fate.CLAIMED
    text, row = await shown(database)
    assert "Admin701 is looking after this, since " in text
    assert " until " in text
    assert row["take:1"] == "Take over from Admin701"
    card = cards.card_of(await work.button_of(database, number))
    assert card.claimed_until - card.claimed_at == claims.SECONDS


async def test_a_claim_is_taken_over_by_name(database: Database) -> None:
    """The button takes it from whom it names, who is told in private; a screen that names another takes nothing."""
    number = await opened(database)
    await press(database, number, "claim", HOLDER)
    taken = await press(database, number, "take", OTHER, 1)
    assert (taken.fate, taken.holder) == (Fate.CLAIMED, "Admin701")
    assert "took this over from Admin701" in review.words("en", taken)
    text, row = await shown(database)
    assert "Admin702 is looking after this" in text
    assert "take:2" in row
    (told,) = await work.made(database, "sendMessage", HOLDER)
    assert "Admin702" in told.args["text"]
    assert await press(database, number, "take", HOLDER, 1) == Ruled(Fate.TAKEN, "Admin702")
    assert await press(database, number, "take", 703) == Ruled(Fate.TAKEN, "Admin702")
    assert ("case.take", OTHER, f"case {number}") in await work.audited(database)


async def test_of_two_who_take_it_over_one_has_it(database: Database) -> None:
    """Of admins who take the same claim over at once one succeeds, the others are told who it is."""
    number = await opened(database)
    await press(database, number, "claim", HOLDER)
    ruled = await asyncio.gather(*(press(database, number, "take", by, 1) for by in (703, 704, 705)))
    (winner,) = [one for one in ruled if one.fate is Fate.CLAIMED]
    assert {one.by_name for one in ruled if one.fate is Fate.TAKEN} == {winner.by_name}


async def test_a_claim_ends_by_itself(database: Database) -> None:
    """When its time is over the card is anybody's again and says so, once, whoever claimed it."""
    number = await opened(database)
    await press(database, number, "claim", HOLDER)
    assert not await claims.follow(database)
    await run_out(database, number)
    assert await claims.follow(database)
    text, row = await shown(database)
    assert "looking after" not in text
    assert row["claim"] == "I take this"
    assert not await claims.follow(database)
    assert (await press(database, number, "claim", OTHER)).fate is Fate.CLAIMED
    assert await work.made(database, "sendMessage", HOLDER) == []


async def test_a_claim_that_ran_out_hinders_nobody(database: Database) -> None:
    """Between its end and the next look another claims the card as if nobody had, and nobody is told."""
    number = await opened(database)
    await press(database, number, "claim", HOLDER)
    await run_out(database, number)
    assert (await press(database, number, "claim", OTHER)).holder == ""
    assert "Admin702 is looking after this" in (await shown(database))[0]
    assert await work.made(database, "sendMessage", HOLDER) == []


async def test_a_claim_of_a_case_that_closed_itself_is_let_go(database: Database) -> None:
    """A claim whose case was closed by no press is forgotten when its time is over, with nothing said."""
    number = await opened(database)
    await press(database, number, "claim", HOLDER)
    await database.write(lambda c: records.set_state(c, number, "closed"))
    await run_out(database, number)
    count = len(await work.made(database))
    assert await claims.follow(database)
    assert not await claims.follow(database)
    assert len(await work.made(database)) == count


async def test_another_may_decide_and_the_holder_is_told(database: Database) -> None:
    """A decision does not wait for whoever looks after the card: who decided learns of them, and they of it."""
    number = await opened(database)
    await press(database, number, "claim", HOLDER)
    ruled = await press(database, number, "delete", OTHER)
    assert (ruled.fate, ruled.holder) == (Fate.DONE, "Admin701")
    assert "Admin701 was looking after this" in review.words("en", ruled)
    (told,) = await work.made(database, "sendMessage", HOLDER)
    assert f"{number}" in told.args["text"]
    assert "Admin702" in told.args["text"]


async def test_a_holders_own_decision_is_told_to_nobody(database: Database) -> None:
    """Who decides what they look after themselves gets no message about it."""
    number = await opened(database)
    await press(database, number, "claim", HOLDER)
    assert (await press(database, number, "delete", HOLDER)).holder == ""
    assert await work.made(database, "sendMessage", HOLDER) == []
