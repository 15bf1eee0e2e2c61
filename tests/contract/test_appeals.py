"""Appeals on a real database: who may, once and in time; what the buttons change; what happens when nobody presses."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from bot import appeals, appealtexts, cases, chatsettings, letters, retention, undo
from bot.appealcards import Bench, bench
from bot.appeals import End, Fate
from bot.calls import addressed
from bot.i18n import languages, plain
from bot.model import Fingerprint, Sender, SenderKind, Trust, Verdict, VerdictKind
from bot.moderation import Deed, Scene
from bot.outcome import Done
from bot.policy import Standing
from bot.settings import Retention
from bot.store import appeals as records
from bot.store import cases as acts
from bot.store import chats, entries, erasure, outbox
from bot.store.appeals import State
from bot.store.appealtables import appeals as table
from bot.store.cases import AUDIT_CODES
from bot.store.db import Database
from bot.store.tables import cases as case_rows
from bot.undo import Undoing
from tests.contract import casework as work
from tests.contract import hearings as hear
from tests.contract.bot_api import check_request

PICTURE = Fingerprint(b"s" * 32, b"m" * 16, "jpeg", 640, 480)


async def tuned(database: Database, **values: Any) -> None:
    """An admin fine-tunes the chat."""
    await database.write(lambda connection: chatsettings.tune(connection, work.CHAT, by=work.ADMIN, **values))


# --- the letter and the link ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deed", "words"),
    [(Deed.WARN, "1 strike that counts"), (Deed.MUTE, "muted for 1 day"), (Deed.BAN, "banned"), (Deed.KICK, "removed")],
)
async def test_who_was_acted_on_is_told_why_and_how_to_appeal(database: Database, deed: Deed, words: str) -> None:
    """In private: where, what, the reason, the case's number, the command to appeal and until when; once."""
    await hear.furnish(database)
    for _ in range(2):
        number = await hear.ordered(database, deed, reason="rude <b>\u202e words")
    (text,) = await hear.told(database)
    assert f"<b>Case {number}</b> · The place" in text
    assert words in text
    assert "Reason: rude &lt;b&gt; words." in text
    assert f"<code>/appeal {number} your reason</code>" in text
    assert time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * hear.DAY)) in text


async def test_a_match_tells_its_poster_what_it_cost(database: Database) -> None:
    """The reason is plain and without the list's name; an album's later pictures add no second letter."""
    await hear.furnish(database)
    number = await hear.matched(database)
    (text,) = await hear.told(database)
    assert "it matches a list of known abuse" in text
    assert "1 strike" in text
    assert "known abuse removed" not in text
    assert f"/appeal {number} " in text


async def test_what_telegram_refused_is_not_told_as_done(database: Database) -> None:
    """A ban that Telegram refuses makes no letter that speaks of it."""
    await hear.furnish(database)
    await hear.ordered(database, Deed.BAN)
    await hear.answered(database, "banChatMember")
    rows = await work.made(database, "sendMessage", work.POSTER)
    async with database.read() as connection:
        states = await connection.exec_driver_sql("select state from outbox where key like 'letter:%'")
        assert [row[0] for row in states] == [9]
    assert len(rows) == 1


async def test_who_never_started_the_bot_finds_a_link(database: Database) -> None:
    """The group's notice has a button with a random payload; who can be written to gets none, nor where it is off."""
    await hear.furnish(database, is_reachable=False)
    number = await hear.matched(database)
    notice = next(one for one in await work.made(database, "sendMessage", work.CHAT) if "removed" in one.args["text"])
    sent = addressed(notice.args, lambda: "a_bot")
    (button,) = sent["reply_markup"]["inline_keyboard"][0]
    assert button["text"] == "Was this a mistake?"
    start, _, payload = button["url"].partition("?start=")
    assert start == "https://t.me/a_bot"
    assert payload.startswith(letters.LINK)
    assert check_request("sendMessage", sent) == []
    async with database.read() as connection:
        found = await acts.button(connection, payload.removeprefix(letters.LINK))
    assert found is not None
    assert found.case_id == number
    assert await hear.told(database) == []
    for values in ({"appeal_link": False}, {"appeal_link": True, "appeals": False}):
        await tuned(database, **values)
        case = await work.case_of(database, number)
        async with database.read() as connection:
            settings = await chats.settings(connection, work.CHAT)
        assert await database.write(partial(letters.link, case=case, settings=settings)) is None


