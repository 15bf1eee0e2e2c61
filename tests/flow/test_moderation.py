"""Admins' commands in the real bot: who may give them, whom they meet, what they do, and what is answered."""

from __future__ import annotations

import itertools

import pytest

from bot.sandbox.client import SandboxClient
from tests.flow.kinds import CHANNEL, FORUM, GROUP, SUPERGROUP, in_all, in_groups, in_large_groups
from tests.flow.places import Json, Place, Places

DAY = 24 * 60 * 60


async def until(place: Place, user: int) -> int:
    """How many seconds somebody's restriction or ban lasts from now on, 0 for ever."""
    end = int((await place.status(user))["until_date"])
    return end - await place.client.clock() if end else 0


# --- what commands do ----------------------------------------------------------------------------


@in_all
async def test_warnings_climb_the_ladder(places: Places, kind: str) -> None:
    """The first warning counts, the second mutes where one can be muted, the third bans; each is answered and stays."""
    place = await places.group(kind)
    first, whom = 0, await named(place)
    for number, status in ((1, "member"), (2, "restricted"), (3, "kicked")):
        asked = await place.command(f"/warn{whom['words']} mind your words", **whom["fields"])
        answer = await place.answered(f"strike {number}", after=asked)
        assert "mind your words" in answer["text"]
        assert "Case " in answer["text"]
        assert answer["reply_to_message"]["message_id"] == asked
        await place.settle()
        ends = {(GROUP, 2): "member", (CHANNEL, 2): "member", (GROUP, 3): "left"}
        assert (await place.status(place.member))["status"] == ends.get((kind, number), status)
        first = first or asked
    assert await place.is_there(first)


async def named(place: Place) -> Json:
    """How to name the member in a command: by a reply, or in a channel, where they write nothing, by their number."""
    if place.is_channel:
        return {"words": f" {place.member}", "fields": {}}
    return {"words": "", "fields": {"reply_to": await place.say("rude words")}}


@in_all
async def test_a_warning_and_its_mute_are_taken_back(places: Places, kind: str) -> None:
    """/unwarn takes the newest strike back and lifts the mute that came with it; without strikes it says so."""
    place = await places.group(kind)
    whom = await named(place)
    for number in (1, 2):
        await place.command(f"/warn{whom['words']}", **whom["fields"])
        await place.answered(f"strike {number}")
    await place.settle()
    for left in (1, 0):
        await place.command(f"/unwarn{whom['words']}", **whom["fields"])
        await place.answered(f"{left} count now")
        await place.settle()
        assert place.strikes(place.member) == left
        assert (await place.status(place.member))["status"] == "member"
    await place.command(f"/unwarn{whom['words']}", **whom["fields"])
    await place.answered("no strikes that count")


@in_large_groups
async def test_a_mute_lasts_as_long_as_it_says(places: Places, kind: str) -> None:
    """/mute takes a length and a reason; without a length it lasts a day."""
    place = await places.group(kind)
    bad = await place.say("rude words")
    for words, seconds in (("7d", 7 * DAY), ("2h spam", 7200), ("", DAY), ("spam", DAY)):
        asked = await place.command(f"/mute {words}", reply_to=bad)
        answer = await place.answered("is muted", after=asked)
        await place.settle()
        assert (await place.status(place.member))["status"] == "restricted"
        assert abs(await until(place, place.member) - seconds) < 30
        assert ("Reason: spam" in answer["text"]) == ("spam" in words)


@pytest.mark.parametrize("kind", [SUPERGROUP, FORUM, CHANNEL])
async def test_a_ban_lasts_as_long_as_it_says(places: Places, kind: str) -> None:
    """/ban takes a length, too; `100w` is more than Telegram knows, so it lasts 365 days and the answer says so."""
    place = await places.group(kind)
    for words, shown, days in (("7d", "1 week", 7), ("100w", "365 days", 365)):
        whom = place.member if days == 7 else place.other
        asked = await place.command(f"/ban {whom} {words} spam")
        answer = await place.answered("is banned for", after=asked)
        assert shown in answer["text"]
        assert "Reason: spam" in answer["text"]
        await place.settle()
        assert abs(await until(place, whom) - days * DAY) < 30


