"""The sandbox is judged by the Bot API's field table: every method it has, every update it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox.arguments import Args
from bot.sandbox.methods import METHODS
from bot.sandbox.updates import DEFAULT, KINDS
from tests.clips import clip
from tests.contract.bot_api import check_call, check_request, check_update, check_value, parameters, table
from tests.contract.stage import RefusedError, Stage, photo, picture, staged
from tests.texture import encode, texture

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BRIEF = {  # what a moderation bot may call
    "getMe", "getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo", "close", "logOut", "getFile",
    "sendMessage", "sendPhoto", "sendVideo", "sendAnimation", "sendDocument", "sendSticker", "sendVideoNote",
    "sendMediaGroup", "sendChatAction", "forwardMessage", "copyMessage", "editMessageText", "editMessageCaption",
    "editMessageMedia", "editMessageReplyMarkup", "deleteMessage", "deleteMessages", "pinChatMessage",
    "unpinChatMessage", "restrictChatMember", "banChatMember", "unbanChatMember", "banChatSenderChat",
    "unbanChatSenderChat", "promoteChatMember", "setChatPermissions", "getChat", "getChatMember",
    "getChatMemberCount", "getChatAdministrators", "leaveChat", "exportChatInviteLink", "createChatInviteLink",
    "answerCallbackQuery", "setMyCommands", "getMyCommands", "deleteMyCommands", "setMyDefaultAdministratorRights",
    "getMyDefaultAdministratorRights", "setMyName", "getMyName", "setMyDescription", "getMyDescription",
    "setMyShortDescription", "getMyShortDescription", "getUserProfilePhotos", "getStickerSet",
    "getCustomEmojiStickers", "createForumTopic", "closeForumTopic", "reopenForumTopic",
}  # fmt: skip
ANN = {"id": 1, "is_bot": False, "first_name": "Ann"}
ALWAYS_REFUSED = {"getStickerSet"}  # no set is published here


@pytest.mark.parametrize("name", sorted(method.name for method in METHODS.values()))
def test_takes_the_tables_parameters(name: str) -> None:
    """A method declares exactly the parameters that the table gives it, and can read no other."""
    method = METHODS[name.lower()]
    assert method.parameters == parameters(name)
    with pytest.raises(LookupError):
        Args({"no_such_parameter": 1}, {}, method.parameters).raw("no_such_parameter")


def test_has_the_methods_of_a_moderation_bot() -> None:
    """Nothing that the bot may call is missing."""
    assert {method.name for method in METHODS.values()} >= BRIEF


def test_knows_the_tables_updates() -> None:
    """The kinds of updates are the table's; all but three come by default."""
    fields = set(table()["types"]["Update"]["fields"]) - {"update_id"}
    assert fields == KINDS
    assert {"chat_member", "message_reaction", "message_reaction_count"} == KINDS - DEFAULT


async def _profile(stage: Stage) -> None:
    bot = stage.bot
    await bot("getMe")
    scope = {"type": "chat_member", "chat_id": stage.group, "user_id": stage.member}
    commands = [{"command": "report", "description": "Report a post"}]
    await bot("setMyCommands", commands=commands, scope=scope, language_code="ko")
    assert await bot("getMyCommands", scope=scope, language_code="ko") == commands
    await bot("deleteMyCommands", scope=scope, language_code="ko")
    assert await bot("getMyCommands", scope=scope, language_code="ko") == []
    for channels in (False, True):
        wished = await bot("getMyDefaultAdministratorRights", for_channels=channels)
        await bot(
            "setMyDefaultAdministratorRights", rights={**wished, "can_delete_messages": True}, for_channels=channels
        )
        assert (await bot("getMyDefaultAdministratorRights", for_channels=channels))["can_delete_messages"] is True
    for noun, field in (("Name", "name"), ("Description", "description"), ("ShortDescription", "short_description")):
        await bot(f"setMy{noun}", language_code="ko", **{field: "해치"})
        assert (await bot(f"getMy{noun}", language_code="ko"))[field] == "해치"
        assert (await bot(f"getMy{noun}", language_code="fr"))[field] in {"", "Haechi"}
    for method in ("close", "logOut", "getWebhookInfo", "deleteWebhook"):
        await bot(method)
    await bot("setWebhook", url="")


async def _sending(stage: Stage) -> None:
    bot, film = stage.bot, clip([texture(1, 160, 120)])
    for kind, data in (
        ("photo", picture()),
        ("video", film),
        ("animation", film),
        ("document", b"bytes"),
        ("sticker", encode(texture(1, 512, 512), "WEBP")),
        ("video_note", film),
    ):
        name = "send" + kind.title().replace("_", "")
        sent = await bot.form(name, {kind: data}, chat_id=stage.group)
        found = sent[kind][-1] if kind == "photo" else sent[kind]
        await bot("getFile", file_id=found["file_id"])
        await bot(name, chat_id=stage.group, **{kind: found["file_id"]})
    media = [{"type": "photo", "media": "attach://a"}, {"type": "photo", "media": "attach://b"}]
    await bot.form("sendMediaGroup", {"a": picture(), "b": picture()}, chat_id=stage.group, media=media)
    await bot("sendChatAction", chat_id=stage.group, action="typing")