async def test_where_appeals_are_off_nothing_is_said_of_them(database: Database) -> None:
    """Without appeals there is no letter, and /appeal says that the chat hears none."""
    await hear.furnish(database)
    await tuned(database, appeals=False)
    number = await hear.ordered(database, Deed.BAN)
    assert await hear.told(database) == []
    assert (await hear.filed(database, number)).fate is Fate.OFF


# --- who may, and when ---------------------------------------------------------------------------


async def test_only_the_person_of_a_case_may_appeal(database: Database) -> None:
    """A stranger, an unknown number, a channel's and an anonymous admin's case: the same words, and nothing is kept."""
    await hear.furnish(database)
    mine = await hear.ordered(database, Deed.BAN)
    mask = Sender(SenderKind.CHANNEL, work.POSTER, "A mask")
    channels = await hear.ordered(database, Deed.BAN, 2, target=mask, scene=Scene("supergroup", Standing.CHANNEL))
    hidden = await hear.ordered(database, Deed.WARN, 3, target=Sender(SenderKind.ANONYMOUS_ADMIN, work.CHAT, ""))
    for number, by in ((mine, 9), (99, work.POSTER), (channels, work.POSTER), (hidden, work.CHAT)):
        result = await hear.filed(database, number, by=by)
        assert result.fate is Fate.NOT_YOURS, number
        text = appeals.receipt("en", result).replace(f"case {number}", "case N")
        assert text.startswith("Only the person whom case N is about may appeal")
        assert "The place" not in text
    assert await hear.codes(database) == []