@pytest.mark.parametrize("kind", [SUPERGROUP, FORUM, CHANNEL])
async def test_a_ban_is_lifted(places: Places, kind: str) -> None:
    """/ban without a length is for ever, and /unban by number lets the person back in."""
    place = await places.group(kind)
    await place.command(f"/ban {place.member} for spam")
    await place.answered("is banned")
    await place.settle()
    status = await place.status(place.member)
    assert (status["status"], status["until_date"]) == ("kicked", 0)
    await place.command(f"/unban {place.member}")
    await place.answered("not banned any more")
    await place.settle()
    assert (await place.status(place.member))["status"] == "left"


@in_all
async def test_a_mention_by_name_is_the_target(places: Places, kind: str) -> None:
    """A name without a username, mentioned as the first word, is meant rather than the message replied to."""
    place = await places.group(kind)
    text = "/ban Other for 🐤 spam"
    user = {"id": place.other, "is_bot": False, "first_name": "Other"}
    entities = [
        {"type": "bot_command", "offset": 0, "length": 4},
        {"type": "text_mention", "offset": 5, "length": 5, "user": user},
    ]
    asked = await place.command(text, reply_to=await place.say("innocent"), extra={"entities": entities})
    answer = await place.answered("is banned", after=asked)
    assert "Reason: for 🐤 spam" in answer["text"]
    await place.settle()
    assert (await place.status(place.other))["status"] == ("left" if kind == GROUP else "kicked")
    assert (await place.status(place.member))["status"] == "member"


@in_all
async def test_naming_nobody_is_explained(places: Places, kind: str) -> None:
    """Without a target, or with a username or an unknown number, the answer says how to name somebody."""
    place = await places.group(kind)
    for words in ("/ban", "/ban @somebody", "/warn 5550123"):
        asked = await place.command(words)
        assert "numeric id" in (await place.answered("Whom do you mean?", after=asked))["text"]
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(0,)]


# --- whom it never meets -------------------------------------------------------------------------


@in_all
async def test_nobody_is_acted_on_who_must_not_be(places: Places, kind: str) -> None:
    """Admins, the bot, the service accounts and the chat itself are refused with a reason."""
    place = await places.group(kind)
    refusals = {
        place.owner: "admin here",
        place.admin: "admin here",
        (await place.view())["bot"]["id"]: "This is me",
        777000: "service accounts",
        1087968824: "service accounts",
        136817688: "service accounts",
        place.chat: "anonymous admin",
    }
    names = ("warn", "ban") if kind in (GROUP, CHANNEL) else ("warn", "mute", "ban")
    turns = itertools.cycle(names)
    for number, words in refusals.items():
        for name in (next(turns), next(turns)) if kind == SUPERGROUP else (next(turns),):  # 20 answers a minute
            asked = await place.command(f"/{name} {number}", as_=place.owner)
            await place.answered(words, after=asked)
    await place.settle()
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(0,)]


async def test_an_anonymous_admin_and_the_linked_channel_are_spared(places: Places, client: SandboxClient) -> None:
    """By reply, too, nothing is done against the group's own name or the channel behind it."""
    channel = await places.group(CHANNEL, log=False)
    place = await places.group(linked_chat_id=channel.chat)
    hidden = await place.say("as the group", as_=place.admin, in_name_of="anonymous")
    asked = await place.command("/ban", as_=place.owner, reply_to=hidden)
    await place.answered("anonymous admin", after=asked)
    await channel.say("news")
    forwarded = await client.wait_for(lambda: automatic(place))
    asked = await place.command("/ban", as_=place.owner, reply_to=forwarded["message_id"])
    await place.answered("linked to this group", after=asked)


async def automatic(place: Place) -> Json | None:
    """The linked channel's post in its discussion group."""
    shown = (await place.view())["messages"][str(place.chat)]
    return next((one for one in shown if one.get("is_automatic_forward")), None)


