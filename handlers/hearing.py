"""What admins do with appeals: the buttons of a card, and /appeals. What follows is decided in the machine."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import appeals, appealtexts
from bot.appeals import ACTIONS, End, Ruled, Ruling
from bot.i18n import say
from bot.store import appeals as records
from bot.store import chats
from bot.store.appeals import Appeal
from handlers import guard, replies
from handlers.appeal import bench_of
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import Asker, denied, language_of
from handlers.context import Context, Services
from handlers.undoing import Found, find, undoing_of

MOST_LISTED = 50
"""Appeals that /appeals names: what fits into one message."""


async def press(context: Context, pressed: Pressed) -> Toast:
    """``p:<token>:<action>``: decide the token's appeal, by the rights that it takes to take its case back.

    A card that was decided shows no buttons any more, and an old screen still does: that is answered.
    """
    if len(pressed.parts) != 2 or pressed.parts[1] not in ACTIONS:  # noqa: PLR2004 - token and action
        return INVALID
    async with context.services.database.read() as connection:
        appeal = await records.by_token(connection, pressed.parts[0])
    found = await find(context.services, appeal.case_id, keeps=False) if appeal else None
    if appeal is None or found is None or not (pressed.is_drawn or pressed.card == appeal.card):
        return INVALID
    chat_member = await guard.member(context.services, found.case.chat_id, pressed.user_id)
    if (missing := guard.lacking(chat_member, found.right)) is not None:
        return denied(pressed, missing)
    if (refused := await _partial(context.services, pressed, appeal, found)) is not None:
        return refused
    by = (pressed.user_id, pressed.name)
    undoing = await undoing_of(context, found, by, chat_member, keeps=False, here=False)
    ruling = Ruling(appeal.token, pressed.parts[1], replace(undoing, is_heard=True))

    async def write(connection: AsyncConnection) -> Ruled | None:
        if appeal.card is None:  # Telegram's answer to the sending is not on record yet
            await records.place(connection, appeal.case_id, pressed.card)
        return await appeals.decide(connection, ruling)

    ruled = await context.turn.commit(write)
    if ruled is None:
        return INVALID
    return Toast(appeals.words(pressed.language, ruled), alert=ruled.end is not End.DONE)


async def _partial(services: Services, pressed: Pressed, appeal: Appeal, found: Found) -> Toast | None:
    """Refuse who is a party to an appeal: its author, and who acted while somebody else could decide."""
    if pressed.user_id == appeal.appellant_id:
        return Toast(say(pressed.language, "This is your own appeal: another admin decides it."), alert=True)
    async with services.database.read() as connection:
        acts = await records.acts(connection, appeal.case_id)
    if pressed.user_id not in acts.by_ids or not appeal.is_open:
        return None
    chosen = await bench_of(services, found.case, found.right, appeal.appellant_id)
    if pressed.user_id in chosen.judges:
        return None
    return Toast(say(pressed.language, "You acted in this case yourself: another admin decides."), alert=True)


async def waiting(context: Context, asker: Asker) -> None:
    """``/appeals``: those of this chat and of the chats it logs that wait for an admin."""

    async def write(connection: AsyncConnection) -> None:
        places = {asker.chat_id, *await chats.logged_by(connection, asker.chat_id)}
        found = await records.waiting(connection, places, MOST_LISTED)
        text = appealtexts.overview(await language_of(connection, asker), found)
        await replies.answer(connection, context.turn, text)

    await context.turn.commit(write)
