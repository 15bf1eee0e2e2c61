"""The story of a report: filed, merged with others about the same post, answered. Reporters are named to nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import calls, cards, cases, guardians, notices
from bot.calls import RECEIPT
from bot.i18n import Html, language_for, say
from bot.model import Sender, SenderKind, VerdictKind
from bot.store import cases as records
from bot.store import chats, outbox, reportblocks
from bot.store import reports as store
from bot.store.cases import Case

HOUR, DAY = 60 * 60, 24 * 60 * 60

HOURLY, DAILY = 5, 20
"""Reports that one person may file: enough for a bad day, too few to flood the admins."""

BLOCK_SECONDS = 30 * DAY
"""How long no reports are taken in a chat from members whose reports an admin called misuse."""

MISUSE = "misuse"
"""The decision that a case's reports were misuse: the post stands, and its reporters are blocked."""


class Fate(StrEnum):
    """What came of a report; the last five kept it from being filed."""

    NEW = "new"
    MERGED = "merged"
    DECIDED = "decided"  # the post had been looked at already
    AGAIN = "again"
    OWN = "own"  # the bot's own message
    TOO_MANY_AN_HOUR = "hourly limit"
    TOO_MANY_A_DAY = "daily limit"
    BLOCKED = "blocked"  # an admin of this chat called earlier ones misuse


@dataclass(frozen=True, slots=True)
class Report:
    """One member's report of one message; `incident` is the same for the whole of an album.

    `spared` says what protects the poster from being punished, `language` is the reporter's own.
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


@dataclass(frozen=True, slots=True)
class Filed:
    """What came of a report, and the case that it belongs to."""

    fate: Fate
    case: Case | None = None
    decision: str = ""


async def limit(connection: AsyncConnection, chat_id: int, reporter_id: int) -> Fate | None:
    """Say what keeps a person from reporting in a chat, None when they may."""
    now = time.time()
    if await reportblocks.is_blocked(connection, chat_id, reporter_id):
        return Fate.BLOCKED
    if await store.since(connection, reporter_id, now - HOUR) >= HOURLY:
        return Fate.TOO_MANY_AN_HOUR
    if await store.since(connection, reporter_id, now - DAY) >= DAILY:
        return Fate.TOO_MANY_A_DAY
    return None


async def file(connection: AsyncConnection, report: Report) -> Filed:
    """File a report with the case of its post, and show it to the admins: one case and one card for one post."""
    if report.sender.kind is SenderKind.SELF:
        return Filed(Fate.OWN)
    known = await _known_case(connection, report)
    if known and await store.has_reported(connection, known.id, report.reporter_id):
        return Filed(Fate.AGAIN, known)
    if (reached := await limit(connection, report.chat_id, report.reporter_id)) is not None:
        return Filed(reached)
    case = known or await _open(connection, report)
    await store.add(connection, case.id, report.reporter_id, reason=report.reason, language=report.language)
    await records.record(connection, "report.filed", chat_id=report.chat_id, detail=f"case {case.id}")
    if known is None:
        await _send_card(connection, case, report)
        return Filed(Fate.NEW, case)
    if not case.is_open:
        return Filed(Fate.DECIDED, case, await decision_of(connection, case))
    count = await store.count(connection, case.id)
    await cards.refresh(connection, case, mark=f"reports:{count}")
    return Filed(Fate.MERGED, case)


async def block(connection: AsyncConnection, case: Case) -> int:
    """Take no more reports in a case's chat from whoever reported it, for a while; return how many people that is."""
    return await reportblocks.block(connection, case.chat_id, case.id, until=time.time() + BLOCK_SECONDS)


async def tell(connection: AsyncConnection, case: Case, decision: str) -> None:
    """Tell everybody who reported a case, and whom the bot may write to, what an admin decided."""
    for person, language in await store.reporters(connection, case.id):
        if person.reachable:
            text = notices.outcome_words(language_for(language or person.language), case, decision)
            # No case number goes with the call: nothing but the table of reports ties a person to a case.
            call = calls.say(f"outcome:{case.id}:{person.user_id}", person.user_id, text, rank=RECEIPT)
            await outbox.put(connection, [call])


async def decision_of(connection: AsyncConnection, case: Case) -> str:
    """Return how a closed case ended: ``dismiss``, or what was done about the post."""
    button = await records.case_button(connection, case.id)
    return (cards.card_of(button).decision if button else "") or "delete"


def receipt(language: str, filed: Filed) -> Html:
    """Tell a reporter, in private, what came of their report."""
    number = filed.case.id if filed.case else 0
    if filed.case and filed.fate is Fate.DECIDED:  # that others' reports were misuse does not concern this one
        return notices.outcome_words(language, filed.case, "dismiss" if filed.decision == MISUSE else filed.decision)
    words = {
        Fate.NEW: say(
            language,
            "Thank you. Your report (case {number}) is with the admins, who do not see whose it is; "
            "I will tell you what they decide.",
            number=number,
        ),
        Fate.AGAIN: say(language, "You have reported this already (case {number}).", number=number),
        Fate.OWN: say(language, "That message is mine. If something is wrong with it, please ask an admin."),
        Fate.TOO_MANY_AN_HOUR: say(language, "You may file {n} reports an hour: please try again later.", n=HOURLY),
        Fate.TOO_MANY_A_DAY: say(language, "You may file {n} reports a day: please try again tomorrow.", n=DAILY),
        Fate.BLOCKED: say(language, "An admin of this chat found your reports to be misuse: for now I take none here."),
    }
    return words[Fate.NEW if filed.fate is Fate.MERGED else filed.fate]


async def _known_case(connection: AsyncConnection, report: Report) -> Case | None:
    """Return the case in which this post is, or was, looked at already.

    A case that the bot opened by itself counts while admins have it before them, or when the post was removed.
    """
    for kind in (VerdictKind.MATCH, VerdictKind.UNSCANNABLE):
        case = await records.find(connection, report.chat_id, report.incident, kind.value)
        if case and (case.is_open or await _was_removed(connection, case)):
            return case
    return await records.find(connection, report.chat_id, report.incident, cards.REPORT)


async def _was_removed(connection: AsyncConnection, case: Case) -> bool:
    """Whether the post is gone or going; a removal that Telegram refused leaves it standing."""
    done = await records.actions(connection, case.id)
    return any(action.kind == "delete" and action.state != "refused" for action in done)


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
    settings = await chats.settings(connection, case.chat_id)
    target = await cases.admin_chat(connection, settings)
    in_the_group = target == case.chat_id
    reasons = [report.reason] if report.reason and not in_the_group else []
    language = await guardians.tongue(connection, settings, target)
    card = cards.report_card(language, case, report.chat_title, count=1, reasons=reasons)
    await cases.tell_admins(connection, case, settings, card)
