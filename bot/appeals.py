"""The story of an appeal: filed by who was acted on, decided once by another admin, or lapsed. Nothing is sent here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import appealcards, appealtexts, calls, guardians, letters, milder, undo
from bot.appealcards import Bench
from bot.calls import CARD, RECEIPT
from bot.i18n import Html, language_for, say
from bot.milder import Step
from bot.model import ChatSettings, SenderKind
from bot.store import appeals as records
from bot.store import cases, chats, outbox, undone
from bot.store.appeals import Appeal, State
from bot.store.cases import Case
from bot.store.db import Database
from bot.undo import Undoing

DAY = 24 * 60 * 60

DAILY = 5
"""Appeals that one person may file in a day: enough for every case of a bad day, too few to flood the admins."""

MOST_TRIES = 2
"""How often an appeal may be filed that nobody decided."""

LOOK_SECONDS = 60.0
"""Time between looks for appeals that lapse."""

AT_ONCE = 50
"""Appeals that one look deals with; the next one goes on."""

AWAY = ("left", "kicked")


class Fate(StrEnum):
    """What came of an attempt to appeal; all but the first kept it from being filed."""

    FILED = "filed"
    NOT_YOURS = "not yours"
    OFF = "off"
    AWAY = "away"
    WAITS = "waits"  # an admin has still to decide the case itself
    AGAIN = "again"
    DECIDED = "decided"
    UNDONE = "undone"
    NOTHING = "nothing"
    LATE = "late"
    TOO_MANY = "too many"


@dataclass(frozen=True, slots=True)
class Filing:
    """Somebody's wish to appeal: their words in one line, who may decide, and how long they have."""

    number: int
    user_id: int
    name: str
    language: str
    text: str
    bench: Bench
    seconds: float


@dataclass(frozen=True, slots=True)
class Filed:
    """What came of it."""

    fate: Fate
    number: int
    appeal: Appeal | None = None
    is_alone: bool = False


# --- filing --------------------------------------------------------------------------------------


async def hindrance(connection: AsyncConnection, number: int, user_id: int) -> Fate | None:
    """Say what keeps somebody from appealing in a case, None when they may.

    Strangers learn nothing of it, nor does who is reported, as long as nothing was done about them.
    """
    case = await cases.get(connection, number)
    if case is None or case.sender_kind != SenderKind.USER or case.sender_id != user_id:
        return Fate.NOT_YOURS
    if (await records.acts(connection, number)).at is None:
        return Fate.NOT_YOURS
    settings = await chats.settings(connection, case.chat_id)
    for look_at in (_chat, _earlier, _deed, _limit):
        if (fate := await look_at(connection, case, settings)) is not None:
            return fate
    return None


async def _chat(connection: AsyncConnection, case: Case, settings: ChatSettings) -> Fate | None:
    if not settings.rules.appeals:
        return Fate.OFF
    chat = await chats.chat(connection, case.chat_id)
    return Fate.AWAY if chat is not None and chat.bot_status in AWAY else None


async def _earlier(connection: AsyncConnection, case: Case, settings: ChatSettings) -> Fate | None:
    """Say why an appeal that was filed before keeps one from filing it again, None when it does not."""
    appeal = await records.get(connection, case.id)
    if appeal is None:
        return None
    if appeal.is_open:
        return Fate.AGAIN
    if appeal.state is State.SETTLED:
        return Fate.UNDONE
    return Fate.DECIDED if _once_more(appeal, settings) is None else None


async def _deed(connection: AsyncConnection, case: Case, settings: ChatSettings) -> Fate | None:
    if case.is_open:
        return Fate.WAITS
    if await undone.last(connection, case.id) is not None:
        return Fate.UNDONE
    actions = await cases.actions(connection, case.id)
    return None if letters.can_appeal(case, settings, actions) else Fate.NOTHING


async def _limit(connection: AsyncConnection, case: Case, settings: ChatSettings) -> Fate | None:
    until, now = await letters.until(connection, case, settings), time.time()
    is_first = await records.get(connection, case.id) is None  # a second try has a time of its own
    if is_first and until is not None and until < now:
        return Fate.LATE
    return Fate.TOO_MANY if await records.filed_since(connection, case.sender_id, now - DAY) >= DAILY else None


def _once_more(appeal: Appeal, settings: ChatSettings) -> float | None:
    """Return until when an appeal may be filed again that nobody decided, None when it may not."""
    if appeal.state not in (State.LAPSED, State.GONE) or appeal.tries >= MOST_TRIES:
        return None
    until = (appeal.decided_at or 0) + (settings.rules.appeal_seconds or 7 * DAY)
    return until if until > time.time() else None


