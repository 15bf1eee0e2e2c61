"""Federations in the real bot: several chats, their owners and admins, a ban that reaches all, a file taken in."""

from __future__ import annotations

import re
from pathlib import Path

from bot.sandbox.client import SandboxClient, medium
from bot.sandbox.samples import sample
from bot.store import feds
from bot.store.db import Database
from tests.flow.kinds import CHANNEL, GROUP, LARGE, SUPERGROUP, in_all
from tests.flow.places import Place, Places
from tests.running import haechi

EXPORT = """id,firstname,lastname,username,reason
{banned},Spam,Mer,spammer,"ads, and more"
nobody,Bad,Line,,
777000,Telegram,,,
"""


async def founded(client: SandboxClient, place: Place, name: str) -> tuple[int, str]:
    """Somebody founds a federation in private; who, and its number."""
    founder = (await client.create_user("Founder", language_code="fr"))["id"]
    await client.start_bot(founder)
    await client.post(founder, founder, f"/newfed {name}")
    told = await place.said("est fondée", chat=founder)
    found = re.search(r"/joinfed (\w+)", told["text"])
    assert found is not None
    return founder, found[1]


async def status(place: Place, user: int) -> str:
    """What somebody is in a chat once all is done."""
    await place.settle()
    return str((await place.status(user))["status"])


async def join(one: Place, two: Place, quiet: Place, number: str) -> None:
    """Only a chat's owner has it join, and into one federation."""
    for who, words in ((one.member, "the owner of this chat"), (one.admin, "the owner of this chat")):
        asked = await one.say(f"/joinfed {number}", as_=who)
        await one.said(words, after=asked)
    asked = await one.say("/joinfed nothing", as_=one.owner)
    await one.said("I know no federation", after=asked)
    for place in (one, two, quiet):
        asked = await place.say(f"/joinfed {number}", as_=place.owner)
        await place.answered("is in the federation Our groups now", after=asked)
    asked = await one.say(f"/joinfed {number}", as_=one.owner)
    await one.said("already", after=asked)


async def take_in(client: SandboxClient, one: Place, two: Place, founder: int) -> None:
    """Bans of another federation, taken in from a file by the owner alone, act at the door and at the first post."""
    joiner, writer = one.other, two.member
    assert await status(two, writer) == "member"
    await client.leave(joiner, one.chat)
    rows = EXPORT.format(banned=joiner) + f"{writer},Some,Body,,first post\n"
    file = medium("document", rows.encode(), filename="bans.csv", caption="/fedimport")
    await client.post(one.admin, one.admin, None, [file])
    await one.said("Only the owner of the federation", chat=one.admin)
    await client.post(founder, founder, None, [file])
    took = await one.said("Ligne 3", chat=founder)
    assert "2 bannissements sont nouveaux" in took["text"]
    assert "Ligne 4" in took["text"]
    await client.join(joiner, one.chat)
    await client.wait_for(lambda: _is(one, joiner, "kicked"), what="the ban at the door")
    posted = await two.say("hello", as_=writer)
    await two.wait_gone(posted)
    assert await status(two, writer) == "left"


async def test_a_federation_from_end_to_end(places: Places, client: SandboxClient) -> None:
    """Owners have chats join; a ban acts in all at once, at the door and at the first post; one chat is only told."""
    one, two = await places.group(SUPERGROUP), await places.group(GROUP)
    quiet = await places.group(SUPERGROUP)
    founder, number = await founded(client, one, "Our groups")

    await join(one, two, quiet, number)

    # A chat's admin is no admin of the federation; the founder chooses them.
    asked = await one.say(f"/fban {one.member}", as_=one.admin)
    await one.said("takes an admin of the federation", after=asked)
    await client.post(founder, founder, f"/fedadmins promote {one.admin}")
    await one.said("peut utiliser /fban", chat=founder)

    # One chat wants to be told only.
    asked = await quiet.say("/fedinfo", as_=quiet.admin)
    shown = await quiet.said("Federation Our groups", after=asked)
    assert await quiet.press(shown, "Only tell", as_=quiet.member) is not None
    assert quiet.rows("select acts from fed_chats where chat_id=?", quiet.chat) == [(1,)]
    await quiet.press(shown, "Only tell", as_=quiet.admin)
    await quiet.said("the admins are told", after=shown["message_id"] - 1)

    # Somebody in all three chats is banned from the first.
    for place in (two, quiet):
        await client.add_member(place.chat, one.member)
    bad = await one.say("rude words")
    asked = await one.say("/fban very rude", as_=one.admin, reply_to=bad)
    answer = await one.said("is banned in the federation", after=asked)
    assert "very rude" in answer["text"]
    assert "It acts in 2 chats." in answer["text"]
    assert "Case " in answer["text"]
    assert [await status(place, one.member) for place in (one, two, quiet)] == ["kicked", "left", "member"]
    told = await quiet.said("Banned in the federation", chat=quiet.log)
    assert "very rude" in told["text"]
    await two.said("very rude", chat=two.log)

    # Those who run it, and service accounts, are never banned.
    for whom, words in ((founder, "They run this federation"), (777000, "service accounts"), (one.owner, "admin here")):
        asked = await one.say(f"/fban {whom}", as_=one.admin)
        await one.said(words, after=asked)

    # Taken back, they may come again.
    asked = await one.say(f"/unfban {one.member}", as_=one.admin)
    await one.said("is not banned in the federation", after=asked)
    assert await status(one, one.member) == "left"

    await take_in(client, one, two, founder)

    # Leaving ends it.
    asked = await one.say("/leavefed", as_=one.owner)
    await one.said("has left the federation", after=asked)
    asked = await one.say("/fedinfo", as_=one.admin)
    await one.said("in no federation", after=asked)