@in_large_groups
async def test_a_channel_identity_is_banned_but_not_muted(places: Places, client: SandboxClient, kind: str) -> None:
    """Who writes as a channel cannot be muted, which is said; they are banned and let in again as a channel."""
    place = await places.group(kind)
    channel = (await client.create_chat("A mask", place.member, type_="channel"))["id"]
    bad = await place.say("from behind a mask", in_name_of=channel)
    await place.command("/mute 1h", reply_to=bad)
    await place.answered("cannot be muted")
    await place.command("/ban", reply_to=bad)
    await place.answered("is banned")
    await client.wait_call("banChatSenderChat", chat_id=place.chat, sender_chat_id=channel)
    await place.command(f"/unban {channel}")
    await client.wait_call("unbanChatSenderChat", chat_id=place.chat, sender_chat_id=channel)
    assert (await place.status(place.member))["status"] == "member"


async def test_a_basic_group_cannot_mute(places: Places) -> None:
    """In a basic group /mute and /unban say that there is no such thing, nothing is tried, and /ban removes."""
    place = await places.group("group")
    bad = await place.say("rude words")
    await place.command("/mute 1h", reply_to=bad)
    await place.answered("Nobody can be muted in a basic group")
    await place.command("/unban", reply_to=bad)
    await place.answered("nothing to lift")
    await place.command("/ban 1h", reply_to=bad)
    answer = await place.answered("is banned")
    assert "has no end" in answer["text"]
    await place.settle()
    assert (await place.status(place.member))["status"] == "left"
    tried = [call for call in await place.client.calls("restrictChatMember") if call["args"]["chat_id"] == place.chat]
    assert tried == []


@in_all
async def test_the_bots_missing_right_is_named(places: Places, kind: str) -> None:
    """Where the bot may not ban, it says which right it lacks instead of trying."""
    place = await places.group(kind, rights=["can_delete_messages"])
    await place.command(f"/ban {place.member}")
    await place.answered("I lack the admin right “Ban users”")
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(0,)]


# --- who may -------------------------------------------------------------------------------------


@in_groups
async def test_a_member_is_refused_with_the_right_they_lack(places: Places, kind: str) -> None:
    """A plain member's command does nothing; whom the bot may write to is told in private, others under the command."""
    place = await places.group(kind)
    bad = await place.say("rude words", as_=place.owner)
    await place.command("/ban", as_=place.member, reply_to=bad)
    await place.answered("Ban users")
    await place.client.start_bot(place.other)
    await place.command("/mute", as_=place.other, reply_to=bad)
    await place.said("Ban users", chat=place.other)
    await place.command("/ban@another_bot", as_=place.member, reply_to=bad)
    await place.settle()
    assert len([text for text in await place.texts() if "Ban users" in text]) == 1


@in_groups
async def test_an_admin_without_the_right_is_refused(places: Places, kind: str) -> None:
    """Being an admin is not enough: the right that Telegram gives for banning is."""
    place = await places.group(kind)
    await place.client.promote(place.chat, place.admin, ["can_delete_messages"])
    await place.command("/ban", reply_to=await place.say("rude words"))
    await place.answered("Ban users")
    await place.settle()
    assert (await place.status(place.member))["status"] == "member"


@in_large_groups
async def test_an_anonymous_admin_proves_themselves_once(places: Places, kind: str) -> None:
    """The command of an anonymous admin waits for a press by somebody who may, and is carried out once."""
    place = await places.group(kind)
    bad = await place.say("rude words")
    await place.command("/warn for this", reply_to=bad, in_name_of="anonymous")
    prompt = await place.answered("Press the button")
    assert "it takes" in str(await place.press(prompt, "Confirm", as_=place.other))
    assert place.strikes(place.member) == 0
    toast = await place.press(prompt, "Confirm", as_=place.admin)
    assert "Confirmed" in str(toast)
    answer = await place.answered("strike 1")
    assert "Reason: for this" in answer["text"]
    await place.client.wait_deleted(place.chat, prompt["message_id"])
    await place.settle()
    assert place.strikes(place.member) == 1
    by = place.rows(
        "select by_id, by_name from case_actions a join cases c on case_id = c.id where chat_id=? and a.kind='warn'",
        place.chat,
    )
    assert by[0][0] == place.admin
    assert "Admin" not in by[0][1]


