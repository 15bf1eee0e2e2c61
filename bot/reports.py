"""The story of a report: filed, merged with others about the same post, answered. Reporters are named to nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cards, cases, categories, daybook, helplines, holding, raids, receipts
from bot.calls import RECEIPT
from bot.cards import Card
from bot.categories import Category
from bot.i18n import Html, language_for, say
from bot.model import MessageRef, Sender, SenderKind, VerdictKind
from bot.settings import Limits
from bot.store import cases as records
from bot.store import chats, outbox, reportblocks
from bot.store import reports as store
from bot.store.cases import Case
from bot.store.db import Database

HOUR, DAY = 60 * 60, 24 * 60 * 60

HOURLY, DAILY = 5, 20
"""Reports that one person may file: enough for a bad day, too few to flood the admins."""

BLOCK_SECONDS = 30 * DAY
"""How long no reports are taken in a chat from members whose reports an admin called misuse."""

MISUSE = "misuse"
"""The decision that a case's reports were misuse: the post stands, and its reporters are blocked."""

BASELESS = frozenset({"dismiss", "allow", MISUSE})
"""The decisions that find a report wrong; all others find it right."""

BATCH = 50
"""Cases that were closed by no press and whose reporters are told at once."""


class Fate(StrEnum):
    """What came of a report; the last six kept it from being filed."""

    NEW = "new"
    MERGED = "merged"
    DECIDED = "decided"  # the post had been looked at already
    AGAIN = "again"
    OWN = "own"  # the bot's own message
    TOO_MANY_AN_HOUR = "hourly limit"
    TOO_MANY_A_DAY = "daily limit"
    BLOCKED = "blocked"  # an admin of this chat called earlier ones misuse
    OFF = "off"  # the chat takes no reports


@dataclass(frozen=True, slots=True)
class Report:
    """One member's report of one message; `incident` is the same for the whole of an album.

    `spared` says what protects the poster from being punished, `language` is the reporter's own, `thread_id` the
    forum topic of the message.
    """

    chat_id: int
    chat_title: str
    message_id: int
    incident: str
    sender: Sender
    posted_at: float
    reporter_id: int
    language: str
    reason: str = ""
    spared: str | None = None
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """What came of a report, the case that it belongs to, and its own number.

    `category` is what its reporter says the post is, `country` the one whose hotlines they are told.
    """

    fate: Fate
    case: Case | None = None
    decision: str = ""
    number: int | None = None
    category: str = ""
    country: str = helplines.EVERYWHERE


async def limit(connection: AsyncConnection, chat_id: int, reporter_id: int) -> Fate | None:
    """Say what keeps a person from reporting in a chat, None when they may."""
    now = time.time()
    if not (await chats.settings(connection, chat_id)).rules.reports:
        return Fate.OFF
    if await reportblocks.is_blocked(connection, chat_id, reporter_id):
        return Fate.BLOCKED
    if await store.since(connection, reporter_id, now - HOUR) >= HOURLY:
        return Fate.TOO_MANY_AN_HOUR
    if await store.since(connection, reporter_id, now - DAY) >= DAILY:
        return Fate.TOO_MANY_A_DAY
    return None


LIMITS = Limits()


async def file(connection: AsyncConnection, report: Report, *, limits: Limits = LIMITS) -> Filed:
    """File a report with the case of its post, and show it to the admins: one case and one card for one post."""
    if report.sender.kind is SenderKind.SELF:
        return Filed(Fate.OWN)
    known = await _known_case(connection, report)
    if known and await store.find(connection, known.id, report.reporter_id):
        return Filed(Fate.AGAIN, known)
    if (reached := await limit(connection, report.chat_id, report.reporter_id)) is not None:
        return Filed(reached)
    case = known or await _open(connection, report)
    filed = await _keep(connection, case, report, is_new=known is None)
    await daybook.reported(connection, report.chat_id)
    await records.record(connection, "report.filed", chat_id=report.chat_id, detail=f"case {case.id}")
    if filed.fate in (Fate.NEW, Fate.MERGED):
        await holding.heed(connection, case, limits, thread_id=report.thread_id)
    if filed.fate is Fate.NEW:
        await _send_card(connection, case, report)
    elif filed.fate is Fate.MERGED:
        if filed.category == Category.MINORS:
            await cards.mark(connection, case, is_of_minors=True)
        count = await store.count(connection, case.id)
        await cards.refresh(connection, case, mark=f"reports:{count}")
    return filed