async def test_one_appeal_for_each_case_and_none_after_a_decision(database: Database) -> None:
    """A second while the first is open, one after it was decided, and one in a case that was taken back are refused."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    results = await asyncio.gather(*(hear.filed(database, number) for _ in range(3)))
    assert sorted(one.fate for one in results) == [Fate.AGAIN, Fate.AGAIN, Fate.FILED]
    assert len([one for one in await hear.told(database, work.LOG) if "· Appeal" in one]) == 1
    await hear.decided(database, number, "uphold", hear.BANNED)
    again = await hear.filed(database, number)
    assert again.fate is Fate.DECIDED
    assert "not opened again" in appeals.receipt("en", again)
    other = await hear.ordered(database, Deed.BAN, 2)
    undoing = Undoing(await work.case_of(database, other), (hear.JUDGE, "Judge"), hear.BANNED)
    await database.write(lambda connection: undo.take_back(connection, undoing))
    assert (await hear.filed(database, other)).fate is Fate.UNDONE


async def test_an_appeal_needs_something_that_was_done(database: Database) -> None:
    """A post that is held waits for its own decision, one that could not be checked is gone: both are said."""
    await hear.furnish(database)
    unchecked = Verdict(VerdictKind.UNSCANNABLE, reasons=("broken",))
    for policy, fate, message in (("hold", Fate.WAITS, 10), ("delete", Fate.NOTHING, 11)):
        await database.write(partial(chats.change, chat_id=work.CHAT, unscannable=policy))
        judging = partial(cases.judge, post=work.post(message), verdict=unchecked, poster=Standing.MEMBER)
        judged = await database.write(judging)
        assert judged is not None
        assert (await hear.filed(database, judged.case.id)).fate is fate


async def test_nobody_learns_from_an_appeal_that_they_were_reported(database: Database) -> None:
    """A report that waits, or was dismissed, is answered as a case that is not there."""
    await hear.furnish(database)
    reported = await work.report(database, 1)
    assert reported.case is not None
    for state in ("open", "closed"):
        await database.write(partial(acts.set_state, case_id=reported.case.id, state=state))
        assert (await hear.filed(database, reported.case.id)).fate is Fate.NOT_YOURS
    given = await hear.ordered(database, Deed.UNBAN)
    assert (await hear.filed(database, given)).fate is Fate.NOT_YOURS


async def test_an_appeal_is_heard_for_the_time_that_the_chat_chose(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the chat's time it is too late; with 0 it never is."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 7 * hear.DAY + 60)
    assert (await hear.filed(database, number)).fate is Fate.LATE
    await tuned(database, appeal_seconds=0)
    assert (await hear.filed(database, number)).fate is Fate.FILED


async def test_nobody_floods_the_admins_with_appeals(database: Database) -> None:
    """One person files five a day, in all chats together."""
    await hear.furnish(database)
    numbers = [await hear.ordered(database, Deed.WARN, update) for update in range(6)]
    fates = [(await hear.filed(database, number)).fate for number in numbers]
    assert fates == [Fate.FILED] * 5 + [Fate.TOO_MANY]


async def test_a_chat_that_the_bot_left_hears_nobody(database: Database) -> None:
    """Filing says so, and an open appeal is closed and its author told where to ask."""
    await hear.furnish(database)
    number, other = await hear.ordered(database, Deed.BAN), await hear.ordered(database, Deed.BAN, 2)
    await hear.filed(database, number)
    await database.write(lambda connection: chats.change(connection, work.CHAT, bot_status="kicked"))
    assert (await hear.filed(database, other)).fate is Fate.AWAY
    assert await appeals.follow(database)
    assert (await hear.appeal_of(database, number)).state is State.GONE
    assert "not in that chat any more" in (await hear.told(database))[-1]
    assert not await appeals.follow(database)


# --- the card ------------------------------------------------------------------------------------


def test_who_acted_decides_only_where_nobody_else_could() -> None:
    """Others with the right decide, never the appellant; a case of the bot's alone is anybody's with the right."""
    assert bench([1, 2, 3], {1}, 3) == Bench((2,))
    assert bench([1, 3], {1}, 3) == Bench((1,), is_alone=True)
    assert bench([1, 2], (), 9) == Bench((1, 2), is_free=True)
    assert bench([3], {1}, 3) == Bench()
    assert bench([], {1}, 3) == Bench()


async def test_the_card_shows_words_that_cannot_break_it(database: Database) -> None:
    """Markup, direction marks and the longest text stay words, within Telegram's limit; the actor is not asked."""
    await hear.furnish(database)
    evil = "\u202e<b>&</b> [x](tg://user?id=1) " + "&" * 970
    number = await hear.ordered(database, Deed.BAN, target=replace(work.MEMBER, name="<i>\u202eEvil & Co</i>" * 9))
    await hear.filed(database, number, appealtexts.words_of(evil))
    (card,) = [one for one in await work.made(database, "sendMessage", work.LOG) if "· Appeal" in one.args["text"]]
    text = card.args["text"]
    assert check_request("sendMessage", card.args) == []
    assert "\u202e" not in text
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in text
    assert len(plain(text)) < 4096
    assert "Another admin than the one who acted decides" in text
    data = [one["callback_data"] for row in card.args["reply_markup"]["inline_keyboard"] for one in row]
    assert [one.rpartition(":")[2] for one in data] == ["uphold", "reduce", "overturn"]
    assert all(len(one.encode()) <= 64 for one in data)


