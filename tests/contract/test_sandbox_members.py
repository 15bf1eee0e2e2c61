"""The sandbox restricts, bans and promotes as Telegram does, and refuses who may not be touched."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.refusal import SandboxError
from tests.contract.stage import RefusedError, Stage, photo, staged

MUTED: dict[str, bool] = {}
FREE = {
    "can_send_messages": True, "can_send_audios": True, "can_send_documents": True, "can_send_photos": True,
    "can_send_videos": True, "can_send_video_notes": True, "can_send_voice_notes": True, "can_send_polls": True,
    "can_send_other_messages": True, "can_add_web_page_previews": True, "can_invite_users": True,
    "can_edit_tag": True, "can_react_to_messages": True,
}  # fmt: skip


async def _status(stage: Stage, user_id: int) -> dict[str, Any]:
    member: dict[str, Any] = await stage.bot("getChatMember", chat_id=stage.group, user_id=user_id)
    return member


async def test_mutes_for_a_time() -> None:
    """A muted member cannot write until the time is over, without anybody's doing."""
    async with staged() as stage:
        until = await stage.people.clock() + 3600
        await stage.bot(
            "restrictChatMember", chat_id=stage.group, user_id=stage.member, permissions=MUTED, until_date=until
        )
        member = await _status(stage, stage.member)
        assert (member["status"], member["until_date"], member["is_member"]) == ("restricted", until, True)
        with pytest.raises(SandboxError, match=r"Min may not send text messages in The group until \d+"):
            await stage.say()
        await stage.people.clock(advance=3601)
        assert (await _status(stage, stage.member))["status"] == "member"
        assert await stage.say()


@pytest.mark.parametrize("seconds", [10, 367 * 86400])
async def test_too_short_or_long_is_for_ever(seconds: int) -> None:
    """A time below 30 seconds or beyond 366 days means for ever."""
    async with staged() as stage:
        until = await stage.people.clock() + seconds
        await stage.bot("banChatMember", chat_id=stage.group, user_id=stage.member, until_date=until)
        await stage.people.clock(advance=2 * 366 * 86400)
        assert await _status(stage, stage.member) == {
            "status": "kicked",
            "user": {"id": stage.member, "is_bot": False, "first_name": "Min", "language_code": "en"},
            "until_date": 0,
        }


async def test_restricts_one_kind() -> None:
    """Who may not send photos may still write."""
    async with staged() as stage:
        await stage.bot(
            "restrictChatMember",
            chat_id=stage.group,
            user_id=stage.member,
            permissions={"can_send_messages": True},
            use_independent_chat_permissions=True,
        )
        await stage.say("words")
        with pytest.raises(SandboxError, match="Min may not send photos in The group"):
            await stage.people.post(stage.member, stage.group, media=[photo()])


async def test_lifts_a_restriction() -> None:
    """All permissions make a restricted member a plain one again."""
    async with staged() as stage:
        target = {"chat_id": stage.group, "user_id": stage.member}
        await stage.bot("restrictChatMember", permissions=MUTED, **target)
        await stage.bot("restrictChatMember", permissions=FREE, **target)
        assert (await _status(stage, stage.member))["status"] == "member"


async def test_restriction_outlives_leaving() -> None:
    """Who leaves and comes back is still muted."""
    async with staged() as stage:
        await stage.bot("restrictChatMember", chat_id=stage.group, user_id=stage.member, permissions=MUTED)
        stage.world.chat(stage.group).members[stage.member].is_member = False
        await stage.people.join(stage.member, stage.group)
        assert (await _status(stage, stage.member))["status"] == "restricted"


async def test_bans_and_unbans() -> None:
    """A banned member is out, cannot come back until unbanned, and everybody is told."""
    async with staged(ban_removes_messages=True) as stage:
        await stage.bot.updates(allowed_updates=["message", "chat_member"])
        said = await stage.say()
        await stage.bot("banChatMember", chat_id=stage.group, user_id=stage.member, revoke_messages=True)
        assert await stage.people.message(stage.group, said["message_id"]) is None
        with pytest.raises(SandboxError, match="Min is banned from The group"):
            await stage.people.join(stage.member, stage.group)
        with pytest.raises(SandboxError, match="Min is banned from The group"):
            await stage.say()
        change = (await stage.bot.updates())[-1]["chat_member"]
        assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == ("member", "kicked")
        await stage.bot("unbanChatMember", chat_id=stage.group, user_id=stage.member, only_if_banned=True)
        assert (await _status(stage, stage.member))["status"] == "left"
        await stage.people.join(stage.member, stage.group)