async def file(connection: AsyncConnection, filing: Filing) -> Filed:
    """File an appeal and show it to the admins, unless something keeps it from being filed."""
    hindered = await hindrance(connection, filing.number, filing.user_id)
    case = await cases.get(connection, filing.number)
    if hindered is not None or case is None:
        return Filed(hindered or Fate.NOT_YOURS, filing.number)
    person = {"name": filing.name, "language": filing.language, "reachable": True}
    await chats.greet(connection, filing.user_id, **person)
    now = time.time()
    appeal = await records.file(
        connection,
        case.id,
        appellant_id=filing.user_id,
        language=filing.language,
        text=filing.text,
        until=now + filing.seconds,
        remind_at=now + min(DAY, filing.seconds / 2),
    )
    await cases.record(connection, "appeal.filed", chat_id=case.chat_id, detail=f"case {case.id}")
    await appealcards.send(connection, appeal, case, filing.bench)
    return Filed(Fate.FILED, case.id, appeal, filing.bench.is_alone)


# --- deciding ------------------------------------------------------------------------------------


class End(StrEnum):
    """What came of a press; only the first decided the appeal."""

    DONE = "done"
    DECIDED = "decided"  # somebody was first, or it ended otherwise
    HINDERED = "hindered"  # the bot lacks the right
    NOTHING = "nothing"  # there is no milder step
    STAYS = "stays"  # a later case asks for the same


ACTIONS = {"uphold": State.UPHELD, "reduce": State.REDUCED, "overturn": State.OVERTURNED}
"""What the buttons are called, and how an appeal stands after each."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One press of an appeal's button by an admin who may decide it; `undoing` is how its case would be taken back."""

    token: str
    action: str
    undoing: Undoing


@dataclass(frozen=True, slots=True)
class Ruled:
    """What came of a press, and how the appeal stands."""

    end: End
    appeal: Appeal


async def decide(connection: AsyncConnection, ruling: Ruling) -> Ruled | None:
    """Do what a pressed button says, all of it in the caller's transaction; of two who decide one wins."""
    appeal = await records.by_token(connection, ruling.token)
    if appeal is None:
        return None
    state, by = ACTIONS[ruling.action], ruling.undoing.by
    if not await records.close(connection, appeal.case_id, state, by=by):
        return Ruled(End.DECIDED, appeal)
    end, remark, after = await _act(connection, appeal, ruling)
    if end is not End.DONE:
        await records.reopen(connection, appeal)
        return Ruled(end, appeal)
    case = ruling.undoing.case
    await cases.record(connection, f"appeal.{state}", chat_id=case.chat_id, actor_id=by[0], detail=f"case {case.id}")
    await appealcards.refresh(connection, case)
    await appealcards.tell(connection, case, remark, after=after)
    return Ruled(End.DONE, await records.get(connection, case.id) or appeal)


async def _act(connection: AsyncConnection, appeal: Appeal, ruling: Ruling) -> tuple[End, Html | None, str | None]:
    """Change what was decided; return what came of it, the words about it, and the call that they wait for."""
    if ruling.action == "uphold":
        return End.DONE, None, None
    language = appealcards.tongue(appeal)
    if ruling.action == "reduce":
        made = await milder.reduce(connection, ruling.undoing, f"{appeal.case_id}-appeal{appeal.tries}")
        ends = {Step.NONE: End.NOTHING, Step.HINDERED: End.HINDERED, Step.STAYS: End.STAYS}
        return ends.get(made.step, End.DONE), milder.words(language, made), made.key
    result = await undo.take_back(connection, ruling.undoing)
    if result.fate is undo.Fate.HINDERED:
        return End.HINDERED, None, None
    return End.DONE, undo.given_words(language, result), result.key


# --- as time goes on -----------------------------------------------------------------------------


async def follow(database: Database) -> bool:
    """Remind admins of appeals, and end those that lapsed or whose chat is gone; say whether there is anything to send.

    All that it goes by is in the database: what fell due while the bot was stopped is dealt with at its next start.
    """
    async with database.read() as connection:
        is_due = bool(await records.due(connection, time.time(), 1))
    return is_due and await database.write(look)


