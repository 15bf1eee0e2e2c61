"""Admins' commands on a real database: the ladder, lengths, undoing, and that a replay adds nothing."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from bot import answers
from bot.model import Sender, SenderKind
from bot.moderation import MUTE_SECONDS, Deed, Order, Result, Scene, carry_out
from bot.policy import Standing
from bot.store import cases as records
from bot.store import chats, media
from bot.store.db import Database
from tests.contract import casework as work

DAY = 24 * 60 * 60


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database)


async def command(database: Database, deed: Deed, update: int = 1, **facts: Any) -> Result:
    """An admin's command about the poster."""
    values: dict[str, Any] = {
        "deed": deed,
        "chat_id": work.CHAT,
        "target": work.MEMBER,
        "scene": Scene("supergroup", Standing.MEMBER),
        "by": (work.ADMIN, "Admin"),
        "incident": f"update:{update}",
        **facts,
    }
    return await database.write(lambda connection: carry_out(connection, Order(**values)))


async def test_warnings_climb_the_ladder(database: Database) -> None:
    """In the standard preset the second warning mutes for a day and the third bans."""
    texts = [answers.done("en", await command(database, Deed.WARN, number)) for number in (1, 2, 3)]
    assert "strike 1" in texts[0]
    assert "muted for 1 day" in texts[1]
    assert "banned" in texts[2]
    assert await work.strikes(database) == 3
    assert len(await work.made(database, "restrictChatMember")) == 1
    assert len(await work.made(database, "banChatMember")) == 1


async def test_watch_counts_and_does_no_more(database: Database) -> None:
    """In the preset `watch` warnings are counted, and nobody is muted or banned for them."""
    await database.write(lambda c: chats.change(c, work.CHAT, preset="watch"))
    for number in range(1, 6):
        await command(database, Deed.WARN, number)
    assert await work.strikes(database) == 5
    assert await work.made(database, chat_id=work.CHAT) == []


async def test_a_basic_group_counts_without_muting(database: Database) -> None:
    """Where Telegram cannot mute, the second warning counts and the third bans."""
    for number in (1, 2, 3):
        await command(database, Deed.WARN, number, scene=Scene("group", Standing.MEMBER))
    assert await work.strikes(database) == 3
    assert {one.method for one in await work.made(database, chat_id=work.CHAT)} == {"banChatMember"}


@pytest.mark.parametrize("deed", list(Deed))
async def test_a_replayed_command_adds_nothing(database: Database, deed: Deed) -> None:
    """The same update handled twice leaves one case, one strike and one call."""
    await command(database, Deed.WARN, 1)
    await command(database, Deed.WARN, 2)
    once = await command(database, deed, 3, seconds=DAY)
    before = (await work.made(database), await work.acts(database), await work.strikes(database))
    again = await command(database, deed, 3, seconds=DAY)
    assert once.case is not None
    assert again.case is not None
    assert again.case.id == once.case.id
    assert (await work.made(database), await work.acts(database), await work.strikes(database)) == before


@pytest.mark.parametrize(
    ("seconds", "lasting", "is_clamped"),
    [(None, MUTE_SECONDS, False), (7200, 7200, False), (0, 60, True), (10**9, 365 * DAY, True)],
)
async def test_a_mute_is_kept_within_what_telegram_knows(
    database: Database, seconds: int | None, lasting: int, *, is_clamped: bool
) -> None:
    """A length outside of what Telegram knows is brought in, and the answer says so."""
    result = await command(database, Deed.MUTE, seconds=seconds)
    assert (result.seconds, result.is_clamped) == (lasting, is_clamped)
    assert ("nearest" in answers.done("en", result)) == is_clamped


@pytest.mark.parametrize(
    ("scene", "remark"),
    [(Scene("group", Standing.MEMBER), "basic group"), (Scene("supergroup", Standing.CHANNEL), "has no end")],
)
async def test_a_ban_without_end_says_so(database: Database, scene: Scene, remark: str) -> None:
    """Where a ban cannot be given an end it lasts for ever, and the answer says so."""
    result = await command(database, Deed.BAN, scene=scene, seconds=3600)
    assert result.seconds is None
    assert remark in answers.done("en", result)


async def test_taking_back_a_strike_lifts_its_mute_only(database: Database) -> None:
    """/unwarn lifts the mute that the strike caused, and no more; in the end there is no strike left."""
    await command(database, Deed.WARN, 1)
    await command(database, Deed.WARN, 2)
    await command(database, Deed.UNWARN, 3)
    assert [
        one.args["permissions"]["can_send_messages"] for one in await work.made(database, "restrictChatMember")
    ] == [False, True]
    result = await command(database, Deed.UNWARN, 4)
    assert (len(await work.made(database, "restrictChatMember")), result.strikes) == (2, 0)
    assert (await command(database, Deed.UNWARN, 5)).case is None


@pytest.mark.parametrize(
    ("target", "method"),
    [
        (work.MEMBER, "unbanChatMember"),
        (Sender(SenderKind.CHANNEL, -1009, "A mask"), "unbanChatSenderChat"),
    ],
)
async def test_bans_of_people_and_channels_are_lifted(database: Database, target: Sender, method: str) -> None:
    """/unban lifts a ban by the call that fits who was banned; a member who is not banned is not put out."""
    await command(database, Deed.UNBAN, target=target)
    (call,) = await work.made(database, chat_id=work.CHAT)
    assert call.method == method
    assert call.args.get("only_if_banned", True) is True