async def _messages(stage: Stage) -> None:
    bot, chat = stage.bot, {"chat_id": stage.group}
    button = {"inline_keyboard": [[{"text": "b", "callback_data": "d"}]]}
    said = await bot("sendMessage", text="one", reply_markup=button, **chat)
    sent = await bot.form("sendPhoto", {"photo": picture()}, chat_id=stage.group)
    text, picture_id = {**chat, "message_id": said["message_id"]}, {**chat, "message_id": sent["message_id"]}
    await bot("editMessageText", text="two", **text)
    await bot("editMessageReplyMarkup", reply_markup=button, **text)
    await bot("editMessageCaption", caption="c", **picture_id)
    await bot.form("editMessageMedia", {"n": picture(2)}, media={"type": "photo", "media": "attach://n"}, **picture_id)
    query = stage.world.press_button(stage.member, stage.group, said["message_id"], "d")
    await bot("answerCallbackQuery", callback_query_id=query.id, text="ok")
    source = {**chat, "from_chat_id": stage.group}
    for method in ("forwardMessage", "copyMessage"):
        await bot(method, message_id=said["message_id"], **source)
    for method in ("forwardMessages", "copyMessages"):
        await bot(method, message_ids=[said["message_id"]], **source)
    await bot("pinChatMessage", **text)
    await bot("unpinChatMessage", **text)
    await bot("unpinAllChatMessages", **chat)
    await bot("deleteMessage", **text)
    await bot("deleteMessages", message_ids=[sent["message_id"]], **chat)


async def _members(stage: Stage) -> None:
    bot, chat = stage.bot, {"chat_id": stage.group}
    target = {**chat, "user_id": stage.member}
    await bot("restrictChatMember", permissions={"can_send_messages": False}, until_date=0, **target)
    await bot("getChatMember", **target)
    await bot("restrictChatMember", permissions={"can_send_messages": True, "can_pin_messages": True}, **target)
    await bot("banChatMember", revoke_messages=True, **target)
    await bot("getChatMember", **target)
    await bot("unbanChatMember", only_if_banned=True, **target)
    await bot("getChatMember", **target)
    await stage.people.join(stage.member, stage.group)
    await bot("promoteChatMember", can_delete_messages=True, is_anonymous=True, **target)
    await bot("getChatAdministrators", **chat)
    await bot("promoteChatMember", **target)
    mask = (await stage.people.create_chat("Mask", stage.member, type_="channel"))["id"]
    for method in ("banChatSenderChat", "unbanChatSenderChat"):
        await bot(method, sender_chat_id=mask, **chat)
    await bot("setChatPermissions", permissions={"can_send_messages": True}, **chat)
    await bot("getUserProfilePhotos", user_id=stage.member)


async def _chats(stage: Stage) -> None:
    bot = stage.bot
    await bot("exportChatInviteLink", chat_id=stage.group)
    await bot("createChatInviteLink", chat_id=stage.group, name="x", expire_date=2_000_000_000)
    await stage.people.start_bot(stage.member)
    channel = (await stage.people.create_chat("C", stage.owner, type_="channel", linked_chat_id=stage.group))["id"]
    await stage.people.add_bot(stage.owner, channel, rights=True)
    for chat_id in (stage.group, stage.member, channel):
        await bot("getChat", chat_id=chat_id)
        await bot("getChatMemberCount", chat_id=chat_id)
    await bot("getChatMember", chat_id=channel, user_id=stage.world.bot.id)
    await bot("getCustomEmojiStickers", custom_emoji_ids=["5368324170671202286"])
    with pytest.raises(RefusedError, match="STICKERSET_INVALID"):
        await bot("getStickerSet", name="Animals")
    forum = (await stage.people.create_chat("F", stage.owner, is_forum=True))["id"]
    await stage.people.add_bot(stage.owner, forum, rights=True)
    topic = await bot("createForumTopic", chat_id=forum, name="T", icon_color=7322096)
    for method in ("closeForumTopic", "reopenForumTopic"):
        await bot(method, chat_id=forum, message_thread_id=topic["message_thread_id"])
    await bot("leaveChat", chat_id=forum)