@pytest.mark.parametrize(
    ("owner", "judges", "place"),
    [(801, (801, 701), 801), (801, (701,), 701), (801, (), work.CHAT), (None, (702,), work.CHAT)],
)
async def test_without_a_log_chat_the_card_goes_to_who_may_decide(
    database: Database, owner: int | None, judges: tuple[int, ...], place: int
) -> None:
    """The owner in private if they may decide, another reachable one, else the chat, where the words are not shown."""
    await hear.furnish(database, owner_id=owner)
    await database.write(lambda connection: chats.change(connection, work.CHAT, log_chat_id=None))
    for user in (701, 801):
        person: dict[str, Any] = {"name": "Judge", "language": "en", "reachable": True}
        await database.write(partial(chats.greet, user_id=user, **person))
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number, "my secret", bench=Bench(judges))
    (card,) = [text for text in await hear.told(database, place) if "· Appeal" in text]
    assert ("my secret" in card) == (place != work.CHAT)
    assert ("write to me in private" in card) == (place == work.CHAT)


async def test_a_card_that_the_log_chat_refuses_goes_elsewhere(database: Database) -> None:
    """The owner in private gets it, once; the buttons are the same."""
    await hear.furnish(database, owner_id=801)
    await database.write(lambda c: chats.greet(c, 801, name="Owner", language="fr", reachable=True))
    number = await hear.ordered(database, Deed.BAN)
    await hear.answered(database)
    await hear.filed(database, number)
    await hear.answered(database, "sendMessage", only=work.LOG)
    await hear.answered(database)
    (card,) = await work.made(database, "sendMessage", 801)
    assert card.args["reply_markup"]["inline_keyboard"]
    placed = (await hear.appeal_of(database, number)).card
    assert placed is not None
    assert placed.chat_id == 801


async def test_a_refused_card_does_not_go_to_an_owner_who_acted(database: Database) -> None:
    """Who may not decide is not asked to: the chat has the card, without the words."""
    await hear.furnish(database, owner_id=work.ADMIN)
    await database.write(lambda c: chats.greet(c, work.ADMIN, name="Owner", language="en", reachable=True))
    number = await hear.ordered(database, Deed.BAN)
    await hear.answered(database)
    await hear.filed(database, number, "my secret")
    await hear.answered(database, "sendMessage", only=work.LOG)
    assert await work.made(database, "sendMessage", work.ADMIN) == []
    (card,) = [text for text in await hear.told(database, work.CHAT) if "· Appeal" in text]
    assert "my secret" not in card


async def test_a_supergroup_has_no_card_of_the_groups(database: Database) -> None:
    """The supergroup numbers its messages anew: an appeal's end changes none of them, and its author hears it."""
    await hear.furnish(database)
    await database.write(lambda connection: chats.change(connection, work.CHAT, log_chat_id=None))
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number)
    await hear.answered(database)
    assert (await hear.appeal_of(database, number)).card is not None
    await database.write(lambda connection: chats.migrate(connection, work.CHAT, -1009))
    assert (await hear.appeal_of(database, number)).card is None
    await hear.decided(database, number, "uphold", hear.BANNED)
    assert await work.made(database, "editMessageText") == []
    assert "it stays as it is" in (await hear.told(database))[-1]


async def test_the_only_admin_is_told_that_they_may(database: Database) -> None:
    """Where nobody else could decide, the card and the appellant are told."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    result = await hear.filed(database, number, bench=Bench((work.ADMIN,), is_alone=True))
    assert "there is no other" in appeals.receipt("en", result)
    assert "the admin who acted may" in (await hear.told(database, work.LOG))[-1]


# --- deciding ------------------------------------------------------------------------------------


async def test_an_appeal_is_upheld(database: Database) -> None:
    """Nothing changes; the card loses its buttons and names who decided, the appellant is told, it is audited."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number)
    await hear.answered(database)
    ruled = await hear.decided(database, number, "uphold", hear.BANNED)
    assert "upheld" in appeals.words("en", ruled)
    assert "it stays as it is" in (await hear.told(database))[-1]
    assert "Judge" not in (await hear.told(database))[-1]
    (card,) = await work.made(database, "editMessageText", work.LOG)
    assert "✔ upheld: it stays as it is — Judge701" in card.args["text"]
    assert card.args["reply_markup"] == {"inline_keyboard": []}
    assert await work.made(database, "unbanChatMember") == []
    assert ("appeal.upheld", hear.JUDGE, f"case {number}") in await work.audited(database)


