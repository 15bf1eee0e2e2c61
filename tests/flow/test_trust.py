"""Trusted members in the real bot: chosen by admins, spared what the preset asks for, listed, and dropped again."""

from __future__ import annotations

from tests.flow.kinds import CHANNEL, GROUP, in_groups, in_large_groups
from tests.flow.places import Place, Places


def on_record(place: Place) -> list[tuple[str, str]]:
    """Who was trusted and dropped in this chat."""
    query = "select code, detail from audit where chat_id=? and code like '%trust' order by id"
    return [(code, detail) for code, detail in place.rows(query, place.chat)]


@in_groups
async def test_a_trusted_member_is_not_punished(places: Places, kind: str) -> None:
    """/trust by reply spares a member what the preset asks for, the picture goes all the same; /untrust ends it."""
    place = await places.group(kind)
    await place.choose("Zero")
    said = await place.say("hello")
    await place.answered("is trusted here now", after=await place.command("/trust", reply_to=said))
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.said("trusted here: nobody was punished", chat=place.log)
    assert (await place.status(place.member))["status"] == "member"
    shown = await place.answered("1 trusted member", after=await place.command("/trusted"))
    assert str(place.member) in shown["text"]
    await place.answered("no trust is needed", after=await place.command(f"/trust {place.owner}"))
    await place.answered("not trusted here any more", after=await place.command(f"/untrust {place.member}"))
    await place.wait_gone(await place.post_sample("listed-2"))
    await place.settle()
    assert (await place.status(place.member))["status"] == ("left" if kind == GROUP else "kicked")
    assert on_record(place) == [
        ("settings.trust", f"{place.member}: not → trusted"),
        ("settings.untrust", f"{place.member}: trusted → not"),
    ]


@in_large_groups
async def test_a_trusted_channel_identity_is_not_banned(places: Places, kind: str) -> None:
    """Who writes as a channel is trusted as that channel, and listed as one."""
    place = await places.group(kind)
    await place.choose("Zero")
    mask = (await place.client.create_chat("A mask", place.member, type_=CHANNEL))["id"]
    said = await place.say("from behind a mask", in_name_of=mask)
    await place.answered("is trusted here now", after=await place.command("/trust", reply_to=said))
    await place.wait_gone(await place.post_sample("listed-1", in_name_of=mask))
    await place.said("trusted here: nobody was punished", chat=place.log)
    await place.answered("A mask (channel)", after=await place.command("/trusted"))
    banned = [one for one in await place.client.calls("banChatSenderChat") if one["args"]["chat_id"] == place.chat]
    assert banned == []


async def test_a_channels_subscriber_is_trusted_by_number(places: Places) -> None:
    """In a channel, where members write nothing, a number says who; for the channel itself no trust is needed."""
    place = await places.group(CHANNEL)
    post = await place.say("news")
    await place.answered("no trust is needed", after=await place.command("/trust", reply_to=post))
    await place.answered("is trusted here now", after=await place.command(f"/trust {place.member}"))
    shown = await place.answered("1 trusted member", after=await place.command("/trusted"))
    assert str(place.member) in shown["text"]
    await place.answered("not trusted here any more", after=await place.command(f"/untrust {place.member}"))
    assert on_record(place) == [
        ("settings.trust", f"{place.member}: not → trusted"),
        ("settings.untrust", f"{place.member}: trusted → not"),
    ]
