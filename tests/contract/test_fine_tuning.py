"""What a chat's fine-tuning does on a real database: from the very next post on, in the group, in the log, in calls."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import cases, chatsettings, endings, moderation, review, trust
from bot.calls import LASTS
from bot.cases import Judged
from bot.model import (
    ListKind,
    Match,
    MediaPost,
    MessageRef,
    Sender,
    SenderKind,
    Tier,
    Trust,
    Verdict,
    VerdictKind,
)
from bot.moderation import Deed, Order, Scene
from bot.outcome import Refused
from bot.policy import Standing
from bot.review import Ruling
from bot.rules import Quiet, Rules
from bot.store import chats, outbox, trusted
from bot.store.db import Database
from bot.store.tables import case_actions, strikes
from tests.contract import casework as work

DAY = 86_400
TOPIC = 44


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database)


def verdict(tier: Tier = Tier.T0, trusted_to: Trust = Trust.BAN) -> Verdict:
    """One match."""
    return Verdict(VerdictKind.MATCH, Match(1, 1, "list", ListKind.BLOCK, trusted_to, "", tier, "full frame"))


async def tune(database: Database, **values: Any) -> None:
    """An admin turns knobs."""
    await database.write(lambda c: chatsettings.tune(c, work.CHAT, by=work.ADMIN, **values))


async def judge(
    database: Database, message: int = 9, found: Verdict | None = None, *, post: MediaPost | None = None
) -> Judged:
    """Somebody posts what matches."""
    shown = replace(post or work.post(message), chat_title="The place")
    judged = await database.write(lambda c: cases.judge(c, shown, found or verdict(), Standing.MEMBER))
    assert judged is not None
    return judged


async def in_the_group(database: Database) -> list[str]:
    """What was said in the group."""
    return [one.args["text"] for one in await work.made(database, "sendMessage", work.CHAT)]


# --- actions, lengths, expiry ----------------------------------------------------------------------


async def test_a_choice_counts_from_the_next_post_on(database: Database) -> None:
    """The post before the choice costs what the preset says, the one after it what the admins chose."""
    await judge(database, 1, verdict(Tier.T2))
    assert await work.strikes(database) == 0
    await tune(database, tier_2="ban", ban_seconds=7 * DAY)
    await judge(database, 2, verdict(Tier.T2))
    (ban,) = await work.made(database, "banChatMember")
    assert ban.args[LASTS] == 7 * DAY
    assert "banned for 1 week" in (await work.made(database, "sendMessage", work.LOG))[-1].args["text"]
    assert "banned for 1 week" in (await in_the_group(database))[-1]


async def test_a_worse_picture_of_an_album_bans_once_whichever_comes_first(database: Database) -> None:
    """An album of a near and an exact copy costs one strike and the ban that the exact one asks for, told once more."""
    await tune(database, tier_0="ban")
    for first, second, album in ((Tier.T1, Tier.T0, "up"), (Tier.T0, Tier.T1, "down")):
        sender = Sender(SenderKind.USER, 700 + len(album), "Poster")
        before = len(await work.made(database, "sendMessage", work.LOG))
        for message, tier in enumerate((first, second, second), 100 * len(album)):
            shown = replace(work.post(message, album=album), sender=sender)
            await judge(database, found=verdict(tier), post=shown)
        assert await work.strikes(database, sender.id) == 1
        bans = [one for one in await work.made(database, "banChatMember") if one.args["user_id"] == sender.id]
        assert len(bans) == 1
        cards = (await work.made(database, "sendMessage", work.LOG))[before:]
        assert len(cards) == (2 if album == "up" else 1)
        assert "banned" in cards[-1].args["text"]
    assert [kind for kind, _ in await work.acts(database)].count("strike") == 2


async def test_a_strike_counts_as_long_as_is_chosen(database: Database) -> None:
    """A strike expires when the chat says, whether a match or an admin gave it."""
    await tune(database, expiry_seconds=7 * DAY)
    await judge(database)
    order = Order(
        Deed.WARN, work.CHAT, work.MEMBER, Scene("supergroup", Standing.MEMBER), (work.ADMIN, "Ada"), "update:1"
    )
    await database.write(lambda c: moderation.carry_out(c, order))
    async with database.read() as connection:
        rows = (await connection.execute(select(strikes.c.at, strikes.c.expires_at))).all()
    assert [round(row.expires_at - row.at) for row in rows] == [7 * DAY] * 2


@pytest.mark.parametrize(
    ("seconds", "lasts", "words", "detail"), [(0, None, "for ever", ""), (3600, 3600, "for 1 hour", "1h")]
)
async def test_a_mute_without_a_length_is_the_chats_own(
    database: Database, seconds: int, lasts: int | None, words: str, detail: str
) -> None:
    """/mute, the card's button, a match and a warning all take the chat's length, and it is said and on record."""
    await tune(database, mute_seconds=seconds, mute_at=1)
    judged = await judge(database)
    scene = Scene("supergroup", Standing.MEMBER)
    for deed in (Deed.MUTE, Deed.WARN):
        order = Order(deed, work.CHAT, work.MEMBER, scene, (work.ADMIN, "Ada"), f"update:{deed}")
        await database.write(partial(moderation.carry_out, order=order))
    reported = await work.report(database, 1, message=30)
    assert reported.case is not None
    button, place = await work.button_of(database, reported.case.id), MessageRef(work.LOG, work.CARD)
    ruling = Ruling(button, reported.case, "mute", (work.ADMIN, "Ada"), scene, place, "m1")
    await database.write(lambda c: review.rule(c, ruling))
    assert [one.args[LASTS] for one in await work.made(database, "restrictChatMember")] == [lasts] * 4
    async with database.read() as connection:
        noted = await connection.scalars(select(case_actions.c.detail).where(case_actions.c.kind == "mute"))
    assert list(noted) == [detail] * 4
    said = await in_the_group(database)
    assert words in said[0]
    assert words in said[-1]
    assert judged.decision.strike == 1


# --- trusted members -------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [work.MEMBER, Sender(SenderKind.CHANNEL, -100777, "Mask")])
async def test_whom_admins_trust_is_not_punished(database: Database, sender: Sender) -> None:
    """A trusted member's or channel's match is removed and costs nothing, at once and until the trust ends."""
    await tune(database, tier_0="ban")
    await database.write(lambda c: trust.give(c, work.CHAT, sender, by=work.ADMIN))
    await judge(database, 1, post=replace(work.post(1), sender=sender))
    assert {one.method for one in await work.made(database, chat_id=work.CHAT)} == {"deleteMessage", "sendMessage"}
    assert "trusted here" in (await work.made(database, "sendMessage", work.LOG))[-1].args["text"]
    await database.write(lambda c: trust.take(c, work.CHAT, sender.id, by=work.ADMIN))
    await judge(database, 2, post=replace(work.post(2), sender=sender))
    assert {"banChatMember", "banChatSenderChat"} & {one.method for one in await work.made(database)}
    assert [(code, detail) for code, _, detail in await work.audited(database) if "trust" in code] == [
        ("settings.trust", f"{sender.id}: not → trusted"),
        ("settings.untrust", f"{sender.id}: trusted → not"),
    ]


async def test_what_cannot_be_checked_of_the_trusted_stays_and_is_told(database: Database) -> None:
    """Where such posts are removed a trusted member's stays, and its case waits for an admin: never clean."""
    await database.write(lambda c: chatsettings.choose(c, work.CHAT, "unscannable", "delete", by=work.ADMIN))
    await database.write(lambda c: trust.give(c, work.CHAT, work.MEMBER, by=work.ADMIN))
    judged = await judge(database, found=Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",)))
    assert judged.case.is_open
    assert await work.made(database, "deleteMessage") == []
    assert len(await work.made(database, "sendMessage", work.LOG)) == 1


async def test_trust_is_one_chats_and_given_once(database: Database) -> None:
    """Trust counts in the chat that gave it; given again it is no news, taken from a stranger nothing."""
    given = [await database.write(lambda c: trust.give(c, work.CHAT, work.MEMBER, by=work.ADMIN)) for _ in range(2)]
    assert given == [True, False]
    assert not await database.write(lambda c: trust.take(c, work.LOG, work.POSTER, by=work.ADMIN))
    async with database.read() as connection:
        assert [one.sender_id for one in await trusted.listed(connection, work.CHAT)] == [work.POSTER]
        assert await trusted.listed(connection, work.LOG) == []


async def test_a_chat_trusts_no_more_than_a_file_can_hold(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one too many is refused, so that every chat's settings fit into their file."""
    monkeypatch.setattr(trust, "MOST_TRUSTED", 1)
    other = Sender(SenderKind.USER, 5, "Other")
    assert await database.write(lambda c: trust.give(c, work.CHAT, work.MEMBER, by=work.ADMIN))
    assert await database.write(lambda c: trust.give(c, work.CHAT, other, by=work.ADMIN)) is None


async def test_the_trusted_are_listed_page_by_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page names so many, with their numbers, and leads to the next; an empty list says how one is trusted."""
    monkeypatch.setattr(trust, "PAGE", 2)
    people = [Sender(SenderKind.USER, number, f"P{number}") for number in (11, 12)]
    for sender in (*people, Sender(SenderKind.CHANNEL, -100777, "Mask")):
        await database.write(partial(trust.give, chat_id=work.CHAT, sender=sender, by=work.ADMIN))
    async with database.read() as connection:
        pages = [await trusted.listed(connection, work.CHAT, limit=2, offset=offset) for offset in (0, 2, 4)]
    texts = [trust.listed("en", found, 3, number) for number, found in enumerate(pages, 1)]
    assert all(words in texts[0] for words in ("3 trusted members", "P11", "12", "/trusted 2"))
    assert "Mask (channel)" in texts[1]
    assert "/trusted" not in texts[1]
    assert "no such page" in texts[2]
    assert "/trust as a reply" in trust.listed("en", [], 0, 1)


# --- how much is said ------------------------------------------------------------------------------


@pytest.mark.parametrize("quiet", Quiet)
async def test_how_much_the_group_hears_is_chosen(database: Database, quiet: Quiet) -> None:
    """All, one line with neither name nor reason, or nothing; admins read the same card as ever."""
    await tune(database, quiet=quiet)
    judged = await judge(database)
    await judge(database, 2, Verdict(VerdictKind.CANARY))
    said = await in_the_group(database)
    assert len(said) == (0 if quiet is Quiet.SILENT else 2)
    if quiet is Quiet.BRIEF:
        assert said[0] == f"A post was removed. Case {judged.case.id}."
    assert (quiet is Quiet.OFF) is any("Poster" in text for text in said)
    assert "Known abuse removed" in (await work.made(database, "sendMessage", work.LOG))[0].args["text"]


@pytest.mark.parametrize("quiet", Quiet)
async def test_an_admins_decision_is_said_as_quietly(database: Database, quiet: Quiet) -> None:
    """What the group hears of a card's decision follows the same choice, and so does a raid's line."""
    await tune(database, quiet=quiet)
    reported = await work.report(database, 1, message=30)
    assert reported.case is not None
    button, place = await work.button_of(database, reported.case.id), MessageRef(work.LOG, work.CARD)
    scene = Scene("supergroup", Standing.MEMBER)
    ruling = Ruling(button, reported.case, "warn", (work.ADMIN, "Ada"), scene, place, "m1")
    await database.write(lambda c: review.rule(c, ruling))
    said = await in_the_group(database)
    expected = {Quiet.OFF: "is warned", Quiet.BRIEF: "An admin decided case", Quiet.SILENT: ""}[quiet]
    assert len(said) == (quiet is not Quiet.SILENT)
    assert all(expected in text for text in said)
    for message in range(40, 46):
        await judge(database, message)
    raids = [text for text in await in_the_group(database) if "Raid" in text]
    assert bool(raids) is (quiet is not Quiet.SILENT)


# --- the topic of the log chat ---------------------------------------------------------------------


async def test_cards_go_to_the_topic_of_the_log(database: Database) -> None:
    """Cards and lines of the log name the topic, what is said in the group does not; another log chat has none."""
    await database.write(lambda c: chatsettings.set_log_chat(c, work.CHAT, work.LOG, by=work.ADMIN, thread_id=TOPIC))
    await judge(database)
    order = Order(
        Deed.WARN, work.CHAT, work.MEMBER, Scene("supergroup", Standing.MEMBER), (work.ADMIN, "Ada"), "update:1"
    )
    await database.write(lambda c: moderation.carry_out(c, order))
    there = await work.made(database, "sendMessage", work.LOG)
    assert [one.args.get("message_thread_id") for one in there] == [TOPIC] * 2
    assert all("message_thread_id" not in one.args for one in await work.made(database, "sendMessage", work.CHAT))
    await database.write(lambda c: chatsettings.set_log_chat(c, work.CHAT, -1009, by=work.ADMIN))
    async with database.read() as connection:
        assert (await chats.settings(connection, work.CHAT)).rules == Rules()


@pytest.mark.parametrize("words", ["Bad Request: message thread not found", "Bad Request: TOPIC_DELETED"])
async def test_a_topic_that_is_gone_falls_back_to_the_chat(database: Database, words: str) -> None:
    """Every card that the topic does not take goes to the log chat itself, and so do all that come; it is on record."""
    await tune(database, log_thread_id=TOPIC)
    await judge(database, 1)
    await judge(database, 2)

    async def refuse(connection: AsyncConnection) -> None:
        for row in await outbox.due(connection, 50):
            if row.chat_id == work.LOG and "message_thread_id" in row.args:
                await outbox.finish(connection, row, error=words)
                await endings.record(connection, row, Refused(words))

    for _ in range(2):  # of one chat one call is due at a time
        await database.write(refuse)
    await judge(database, 3)
    there = [one.args for one in await work.made(database, "sendMessage", work.LOG) if "🔕" not in one.args["text"]]
    assert ["message_thread_id" in one for one in there] == [True, True, False, False, False]
    assert [one["text"] for one in there[2:4]] == [one["text"] for one in there[:2]]
    assert await work.made(database, "sendMessage", 1) == []
    assert ("settings.rules", None, f"log_thread_id: {TOPIC} → preset") in await work.audited(database)


async def test_another_refusal_is_no_lost_topic(database: Database) -> None:
    """What Telegram refuses for another reason leaves the topic alone."""
    await tune(database, log_thread_id=TOPIC)
    await judge(database)

    async def refuse(connection: AsyncConnection) -> None:
        for row in await outbox.due(connection, 50):
            if row.chat_id == work.LOG:
                await outbox.finish(connection, row, error="Forbidden")
                await endings.record(connection, row, Refused("Forbidden: bot was kicked"))

    await database.write(refuse)
    async with database.read() as connection:
        assert (await chats.settings(connection, work.CHAT)).rules.log_thread_id == TOPIC


# --- a group that grows up -------------------------------------------------------------------------


async def test_rules_and_trust_move_with_the_group(database: Database) -> None:
    """When a group becomes a supergroup, its rules and trusted members are there under the new number, all at once."""
    await tune(database, mute_at=4, quiet="brief", country="KR")
    await database.write(lambda c: trust.give(c, work.CHAT, work.MEMBER, by=work.ADMIN))
    new = -100_555
    async with database.read() as connection:
        before = (await chats.settings(connection, work.CHAT)).rules
    await database.write(lambda c: chats.migrate(c, work.CHAT, new))
    async with database.read() as connection:
        assert (
            (await chats.settings(connection, new)).rules == before == Rules(mute_at=4, quiet=Quiet.BRIEF, country="KR")
        )
        assert await trusted.has(connection, new, work.POSTER)
        assert await trusted.count(connection, work.CHAT) == 0