async def _is(place: Place, user: int, wanted: str) -> bool:
    return bool((await place.status(user))["status"] == wanted)


@in_all
async def test_a_chat_of_any_kind_takes_part(places: Places, client: SandboxClient, kind: str) -> None:
    """A ban acts at once and at the door, in a basic group at each return, but on nobody whom the chat trusts."""
    place = await places.group(kind)
    runs, trusted, stranger = place.admin, *[(await client.create_user("New"))["id"] for _ in range(2)]
    await client.add_member(place.chat, trusted)
    founder, number = await founded(client, place, "Everywhere")
    await client.post(founder, founder, f"/fedadmins promote {runs}")
    await place.said("peut utiliser /fban", chat=founder)
    asked = await place.command(f"/joinfed {number}", as_=place.owner)
    await place.answered("is in the federation", after=asked)
    await place.answered("is trusted here now", after=await place.command(f"/trust {trusted}"))

    asked = await place.command(f"/fban {place.member} very rude")
    assert "very rude" in (await place.answered("is banned in the federation", after=asked))["text"]
    gone = "left" if kind == GROUP else "kicked"
    assert await status(place, place.member) == gone
    await client.post(runs, runs, f"/fban {trusted}")
    assert "They are trusted here" in (await place.said("Banned in the federation", chat=place.log))["text"]
    assert await status(place, trusted) == "member"

    rows = EXPORT.format(banned=stranger)
    await client.post(founder, founder, None, [medium("document", rows.encode(), filename="b", caption="/fedimport")])
    await place.said("1 bannissement", chat=founder)
    for _ in range(2 if kind == GROUP else 1):
        await client.join(stranger, place.chat)
        await client.wait_for(lambda: _is(place, stranger, gone), what="the ban at the door")
        await place.settle()

    await place.answered("has left the federation", after=await place.command("/leavefed", as_=place.owner))
    await place.answered("in no federation", after=await place.command("/fedinfo"))


async def test_a_command_that_waits_is_not_spoilt_by_a_reader(places: Places, client: SandboxClient) -> None:
    """A federation's ban given in a channel has a button that only the channel's admins may press."""
    place = await places.group(CHANNEL)
    founder, number = await founded(client, place, "Seen by all")
    await client.post(founder, founder, f"/fedadmins promote {place.admin}")
    await place.said("peut utiliser /fban", chat=founder)
    await place.command(f"/joinfed {number}", as_=place.owner)
    asked = await place.say(f"/fban {place.member}")
    prompt = await place.answered("I cannot see who you are", after=asked)
    assert "an admin of this chat" in str(await place.press(prompt, "Confirm", as_=place.other))
    await place.press(prompt, "Confirm", as_=place.admin)
    await place.answered("is banned in the federation", after=asked)
    assert await status(place, place.member) == "kicked"


@in_all
async def test_a_picture_blocked_in_one_chat_vanishes_in_the_other(
    places: Places, client: SandboxClient, kind: str
) -> None:
    """/block in one chat of a federation counts in its others, and strikes add up across them where they are given."""
    one, two = await places.group(log=False), await places.group(kind)
    _, number = await founded(client, one, "Pictures")
    for place in (one, two):
        asked = await place.command(f"/joinfed {number}", as_=place.owner)
        await place.answered("is in the federation", after=asked)
    await client.add_member(one.chat, two.member)
    first = await one.post_photo(sample("clean-1").data(), as_=two.member)
    asked = await one.say("/block", as_=one.admin, reply_to=first)
    await one.said("Listed for this chat", after=asked)
    await one.wait_gone(first)
    asked = await one.say(f"/warn {two.member}", as_=one.admin)
    await one.said("strike 1", after=asked)
    await one.settle()
    second = await two.post_until(lambda: two.post_photo(sample("clean-1").data()), is_there=False)
    card = await two.said("Known abuse removed", chat=two.log)
    assert ("own post" in card["text"]) is (kind == CHANNEL)
    if kind in LARGE:
        await two.answered("The poster was muted", after=second)
    strikes = two.rows("select max(strike) from cases where chat_id=?", two.chat)
    assert strikes == [(None if kind == CHANNEL else 2,)]


async def test_the_operator_takes_a_file_in(tmp_path: Path) -> None:
    """`haechi fed import` keeps the good lines, names every bad one, and needs a federation that there is."""
    (tmp_path / "bans.csv").write_text(EXPORT.format(banned=77), encoding="utf-8")
    code, _, errors = await haechi(tmp_path, "fed", "import", "bans.csv", "--fed", "nothing")
    assert (code, "the federations are: none yet" in errors) == (2, True)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'haechi.db'}")
    await database.start()
    fed = await database.write(lambda connection: feds.create(connection, "Ours", 5))
    await database.stop()
    for added in ("1 ban added, 0 were there before, 2 bad lines", "0 bans added, 1 was there before, 2 bad lines"):
        code, out, errors = await haechi(tmp_path, "fed", "import", "bans.csv", "--fed", fed.id)
        assert (code, added in out) == (1, True)
        assert "bans.csv:3: no numeric user id" in errors
        assert "bans.csv:4: one of Telegram's service accounts" in errors
    assert re.search(rf"{fed.id}\s+Ours\s+5\s+0\s+1", (await haechi(tmp_path, "fed", "show"))[1])
