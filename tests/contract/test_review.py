"""Cards decided on a real database: one winner, all consequences together, protected people untouched."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from bot import cards, cases, review
from bot.model import Fingerprint, Frame, MessageRef, Sender, SenderKind, Verdict, VerdictKind
from bot.moderation import Obstacle, Scene
from bot.policy import Standing
from bot.review import Fate, Ruled, Ruling
from bot.store import chats, entries, media
from bot.store.db import Database
from tests.contract import casework as work

PICTURE = Fingerprint(b"s" * 32, b"m" * 16, "jpeg", 640, 480, (Frame((b"p" * 32,) * 8, 90, b"h" * 8),))


@pytest.fixture(autouse=True)
async def _place(database: Database) -> None:
    await work.furnish(database)


async def opened(database: Database, **facts: Any) -> int:
    """A reported message whose card stands; the case's number."""
    filed = await work.report(database, 1, **facts)
    await work.send_card(database)
    assert filed.case is not None
    return filed.case.id


async def press(database: Database, number: int, action: str, *, by: int = work.ADMIN, **facts: Any) -> Ruled:
    """An admin presses a button of a case's card."""
    values: dict[str, Any] = {
        "button": await work.button_of(database, number),
        "case": await work.case_of(database, number),
        "action": action,
        "by": (by, f"Admin{by}"),
        "scene": Scene("supergroup", Standing.MEMBER),
        "card": MessageRef(work.LOG, work.CARD),
        "mark": f"{by}{action}",
        **facts,
    }
    return await database.write(lambda connection: review.rule(connection, Ruling(**values)))


EXPECTED = {
    "delete": {"deleteMessage"},
    "warn": {"deleteMessage"},
    "mute": {"deleteMessage", "restrictChatMember"},
    "ban": {"deleteMessage", "banChatMember"},
    "dismiss": set[str](),
}


@pytest.mark.parametrize("action", EXPECTED)
async def test_a_decision_has_its_consequences(database: Database, action: str) -> None:
    """Each decision queues its calls, closes the case, tells reporter and card, and is on record with its admin."""
    number = await opened(database)
    ruled = await press(database, number, action)
    assert ruled == Ruled(Fate.DONE, f"Admin{work.ADMIN}", action)
    methods = {one.method for one in await work.made(database, chat_id=work.CHAT)} - {"sendMessage"}
    assert methods == EXPECTED[action]
    assert not (await work.case_of(database, number)).is_open
    (told,) = await work.made(database, "sendMessage", 1)
    assert ("no violation" in told.args["text"]) == (action == "dismiss")
    edit = (await work.made(database, "editMessageText"))[-1]
    assert f"Admin{work.ADMIN}" in edit.args["text"]
    left = [button["callback_data"] for row in edit.args["reply_markup"]["inline_keyboard"] for button in row]
    assert left == ([f"u:undo:{number}"] if action in ("warn", "mute", "ban") else [])
    assert (f"case.{action}", work.ADMIN, f"case {number}") in await work.audited(database)
    assert any(by == work.ADMIN for _, by in await work.acts(database))
    assert await work.strikes(database) == (1 if action == "warn" else 0)


@pytest.mark.parametrize("action", ["warn", "mute", "ban"])
async def test_the_group_is_told_of_a_punishment_but_not_of_the_report(database: Database, action: str) -> None:
    """Who is punished, and the group, learn what and the case's number; that it was reported is not said."""
    number = await opened(database)
    await press(database, number, action)
    (notice,) = await work.made(database, "sendMessage", work.CHAT)
    assert f"Case {number}" in notice.args["text"]
    assert "eport" not in notice.args["text"]


async def test_of_several_deciders_one_wins(database: Database) -> None:
    """Of decisions pressed at once exactly one counts; the others are told who was first and what was decided."""
    number = await opened(database)
    ruled = await asyncio.gather(
        *(press(database, number, action, by=by) for by, action in enumerate(("delete", "dismiss", "ban"), start=701))
    )
    winners = [one for one in ruled if one.fate is Fate.DONE]
    assert len(winners) == 1
    losers = [one for one in ruled if one.fate is Fate.DECIDED]
    assert {(one.by_name, one.decision) for one in losers} == {(winners[0].by_name, winners[0].decision)}
    assert winners[0].by_name in review.words("en", losers[0])
    assert len([code for code, _, _ in await work.audited(database) if code.startswith("case.")]) == 1


@pytest.mark.parametrize("poster", [Standing.ADMIN, Standing.SELF, Standing.SERVICE, Standing.LINKED_CHANNEL])
@pytest.mark.parametrize("action", ["warn", "mute", "ban"])
async def test_the_protected_are_not_punished(database: Database, action: str, poster: Standing) -> None:
    """Whatever is pressed, nothing is done to those who must not be acted on, and the case stays open."""
    number = await opened(database)
    ruled = await press(database, number, action, scene=Scene("supergroup", poster))
    assert (ruled.fate, ruled.hindrance) == (Fate.HINDERED, poster)
    assert (await work.case_of(database, number)).is_open
    assert await work.made(database, chat_id=work.CHAT) == []


@pytest.mark.parametrize(
    ("action", "scene", "why"),
    [
        ("mute", Scene("supergroup", Standing.CHANNEL), Obstacle.NO_MUTE_OF_CHANNEL),
        ("mute", Scene("group", Standing.MEMBER), Obstacle.NO_MUTE_IN_GROUP),
        ("ban", Scene("supergroup", Standing.MEMBER, may_restrict=False), Obstacle.NO_BOT_RIGHT),
        ("delete", Scene("supergroup", Standing.MEMBER, may_delete=False), Obstacle.NO_DELETE_RIGHT),
        ("block", Scene("supergroup", Standing.MEMBER, may_delete=False), Obstacle.NO_DELETE_RIGHT),
    ],
)
async def test_what_telegram_would_refuse_is_not_tried(
    database: Database, action: str, scene: Scene, why: Obstacle
) -> None:
    """A decision that cannot be carried out is not taken: the admin hears why and may decide otherwise."""
    number = await opened(database)
    assert (await press(database, number, action, scene=scene)).hindrance is why
    assert (await press(database, number, "dismiss", scene=scene)).fate is Fate.DONE


