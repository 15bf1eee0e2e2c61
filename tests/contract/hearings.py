"""What the tests of appeals share: cases against the poster, their appeals, and admins who decide."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import appeals, cases
from bot.appealcards import Bench
from bot.appeals import Filed, Filing, Ruled, Ruling
from bot.model import ListKind, Match, MediaKind, MediaPost, MediaRef, MessageRef, Tier, Trust, Verdict, VerdictKind
from bot.moderation import Deed, Order, Scene, carry_out
from bot.outcome import Done, Outcome, Refused
from bot.policy import Standing
from bot.store import appeals as records
from bot.store import chats, outbox
from bot.store.appeals import Appeal
from bot.store.db import Database
from bot.undo import Undoing
from tests.contract import casework as work

JUDGE = 701
DAY = 24 * 60 * 60

HERE = Scene("supergroup", Standing.MEMBER)
BANNED = Scene("supergroup", Standing.MEMBER, status="kicked")
MUTED = Scene("supergroup", Standing.MEMBER, status="restricted")


async def furnish(database: Database, *, is_reachable: bool = True, **facts: Any) -> None:
    """A chat with a log chat, and the poster, to whom the bot may write or not."""
    await work.furnish(database, bot_status="administrator", **facts)
    person = {"name": "Poster", "language": "en", "reachable": is_reachable}
    await database.write(lambda connection: chats.greet(connection, work.POSTER, **person))


async def ordered(database: Database, deed: Deed, number: int = 1, **facts: Any) -> int:
    """An admin's command about the poster; the case's number."""
    values: dict[str, Any] = {"target": work.MEMBER, "scene": HERE, "by": (work.ADMIN, "Admin"), **facts}
    order = Order(deed=deed, chat_id=work.CHAT, incident=f"update:{number}", **values)
    case = (await database.write(lambda connection: carry_out(connection, order))).case
    assert case is not None
    return case.id


async def matched(database: Database, message: int = 9, trust: Trust = Trust.BAN) -> int:
    """A listed picture of the poster's that was removed; the case's number."""
    picture = MediaRef(MediaKind.PHOTO, f"file{message}", f"unique{message}", "message.photo")
    post = MediaPost(MessageRef(work.CHAT, message), work.MEMBER, datetime.now(UTC), (picture,))
    match = Match(1, 1, "known abuse", ListKind.BLOCK, trust, "violence", Tier.T0, "exact file")
    verdict = Verdict(VerdictKind.MATCH, match)
    judged = await database.write(lambda connection: cases.judge(connection, post, verdict, Standing.MEMBER))
    assert judged is not None
    return judged.case.id


async def filed(
    database: Database,
    number: int,
    text: str = "It was a mistake",
    *,
    by: int = work.POSTER,
    bench: Bench | None = None,
    **facts: Any,
) -> Filed:
    """Somebody appeals in a case."""
    values = {"name": "Poster", "language": "en", "seconds": 7 * DAY, **facts}
    filing = Filing(number=number, user_id=by, text=text, bench=bench or Bench((JUDGE,)), **values)
    return await database.write(lambda connection: appeals.file(connection, filing))


async def decided(
    database: Database, number: int, action: str, scene: Scene = HERE, by: int = JUDGE, **facts: Any
) -> Ruled:
    """An admin who may decides the appeal of a case."""
    token = (await appeal_of(database, number)).token
    case = await work.case_of(database, number)
    undoing = Undoing(case, (by, f"Judge{by}"), scene, is_heard=True, **facts)
    ruled = await database.write(lambda connection: appeals.decide(connection, Ruling(token, action, undoing)))
    assert ruled is not None
    return ruled


async def appeal_of(database: Database, number: int) -> Appeal:
    """The appeal of a case."""
    async with database.read() as connection:
        found = await records.get(connection, number)
    assert found is not None
    return found


async def answered(database: Database, refused: str = "", *, only: int | None = None) -> None:
    """Telegram takes every call that waits, and refuses those of one method; messages are numbered by their row."""

    async def write(connection: AsyncConnection) -> None:
        while rows := [row for row in await outbox.due(connection, 50) if only in (None, row.chat_id)]:
            for row in rows:
                outcome: Outcome = Done({"message_id": row.id, "chat": {"id": row.chat_id}})
                if row.method == refused:
                    outcome = Refused("Bad Request: not enough rights")
                if row.method == "createChatInviteLink" and isinstance(outcome, Done):
                    outcome = Done({"invite_link": "https://t.me/+abc"})
                error = outcome.reason if isinstance(outcome, Refused) else None
                await outbox.finish(connection, row, error=error)
                await cases.record(connection, row, outcome)

    await database.write(write)


async def told(database: Database, chat_id: int = work.POSTER) -> list[str]:
    """The texts of what was said to somebody, in order."""
    return [str(one.args["text"]) for one in await work.made(database, "sendMessage", chat_id)]


async def codes(database: Database) -> list[str]:
    """What the audit log says of appeals."""
    return [code for code, _, _ in await work.audited(database) if code.startswith("appeal.")]
