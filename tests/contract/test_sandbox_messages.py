"""The sandbox sends, edits and deletes as Telegram does, and refuses in Telegram's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.stage import RefusedError, photo, picture, staged

BUTTON = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}


async def test_sends_formatted_text() -> None:
    """HTML becomes text and entities; commands, mentions and links are found; white space around is cut."""
    async with staged() as stage:
        said = await stage.bot(
            "sendMessage", chat_id=stage.group, text="  <b>Hi</b> 😀 /help @olga_oh https://e.org \n", parse_mode="HTML"
        )
        assert said["text"] == "Hi 😀 /help @olga_oh https://e.org"
        assert said["entities"] == [
            {"type": "bold", "offset": 0, "length": 2},
            {"type": "bot_command", "offset": 6, "length": 5},
            {"type": "mention", "offset": 12, "length": 8},
            {"type": "url", "offset": 21, "length": 13},
        ]
        assert await stage.bot.updates() == []


async def test_mentions_a_known_person() -> None:
    """A link to a person by id is a text mention with that person; to nobody it is plain text."""
    async with staged() as stage:
        text = f'<a href="tg://user?id={stage.member}">Min</a> <a href="tg://user?id=77">x</a>'
        said = await stage.bot("sendMessage", chat_id=stage.group, text=text, parse_mode="HTML")
        assert [entity["user"]["first_name"] for entity in said["entities"]] == ["Min"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"text": ""}, "Bad Request: message text is empty"),
        ({"text": " \n "}, "Bad Request: message text is empty"),
        ({"text": "x" * 4097}, "Bad Request: message is too long"),
        ({"text": "<b>x", "parse_mode": "HTML"}, "can't parse entities: Can't find end tag corresponding to start tag"),
        (
            {"text": "<x>y</x>", "parse_mode": "HTML"},
            'can\'t parse entities: Unsupported start tag "x" at byte offset 0',
        ),
        (
            {"text": "a.b", "parse_mode": "MarkdownV2"},
            "can't parse entities: Character '.' is reserved and must be escaped",
        ),
        ({"text": "x", "parse_mode": "Rich"}, "Bad Request: unsupported parse_mode"),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, "Bad Request: message to be replied not found"),
        ({"text": "x", "chat_id": -5}, "Bad Request: chat not found"),
        ({"text": "x", "chat_id": ""}, "Bad Request: chat_id is empty"),
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "T"}]]}}, "Text buttons are unallowed"),
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"callback_data": "d"}]]}}, 'Can\'t find field "text"'),
        ({"text": "x", "reply_markup": {"inline_keyboard": ["row"]}}, "must be an Array of Arrays"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
    ],
)
async def test_refuses_a_bad_message(args: dict[str, Any], words: str) -> None:
    """What Telegram would not send is refused, in its words."""
    async with staged() as stage:
        with pytest.raises(RefusedError) as refused:
            await stage.bot.wrong("sendMessage", **{"chat_id": stage.group, **args})
        assert refused.value.code == 400
        assert words in str(refused.value)


@pytest.mark.parametrize(("data", "fits"), [("x" * 64, True), ("x" * 65, False), ("해" * 21, True), ("해" * 22, False)])
async def test_measures_callback_data_in_bytes(data: str, *, fits: bool) -> None:
    """A button's data has at most 64 bytes, not characters."""
    async with staged() as stage:
        markup = {"inline_keyboard": [[{"text": "b", "callback_data": data}]]}
        if fits:
            said = await stage.bot("sendMessage", chat_id=stage.group, text="x", reply_markup=markup)
            assert said["reply_markup"] == markup
            return
        with pytest.raises(RefusedError, match="Bad Request: BUTTON_DATA_INVALID"):
            await stage.bot.wrong("sendMessage", chat_id=stage.group, text="x", reply_markup=markup)


async def test_replies() -> None:
    """A reply carries the replied message one level deep; a lost one is refused unless the call allows it."""
    async with staged() as stage:
        first = await stage.say("first")
        second = await stage.say("second", reply_to=first["message_id"])
        said = await stage.bot(
            "sendMessage", chat_id=stage.group, text="third", reply_parameters={"message_id": second["message_id"]}
        )
        assert said["reply_to_message"]["text"] == "second"
        assert "reply_to_message" not in said["reply_to_message"]
        lone = {"message_id": 999, "allow_sending_without_reply": True}
        alone = await stage.bot("sendMessage", chat_id=stage.group, text="x", reply_parameters=lone)
        assert "reply_to_message" not in alone


