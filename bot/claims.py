"""The story of a claim: who looks after a card, how long, and who takes it over. It tells others, it binds nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cards
from bot.calls import RECEIPT
from bot.cards import Card
from bot.i18n import Html, language_for, name, say
from bot.store import cases as records
from bot.store import chats, outbox
from bot.store.cases import Button, Case
from bot.store.db import Database

CLAIM, RELEASE, TAKE = "claim", "release", "take"

ACTIONS = frozenset({CLAIM, RELEASE, TAKE})
"""The actions of a card that decide nothing."""

SECONDS = 30 * 60
"""How long a claim lasts unless the operator says otherwise."""

LOOK_SECONDS = 15.0
"""Time between looks for claims that have run out."""

By = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Claiming:
    """One press by an admin: what they want, which claim their button spoke of, and how long theirs would last.

    `mark` is different for every press.
    """

    button: Button
    case: Case
    action: str
    by: By
    mark: str
    number: int | None = None
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Claimed:
    """What came of it: whether it is theirs now, whose it is or was, and whether it was let go."""

    is_theirs: bool
    holder: str = ""
    is_free: bool = False


async def carry_out(connection: AsyncConnection, claiming: Claiming, card: Card) -> Claimed:
    """Claim a card, let it go, or take it from whom the button named; another's claim is only taken by name."""
    held_by = claiming.button.claimed_by if card.is_claimed else None
    is_anothers = held_by is not None and held_by != claiming.by[0]
    is_named = claiming.action == TAKE and claiming.number == card.claims
    if is_anothers and not is_named:
        return Claimed(is_theirs=False, holder=card.claimer)
    if claiming.action == RELEASE:
        await _put_down(connection, claiming.button, card)
        return Claimed(is_theirs=False, is_free=True)
    now, (user_id, by_name) = time.time(), claiming.by
    await records.claim(connection, claiming.button.token, user_id)
    taken = replace(card, claimer=by_name, claimed_at=now, claimed_until=now + claiming.seconds, claims=card.claims + 1)
    await cards.keep(connection, claiming.button, taken)
    if is_anothers:
        await tell(connection, claiming.button, claiming.case, claiming.by, mark=claiming.mark)
        return Claimed(is_theirs=True, holder=card.claimer)
    return Claimed(is_theirs=True)


async def tell(
    connection: AsyncConnection, button: Button, case: Case, by: By, *, mark: str, decision: str = ""
) -> None:
    """Tell whoever looked after a card, in private if possible, that somebody else took it over, or decided it."""
    holder = await chats.person(connection, button.claimed_by or 0)
    if holder is None or not holder.reachable:
        return
    text = words(language_for(holder.language), case, by[1], decision)
    await outbox.put(connection, [calls.say(f"claim:{case.id}:{mark}", holder.user_id, text, rank=RECEIPT)])


async def _put_down(connection: AsyncConnection, button: Button, card: Card) -> None:
    await records.claim(connection, button.token, None)
    await cards.keep(connection, button, replace(card, claimer="", claimed_at=0.0, claimed_until=0.0))


# --- as time goes on -----------------------------------------------------------------------------


async def follow(database: Database) -> bool:
    """Let go of every claim that has run out; say whether there is anything to send."""
    async with database.read() as connection:
        over = [one for one in await records.claimed(connection) if not cards.card_of(one).is_claimed]
    if not over:
        return False
    await database.write(expire)
    return True


async def expire(connection: AsyncConnection) -> None:
    """Let go of every claim that has run out, and have its card say so."""
    for button in await records.claimed(connection):
        card = cards.card_of(button)
        case = await records.get(connection, button.case_id or 0)
        if card.is_claimed:
            continue
        await _put_down(connection, button, card)
        if case is not None and case.is_open:
            await cards.refresh(connection, case, mark=f"expired:{card.claims}")


def words(language: str, case: Case, by_name: str, decision: str) -> Html:
    """Say to whoever looked after a case who took it over, or decided it and how."""
    number, who = case.id, name(by_name)
    if not decision:
        return say(language, "{name} took over case {number}, which you were looking after.", name=who, number=number)
    return say(
        language,
        "{name} decided case {number}, which you were looking after: {what}.",
        name=who,
        number=number,
        what=cards.decision_words(language, decision),
    )