async def _people(stage: Stage) -> None:
    """Everything that makes updates."""
    people, group = stage.people, stage.group
    await stage.bot("getUpdates", allowed_updates=sorted(KINDS))
    film = clip([texture(1, 160, 120)])
    items: list[dict[str, Any]] = [photo(), {"kind": "video", "file": film}, {"kind": "document", "file": b"x"}]
    items += [
        {"kind": "animation", "file": film},
        {"kind": "sticker", "file": picture()},
        {"kind": "video_note", "file": film},
    ]
    for item in items:
        posted = await people.post_one(stage.member, group, media=[item])
    source = {"chat_id": group, "message_id": posted["message_id"]}
    await people.post(stage.member, group, forward_of=source)
    await people.post(stage.member, group, "re", external_reply_of=source)
    await people.post(stage.member, group, "re", reply_to=posted["message_id"])
    await people.post(stage.member, group, "album", [photo(1), photo(2)])
    said = await stage.say("/report@haechi_sandbox_bot @olga_oh #tag https://e.org a@b.org $USD")
    await people.edit(stage.member, group, said["message_id"], "edited")
    await people.promote(group, stage.member, rights=["can_delete_messages"])
    await people.post(stage.member, group, "as the group", in_name_of="anonymous")
    channel = (await people.create_chat("C", stage.member, type_="channel", linked_chat_id=group))["id"]
    await people.add_bot(stage.member, channel, rights=True)
    news = await people.post_one(stage.member, channel, "news")
    await people.edit(stage.member, channel, news["message_id"], "newer")
    await people.post(stage.member, group, "as a channel", in_name_of=channel)
    await people.post(stage.member, group, forward_of={"chat_id": channel, "message_id": news["message_id"]})
    await people.demote(group, stage.member)
    await people.leave(stage.member, group)
    await people.join(stage.member, group)
    await people.start_bot(stage.member)
    await people.block_bot(stage.member)
    small = (await people.create_chat("Small", stage.owner, type_="group"))["id"]
    await people.add_bot(stage.owner, small)
    await people.migrate(small)
    forum = (await people.create_chat("F", stage.owner, is_forum=True))["id"]
    await people.add_bot(stage.owner, forum, rights=True)
    await people.create_topic(forum, "T")
    await people.remove_bot(stage.owner, forum)
    button = {"inline_keyboard": [[{"text": "b", "callback_data": "d"}]]}
    asked = await stage.bot("sendMessage", chat_id=group, text="?", reply_markup=button)
    await people.press(stage.member, group, asked["message_id"], "d", wait=0)


SCENES: list[Callable[[Stage], Awaitable[None]]] = [_profile, _sending, _messages, _members, _chats, _people]


async def test_every_answer_fits_the_table() -> None:
    """Each method is called at least once with success, and every call and answer is what the table documents."""
    succeeded = {"getUpdates", *ALWAYS_REFUSED}
    for scene in SCENES:
        async with staged() as stage:
            await scene(stage)
            calls = await stage.people.calls()
        assert [problem for call in calls for problem in check_call(call)] == []
        succeeded |= {call["method"] for call in calls if call["ok"]}
    assert {method.name for method in METHODS.values()} - succeeded == set()


async def test_every_update_fits_the_table() -> None:
    """Every kind of update that the sandbox makes is what the table documents."""
    async with staged() as stage:
        await _people(stage)
        updates = await stage.bot.updates()
    kinds = {list(update)[1] for update in updates}
    assert kinds == {
        "message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member",
        "chat_member",
    }  # fmt: skip
    assert [problem for update in updates for problem in check_update(update)] == []


@pytest.mark.parametrize(
    ("types", "value", "words"),
    [
        (["User"], {**ANN, "age": 3}, "there is no such field"),
        (["User"], {"id": 1, "is_bot": False}, "missing"),
        (["User"], {"id": "1", "is_bot": False, "first_name": "A"}, "Integer expected"),
        (["Integer"], True, "Integer expected"),
        (["Array of Array of PhotoSize"], [[{"file_id": "a"}]], "missing"),
        (
            ["ChatMember"],
            {"status": "creator", "user": {"id": 1, "is_bot": False, "first_name": "A"}},
            "is_anonymous: missing",
        ),
        (["ChatMember"], {"status": "king"}, "expected"),
        (["InlineKeyboardButton"], {"text": "b", "callback_data": "해" * 22}, "1 to 64 bytes expected, not 66"),
    ],
)
def test_the_judge_finds_faults(types: list[str], value: Any, words: str) -> None:
    """What does not fit the table is found: unknown and missing fields, types, constants, lengths."""
    assert any(words in problem for problem in check_value(types, value, "x"))


def test_the_judge_checks_requests() -> None:
    """A call is judged by its parameters; a text with markup is measured only after parsing, by the server."""
    assert check_request("sendMessage", {"chat_id": 1, "text": "x"}) == []
    assert check_request("sendMessage", {"chat_id": 1}) == ["sendMessage.text: missing"]
    assert check_request("sendMessage", {"chat_id": 1, "text": "x", "texte": "y"}) != []
    assert check_request("sendMessage", {"chat_id": 1, "text": "x" * 4097}) != []
    assert check_request("sendMessage", {"chat_id": 1, "text": "x" * 4097, "parse_mode": "HTML"}) == []
    assert check_request("danceAround", {}) != []
    assert check_update({"update_id": 1}) != []