async def test_edits_its_own() -> None:
    """The bot edits its own text and buttons; edited without buttons they go; nothing new is refused."""
    async with staged() as stage:
        said = await stage.bot("sendMessage", chat_id=stage.group, text="one", reply_markup=BUTTON)
        target = {"chat_id": stage.group, "message_id": said["message_id"]}
        edited = await stage.bot("editMessageText", text="two", reply_markup=BUTTON, **target)
        assert (edited["text"], edited["reply_markup"]) == ("two", BUTTON)
        with pytest.raises(RefusedError, match="Bad Request: message is not modified: specified new message content"):
            await stage.bot("editMessageText", text="two", reply_markup=BUTTON, **target)
        assert "reply_markup" not in await stage.bot("editMessageReplyMarkup", **target)
        with pytest.raises(RefusedError, match="there is no caption in the message to edit"):
            await stage.bot("editMessageCaption", caption="c", **target)
        assert await stage.bot.updates() == []


async def test_edits_media() -> None:
    """A caption and a photo can be changed; a photo message has no text to edit."""
    async with staged() as stage:
        said = await stage.bot.form("sendPhoto", {"photo": picture()}, chat_id=stage.group, caption="one")
        target = {"chat_id": stage.group, "message_id": said["message_id"]}
        assert (await stage.bot("editMessageCaption", caption="two", **target))["caption"] == "two"
        assert "caption" not in await stage.bot("editMessageCaption", **target)
        media = {"type": "photo", "media": "attach://new", "caption": "three"}
        edited = await stage.bot.form("editMessageMedia", {"new": picture(2)}, media=media, **target)
        assert edited["caption"] == "three"
        assert edited["photo"][-1]["file_unique_id"] != said["photo"][-1]["file_unique_id"]
        with pytest.raises(RefusedError, match="there is no text in the message to edit"):
            await stage.bot("editMessageText", text="x", **target)


async def test_does_not_edit_others() -> None:
    """Other people's messages cannot be edited, missing ones are not found."""
    async with staged() as stage:
        theirs = await stage.say()
        with pytest.raises(RefusedError, match="Bad Request: message can't be edited"):
            await stage.bot("editMessageText", chat_id=stage.group, message_id=theirs["message_id"], text="x")
        with pytest.raises(RefusedError, match="Bad Request: message to edit not found"):
            await stage.bot("editMessageText", chat_id=stage.group, message_id=999, text="x")
        with pytest.raises(RefusedError, match="Bad Request: message identifier is not specified"):
            await stage.bot("editMessageText", text="x")


async def test_deletes() -> None:
    """A deleted message is gone, a second time it is not found, and nobody tells the bot."""
    async with staged() as stage:
        said = await stage.say()
        await stage.bot.updates()
        assert await stage.bot("deleteMessage", chat_id=stage.group, message_id=said["message_id"]) is True
        await stage.people.wait_deleted(stage.group, said["message_id"])
        with pytest.raises(RefusedError, match="Bad Request: message to delete not found"):
            await stage.bot("deleteMessage", chat_id=stage.group, message_id=said["message_id"])
        assert await stage.bot.updates() == []


async def test_deletes_many() -> None:
    """The method deleteMessages takes 1 to 100 and skips those that are missing."""
    async with staged() as stage:
        numbers = [(await stage.say(text))["message_id"] for text in "abc"]
        assert await stage.bot("deleteMessages", chat_id=stage.group, message_ids=[*numbers[:2], 9999])
        assert await stage.people.message(stage.group, numbers[1]) is None
        assert await stage.people.message(stage.group, numbers[2])
        for ids, words in (([], "are not specified"), (list(range(1, 102)), "too many message identifiers specified")):
            with pytest.raises(RefusedError, match=words):
                await stage.bot("deleteMessages", chat_id=stage.group, message_ids=ids)


async def test_deletes_within_48_hours_only() -> None:
    """After 48 hours not even an admin bot can delete, alone or among others."""
    async with staged() as stage:
        old = await stage.say("old")
        await stage.people.clock(advance=2 * 86400 - 100)
        new = await stage.say("new")
        await stage.people.clock(advance=100)
        with pytest.raises(RefusedError, match="Bad Request: message can't be deleted"):
            await stage.bot("deleteMessage", chat_id=stage.group, message_id=old["message_id"])
        with pytest.raises(RefusedError, match="Bad Request: message can't be deleted"):
            await stage.bot("deleteMessages", chat_id=stage.group, message_ids=[old["message_id"], new["message_id"]])
        assert await stage.people.message(stage.group, new["message_id"])
        assert await stage.bot("deleteMessage", chat_id=stage.group, message_id=new["message_id"])


async def test_deletes_others_only_with_the_right() -> None:
    """Without can_delete_messages the bot deletes its own messages and nobody else's."""
    async with staged() as stage:
        await stage.people.set_bot_rights(stage.group, ["can_restrict_members"])
        theirs = await stage.say()
        own = await stage.bot("sendMessage", chat_id=stage.group, text="mine")
        with pytest.raises(RefusedError, match="message can't be deleted"):
            await stage.bot("deleteMessage", chat_id=stage.group, message_id=theirs["message_id"])
        assert await stage.bot("deleteMessage", chat_id=stage.group, message_id=own["message_id"])