async def _keep(connection: AsyncConnection, case: Case, report: Report, *, is_new: bool) -> Filed:
    """Keep a report of a case. Of a post that is gone or decided it says nothing about how often somebody is right."""
    category = categories.named(report.language, report.reason) or ""
    says_little = not case.is_open or await records.is_removed(connection, case.id)
    await store.add(
        connection,
        case.id,
        report.reporter_id,
        reason=report.reason,
        language=report.language,
        category=category,
        outcome=store.VOID if says_little else store.WAITING,
    )
    country = await _country(connection, case)
    if not case.is_open:
        decision = await decision_of(connection, case)
        return Filed(Fate.DECIDED, case, decision, category=category, country=country)
    mine = await store.find(connection, case.id, report.reporter_id)
    fate = Fate.NEW if is_new else Fate.MERGED
    return Filed(fate, case, number=mine.id if mine else None, category=category, country=country)


async def block(connection: AsyncConnection, case: Case) -> int:
    """Take no more reports in a case's chat from whoever reported it, for a while; return how many people that is."""
    return await reportblocks.block(connection, case.chat_id, case.id, until=time.time() + BLOCK_SECONDS)


async def decision_of(connection: AsyncConnection, case: Case) -> str:
    """Return how a closed case ended: ``dismiss``, or what was done about the post."""
    button = await records.case_button(connection, case.id)
    return (cards.card_of(button).decision if button else "") or "delete"


# --- what it is about ----------------------------------------------------------------------------


async def ask(connection: AsyncConnection, language: str, filed: Filed, reporter_id: int) -> receipts.Rows | None:
    """Return the buttons by which a reporter says what the post is, None where nobody asks any more."""
    if filed.number is None:
        return None
    token = await records.new_button(connection, receipts.BUTTON, reporter_id, data=str(filed.number))
    return receipts.keyboard(language, token, filed.category)


async def choose(connection: AsyncConnection, number: int, category: str, *, mark: str) -> Filed | None:
    """Keep what a reporter says the post is and show it to the admins; None when the report is forgotten."""
    mine = await store.get(connection, number)
    case = await records.get(connection, mine.case_id) if mine else None
    if mine is None or case is None:
        return None
    if not case.is_open:
        return Filed(Fate.DECIDED, case, await decision_of(connection, case))
    await store.choose(connection, number, category)
    if Category.MINORS in (mine.category, category):
        now = categories.is_of_minors(await store.kinds(connection, case.id))
        await cards.mark(connection, case, is_of_minors=now)
    await records.record(connection, "report.category", chat_id=case.chat_id, detail=f"case {case.id}")
    await cards.refresh(connection, case, mark=f"category:{mark}")
    country = await _country(connection, case)
    return Filed(Fate.MERGED, case, number=number, category=category, country=country)


async def _country(connection: AsyncConnection, case: Case) -> str:
    """Return the country whose hotlines are named for a case."""
    settings = await chats.settings(connection, case.chat_id)
    return helplines.country_for(settings.rules.country, settings.language)


# --- how it ended --------------------------------------------------------------------------------