async def test_a_channel_identity_is_banned_as_one(database: Database) -> None:
    """The poster of a card who writes as a channel is banned as a sender chat."""
    sender = Sender(SenderKind.CHANNEL, -1009, "A mask")
    number = await opened(database, sender=sender)
    await press(database, number, "ban", scene=Scene("supergroup", Standing.CHANNEL))
    (ban,) = await work.made(database, "banChatSenderChat")
    assert ban.args["sender_chat_id"] == -1009


async def test_blocking_lists_the_album_for_this_chat_and_removes_it(database: Database) -> None:
    """“Block this media” puts every file on the chat's own list and removes every message of the album."""
    for message in (9, 10, 11):
        await database.write(partial(media.see, post=work.post(message, album="7")))
    number = await opened(database, incident="album:7")
    files = [("unique9", PICTURE), ("unique10", None), ("unique11", PICTURE)]
    assert (await press(database, number, "block", files=files)).fate is Fate.DONE
    async with database.read() as connection:
        listed = await entries.find(connection, f"blocked in chat {work.CHAT}")
    assert listed is not None
    assert (listed.chat_id, listed.size) == (work.CHAT, 6)
    removed = await work.made(database, "deleteMessage", work.CHAT)
    assert sorted(one.args["message_id"] for one in removed) == [9, 10, 11]


async def test_nothing_to_block_decides_nothing(database: Database) -> None:
    """Without known media “Block this media” leaves the case open."""
    number = await opened(database)
    assert (await press(database, number, "block")).fate is Fate.NO_MEDIA
    assert (await work.case_of(database, number)).is_open


async def test_claims_are_shown_and_bind_nobody(database: Database) -> None:
    """A claim shows on the card, only its holder lets go, and others may decide all the same."""
    number = await opened(database)
    assert (await press(database, number, "claim", by=701)).fate is Fate.CLAIMED
    edit = (await work.made(database, "editMessageText"))[-1]
    assert "Admin701 is looking after this" in edit.args["text"]
    assert "release" in str(edit.args["reply_markup"])
    for action in ("claim", "release"):
        assert await press(database, number, action, by=702) == Ruled(Fate.TAKEN, "Admin701")
    assert (await press(database, number, "release", by=701)).fate is Fate.RELEASED
    assert "looking after" not in (await work.made(database, "editMessageText"))[-1].args["text"]
    assert (await press(database, number, "claim", by=702)).fate is Fate.CLAIMED
    assert (await press(database, number, "delete", by=701)).fate is Fate.DONE
    assert "looking after" not in (await work.made(database, "editMessageText"))[-1].args["text"]


@pytest.mark.parametrize("action", ["delete", "warn", "dismiss"])
async def test_a_held_post_is_decided_by_its_card(database: Database, action: str) -> None:
    """The card of a post that was removed until an admin decides takes the same buttons, and records who pressed."""
    await database.write(lambda c: chats.change(c, work.CHAT, unscannable="hold"))
    verdict = Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",))
    judged = await database.write(lambda c: cases.judge(c, work.post(), verdict, Standing.MEMBER))
    await work.send_card(database)
    assert judged is not None
    assert (await press(database, judged.case.id, action)).fate is Fate.DONE
    assert len(await work.made(database, "deleteMessage", work.CHAT)) == 1
    assert (action, work.ADMIN) in await work.acts(database)
    assert await work.strikes(database) == (1 if action == "warn" else 0)


async def test_warnings_from_cards_climb_the_ladder(database: Database) -> None:
    """Warnings pressed on the cards of three posts count, mute and ban, and each post counts once."""
    for message in (9, 10, 11):
        number = await opened(database, message=message)
        await press(database, number, "warn")
        assert (await press(database, number, "warn", by=702)).fate is Fate.DECIDED
    assert await work.strikes(database) == 3
    assert len(await work.made(database, "restrictChatMember")) == 1
    assert len(await work.made(database, "banChatMember")) == 1


async def test_a_second_copy_of_a_card_shows_the_decision(database: Database) -> None:
    """A card that was sent twice, its first answer being lost, is brought up to date where it stands last."""
    number = await opened(database)
    await press(database, number, "delete")
    await database.write(lambda c: cards.place(c, number, MessageRef(work.LOG, 99)))
    edit = (await work.made(database, "editMessageText"))[-1]
    assert edit.args["message_id"] == 99
    assert "Removed" in edit.args["text"]


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("delete", "message removed"),
        ("warn", "message removed, warned, strike 1"),
        ("mute", "message removed, muted for 1 day"),
        ("ban", "message removed, banned"),
        ("dismiss", "dismissed"),
    ],
)
async def test_a_decision_is_in_the_log(database: Database, action: str, words: str) -> None:
    """The log chat gets a line with the case, what was decided, by whom and why it was reported."""
    number = await opened(database, reason="this is me")
    await press(database, number, action)
    (line,) = (await work.made(database, "sendMessage", work.LOG))[1:]
    assert f"<b>Case {number}</b> · The place · " in line.args["text"]
    assert f": {words} — Admin{work.ADMIN}. Reason: this is me." in line.args["text"]