async def test_a_ban_becomes_a_mute_with_a_way_in(database: Database) -> None:
    """Reduced, the ban ends, a mute of a day follows, and the appellant gets a link and the words."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number)
    await hear.answered(database)
    ruled = await hear.decided(database, number, "reduce", hear.BANNED, may_invite=True)
    assert (ruled.end, ruled.appeal.state) == (End.DONE, State.REDUCED)
    await hear.answered(database)
    (unban,) = await work.made(database, "unbanChatMember")
    (mute,) = await work.made(database, "restrictChatMember")
    assert unban.args["only_if_banned"]
    assert (mute.args["lasts"], mute.args["permissions"]["can_send_messages"]) == (hear.DAY, False)
    said = await hear.told(database)
    assert any("not banned any more, but muted for 1 day" in text for text in said)
    assert any("you may come in again" in text and "https://t.me/+abc" in text for text in said)
    assert not any("took back" in text for text in said)


async def test_a_short_ban_becomes_a_mute_for_the_rest_of_it(database: Database) -> None:
    """Reducing makes nothing longer: of a ban of two hours the mute is what was left, in whole minutes."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN, seconds=7200)
    await hear.filed(database, number)
    await hear.decided(database, number, "reduce", hear.BANNED)
    (mute,) = await work.made(database, "restrictChatMember")
    assert mute.args["lasts"] == 7200
    await hear.answered(database)
    assert "muted for 2 hours" in (await hear.told(database))[-1]


@pytest.mark.parametrize("deed", ["match", "warning"])
async def test_a_ban_of_the_ladder_is_reduced_to_what_was_left(database: Database, deed: str) -> None:
    """How long a strike bans is on record, whoever gave it: the mute is no longer than that."""
    await hear.furnish(database)
    await tuned(database, ban_at=1, ban_seconds=7200)
    number = await (hear.matched(database) if deed == "match" else hear.ordered(database, Deed.WARN))
    await hear.filed(database, number)
    await hear.decided(database, number, "reduce", hear.BANNED)
    (mute,) = await work.made(database, "restrictChatMember")
    assert mute.args["lasts"] == 7200


@pytest.mark.parametrize(
    "scene", [Scene("channel", Standing.MEMBER, status="kicked"), Scene("group", Standing.MEMBER, status="left")]
)
async def test_where_nobody_can_be_muted_a_ban_just_ends(database: Database, scene: Scene) -> None:
    """In a channel the ban is lifted, in a basic group there is a way in; a strike would stay."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN, scene=replace(scene, status="member"))
    await hear.filed(database, number)
    await hear.answered(database)
    await hear.decided(database, number, "reduce", scene, may_invite=True)
    assert len(await work.made(database, "unbanChatMember")) == (scene.chat_type == "channel")
    assert await work.made(database, "restrictChatMember") == []
    assert len(await work.made(database, "createChatInviteLink")) == 1


async def test_a_mute_ends_and_its_strike_stays(database: Database) -> None:
    """Reduced, a second warning's mute is lifted; both strikes go on counting."""
    await hear.furnish(database)
    await hear.ordered(database, Deed.WARN)
    number = await hear.ordered(database, Deed.WARN, 2)
    await hear.filed(database, number)
    await hear.answered(database)
    await hear.decided(database, number, "reduce", hear.MUTED)
    assert (await work.made(database, "restrictChatMember"))[-1].args["permissions"]["can_send_messages"]
    assert await work.strikes(database) == 2
    await hear.answered(database)
    assert "You may write again" in (await hear.told(database))[-1]


