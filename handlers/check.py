"""The conversation about a chat's health: /check, its buttons, the canary picture. The card's words are elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import InputFile

from bot import calls, guardians, unreachable
from bot.canary import Finding
from bot.curation import CANARY
from bot.i18n import name, plain, say
from bot.model import ChatSettings
from bot.outcome import Call, Done, Outcome
from bot.protection import POST, presence_of
from bot.store import caps, chats, outbox
from handlers import guard, healthcard, remedies, replies
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, denied
from handlers.context import Context, Services
from handlers.convert import thread_of, title_of
from handlers.healthcard import Checkup
from handlers.rights import CHECK_BUTTONS


async def check(context: Context, asker: Asker) -> None:
    """Answer /check with the health card."""
    found = await examine(context.services, asker.chat_id)

    async def write(connection: AsyncConnection) -> None:
        rows = healthcard.buttons(found.language, has_log=found.log_ok is not None)
        await replies.answer(connection, context.turn, healthcard.card(found), buttons=rows, name="health")

    await context.turn.commit(write)


async def press(context: Context, pressed: Pressed) -> Toast:
    """Do what a button of the card ``h:<action>`` stands for, if the presser may."""
    action = pressed.parts[0]
    right = CHECK_BUTTONS.get(action)
    if right is None:
        return INVALID
    if not await guard.may(context.services, pressed.chat_id, pressed.user_id, right):
        return denied(pressed, right, alert=False)
    found = await examine(context.services, pressed.chat_id)
    if action == "again":
        again = _rewriting(context, pressed, found)
        context.turn.add(lambda connection: outbox.put(connection, [again]))
        return Toast(say(pressed.language, "Checked again."))
    if action == "log":
        return await _test_log(context, pressed, found)
    if context.services.canaries.is_running(pressed.chat_id):
        return Toast(say(pressed.language, "A test is under way already."))
    context.turn.afterwards(_starting(context, pressed, found))
    return Toast(say(pressed.language, "I post the canary picture now. It should vanish at once."))


async def examine(services: Services, chat_id: int) -> Checkup:
    """Ask Telegram and the machine how a chat is doing. Raises `Unreachable`."""
    async with services.database.read() as connection:
        settings = await chats.settings(connection, chat_id)
        tally = await caps.tally(connection, chat_id)
        owner = await chats.person(connection, settings.owner_id) if settings.owner_id else None
    chat = await services.gateway.ask("getChat", {"chat_id": chat_id}) or {}
    me = await services.gateway.ask("getMe", {}) or {}
    log_title, log_type, log_ok = await _log_chat(services, settings)
    return Checkup(
        chat_id=chat_id,
        chat_type=str(chat.get("type", "supergroup")),
        title=title_of(chat) or settings.title,
        language=settings.language,
        presence=presence_of(await guard.member(services, chat_id, services.gateway.id)),
        sees_all=me.get("can_read_all_group_messages") is True,
        log_title=log_title,
        log_ok=log_ok,
        state=await services.health.state(),
        unscannable=settings.unscannable,
        tally=tally,
        log_type=log_type,
        owner_ok=None if settings.owner_id is None else bool(owner and owner.reachable),
    )


async def _log_chat(services: Services, settings: ChatSettings) -> tuple[str, str, bool | None]:
    """Return the log chat's title, its kind and whether the bot may write there, None when there is no log chat."""
    if settings.log_chat_id is None:
        return "", "", None
    chat = await services.gateway.ask("getChat", {"chat_id": settings.log_chat_id}) or {}
    presence = presence_of(await guard.member(services, settings.log_chat_id, services.gateway.id))
    title, kind = title_of(chat) or str(settings.log_chat_id), str(chat.get("type", "supergroup"))
    if kind == "channel":
        return title, kind, POST in presence.rights
    return title, kind, presence.is_here


async def _test_log(context: Context, pressed: Pressed, found: Checkup) -> Toast:
    """Post to the log chat what cards are, once the press is done, and say on the card what came of it."""
    services, turn = context.services, context.turn
    async with services.database.read() as connection:
        settings = await chats.settings(connection, pressed.chat_id)
    log_id = settings.log_chat_id
    if log_id is None:
        return Toast(say(pressed.language, "There is no log chat."))
    thread_id = guardians.topic(settings, log_id)

    async def test() -> None:
        text = remedies.test_post(found.language, name(found.title))
        args = {"chat_id": log_id, "text": text, "parse_mode": "HTML", "message_thread_id": thread_id}
        outcome = await services.gateway.call("sendMessage", args)

        async def write(connection: AsyncConnection) -> None:
            if isinstance(outcome, Done):
                await unreachable.reached(connection, log_id, thread_id)
            await outbox.put(connection, [_rewriting(context, pressed, found, posted=outcome)])

        await services.database.write(write)
        turn.committed()

    turn.afterwards(test)
    return Toast(say(pressed.language, "I post to the log chat now."))


def _starting(context: Context, pressed: Pressed, found: Checkup) -> Callable[[], Awaitable[None]]:
    """Return what starts the test once the press is done: the picture's own update would wait behind it else."""
    turn = context.turn

    async def post() -> Outcome:
        caption = plain(say(found.language, "Haechi's canary picture: harmless, and about to vanish."))
        photo = InputFile(CANARY.read_bytes(), filename="canary.png")
        topic = thread_of(replies.message_of(turn))
        args = {"chat_id": pressed.chat_id, "photo": photo, "caption": caption, "message_thread_id": topic}
        return await context.services.gateway.call("sendPhoto", args)

    async def tell(finding: Finding) -> None:
        call = _rewriting(context, pressed, found, finding)
        await context.services.database.write(lambda connection: outbox.put(connection, [call]))
        turn.committed()

    async def start() -> None:
        context.services.canaries.begin(pressed.chat_id, post, tell)

    return start


def _rewriting(
    context: Context,
    pressed: Pressed,
    found: Checkup,
    finding: Finding | None = None,
    posted: Outcome | None = None,
) -> Call:
    key = f"health:{context.turn.row.bot_id}:{context.turn.row.update_id}"
    text, rows = (
        healthcard.card(found, finding, posted),
        healthcard.buttons(found.language, has_log=found.log_ok is not None),
    )
    return calls.rewrite(key, pressed.card, text, buttons=rows)
