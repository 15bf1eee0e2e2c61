"""A channel and the group where people comment on it, in the real bot: posts, their forwards, and what stands below."""

from __future__ import annotations

from bot.sandbox.client import medium
from tests.flow.kinds import CHANNEL
from tests.flow.places import Json, Place, Places
from tests.flow.test_floods import BROKEN


async def linked(places: Places) -> tuple[Place, Place]:
    """A channel, and the group where its posts are commented on."""
    channel = await places.group(CHANNEL)
    return channel, await places.group(linked_chat_id=channel.chat)


async def forwarded(group: Place, after: int = 0) -> Json:
    """The channel's newest post as Telegram put it into its group."""

    async def found() -> Json | None:
        shown = (await group.view())["messages"][str(group.chat)]
        return next((one for one in shown if one.get("is_automatic_forward") and one["message_id"] > after), None)

    message: Json = await group.client.wait_for(found, what="the forwarded post")
    return message


async def test_a_listed_comment_goes_and_what_it_is_below_stays(places: Places) -> None:
    """Who comments with a listed picture is struck in the group; the post and its forward stay."""
    channel, group = await linked(places)
    post = await channel.say("news")
    root = await forwarded(group)
    await group.wait_gone(await group.post_sample("listed-1", reply_to=root["message_id"]))
    await group.said("was removed")
    await group.said("Known abuse removed", chat=group.log)
    assert group.strikes(group.member) == 1
    assert await group.is_there(root["message_id"])
    assert await channel.is_there(post)


async def test_a_post_that_cannot_be_checked_is_told_in_both(places: Places) -> None:
    """Each chat goes by its own settings: the one holds it, the other only tells; nobody is punished for it."""
    channel, group = await linked(places)
    await group.choose("Hold", "Not checkable")
    (post,) = await channel.post(media=[medium("document", BROKEN, filename="picture.jpg")])
    root = await forwarded(group)
    await group.wait_gone(root["message_id"])
    held = await group.said("removed until you decide", chat=group.log)
    assert "linked to this group" in str(await group.press(held, "Ban", as_=group.admin))
    await channel.said("Could not be checked", chat=channel.log)
    assert await channel.is_there(post)


async def test_a_channels_post_is_blocked_in_its_group_alone(places: Places) -> None:
    """/block as a reply to the forward lists for the group: there it goes, and the channel keeps its post."""
    channel, group = await linked(places)
    post = await channel.post_sample("clean-2")
    root = await forwarded(group)
    await group.command("/block", reply_to=root["message_id"])
    await group.said("Listed for this chat")
    await group.wait_gone(root["message_id"])
    assert await channel.is_there(post)


async def test_why_a_channels_post_is_gone_is_told_below(places: Places) -> None:
    """A listed post goes from both; whoever asks in the group by /why hears why, and that it was the channel's."""
    channel, group = await linked(places)
    await channel.wait_gone(await channel.post_sample("listed-1"))
    notice = await group.said("was removed")
    asked = await group.say("/why", as_=group.other, reply_to=notice["message_id"])
    await group.said("known abuse", after=asked)
    card = await group.said("Known abuse removed", chat=group.log)
    await group.press(card, "Undo", as_=group.admin)
    await group.settle()
    assert group.rows("select kind from lists where chat_id=?", group.chat) == [("allow",)]
    assert channel.rows("select kind from lists where chat_id=?", channel.chat) == []
