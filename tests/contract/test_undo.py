"""Cases taken back on a real database: everything that can be given back, once, and what Telegram refused again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot import cards, cases, curation, review, undo
from bot.model import (
    Fingerprint,
    Frame,
    ListKind,
    Match,
    MediaKind,
    MediaPost,
    MediaRef,
    MessageRef,
    Tier,
    Trust,
    Verdict,
    VerdictKind,
)
from bot.moderation import Deed, Order, Scene, carry_out
from bot.outcome import Done, Outcome, Refused
from bot.policy import Standing
from bot.store import cases as records
from bot.store import chats, entries, outbox
from bot.store.db import Database
from bot.undo import Fate, Result, Undoing
from tests.contract import casework as work
from tests.contract.bot_api import check_request

PICTURE = Fingerprint(b"s" * 32, b"m" * 16, "jpeg", 640, 480, (Frame((b"p" * 32,) * 8, 90, b"h" * 8),))
HERE, BANNED = Scene("supergroup", Standing.MEMBER), Scene("supergroup", Standing.MEMBER, status="kicked")


async def ordered(database: Database, deed: Deed, update: int = 1) -> int:
    """An admin's command about the poster; the case's number."""
    by, incident = (work.ADMIN, "Admin"), f"update:{update}"
    order = Order(deed=deed, chat_id=work.CHAT, target=work.MEMBER, scene=HERE, by=by, incident=incident)
    case = (await database.write(lambda connection: carry_out(connection, order))).case
    assert case is not None
    return case.id


async def taken_back(
    database: Database, number: int, scene: Scene = HERE, by: int = work.ADMIN, **facts: Any
) -> Result:
    """An admin takes a case back."""
    case = await work.case_of(database, number)
    undoing = Undoing(case, (by, f"Admin{by}"), scene, **facts)
    return await database.write(lambda connection: undo.take_back(connection, undoing))


async def answered(database: Database, method: str, outcome: Outcome) -> None:
    """Telegram answers every call of a method that waits."""

    async def write(connection: Any) -> None:
        while found := [row for row in await outbox.due(connection, 50) if row.chat_id == work.CHAT]:
            (row,) = found
            is_meant = row.method == method
            error = outcome.reason if is_meant and isinstance(outcome, Refused) else None
            await outbox.finish(connection, row, error=error)
            await cases.record(connection, row, outcome if is_meant else Done(True))

    await database.write(write)


async def test_a_ban_is_lifted_once_and_the_first_is_named(database: Database) -> None:
    """Of several who take a ban back at once one does, in one call; the others are told who it was; it is audited."""
    await work.furnish(database)
    number = await ordered(database, Deed.BAN)
    results = await asyncio.gather(*(taken_back(database, number, BANNED, by) for by in (701, 702, 703)))
    (first,) = [one for one in results if one.fate is Fate.DONE]
    assert first.given == ("unban",)
    assert {one.fate for one in results} == {Fate.DONE, Fate.ALREADY}
    (unban,) = await work.made(database, "unbanChatMember")
    assert unban.args == {"chat_id": work.CHAT, "user_id": work.POSTER, "only_if_banned": True}
    undone = [(code, by) for code, by, _ in await work.audited(database) if code == "case.undo"]
    assert len(undone) == 1
    later = await taken_back(database, number, BANNED)
    assert f"Admin{undone[0][1]}" in undo.words("en", later)
    assert "taken back already" in undo.words("en", later)


async def test_what_telegram_refused_is_taken_back_again(database: Database) -> None:
    """A ban whose end Telegram refused invites nobody; the next attempt calls again, the one after does not."""
    await work.furnish(database)
    await database.write(partial(chats.greet, user_id=work.POSTER, name="Poster", language="en", reachable=True))
    number = await ordered(database, Deed.BAN)
    await answered(database, "", Done(True))
    await taken_back(database, number, BANNED, may_invite=True)
    await answered(database, "unbanChatMember", Refused("Bad Request: not enough rights"))
    (letter,) = await work.made(database, "sendMessage", work.POSTER)
    assert "You are banned." in letter.args["text"]
    assert (await taken_back(database, number, BANNED, may_invite=True)).given == ("unban",)
    await answered(database, "createChatInviteLink", Done({"invite_link": "https://t.me/+abc"}))
    assert len(await work.made(database, "sendMessage", work.POSTER)) == 2
    assert len(await work.made(database, "unbanChatMember")) == 2
    assert (await taken_back(database, number, BANNED)).fate is Fate.ALREADY
    other = await ordered(database, Deed.BAN, 2)
    weak = Scene("supergroup", Standing.MEMBER, may_restrict=False, status="kicked")
    assert (await taken_back(database, other, weak)).fate is Fate.HINDERED


async def test_a_strike_goes_back_and_a_later_ban_stays(database: Database) -> None:
    """A warning's strike does not count any more; a mute ends; what a later case asks for stays, and is said."""
    await work.furnish(database)
    first, second = await ordered(database, Deed.WARN), await ordered(database, Deed.WARN, 2)
    muted = Scene("supergroup", Standing.MEMBER, status="restricted")
    assert (await taken_back(database, second, muted)).given == ("strike", "unmute")
    assert await work.strikes(database) == 1
    ban, again = await ordered(database, Deed.BAN, 3), await ordered(database, Deed.BAN, 4)
    result = await taken_back(database, ban, BANNED)
    assert (result.given, result.stays) == ((), again)
    assert f"case {again}" in undo.words("en", result)
    assert await work.made(database, "unbanChatMember") == []
    assert (await taken_back(database, first, BANNED)).given == ("strike",)
    assert await work.strikes(database) == 0