async def test_a_ban_leaves_the_messages() -> None:
    """A ban leaves what the banned person wrote, so a bot that wants it gone has to delete it."""
    async with staged() as stage:
        said = await stage.say()
        await stage.bot("banChatMember", chat_id=stage.group, user_id=stage.member)
        assert await stage.people.message(stage.group, said["message_id"])


async def test_unban_puts_out() -> None:
    """Unbanning somebody who is not banned removes them, unless only_if_banned says not to."""
    async with staged() as stage:
        target = {"chat_id": stage.group, "user_id": stage.member}
        await stage.bot("unbanChatMember", only_if_banned=True, **target)
        assert (await _status(stage, stage.member))["status"] == "member"
        await stage.bot("unbanChatMember", **target)
        assert (await _status(stage, stage.member))["status"] == "left"


@pytest.mark.parametrize("method", ["banChatMember", "restrictChatMember"])
async def test_spares_whom_telegram_spares(method: str) -> None:
    """Owner, administrators, the bot itself and strangers cannot be restricted."""
    async with staged() as stage:
        admin = (await stage.people.create_user("Ada"))["id"]
        await stage.people.add_member(stage.group, admin, rights=["can_delete_messages"])
        extra = {"permissions": MUTED} if method == "restrictChatMember" else {}
        for target, words in (
            (stage.owner, "Bad Request: can't remove chat owner"),
            (admin, "Bad Request: user is an administrator of the chat"),
            (stage.world.bot.id, "Bad Request: can't restrict self"),
            (987654321, "Bad Request: member not found"),
            (0, "Bad Request: invalid user_id specified"),
        ):
            with pytest.raises(RefusedError, match=words):
                await stage.bot(method, chat_id=stage.group, user_id=target, **extra)


@pytest.mark.parametrize("rights", [["can_delete_messages"], None])
async def test_needs_the_right(rights: list[str] | None) -> None:
    """Without can_restrict_members, or as a plain member, the bot restricts nobody."""
    async with staged() as stage:
        await stage.people.set_bot_rights(stage.group, rights)
        words = "Bad Request: not enough rights to restrict/unrestrict chat member"
        for method, args in (
            ("restrictChatMember", {"user_id": stage.member, "permissions": MUTED}),
            ("banChatMember", {"user_id": stage.member}),
            ("unbanChatMember", {"user_id": stage.member}),
            ("banChatSenderChat", {"sender_chat_id": stage.group}),
        ):
            with pytest.raises(RefusedError, match=words):
                await stage.bot(method, chat_id=stage.group, **args)
        with pytest.raises(RefusedError, match="not enough rights to change chat permissions"):
            await stage.bot("setChatPermissions", chat_id=stage.group, permissions=MUTED)


async def test_a_restricted_bot_cannot_write() -> None:
    """As a plain member the bot may do what members may, and no more."""
    async with staged() as stage:
        await stage.bot("setChatPermissions", chat_id=stage.group, permissions={"can_send_photos": True})
        await stage.people.set_bot_rights(stage.group, None)
        assert "can_send_messages" in (await stage.bot("getChat", chat_id=stage.group))["permissions"]
        stage.world.chat(stage.group).permissions = frozenset({"can_send_photos"})
        with pytest.raises(RefusedError, match="Bad Request: not enough rights to send text messages to the chat"):
            await stage.bot("sendMessage", chat_id=stage.group, text="x")


async def test_promotes_and_demotes() -> None:
    """The bot appoints administrators with rights it has, sees that it may edit them, and takes the rights back."""
    async with staged() as stage:
        target = {"chat_id": stage.group, "user_id": stage.member}
        await stage.bot("promoteChatMember", can_delete_messages=True, **target)
        member = await _status(stage, stage.member)
        assert member["status"] == "administrator"
        assert (member["can_be_edited"], member["can_delete_messages"], member["can_pin_messages"]) == (
            True,
            True,
            False,
        )
        await stage.bot("promoteChatMember", **target)
        assert (await _status(stage, stage.member))["status"] == "member"
        await stage.people.set_bot_rights(stage.group, ["can_delete_messages", "can_promote_members"])
        with pytest.raises(RefusedError, match="RIGHT_FORBIDDEN"):
            await stage.bot("promoteChatMember", can_pin_messages=True, **target)
        await stage.people.set_bot_rights(stage.group, ["can_delete_messages"])
        with pytest.raises(RefusedError, match="Bad Request: not enough rights"):
            await stage.bot("promoteChatMember", can_delete_messages=True, **target)