async def test_a_strike_alone_counts_for_half_of_its_time(database: Database) -> None:
    """Reduced, it ends after half of the time that was left."""
    await hear.furnish(database)
    number = await hear.matched(database)
    await hear.filed(database, number)
    await hear.decided(database, number, "reduce")
    async with database.read() as connection:
        (strike,) = await acts.strikes_of(connection, work.CHAT, work.POSTER)
    assert strike.expires_at == pytest.approx(time.time() + 15 * hear.DAY, abs=60)
    assert "half of the time" in (await hear.told(database))[-1]


async def test_what_has_nothing_milder_is_not_reduced(database: Database) -> None:
    """A removal without a strike, a later ban, a right that the bot lacks: the appeal stays open."""
    await hear.furnish(database)
    removed = await hear.matched(database, trust=Trust.DELETE)
    await hear.filed(database, removed)
    assert (await hear.decided(database, removed, "reduce")).end is End.NOTHING
    ban = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, ban)
    await hear.ordered(database, Deed.BAN, 2)
    assert (await hear.decided(database, ban, "reduce", hear.BANNED)).end is End.STAYS
    weak = replace(hear.BANNED, may_restrict=False)
    for action in ("reduce", "overturn"):
        assert (await hear.decided(database, ban, action, weak)).end is End.HINDERED
    for number in (removed, ban):
        open_again = await hear.appeal_of(database, number)
        assert (open_again.state, open_again.by_id, open_again.decided_at) == (State.OPEN, None, None)
        assert open_again.remind_at is not None
    assert await hear.codes(database) == ["appeal.filed", "appeal.filed"]


async def test_overturned_everything_is_given_back(database: Database) -> None:
    """A false match: the strike goes, the picture may be posted again, the case is undone; it is told once."""
    await hear.furnish(database)
    number = await hear.matched(database)
    await hear.filed(database, number)
    await hear.answered(database)
    await hear.decided(database, number, "overturn", files=[("unique9", PICTURE)])
    assert await work.strikes(database) == 0
    async with database.read() as connection:
        assert await entries.find(connection, f"allowed in chat {work.CHAT}") is not None
    told = (await hear.told(database))[1:]
    assert len(told) == 1
    assert "you were right" in told[0]
    assert "strike taken back, the same media may be posted here again" in told[0]
    assert {"case.undo", "appeal.overturned"} <= {code for code, _, _ in await work.audited(database)}


async def test_of_admins_who_decide_at_once_one_does(database: Database) -> None:
    """The others are told how it was decided, and by whom; the ban is lifted once."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number)
    actions = ("overturn", "reduce", "uphold", "overturn")
    ruled = await asyncio.gather(
        *(hear.decided(database, number, action, hear.BANNED, 701 + at) for at, action in enumerate(actions))
    )
    (first,) = [one for one in ruled if one.end is End.DONE]
    late = [one for one in ruled if one.end is End.DECIDED]
    assert len(late) == 3
    assert all(f"Judge{first.appeal.by_id}" in appeals.words("en", one) for one in late)
    assert len(await work.made(database, "unbanChatMember")) <= 1
    assert len([text for text in await hear.told(database) if "your appeal" in text]) == 1


async def test_a_card_decided_before_telegram_numbered_it_is_brought_up_to_date(database: Database) -> None:
    """The answer to the sending finds the appeal decided, and takes the buttons away."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number)
    await hear.decided(database, number, "uphold")
    assert await work.made(database, "editMessageText", work.LOG) == []
    await hear.answered(database)
    (card,) = await work.made(database, "editMessageText", work.LOG)
    assert "upheld" in card.args["text"]


