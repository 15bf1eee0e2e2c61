"""The limits of the day on a real database: counted by people, told once, lifted by one press, never silently clean."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import breaker, cases, moderation
from bot.breaker import Fate, Lifting
from bot.model import (
    ListKind,
    Match,
    MediaPost,
    MessageRef,
    Sender,
    SenderKind,
    Tier,
    Trust,
    UnscannablePolicy,
    Verdict,
    VerdictKind,
)
from bot.moderation import Deed, Order, Scene
from bot.policy import Standing
from bot.settings import Limits
from bot.store import caps, chats
from bot.store import cases as records
from bot.store.cases import Case
from bot.store.db import Database
from bot.store.tables import buttons, sanctions
from tests.contract import casework as work

OWNER = 2
_messages = itertools.count(100)


def match(tier: Tier = Tier.T0, trust: Trust = Trust.BAN) -> Verdict:
    """A verdict with one match."""
    return Verdict(VerdictKind.MATCH, Match(1, 1, "list", ListKind.BLOCK, trust, "", tier, "full frame"))


UNSEEN = Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",))


def post(user: int, *, kind: SenderKind = SenderKind.USER) -> MediaPost:
    """Somebody's next message with a picture."""
    return replace(work.post(next(_messages)), sender=Sender(kind, user, f"User{user}"), chat_title="The place")


async def judge(
    database: Database, user: int, verdict: Verdict, limits: Limits, poster: Standing = Standing.MEMBER
) -> Case:
    """The case of somebody's next message."""
    kind = SenderKind.CHAT if poster is Standing.OWN_POST else SenderKind.USER
    one = post(user, kind=kind)
    judged = await database.write(lambda c: cases.judge(c, one, verdict, poster, limits=limits))
    assert judged is not None
    return judged.case


async def chosen(database: Database, **facts: Any) -> None:
    """The chat has a log, an owner who can be reached, and these settings."""
    await work.furnish(database, owner_id=OWNER, **facts)


async def methods(database: Database, case: Case) -> set[str]:
    """What the bot does by itself about a case's post and poster."""
    made = await work.made(database, chat_id=work.CHAT)
    about = {case.message_id, case.sender_id}
    return {one.method for one in made if {one.args.get("message_id"), one.args.get("user_id")} & about}


async def alarms(database: Database) -> list[int]:
    """To whom an alarm went."""
    return [
        one.chat_id
        for one in await work.made(database, "sendMessage")
        if "limit of the day" in one.args["text"] and "🚨" in one.args["text"]
    ]


async def press(database: Database, by: int = work.ADMIN) -> tuple[Fate, str]:
    """An admin presses the button under the newest alarm."""

    async def write(connection: AsyncConnection) -> tuple[Fate, str]:
        where = buttons.c.kind == breaker.BUTTON
        token = await connection.scalar(select(buttons.c.token).where(where).order_by(buttons.c.created_at.desc()))
        button = await records.button(connection, str(token))
        assert button is not None
        lifting = Lifting(button, (by, f"Admin{by}"), MessageRef(work.LOG, 5), "The place", "en", f"m{by}")
        return await breaker.lift(connection, lifting)

    return await database.write(write)


async def test_beyond_the_limit_nobody_is_banned_but_every_post_goes(database: Database) -> None:
    """At the limit bans stop, posts are removed as before, each is an open case with buttons; one alarm says so."""
    await chosen(database, preset="zero-tolerance")
    limits = Limits(daily_bans=2)
    for user in (11, 12):
        case = await judge(database, user, match(), limits)
        assert await methods(database, case) == {"deleteMessage", "banChatMember"}
    assert await alarms(database) == []
    for user in (13, 14):
        case = await judge(database, user, match(), limits)
        assert await methods(database, case) == {"deleteMessage"}
        assert case.is_open
        card = [
            one for one in await work.made(database, "sendMessage", work.LOG) if f"Case {case.id}<" in one.args["text"]
        ]
        assert "not muted or banned" in card[-1].args["text"]
        assert ":ban" in str(card[-1].args["reply_markup"])
    assert await methods(database, await judge(database, 11, match(), limits)) >= {"banChatMember"}
    assert sorted(await alarms(database)) == [work.LOG, OWNER]
    assert [one for one in await work.audited(database) if one[0] == "breaker.tripped"] == [
        ("breaker.tripped", None, "ban: 2")
    ]
    async with database.read() as connection:
        assert await caps.holding(connection) == {"ban": 1}
        assert (await caps.tally(connection, work.CHAT)).stopped == ("ban",)