async def tell(connection: AsyncConnection, case: Case, decision: str, *, by: int | None = None) -> None:
    """Tell everybody who reported a case, and whom the bot may write to, what came of it; keep who was right.

    `by` is the admin who decided: that they agree with a report of their own proves nothing.
    """
    await store.settle(connection, case.id, store.WRONG if decision in BASELESS else store.RIGHT, by=by)
    for person, language in await store.reporters(connection, case.id):
        if person.reachable:
            text = receipts.outcome(language_for(language or person.language), case, decision)
            # No case number goes with the call: nothing but the table of reports ties a person to a case.
            call = calls.say(f"outcome:{case.id}:{person.user_id}", person.user_id, text, rank=RECEIPT)
            await outbox.put(connection, [call])


async def follow(database: Database) -> bool:
    """Tell the reporters of cases that no press closed how they ended; say whether there is anything to send."""
    async with database.read() as connection:
        numbers = await store.unsettled(connection, BATCH)
    for number in numbers:
        await database.write(partial(_end, number=number))
    return bool(numbers)


async def _end(connection: AsyncConnection, number: int) -> None:
    case = await records.get(connection, number)
    if case is not None and not case.is_open:
        await tell(connection, case, await decision_of(connection, case))


def receipt(language: str, filed: Filed) -> Html:
    """Tell a reporter, in private, what came of their report."""
    number = filed.case.id if filed.case else 0
    if filed.case and filed.fate is Fate.DECIDED:  # that others' reports were misuse does not concern this one
        decision = "dismiss" if filed.decision == MISUSE else filed.decision
        return receipts.outcome(language, filed.case, decision, filed.category, filed.country)
    if filed.fate in (Fate.NEW, Fate.MERGED):
        return receipts.thanks(language, number, filed.category, filed.country)
    words = {
        Fate.AGAIN: say(language, "You have reported this already (case {number}).", number=number),
        Fate.OWN: say(language, "That message is mine. If something is wrong with it, please ask an admin."),
        Fate.TOO_MANY_AN_HOUR: say(language, "You may file {n} reports an hour: please try again later.", n=HOURLY),
        Fate.TOO_MANY_A_DAY: say(language, "You may file {n} reports a day: please try again tomorrow.", n=DAILY),
        Fate.BLOCKED: say(language, "An admin of this chat found your reports to be misuse: for now I take none here."),
        Fate.OFF: say(language, "The admins of this chat take no reports through me: please write to one of them."),
    }
    return words[filed.fate]


async def _known_case(connection: AsyncConnection, report: Report) -> Case | None:
    """Return the case in which this post is, or was, looked at already.

    A case that the bot opened by itself counts while admins have it before them, or when the post was removed.
    """
    for kind in (VerdictKind.MATCH, VerdictKind.UNSCANNABLE):
        case = await records.find(connection, report.chat_id, report.incident, kind.value)
        if case and (case.is_open or await records.is_removed(connection, case.id)):
            return case
    return await records.find(connection, report.chat_id, report.incident, cards.REPORT)


async def _open(connection: AsyncConnection, report: Report) -> Case:
    case, _ = await records.open_case(
        connection,
        chat_id=report.chat_id,
        incident=report.incident,
        kind=cards.REPORT,
        state="open",
        message_id=report.message_id,
        sender_kind=report.sender.kind.value,
        sender_id=report.sender.id,
        sender_name=report.sender.name,
        spared=report.spared,
        posted_at=report.posted_at,
    )
    return case


async def _send_card(connection: AsyncConnection, case: Case, report: Report) -> None:
    """Show a case to the admins; in a raid one card stands for those of all until somebody asks for them."""
    settings = await chats.settings(connection, case.chat_id)
    target = await cases.admin_chat(connection, settings)
    message = MessageRef(report.chat_id, report.message_id)
    post = holding.post_of(case, message, settings, thread_id=report.thread_id)
    hushed = await raids.hush(connection, post, case, settings, target, is_removal=False)
    card = await cards.text_of(connection, case, Card(chat_id=target), settings)
    if hushed.card:
        await cards.new_token(connection, case, card)
    else:
        await cases.tell_admins(connection, case, settings, card)