async def test_lists_administrators() -> None:
    """The method getChatAdministrators has the owner, the admins and the bot itself, and other bots only when asked."""
    async with staged() as stage:
        other = (await stage.people.create_user("Rose", username="rose_bot", is_bot=True))["id"]
        await stage.people.add_member(stage.group, other, rights=True)
        listed = await stage.bot("getChatAdministrators", chat_id=stage.group)
        assert [member["user"]["id"] for member in listed] == [stage.owner, stage.world.bot.id]
        everyone = await stage.bot("getChatAdministrators", chat_id=stage.group, return_bots=True)
        assert [member["user"]["id"] for member in everyone] == [stage.owner, stage.world.bot.id, other]
        assert await stage.bot("getChatMemberCount", chat_id=stage.group) == 4


async def test_tells_the_bot_of_its_rights() -> None:
    """Every change of the bot's own standing is a my_chat_member, and after its end Telegram refuses it."""
    async with staged() as stage:
        await stage.people.set_bot_rights(stage.group, ["can_delete_messages"])
        await stage.people.set_bot_rights(stage.group, None)
        await stage.people.remove_bot(stage.owner, stage.group)
        changes = [update["my_chat_member"]["new_chat_member"] for update in await stage.bot.updates()]
        assert [member["status"] for member in changes] == ["administrator", "member", "kicked"]
        assert (changes[0]["can_delete_messages"], changes[0]["can_restrict_members"]) == (True, False)
        for method, args in (("sendMessage", {"text": "x"}), ("getChat", {}), ("deleteMessage", {"message_id": 2})):
            with pytest.raises(RefusedError, match="Forbidden: bot was kicked from the supergroup chat") as refused:
                await stage.bot(method, chat_id=stage.group, **args)
            assert refused.value.code == 403


async def test_leaves() -> None:
    """After leaving, the bot is no member."""
    async with staged() as stage:
        await stage.bot("leaveChat", chat_id=stage.group)
        assert [list(update)[1] for update in await stage.bot.updates()] == ["my_chat_member"]
        with pytest.raises(RefusedError, match="Forbidden: bot is not a member of the supergroup chat"):
            await stage.bot("sendMessage", chat_id=stage.group, text="x")


async def test_invites() -> None:
    """Links are made with the right to invite, and the primary one shows in getChat."""
    async with staged() as stage:
        link = await stage.bot("exportChatInviteLink", chat_id=stage.group)
        assert (await stage.bot("getChat", chat_id=stage.group))["invite_link"] == link
        made = await stage.bot("createChatInviteLink", chat_id=stage.group, name="guests", member_limit=5)
        assert (made["name"], made["member_limit"]) == ("guests", 5)
        await stage.people.set_bot_rights(stage.group, ["can_delete_messages"])
        with pytest.raises(RefusedError, match="not enough rights to manage chat invite link"):
            await stage.bot("exportChatInviteLink", chat_id=stage.group)


async def test_basic_groups_are_simpler() -> None:
    """In a basic group nobody can be restricted; a ban is a removal after which they may come back."""
    async with staged() as stage:
        group = (await stage.people.create_chat("Small", stage.owner, type_="group"))["id"]
        await stage.people.add_bot(stage.owner, group, rights=True)
        await stage.people.add_member(group, stage.member)
        target = {"chat_id": group, "user_id": stage.member}
        with pytest.raises(RefusedError, match="Bad Request: method is available only for supergroups"):
            await stage.bot("restrictChatMember", permissions=MUTED, **target)
        for method in ("unbanChatMember", "promoteChatMember"):
            with pytest.raises(RefusedError, match="method is available for supergroup and channel chats only"):
                await stage.bot(method, **target)
        await stage.bot("banChatMember", **target)
        assert (await stage.bot("getChatMember", **target))["status"] == "left"
        await stage.people.join(stage.member, group)
