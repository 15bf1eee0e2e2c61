"""A second, independent client agrees with the sandbox: aiogram parses everything it says and moderates with it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter
from aiogram.filters import Command
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    ChatPermissions,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)

from tests.contract.bot_api import check_call
from tests.contract.stage import TOKEN, photo, picture, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Undo", callback_data="undo")]])


def _moderator() -> Dispatcher:
    """A small moderator: answers /start, removes photos and mutes, undoes at a press."""
    dispatcher = Dispatcher()

    @dispatcher.message(Command("start"))
    async def start(message: Message) -> None:
        await message.answer("<b>ready</b>", parse_mode="HTML")

    @dispatcher.message(F.photo)
    async def photo_posted(message: Message, bot: Bot) -> None:
        assert message.photo
        assert message.from_user
        file = await bot.download(message.photo[-1])
        assert file
        assert file.read(2) == b"\xff\xd8"
        await message.delete()
        await message.chat.restrict(message.from_user.id, permissions=ChatPermissions(can_send_messages=False))
        await message.answer("removed", reply_markup=KEYBOARD)

    @dispatcher.callback_query(F.data == "undo")
    async def undone(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_text("undone")
        await query.answer("as you wish")

    return dispatcher


@contextlib.asynccontextmanager
async def _running(url: str) -> AsyncIterator[Bot]:
    """The moderator polling the sandbox."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    bot, dispatcher = Bot(TOKEN, session=session), _moderator()
    polling = asyncio.create_task(
        dispatcher.start_polling(bot, handle_signals=False, polling_timeout=5, close_bot_session=False)
    )
    try:
        yield bot
    finally:
        await dispatcher.stop_polling()
        await polling
        await session.close()


async def test_aiogram_moderates() -> None:
    """A real aiogram dispatcher polls, fetches, deletes, mutes, answers presses; every call of it fits the table."""
    async with staged() as stage, _running(stage.url) as bot:
        await stage.people.start_bot(stage.member)
        ready = await stage.people.wait_message(stage.member, "ready")
        assert ready["entities"][0]["type"] == "bold"
        posted = await stage.people.post_one(stage.member, stage.group, "look", [photo()])
        await stage.people.wait_deleted(stage.group, posted["message_id"])
        removed = await stage.people.wait_message(stage.group, "removed")
        member = await bot.get_chat_member(stage.group, stage.member)
        assert member.status == "restricted"
        answer = await stage.people.press(stage.owner, stage.group, removed["message_id"], "undo")
        assert answer == {"text": "as you wish", "show_alert": False}
        assert (await stage.people.message(stage.group, removed["message_id"]) or {})["text"] == "undone"
        await stage.people.wait_idle()
        calls = await stage.people.calls()
    assert [problem for call in calls for problem in check_call(call)] == []


async def test_aiogram_uploads_and_is_refused() -> None:
    """Uploads, albums and refusals come through aiogram as what they are."""
    async with staged() as stage, _running(stage.url) as bot:
        file = BufferedInputFile(picture(), "a.jpg")
        sent = await bot.send_photo(stage.group, file, caption="*c*", parse_mode="MarkdownV2")
        assert sent.photo
        assert sent.caption_entities
        album = await bot.send_media_group(
            stage.group, [InputMediaPhoto(media=file), InputMediaPhoto(media=sent.photo[0].file_id)]
        )
        assert len({message.media_group_id for message in album}) == 1
        full = await bot.get_chat(stage.group)
        assert full.permissions
        assert len(await bot.get_chat_administrators(stage.group)) == 2
        with pytest.raises(TelegramBadRequest, match="message to delete not found"):
            await bot.delete_message(stage.group, 9999)
        await stage.people.fault("getMe", retry_after=9)
        with pytest.raises(TelegramRetryAfter) as refused:
            await bot.get_me()
        assert refused.value.retry_after == 9