@in_large_groups
async def test_a_channel_identity_commands_nothing(places: Places, client: SandboxClient, kind: str) -> None:
    """Who writes as a channel has no rights to show, and gets no button that an admin might press for them."""
    place = await places.group(kind)
    channel = (await client.create_chat("A mask", place.other, type_="channel"))["id"]
    await place.command("/ban", as_=place.other, in_name_of=channel, reply_to=await place.say("hello"))
    await place.answered("write as yourself")


@in_groups
async def test_a_forwarded_command_is_nobodys(places: Places, kind: str) -> None:
    """A command that an admin forwards is somebody else's words and does nothing."""
    place = await places.group(kind)
    theirs = await place.say(f"/ban {place.other}")
    await place.settle()
    before = await place.texts()
    await place.client.post_one(place.admin, place.chat, forward_of={"chat_id": place.chat, "message_id": theirs})
    await place.settle()
    assert await place.texts() == before
    assert (await place.status(place.other))["status"] == "member"


async def test_commands_in_a_channel_are_confirmed(places: Places) -> None:
    """A command posted in a channel needs a press by somebody with the right: /ban bans then, /mute says it cannot."""
    place = await places.group(CHANNEL)
    poster = (await place.client.create_user("Poster"))["id"]
    await place.client.add_member(place.chat, poster, rights=["can_post_messages"])
    asked = await place.say(f"/ban {place.member}", as_=poster)
    prompt = await place.answered("I cannot see who you are", after=asked)
    assert "Ban users" in str(await place.press(prompt, "Confirm", as_=poster))
    assert (await place.status(place.member))["status"] == "member"
    await place.press(prompt, "Confirm", as_=place.owner)
    await place.answered("is banned")
    await place.wait_gone(prompt["message_id"])
    for words, answer in (("mute", "Nobody can be muted in a channel"), ("mute 1h", "Nobody can be muted")):
        name, _, length = words.partition(" ")
        asked = await place.command(f"/{name} {place.other} {length}")
        await place.said(answer, after=asked)
    await place.settle()
    assert (await place.status(place.member))["status"] == "kicked"


@in_all
async def test_a_reply_that_names_another_is_asked_about(places: Places, kind: str) -> None:
    """A reply with /ban that names somebody else bans neither: the bot asks who is meant."""
    place = await places.group(kind)
    said = await place.say("innocent words")
    for named in ("@spammer", "123456789", "-1001234567890"):
        await place.answered(f"or {named}?", after=await place.command(f"/ban {named}", reply_to=said))
    await place.settle()
    assert (await place.status(place.member))["status"] == "member"
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(0,)]


# --- cases ---------------------------------------------------------------------------------------


@in_all
async def test_a_case_is_shown_where_it_concerns(places: Places, kind: str) -> None:
    """/case shows a case in its chat, without admins' names, in the log chat, and in private to who is admin now."""
    place, elsewhere = await places.group(kind), await places.group()
    await place.command(f"/warn {place.member} rude")
    answer = await place.answered("strike 1")
    number = answer["text"].rsplit("Case ", 1)[1].rstrip(".")
    await place.command(f"/case {number}")
    shown = await place.answered("moderation · closed")
    assert "warned 1 by an admin" in shown["text"].replace(" · ", " ")
    assert place.log is not None
    await place.client.post(place.admin, place.log, f"/case {number}")
    shown = await place.said("moderation · closed", chat=place.log)
    assert "by an admin" not in shown["text"]
    await elsewhere.command(f"/case {number}")
    await elsewhere.said(f"no case {number} here")
    for user, words in ((place.admin, "moderation · closed"), (place.member, f"no case {number} here")):
        await place.client.start_bot(user)
        await place.client.post(user, user, f"/case {number}")
        await place.said(words, chat=user)


@in_all
async def test_a_case_needs_a_number(places: Places, kind: str) -> None:
    """/case without a number asks for one."""
    place = await places.group(kind)
    for words in ("/case", "/case x", "/case -1", "/case ¹", "/case 99999999999999999999999"):
        await place.answered("Which case?", after=await place.command(words))