async def matched(database: Database) -> int:
    """A listed picture of the poster's that was removed; the case's number."""
    picture = MediaRef(MediaKind.PHOTO, "file9", "unique9", "message.photo")
    post = MediaPost(MessageRef(work.CHAT, 9), work.MEMBER, datetime.now(UTC), (picture,))
    match = Match(1, 1, "known abuse", ListKind.BLOCK, Trust.BAN, "violence", Tier.T0, "exact file")
    verdict = Verdict(VerdictKind.MATCH, match)
    judged = await database.write(lambda connection: cases.judge(connection, post, verdict, Standing.MEMBER))
    assert judged is not None
    return judged.case.id


async def test_a_false_match_may_be_posted_again(database: Database) -> None:
    """The card of a match has the button; its files are let through in this chat, and what is gone is said to be."""
    await work.furnish(database)
    number = await matched(database)
    card = (await work.made(database, "sendMessage", work.LOG))[0]
    assert card.args["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == f"u:undo:{number}"
    assert undo.needs(await work.case_of(database, number), []) == (False, True)
    result = await taken_back(database, number, files=[("unique9", PICTURE)])
    assert set(result.given) == {"strike", "allow"}
    assert "cannot be brought back" in undo.words("en", result)
    async with database.read() as connection:
        listed = await entries.find(connection, f"allowed in chat {work.CHAT}")
        kinds = {one.kind for one in await records.actions(connection, number)}
    assert listed is not None
    assert listed.size
    assert {"undo", "allow", "strike", "delete"} <= kinds
    assert await work.strikes(database) == 0
    assert await work.made(database, "sendMessage", work.POSTER) == []
    told = [one.args["text"] for one in await work.made(database, "sendMessage", work.CHAT)]
    assert any("took back" in text for text in told)


async def test_a_link_is_made_for_one_and_passed_on(database: Database) -> None:
    """Who was banned gets a link in private, else the log chat does; refused, they are told without one."""
    await work.furnish(database)
    link = Done({"invite_link": "https://t.me/+abc"})
    for update, is_reachable, outcome in ((1, True, link), (2, False, link), (3, True, Refused("Bad Request: no"))):
        await database.write(
            partial(chats.greet, user_id=work.POSTER, name="Poster", language="en", reachable=is_reachable)
        )
        number = await ordered(database, Deed.BAN, update)
        await answered(database, "", Done(True))
        assert (await taken_back(database, number, BANNED, may_invite=True)).invites is True
        await answered(database, "createChatInviteLink", outcome)
        made = (await work.made(database, "createChatInviteLink"))[-1]
        assert check_request("createChatInviteLink", made.args) == []
        assert made.args["member_limit"] == 1
        target = work.POSTER if is_reachable else work.LOG
        said = [one.args["text"] for one in await work.made(database, "sendMessage", target)]
        told = [text for text in said if f"{number}" in text and ("took back" in text or "cannot write" in text)]
        assert len(told) == 1, said
        assert ("https://t.me/+abc" in told[0]) == isinstance(outcome, Done)
    alarms = [one.args["text"] for one in await work.made(database, "sendMessage", work.LOG)]
    assert any("could not make a link" in text for text in alarms)
    number = await ordered(database, Deed.BAN, 4)
    assert "cannot invite" in undo.words("en", await taken_back(database, number, BANNED))


async def test_what_waits_or_gave_nothing_is_said(database: Database) -> None:
    """An open case is decided on its card; in a case that touched nobody there is nothing to take back."""
    await work.furnish(database)
    filed = await work.report(database, 1)
    assert filed.case is not None
    assert (await taken_back(database, filed.case.id)).fate is Fate.OPEN
    unmuted = await ordered(database, Deed.UNBAN)
    result = await taken_back(database, unmuted)
    assert result.fate is Fate.NOTHING
    assert "nothing to take back" in undo.words("en", result)
    assert "case.undo" not in {code for code, _, _ in await work.audited(database)}


async def blocked(database: Database, message: int = 9, files: Any = (("unique9", PICTURE),)) -> int:
    """A reported picture whose media an admin blocked by its card; the case's number."""
    filed = await work.report(database, 1, message)
    assert filed.case is not None
    number = filed.case.id
    values: dict[str, Any] = {
        "button": await work.button_of(database, number),
        "case": filed.case,
        "action": "block",
        "by": (work.ADMIN, "Admin"),
        "scene": HERE,
        "card": MessageRef(work.LOG, work.CARD),
        "mark": f"block{message}",
        "files": files,
    }
    ruled = await database.write(lambda connection: review.rule(connection, review.Ruling(**values)))
    assert ruled.fate is review.Fate.DONE
    return number


async def listed(database: Database) -> set[tuple[str, str]]:
    """What stands on the lists, by list and kind."""
    async with database.read() as connection:
        found = [(one.name, one.id) for one in await entries.all_lists(connection)]
        return {(name, row.kind) for name, number in found async for row in entries.rows(connection, number)}


async def test_blocked_media_go_off_the_list_again(database: Database) -> None:
    """Undone, “Block this media” leaves nothing of its own on the chat's list, and what was listed before stays."""
    await work.furnish(database)
    before = [("unique8", None)]
    await database.write(
        lambda c: curation.list_files(c, before, kind=ListKind.BLOCK, chat_id=work.CHAT, by=work.ADMIN)
    )
    number = await blocked(database, files=(("unique8", None), ("unique9", PICTURE)))
    assert {kind for _, kind in await listed(database)} == {"file", "sha256", "md5", "pdq"}
    async with database.read() as connection:
        assert cards.can_undo(await work.case_of(database, number), await records.actions(connection, number))
    result = await taken_back(database, number)
    assert (result.fate, result.given) == (Fate.DONE, ("block",))
    assert "off this chat’s list" in undo.words("en", result)
    assert await listed(database) == {(f"blocked in chat {work.CHAT}", "file")}
    assert (await taken_back(database, number)).fate is Fate.ALREADY