async def test_one_press_lifts_the_limit_for_the_rest_of_the_day(database: Database) -> None:
    """After the press the bot bans again, the record says who did it, and a second press finds it lifted."""
    await chosen(database, preset="zero-tolerance")
    limits = Limits(daily_bans=1)
    for user in (11, 12):
        await judge(database, user, match(), limits)
    assert await press(database) == (Fate.LIFTED, f"Admin{work.ADMIN}")
    assert await press(database, by=602) == (Fate.LIFTED_BEFORE, f"Admin{work.ADMIN}")
    for user in (12, 13, 14):
        assert "banChatMember" in await methods(database, await judge(database, user, match(), limits))
    assert ("breaker.lifted", work.ADMIN, "ban") in await work.audited(database)
    (edit,) = await work.made(database, "editMessageText")
    assert f"Admin{work.ADMIN}" in edit.args["text"]
    assert edit.args["reply_markup"] == {"inline_keyboard": []}
    async with database.read() as connection:
        assert await caps.holding(connection) == {}


async def test_the_limit_ends_with_its_day(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the next day the bot acts by itself again, and yesterday's button lifts nothing."""
    await chosen(database, preset="zero-tolerance")
    limits, day = Limits(daily_bans=1), caps.today()
    for user in (11, 12):
        await judge(database, user, match(), limits)
    monkeypatch.setattr(caps, "today", lambda: day + 1)
    assert "banChatMember" in await methods(database, await judge(database, 13, match(), limits))
    assert (await press(database))[0] is Fate.OVER


async def test_a_raid_of_sure_matches_never_outlasts_the_limit(database: Database) -> None:
    """Beyond the limit of removals what is sure still goes; all else stays as an open case, unscannable or not."""
    await chosen(database, unscannable=UnscannablePolicy.DELETE.value)
    limits = Limits(daily_deletes=1)
    first = await judge(database, 11, match(Tier.T2), limits)
    assert not first.is_open
    for verdict in (match(Tier.T0), match(Tier.T1)):
        assert "deleteMessage" in await methods(database, await judge(database, 12, verdict, limits))
    for user, verdict in ((13, match(Tier.T2)), (14, match(Tier.T0, Trust.WARN)), (15, UNSEEN)):
        case = await judge(database, user, verdict, limits)
        assert case.is_open
        assert await methods(database, case) == set()
        assert await work.strikes(database, user) == 0
    assert "deleteMessage" in await methods(database, await judge(database, 11, match(Tier.T2), limits))
    assert sorted(await alarms(database)) == [work.LOG, OWNER]


async def test_one_raider_cannot_use_the_limit_up(database: Database) -> None:
    """People are counted, not posts: whatever one poster floods the chat with leaves room for all others."""
    await chosen(database, unscannable=UnscannablePolicy.DELETE.value)
    limits = Limits(daily_deletes=2)
    for _ in range(5):
        assert "deleteMessage" in await methods(database, await judge(database, 11, UNSEEN, limits))
    assert "deleteMessage" in await methods(database, await judge(database, 12, UNSEEN, limits))
    assert await alarms(database) == []


async def test_posts_under_a_channels_name_count_each(database: Database) -> None:
    """Where everybody posts under one name the limit counts posts: it would never be reached otherwise."""
    await chosen(database)
    limits = Limits(daily_deletes=2)
    cases_ = [await judge(database, work.CHAT, match(Tier.T2), limits, Standing.OWN_POST) for _ in range(3)]
    assert [case.is_open for case in cases_] == [False, False, True]


async def test_canary_and_admins_commands_count_nothing(database: Database) -> None:
    """The canary is removed whatever the limit says, and what admins order by themselves has none."""
    await chosen(database)
    limits = Limits(daily_deletes=1, daily_bans=1)
    for user in range(11, 14):
        case = await judge(database, user, Verdict(VerdictKind.CANARY), limits)
        assert await methods(database, case) == {"deleteMessage"}
        target, scene = Sender(SenderKind.USER, user, "U"), Scene("supergroup", Standing.MEMBER)
        order = Order(Deed.BAN, work.CHAT, target, scene, (work.ADMIN, "Admin"), f"update:{user}")
        await database.write(partial(moderation.carry_out, order=order))
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(sanctions)) == 0


async def test_a_supergroup_keeps_its_limits(database: Database) -> None:
    """What a basic group counted goes on counting when it becomes a supergroup."""
    await chosen(database, preset="zero-tolerance", type="group")
    await judge(database, 11, match(), Limits(daily_bans=1))
    await database.write(lambda connection: chats.migrate(connection, work.CHAT, -1009))
    async with database.read() as connection:
        assert await caps.is_counted(connection, -1009, "ban", "11")