async def test_never_deletes_the_beginning() -> None:
    """The service message that created the group cannot be deleted."""
    async with staged() as stage:
        with pytest.raises(RefusedError, match="message can't be deleted"):
            await stage.bot("deleteMessage", chat_id=stage.group, message_id=1)


async def test_forwards_and_copies() -> None:
    """A forward tells its origin and keeps the file's ids; a copy tells nothing; protected content does neither."""
    async with staged() as stage:
        posted = await stage.people.post_one(stage.member, stage.group, "look", [photo()])
        source = {"chat_id": stage.group, "from_chat_id": stage.group, "message_id": posted["message_id"]}
        forward = await stage.bot("forwardMessage", **source)
        assert forward["forward_origin"]["sender_user"]["id"] == stage.member
        assert forward["photo"] == posted["photo"]
        copied = await stage.bot("copyMessage", caption="mine", **source)
        message = await stage.people.message(stage.group, copied["message_id"])
        assert message
        assert (message["caption"], message["photo"]) == ("mine", posted["photo"])
        assert "forward_origin" not in message
        ids = await stage.bot(
            "forwardMessages", chat_id=stage.group, from_chat_id=stage.group, message_ids=[posted["message_id"], 9999]
        )
        assert len(ids) == 1
        secret = await stage.bot("sendMessage", chat_id=stage.group, text="secret", protect_content=True)
        with pytest.raises(RefusedError, match="message can't be forwarded"):
            await stage.bot("forwardMessage", **{**source, "message_id": secret["message_id"]})
        with pytest.raises(RefusedError, match="message to copy not found"):
            await stage.bot("copyMessage", **{**source, "message_id": 9999})


async def test_writes_in_private_only_after_start() -> None:
    """Before somebody has started the bot, and after they have blocked it, it cannot write to them."""
    async with staged() as stage:
        with pytest.raises(RefusedError, match="Forbidden: bot can't initiate conversation with a user") as refused:
            await stage.bot("sendMessage", chat_id=stage.member, text="hi")
        assert refused.value.code == 403
        started = await stage.people.start_bot(stage.member, "payload")
        assert started["text"] == "/start payload"
        assert (await stage.bot("sendMessage", chat_id=stage.member, text="hi"))["chat"]["type"] == "private"
        await stage.people.block_bot(stage.member)
        with pytest.raises(RefusedError, match="Forbidden: bot was blocked by the user"):
            await stage.bot("sendMessage", chat_id=stage.member, text="hi")
        kinds = [list(update)[1] for update in await stage.bot.updates()]
        assert kinds == ["message", "my_chat_member"]
        with pytest.raises(RefusedError, match="Bad Request: chat not found"):
            await stage.bot("sendMessage", chat_id=123456789, text="hi")


async def test_pins() -> None:
    """A pin shows in getChat and as a service message, and can be taken back."""
    async with staged() as stage:
        said = await stage.say("rules")
        target = {"chat_id": stage.group, "message_id": said["message_id"]}
        await stage.bot("pinChatMessage", **target)
        assert (await stage.bot("getChat", chat_id=stage.group))["pinned_message"]["text"] == "rules"
        await stage.bot("unpinChatMessage", **target)
        assert "pinned_message" not in await stage.bot("getChat", chat_id=stage.group)
        with pytest.raises(RefusedError, match="Bad Request: message to unpin not found"):
            await stage.bot("unpinChatMessage", chat_id=stage.group)
        await stage.people.set_bot_rights(stage.group, ["can_delete_messages"])
        with pytest.raises(RefusedError, match="not enough rights to manage pinned messages in the chat"):
            await stage.bot("pinChatMessage", **target)


async def test_press_and_answer() -> None:
    """A press reaches the bot, its answer reaches who pressed; a late or unknown query is refused, and a long text."""
    async with staged() as stage:
        said = await stage.bot("sendMessage", chat_id=stage.group, text="?", reply_markup=BUTTON)
        query = stage.world.press_button(stage.member, stage.group, said["message_id"], "yes")
        pressed = (await stage.bot.updates())[0]["callback_query"]
        assert (pressed["data"], pressed["from"]["id"], pressed["id"]) == ("yes", stage.member, query.id)
        assert pressed["message"]["text"] == "?"
        with pytest.raises(RefusedError, match="MESSAGE_TOO_LONG"):
            await stage.bot.wrong("answerCallbackQuery", callback_query_id=query.id, text="x" * 201)
        await stage.bot("answerCallbackQuery", callback_query_id=query.id, text="noted", show_alert=True)
        assert query.answer == {"text": "noted", "show_alert": True}
        late = stage.world.press_button(stage.member, stage.group, said["message_id"], "yes")
        await stage.people.clock(advance=61)
        for number in (late.id, "1"):
            with pytest.raises(
                RefusedError, match="Bad Request: query is too old and response timeout expired or query ID"
            ):
                await stage.bot("answerCallbackQuery", callback_query_id=number)
