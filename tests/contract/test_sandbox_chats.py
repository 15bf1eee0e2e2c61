"""The sandbox's kinds of chats behave as Telegram's: migration, forums, channels, identities, privacy mode."""

from __future__ import annotations

import pytest

from bot.sandbox.people import ANONYMOUS_ADMIN, CHANNEL_BOT, TELEGRAM
from bot.sandbox.refusal import SandboxError
from tests.contract.stage import RefusedError, Stage, photo, staged


async def test_group_becomes_supergroup() -> None:
    """Both chats tell the other's id; the old one refuses with the new id in the parameters, the new one works."""
    async with staged() as stage:
        old = (await stage.people.create_chat("Small", stage.owner, type_="group"))["id"]
        await stage.people.add_bot(stage.owner, old, rights=True)
        await stage.people.add_member(old, stage.member)
        await stage.bot.updates()
        new = (await stage.people.migrate(old))["id"]
        told = [update["message"] for update in await stage.bot.updates() if "message" in update][-2:]
        assert [(told[0]["chat"]["id"], told[0]["migrate_to_chat_id"])] == [(old, new)]
        assert [(told[1]["chat"]["id"], told[1]["migrate_from_chat_id"])] == [(new, old)]
        with pytest.raises(RefusedError, match="Bad Request: group chat was upgraded to a supergroup chat") as refused:
            await stage.bot("sendMessage", chat_id=old, text="x")
        assert refused.value.parameters == {"migrate_to_chat_id": new}
        assert (await stage.bot("sendMessage", chat_id=new, text="x"))["chat"]["type"] == "supergroup"
        with pytest.raises(SandboxError, match=f"this group has become the supergroup {new}"):
            await stage.say(chat_id=old)
        assert await stage.say(chat_id=new)


async def _forum(stage: Stage) -> tuple[int, int]:
    forum = (await stage.people.create_chat("Forum", stage.owner, is_forum=True))["id"]
    await stage.people.add_bot(stage.owner, forum, rights=True)
    await stage.people.add_member(forum, stage.member)
    topic = (await stage.people.create_topic(forum, "Pictures"))["message_thread_id"]
    return forum, topic


async def test_forum_topics() -> None:
    """Messages of a topic carry its id, those of General none; a reply stays in its topic."""
    async with staged() as stage:
        forum, topic = await _forum(stage)
        posted = await stage.say("in", chat_id=forum, thread_id=topic)
        assert (posted["message_thread_id"], posted["is_topic_message"]) == (topic, True)
        general = await stage.say("general", chat_id=forum)
        assert "message_thread_id" not in general
        replied = await stage.bot(
            "sendMessage", chat_id=forum, text="re", reply_parameters={"message_id": posted["message_id"]}
        )
        assert replied["message_thread_id"] == topic
        assert (await stage.bot("sendMessage", chat_id=forum, text="x", message_thread_id=topic))["is_topic_message"]


async def test_forum_refusals() -> None:
    """The General topic and topics that are not there have no thread to write in; a closed one is closed."""
    async with staged() as stage:
        forum, topic = await _forum(stage)
        for number in (1, 9999):
            with pytest.raises(RefusedError, match="Bad Request: message thread not found"):
                await stage.bot("sendMessage", chat_id=forum, text="x", message_thread_id=number)
        await stage.bot("closeForumTopic", chat_id=forum, message_thread_id=topic)
        with pytest.raises(SandboxError, match="the topic Pictures is closed"):
            await stage.say(chat_id=forum, thread_id=topic)
        assert await stage.bot("sendMessage", chat_id=forum, text="x", message_thread_id=topic)
        await stage.people.set_bot_rights(forum, ["can_delete_messages"])
        with pytest.raises(RefusedError, match="Bad Request: TOPIC_CLOSED"):
            await stage.bot("sendMessage", chat_id=forum, text="x", message_thread_id=topic)
        with pytest.raises(RefusedError, match="not enough rights to close or open the topic"):
            await stage.bot("reopenForumTopic", chat_id=forum, message_thread_id=topic)
        await stage.people.set_bot_rights(forum, rights=True)
        await stage.bot("reopenForumTopic", chat_id=forum, message_thread_id=topic)
        with pytest.raises(RefusedError, match="TOPIC_NOT_MODIFIED"):
            await stage.bot("reopenForumTopic", chat_id=forum, message_thread_id=topic)
        with pytest.raises(RefusedError, match="the chat is not a forum"):
            await stage.bot("createForumTopic", chat_id=stage.group, name="x")