async def test_a_card_sent_again_after_a_crash_is_the_one_that_is_kept(database: Database) -> None:
    """Telegram numbers it a second time: that one is brought up to date, and it is no card of the case's."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    await hear.answered(database)
    await hear.filed(database, number)
    (row,) = [one for one in await due(database) if one.key.startswith("appeal:")]
    for message in (900, 901):
        answer = Done({"message_id": message, "chat": {"id": work.LOG}})
        await database.write(partial(cases.record, row=row, outcome=answer))
    await hear.decided(database, number, "uphold")
    (edit,) = await work.made(database, "editMessageText", work.LOG)
    assert edit.args["message_id"] == 901
    async with database.read() as connection:
        assert await acts.case_button(connection, number) is None


async def due(database: Database) -> list[outbox.Row]:
    """The calls that wait."""
    async with database.read() as connection:
        return await outbox.due(connection, 50)


# --- closed otherwise ----------------------------------------------------------------------------


async def test_a_case_taken_back_closes_its_appeal(database: Database) -> None:
    """By /undo or its button: the appellant is told once, the card says so, and a press comes too late."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.MUTE)
    await hear.filed(database, number)
    await hear.answered(database)
    undoing = Undoing(await work.case_of(database, number), (hear.JUDGE, "Judge"), hear.MUTED)
    await database.write(lambda connection: undo.take_back(connection, undoing))
    await hear.answered(database)
    assert [text for text in (await hear.told(database))[1:] if "took" in text] == [(await hear.told(database))[-1]]
    assert "so your appeal is closed" in (await hear.told(database))[-1]
    assert "the case was taken back" in (await work.made(database, "editMessageText", work.LOG))[-1].args["text"]
    late = await hear.decided(database, number, "reduce")
    assert late.end is End.DECIDED


@pytest.mark.parametrize(
    ("deed", "lift", "closes"),
    [
        (Deed.MUTE, Deed.UNMUTE, True),
        (Deed.BAN, Deed.UNBAN, True),
        (Deed.WARN, Deed.UNWARN, True),
        (Deed.WARN, Deed.UNMUTE, False),
        (Deed.BAN, Deed.UNMUTE, False),
    ],
)
async def test_a_command_that_gives_back_closes_the_appeal_against_it(
    database: Database, deed: Deed, lift: Deed, *, closes: bool
) -> None:
    """/unmute, /unban and /unwarn close the appeal that has nothing else left to give back, and no other."""
    await hear.furnish(database)
    number = await hear.ordered(database, deed)
    await hear.filed(database, number)
    await hear.ordered(database, lift, 2, scene=hear.MUTED)
    assert (await hear.appeal_of(database, number)).state is (State.SETTLED if closes else State.OPEN)


async def test_an_appeal_nobody_decides_is_reminded_of_and_lapses(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a day a reminder under the card, after the deadline the end: what was done stays, both sides are told."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number)
    await hear.answered(database)
    assert not await appeals.follow(database)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + hear.DAY + 60)
    assert await appeals.follow(database)
    assert not await appeals.follow(database)
    reminder = (await work.made(database, "sendMessage", work.LOG))[-1]
    placed = (await hear.appeal_of(database, number)).card
    assert placed is not None
    assert "still waits" in reminder.args["text"]
    assert reminder.args["reply_parameters"]["message_id"] == placed.message_id
    monkeypatch.setattr(time, "time", lambda: now + 7 * hear.DAY + 60)
    assert await appeals.follow(database)
    assert not await appeals.follow(database)
    assert "nobody decided the appeal in time" in (await hear.told(database, work.LOG))[-1]
    assert "no admin decided your appeal in time" in (await hear.told(database))[-1]
    assert "ask once more" in (await hear.told(database))[-1]
    assert await work.made(database, "unbanChatMember") == []
    assert await hear.codes(database) == ["appeal.filed", "appeal.lapsed"]