async def test_a_command_is_on_record(database: Database) -> None:
    """The case names the target, the reason and the admin; the audit log has the deed."""
    result = await command(database, Deed.BAN, reason="spam <b>", message_id=9)
    assert result.case is not None
    assert (result.case.kind, result.case.reason, result.case.message_id) == ("moderation", "spam <b>", 9)
    assert ("ban", work.ADMIN) in await work.acts(database)
    assert await work.audited(database) == [("moderation.ban", work.ADMIN, f"case {result.case.id}")]
    assert "spam &lt;b&gt;" in answers.done("en", result)


@pytest.mark.parametrize(
    ("deed", "facts", "words"),
    [
        (Deed.WARN, {}, "warned, strike 1"),
        (Deed.MUTE, {"seconds": 7200}, "muted for 2 hours"),
        (Deed.BAN, {"seconds": 7 * DAY}, "banned for 1 week"),
        (Deed.BAN, {}, "banned"),
        (Deed.UNBAN, {}, "unbanned"),
    ],
)
async def test_the_log_chat_is_told_in_one_line(
    database: Database, deed: Deed, facts: dict[str, Any], words: str
) -> None:
    """Number, chat, target, what, how long, by whom and why go to the log chat once, however often it is asked."""
    for _ in range(2):
        result = await command(database, deed, reason="rude <words>", **facts)
    assert result.case is not None
    (line,) = await work.made(database, "sendMessage", work.LOG)
    who = f'<a href="tg://user?id={work.POSTER}">Poster</a>'
    assert line.args["text"] == (
        f"<b>Case {result.case.id}</b> · The place · {who}: {words} — Admin. Reason: rude &lt;words&gt;."
    )


async def test_the_log_says_what_a_strike_cost_and_that_it_was_taken_back(database: Database) -> None:
    """The line of a second warning names its mute, the one of /unwarn what it undid."""
    for number, deed in enumerate((Deed.WARN, Deed.WARN, Deed.UNWARN)):
        await command(database, deed, number)
    _, second, third = await work.made(database, "sendMessage", work.LOG)
    assert "warned, strike 2, muted for 1 day — Admin." in second.args["text"]
    assert "strike taken back" in third.args["text"]


@pytest.mark.parametrize("log", [None, work.CHAT])
async def test_without_a_log_chat_there_is_no_line(database: Database, log: int | None) -> None:
    """Where the log would be the group itself nothing is said but the answer."""
    await database.write(lambda c: chats.change(c, work.CHAT, log_chat_id=log))
    await command(database, Deed.WARN)
    assert await work.made(database, "sendMessage") == []


# --- with the message, without a word ------------------------------------------------------------


@pytest.mark.parametrize("deed", [Deed.WARN, Deed.MUTE, Deed.BAN])
async def test_the_message_goes_with_its_album(database: Database, deed: Deed) -> None:
    """The d commands remove the message that was replied to and all that is known of its album, once."""
    for post in (work.post(9, album="7"), work.post(10, album="7")):
        await database.write(partial(media.see, post=post))
    for _ in range(2):
        await command(database, deed, deletes=True, message_id=9, album="7")
    gone = [one.args["message_id"] for one in await work.made(database, "deleteMessage")]
    assert gone == [9, 10]
    assert await work.strikes(database) == (1 if deed is Deed.WARN else 0)


@pytest.mark.parametrize(("kind", "method"), [("group", "banChatMember"), ("supergroup", "unbanChatMember")])
async def test_a_kick_lets_come_back(database: Database, kind: str, method: str) -> None:
    """A kick is the call that removes and does not ban, on record as such; a length is not for it, and that is said."""
    result = await command(database, Deed.KICK, scene=Scene(kind, Standing.MEMBER), seconds=3600, reason="spam")
    (call,) = await work.made(database, chat_id=work.CHAT)
    assert (call.method, call.args) == (method, {"chat_id": work.CHAT, "user_id": work.POSTER})
    text = answers.done("en", result)
    assert "may come back" in text
    assert "no length" in text
    assert ("kick", work.ADMIN) in await work.acts(database)


async def test_an_unmute_gives_everything_back(database: Database) -> None:
    """/unmute gives all permissions, so that what the chat allows its members counts again."""
    scene = Scene("supergroup", Standing.MEMBER, status="restricted")
    result = await command(database, Deed.UNMUTE, scene=scene)
    (call,) = await work.made(database, "restrictChatMember")
    assert all(call.args["permissions"].values())
    assert "may write again" in answers.done("en", result)


async def test_a_strike_counts_as_long_as_the_admin_says(database: Database) -> None:
    """/warn 7d counts for a week, brought within bounds if need be; /warns lists what counts, and in which case."""
    for number, seconds in enumerate((7 * DAY, 1, None)):
        result = await command(database, Deed.WARN, number, seconds=seconds)
        assert ("nearest" in answers.done("en", result)) == (seconds == 1)
        assert ("counts for" in answers.done("en", result)) == (seconds is not None)
    async with database.read() as connection:
        strikes = await records.strikes_of(connection, work.CHAT, work.POSTER)
    assert [round(one.expires_at - one.at) for one in strikes] == [7 * DAY, 60, 30 * DAY]
    text = answers.warns("en", work.MEMBER, strikes)
    assert "3 strikes" in text
    assert all(f"case {one.case_id}" in text for one in strikes)
    assert "no strikes" in answers.warns("en", work.MEMBER, [])