async def test_topic_creation_cannot_be_deleted() -> None:
    """The service message that made a topic stays."""
    async with staged() as stage:
        forum, _ = await _forum(stage)
        made = await stage.bot("createForumTopic", chat_id=forum, name="New")
        with pytest.raises(RefusedError, match="message can't be deleted"):
            await stage.bot("deleteMessage", chat_id=forum, message_id=made["message_thread_id"])


async def test_reply_threads_of_plain_groups() -> None:
    """In a group without topics a reply carries a thread id that is no topic, and naming it in a call does nothing."""
    async with staged() as stage:
        first = await stage.say("first")
        reply = await stage.say("re", reply_to=first["message_id"])
        assert reply["message_thread_id"] == first["message_id"]
        assert "is_topic_message" not in reply
        said = await stage.bot(
            "sendMessage", chat_id=stage.group, text="x", message_thread_id=reply["message_thread_id"]
        )
        assert "message_thread_id" not in said


async def _linked(stage: Stage) -> int:
    channel = await stage.people.create_chat(
        "News", stage.owner, type_="channel", username="the_news", linked_chat_id=stage.group
    )
    number = channel["id"]
    assert isinstance(number, int)
    return number


async def test_linked_channel() -> None:
    """A channel's post is forwarded into its discussion group by 777000, with the same files."""
    async with staged() as stage:
        channel = await _linked(stage)
        await stage.people.add_bot(stage.owner, channel, rights=True)
        await stage.bot.updates()
        posted = await stage.people.post_one(stage.owner, channel, "news", [photo()])
        first, second = (await stage.bot.updates())[-2:]
        assert first["channel_post"]["sender_chat"]["id"] == channel
        assert "from" not in first["channel_post"]
        forwarded = second["message"]
        assert (forwarded["from"]["id"], forwarded["sender_chat"]["id"]) == (TELEGRAM, channel)
        assert forwarded["is_automatic_forward"] is True
        assert forwarded["forward_origin"]["message_id"] == posted["message_id"]
        assert forwarded["photo"] == posted["photo"]
        assert (await stage.bot("getChat", chat_id=stage.group))["linked_chat_id"] == channel
        assert (await stage.bot("getChat", chat_id="@the_news"))["linked_chat_id"] == stage.group


async def test_channel_rights() -> None:
    """A bot is in a channel only as an administrator, and posts there only with the right to."""
    async with staged() as stage:
        channel = await _linked(stage)
        with pytest.raises(SandboxError, match="a bot can be in a channel only as an administrator"):
            await stage.people.add_bot(stage.owner, channel)
        with pytest.raises(RefusedError, match="Forbidden: bot is not a member of the channel chat"):
            await stage.bot("sendMessage", chat_id="@the_news", text="x")
        await stage.people.add_bot(stage.owner, channel, rights=["can_delete_messages"])
        with pytest.raises(RefusedError, match="Bad Request: need administrator rights in the channel chat"):
            await stage.bot("sendMessage", chat_id=channel, text="x")
        with pytest.raises(SandboxError, match="Min may not post in the channel News"):
            await stage.say(chat_id=channel)


async def test_edited_channel_post() -> None:
    """An edit in a channel is an edited_channel_post, in a group an edited_message, with the time of the edit."""
    async with staged() as stage:
        channel = await _linked(stage)
        await stage.people.add_bot(stage.owner, channel, rights=True)
        posted = await stage.people.post_one(stage.owner, channel, "one")
        said = await stage.say("one")
        await stage.bot.updates()
        await stage.people.edit(stage.owner, channel, posted["message_id"], "two")
        await stage.people.edit(stage.member, stage.group, said["message_id"], "two")
        first, second = await stage.bot.updates()
        assert first["edited_channel_post"]["text"] == second["edited_message"]["text"] == "two"
        assert second["edited_message"]["edit_date"] >= said["date"]


async def test_anonymous_admin() -> None:
    """An anonymous admin posts as the group, from GroupAnonymousBot; others cannot."""
    async with staged() as stage:
        admin = (await stage.people.create_user("Ada"))["id"]
        await stage.people.add_member(stage.group, admin, rights=True, is_anonymous=True)
        await stage.bot.updates()
        await stage.people.post(admin, stage.group, "order!", in_name_of="anonymous")
        message = (await stage.bot.updates())[-1]["message"]
        assert (message["from"]["id"], message["sender_chat"]["id"]) == (ANONYMOUS_ADMIN, stage.group)
        with pytest.raises(SandboxError, match="Min is no administrator of The group and cannot post as the group"):
            await stage.say(in_name_of="anonymous")
        listed = await stage.bot("getChatAdministrators", chat_id=stage.group)
        assert [member["is_anonymous"] for member in listed if member["user"]["id"] == admin] == [True]


