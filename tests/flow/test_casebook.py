"""/cases and /why in the real bot: who sees which cases, page by page, and what a member learns of a notice."""

from __future__ import annotations

from tests.flow.kinds import CHANNEL, GROUP, SUPERGROUP, in_all, in_groups
from tests.flow.places import Place, Places


async def warned(place: Place, who: int) -> int:
    """Somebody is warned; the case's number."""
    asked = await place.command(f"/warn {who} rude")
    text = (await place.answered("is warned", after=asked))["text"]
    return int(text.rsplit("Case ", 1)[1].split(".")[0])


@in_all
async def test_cases_are_listed_where_they_concern(places: Places, kind: str) -> None:
    """All, somebody's, those that wait, and none: in the chat and in its log chat, for admins, and nowhere else."""
    place = await places.group(kind)
    mine, others = await warned(place, place.member), await warned(place, place.other)
    listed = await place.answered("newest first", after=await place.command("/cases today"))
    assert f"• {others} · " in listed["text"]
    assert listed["text"].index(f"• {others} · ") < listed["text"].index(f"• {mine} · ")
    shown = await place.answered("newest first", after=await place.command(f"/cases {place.member}"))
    assert f"• {mine} · " in shown["text"]
    assert f"• {others} · " not in shown["text"]
    await place.answered("no such cases", after=await place.command("/cases open"))
    assert place.log is not None
    await place.client.post(place.admin, place.log, "/cases")
    assert f"• {mine} · " in (await place.said("newest first", chat=place.log))["text"]
    if kind == SUPERGROUP:
        await place.command("/cases @nobody_seen")
        await place.answered("Which cases?")
    if not place.is_channel:
        await place.command("/cases", as_=place.member)
        await place.answered("an admin of this chat")


@in_all
async def test_pages_are_turned_by_who_is_an_admin_now(places: Places, kind: str) -> None:
    """Older and newer change the page in place; a member's press, and one by an admin of before, changes nothing."""
    place = await places.group(kind, log=False)
    await place.choose("Watch")  # where a warning costs nothing, however many there are
    for _ in range(12):
        await place.command(f"/warn {place.other}")
    await place.settle()
    shown = await place.answered("newest first", after=await place.command("/cases"))
    assert "an admin of this chat" in str(await place.press(shown, "Older", as_=place.member))
    await place.press(shown, "Older", as_=place.admin)
    await place.settle()
    older = await place.client.message(place.chat, shown["message_id"])
    assert older is not None
    assert older["text"].count("• ") == 2
    await place.press(older, "Newer", as_=place.owner)
    await place.settle()
    again = await place.client.message(place.chat, shown["message_id"])
    assert again is not None
    assert again["text"] == shown["text"]
    await place.client.demote(place.chat, place.admin)
    await place.press(again, "Older", as_=place.admin)
    await place.settle()
    assert (await place.client.message(place.chat, shown["message_id"]) or {})["text"] == shown["text"]


@in_groups
async def test_why_tells_a_member_the_reason_and_an_admin_the_case(places: Places, kind: str) -> None:
    """As a reply to the notice of a removal: plain words without the list for a member, the file for an admin."""
    place = await places.group(kind)
    await place.wait_gone(await place.post_sample("listed-1"))
    notice = await place.answered("was removed")
    asked = await place.say("/why", as_=place.other, reply_to=notice["message_id"])
    plainly = await place.answered("matches a list of known abuse", after=asked)
    assert "known abuse." in plainly["text"]
    assert "exactly this file" not in plainly["text"]
    asked = await place.command("/why", reply_to=notice["message_id"])
    assert "List: known abuse" in (await place.answered("match · closed", after=asked))["text"]
    if kind == GROUP:
        theirs = await place.say("Case 1", as_=place.admin)
        await place.say("/why", as_=place.other, reply_to=theirs)
        await place.answered("Reply with /why to what I said")


async def test_why_in_a_channel_is_answered_as_for_its_readers(places: Places) -> None:
    """Nobody sees which admin asks there, so the reason is told plainly; the file is asked for by /case."""
    place = await places.group(CHANNEL)
    number = await warned(place, place.member)
    answer = await place.said(f"Case {number}")
    asked = await place.say("/why", reply_to=answer["message_id"])
    plainly = await place.said("an admin decided", after=asked)
    assert "moderation · closed" not in plainly["text"]
    shown = await place.said("moderation · closed", after=await place.command(f"/case {number}"))
    assert f"Case {number}" in shown["text"]