async def test_who_was_not_answered_may_ask_once_more(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lapsed appeal is filed again with a card of its own, though the case is old; a second lapse is the end."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    now = time.time()
    for tries in (1, 2):
        assert (await hear.filed(database, number, f"try {tries}")).fate is Fate.FILED
        await hear.answered(database)
        now += 7 * hear.DAY + 60
        monkeypatch.setattr(time, "time", lambda now=now: now)
        await appeals.follow(database)
        assert ("once more" in (await hear.told(database))[-1]) == (tries == 1)
    assert (await hear.filed(database, number)).fate is Fate.DECIDED
    cards = [text for text in await hear.told(database, work.LOG) if "· Appeal" in text]
    assert ["try 1" in one for one in cards] == [True, False]


# --- records -------------------------------------------------------------------------------------


async def test_open_appeals_are_listed_soonest_first(database: Database) -> None:
    """What waits in these chats, without a word of what it says; nothing that is over."""
    await hear.furnish(database)
    numbers = [await hear.ordered(database, Deed.WARN, update) for update in range(3)]
    for number, days in zip(numbers, (5, 2, 1), strict=True):
        await hear.filed(database, number, "my secret", seconds=days * hear.DAY)
    await hear.decided(database, numbers[2], "uphold")
    async with database.read() as connection:
        waiting = await records.waiting(connection, {work.CHAT}, 10)
        assert await records.waiting(connection, {-5}, 10) == []
    assert [one.case_id for one in waiting] == [numbers[1], numbers[0]]
    text = appealtexts.overview("en", waiting)
    assert "my secret" not in text
    assert f"/case {numbers[1]}" in text


@pytest.mark.parametrize("is_private", [True, False])
async def test_the_file_of_a_case_says_how_its_appeal_stands(database: Database, *, is_private: bool) -> None:
    """For admins with the words and who decided, in the group with neither."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number, "my secret")
    await hear.decided(database, number, "uphold", hear.BANNED)
    appeal = await hear.appeal_of(database, number)
    text = appealtexts.in_case("en", appeal, is_private=is_private)
    assert "Appeal: upheld" in text
    assert ("my secret" in text) == is_private
    assert ("Judge701" in text) == is_private


async def test_an_appeal_goes_with_its_case(database: Database) -> None:
    """While an appeal waits its case is kept; when the case is forgotten, so is the appeal."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number)

    await database.write(lambda connection: connection.execute(update(case_rows).values(opened_at=1.0)))
    await retention.purge(database, Retention())
    await hear.decided(database, number, "uphold")
    await retention.purge(database, Retention())
    async with database.read() as connection:
        assert await acts.get(connection, number) is None
        assert await records.get(connection, number) is None


async def test_who_is_forgotten_withdraws_their_appeal(database: Database) -> None:
    """An open appeal loses its words and waits no more; while the case counts it is not filed again."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.WARN)
    await hear.filed(database, number, "my secret")

    async def forget(connection: Any) -> None:
        await erasure.ask(connection, work.POSTER, "Poster")
        for request in await erasure.requests(connection):
            await erasure.erase(connection, request)

    await database.write(forget)
    appeal = await hear.appeal_of(database, number)
    assert (appeal.state, appeal.text, appeal.language) == (State.WITHDRAWN, "", None)
    assert (await hear.filed(database, number)).fate is Fate.DECIDED
    late = await hear.decided(database, number, "overturn")
    assert late.end is End.DECIDED


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("fate", [one for one in Fate if one is not Fate.FILED])
def test_every_refusal_is_said(language: str, fate: Fate) -> None:
    """Whatever keeps somebody from appealing is said in every language."""
    assert appeals.why_not(language, fate, 12)


@pytest.mark.parametrize("state", State)
async def test_every_state_is_said_and_audited(database: Database, state: State) -> None:
    """However an appeal stands, it has words; however it ends, there is a code for it."""
    await hear.furnish(database)
    number = await hear.ordered(database, Deed.BAN)
    await hear.filed(database, number)
    await database.write(lambda c: c.execute(update(table).values(state=state.value)))
    appeal = await hear.appeal_of(database, number)
    assert appealtexts.state_words("en", appeal, is_named=True)
    if state not in (State.OPEN, State.WITHDRAWN):
        assert f"appeal.{state}" in AUDIT_CODES
        assert appealtexts.outcome("en", appeal, "The place")