async def test_channel_identity() -> None:
    """Who owns a channel may post as it until its ban, which holds for all channels of that owner."""
    async with staged() as stage:
        mask, other = [
            (await stage.people.create_chat(title, stage.member, type_="channel"))["id"] for title in ("Mask", "Other")
        ]
        posted = await stage.say("hi", in_name_of=mask)
        assert (posted["from"]["id"], posted["sender_chat"]["id"]) == (CHANNEL_BOT, mask)
        with pytest.raises(SandboxError, match="can post only as a channel that they own"):
            await stage.people.post(stage.owner, stage.group, "x", in_name_of=mask)
        await stage.bot("banChatSenderChat", chat_id=stage.group, sender_chat_id=mask)
        for channel in (mask, other):
            with pytest.raises(SandboxError, match="is banned from The group"):
                await stage.say("hi", in_name_of=channel)
        assert await stage.say("as myself")
        await stage.bot("unbanChatSenderChat", chat_id=stage.group, sender_chat_id=mask)
        assert await stage.say("hi", in_name_of=mask)


async def _texts(stage: Stage) -> list[str]:
    return [update["message"].get("text", "service") for update in await stage.bot.updates() if "message" in update]


async def test_privacy_mode() -> None:
    """A plain member in privacy mode sees commands for it, replies to it and service messages; an admin sees all."""
    async with staged() as stage:
        await stage.say("seen by an admin")
        assert await _texts(stage) == ["seen by an admin"]
        own = await stage.bot("sendMessage", chat_id=stage.group, text="hello")
        await stage.people.set_bot_rights(stage.group, None)
        await stage.say("hidden")
        await stage.say("/help")
        await stage.say("/help@haechi_sandbox_bot now")
        await stage.say("/help@other_bot")
        await stage.say("reply", reply_to=own["message_id"])
        stranger = (await stage.people.create_user("New"))["id"]
        await stage.people.join(stranger, stage.group)
        assert await _texts(stage) == ["/help", "/help@haechi_sandbox_bot now", "reply", "service"]
        assert (await stage.bot("getMe"))["can_read_all_group_messages"] is False
        await stage.people.set_privacy(on=False)
        await stage.say("now seen")
        assert await _texts(stage) == ["now seen"]
        assert (await stage.bot("getMe"))["can_read_all_group_messages"] is True


async def test_other_bots_are_unseen() -> None:
    """What another bot posts never reaches the bot, be it an administrator."""
    async with staged() as stage:
        other = (await stage.people.create_user("Spam", is_bot=True))["id"]
        await stage.people.add_member(stage.group, other)
        await stage.bot.updates()
        await stage.people.post(other, stage.group, "buy")
        assert await stage.bot.updates() == []


async def test_public_chats_can_be_read() -> None:
    """A public group can be looked at from outside, a private one is not found."""
    async with staged() as stage:
        public = await stage.people.create_chat("Open", stage.owner, username="open_house")
        closed = await stage.people.create_chat("Closed", stage.owner)
        assert (await stage.bot("getChat", chat_id="@open_house"))["id"] == public["id"]
        with pytest.raises(RefusedError, match="Bad Request: chat not found"):
            await stage.bot("getChat", chat_id=closed["id"])
        with pytest.raises(RefusedError, match="Forbidden: bot is not a member of the supergroup chat"):
            await stage.bot("sendMessage", chat_id=public["id"], text="x")


async def test_external_reply() -> None:
    """A reply to another chat's message carries that chat, the message's id and its media."""
    async with staged() as stage:
        channel = (await stage.people.create_chat("Far", stage.owner, type_="channel"))["id"]
        posted = await stage.people.post_one(stage.owner, channel, media=[photo()])
        await stage.say("look", external_reply_of={"chat_id": channel, "message_id": posted["message_id"]})
        reply = (await stage.bot.updates())[-1]["message"]["external_reply"]
        assert (reply["chat"]["id"], reply["message_id"], reply["photo"]) == (
            channel,
            posted["message_id"],
            posted["photo"],
        )
        assert reply["origin"]["type"] == "channel"