async def look(connection: AsyncConnection) -> bool:
    """Deal with the appeals that are due; say whether there were any."""
    due = await records.due(connection, time.time(), AT_ONCE)
    for appeal in due:
        case = await cases.get(connection, appeal.case_id)
        if case is None:  # pragma: no cover - cases take their appeals along
            continue
        chat = await chats.chat(connection, case.chat_id)
        if chat is not None and chat.bot_status in AWAY:
            await _end(connection, appeal, case, State.GONE)
        elif appeal.until <= time.time():
            await _end(connection, appeal, case, State.LAPSED)
        elif await records.reminded(connection, case.id):
            await _tell_admins(connection, appeal, case, "reminder")
    return bool(due)


async def _end(connection: AsyncConnection, appeal: Appeal, case: Case, state: State) -> None:
    """Close an appeal that nobody decided: what was done stays."""
    if not await records.close(connection, case.id, state):
        return
    await cases.record(connection, f"appeal.{state}", chat_id=case.chat_id, detail=f"case {case.id}")
    await appealcards.refresh(connection, case)
    ended = await records.get(connection, case.id) or appeal
    settings = await chats.settings(connection, case.chat_id)
    until = _once_more(ended, settings) if state is State.LAPSED else None
    language = appealcards.tongue(appeal)
    await appealcards.tell(connection, case, appealtexts.once_more(language, case.id, until) if until else None)
    if state is State.LAPSED:
        await _tell_admins(connection, ended, case, "lapsed")


async def _tell_admins(connection: AsyncConnection, appeal: Appeal, case: Case, what: str) -> None:
    """Say something about an appeal where its card stands."""
    if appeal.card is None:
        return
    settings = await chats.settings(connection, case.chat_id)
    person = await chats.person(connection, appeal.card.chat_id)
    language = language_for(person.language) if person else settings.language
    say_it = appealtexts.reminder if what == "reminder" else appealtexts.lapsed
    text = say_it(language, appeal, settings.title)
    rank = RECEIPT if what == "reminder" else CARD
    key = f"{what}:{case.id}:{appeal.tries}"
    where, topic = appeal.card, guardians.topic(settings, appeal.card.chat_id)
    call = calls.say(key, where.chat_id, text, rank=rank, reply_to=where.message_id, thread_id=topic)
    await outbox.put(connection, [call])


# --- what is said --------------------------------------------------------------------------------


def receipt(language: str, filed: Filed) -> Html:
    """Tell somebody who appealed what came of it."""
    if filed.appeal is not None:
        return appealtexts.filed(language, filed.appeal, is_alone=filed.is_alone)
    return why_not(language, filed.fate, filed.number)


def why_not(language: str, fate: Fate, number: int) -> Html:
    """Say why somebody cannot appeal; whether a case of that number exists is not said to strangers."""
    words = {
        Fate.NOT_YOURS: say(
            language,
            "Only the person whom case {number} is about may appeal, with the account that it is about. "
            "If you wrote as a channel or anonymously, please ask an admin of that chat.",
            number=number,
        ),
        Fate.OFF: say(language, "That chat hears no appeals through me: please ask its admins."),
        Fate.AWAY: say(language, "I am not in that chat any more and can change nothing there: please ask its admins."),
        Fate.WAITS: say(language, "Case {number} is not decided yet: an admin still looks at it.", number=number),
        Fate.AGAIN: say(
            language,
            "Your appeal in case {number} is with the admins already; I will tell you what they decide.",
            number=number,
        ),
        Fate.DECIDED: say(
            language, "Your appeal in case {number} is closed already, and not opened again.", number=number
        ),
        Fate.UNDONE: say(language, "What was done in case {number} was taken back already.", number=number),
        Fate.NOTHING: say(language, "In case {number} nothing was done that could be taken back.", number=number),
        Fate.LATE: say(language, "The time for an appeal in case {number} is over.", number=number),
        Fate.TOO_MANY: say(language, "You may file {n} appeals a day: please try again tomorrow.", n=DAILY),
    }
    return words[fate]


def words(language: str, ruled: Ruled) -> Html:
    """Say to who pressed what came of it."""
    if ruled.end is End.HINDERED:
        return say(language, "I lack the admin right “Ban users” there. Give it to me, then press again.")
    if ruled.end is End.NOTHING:
        return say(language, "There is nothing milder left: uphold it, or take it back.")
    if ruled.end is End.STAYS:
        return say(language, "A later case keeps this person out or silent: uphold it, or take it back.")
    state = appealtexts.state_words(language, ruled.appeal, is_named=True)
    if ruled.end is End.DECIDED:
        return say(language, "This appeal is over: {state}.", state=state)
    return state
