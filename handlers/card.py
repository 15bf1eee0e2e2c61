"""The buttons under a case's card. Who may press them is in the table of rights, what they do in the machine."""

from __future__ import annotations

from dataclasses import dataclass

from bot import cards, claims, reports, review
from bot.cards import Card
from bot.i18n import say
from bot.model import Sender, SenderKind
from bot.moderation import By, Scene
from bot.policy import Standing
from bot.review import LISTING, PUNISHING, Fate, Ruling
from bot.store import cases as records
from bot.store import chats
from bot.store.cases import Button, Case
from handlers import guard, target
from handlers.callback import INVALID, Pressed, Toast
from handlers.commands import away, denied
from handlers.context import Context, Services
from handlers.rights import CARD_BUTTONS

UNASKED = frozenset({*claims.ACTIONS, "dismiss", "misuse", "allow"})
"""Actions that touch nobody, for which Telegram need not be asked who the poster is."""

TOLD = frozenset({*PUNISHING, "allow"})
"""Actions of which the group hears, in the topic of the post."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a token stands for."""

    button: Button
    case: Case
    chat_type: str
    language: str


async def press(context: Context, pressed: Pressed) -> Toast:
    """``c:<token>:<action>``: decide the token's case, by the rights of whoever presses in the token's chat."""
    found = await _find(context.services, pressed)
    right = CARD_BUTTONS.get(pressed.parts[1]) if len(pressed.parts) > 1 else None
    if found is None or right is None:
        return INVALID
    if await guard.is_away(context.services, found.button.chat_id):
        return Toast(away(pressed.language), alert=True)
    chat_member = await guard.member(context.services, found.button.chat_id, pressed.user_id)
    if (missing := guard.lacking(chat_member, right)) is not None:
        return denied(pressed, missing)
    is_hidden = bool(chat_member.get("is_anonymous"))
    by_name = say(found.language, "an anonymous admin") if is_hidden else pressed.name
    ruling = await _ruling(context, pressed, found, (pressed.user_id, by_name))
    ruled = await context.turn.commit(lambda connection: review.rule(connection, ruling))
    is_alert = ruled.fate in (Fate.HINDERED, Fate.NO_MEDIA)
    return Toast(review.words(pressed.language, ruled), alert=is_alert)


async def _find(services: Services, pressed: Pressed) -> _Found | None:
    """Return what a press is about, None for an unknown token or one pressed where its card cannot be."""
    if len(pressed.parts) != 2 and not _is_take(pressed):  # noqa: PLR2004 - token and action
        return None
    async with services.database.read() as connection:
        button = await records.button(connection, pressed.parts[0])
        case = await records.get(connection, button.case_id) if button and button.case_id is not None else None
        if button is None or case is None or button.kind != "case":
            return None
        if pressed.parts[1] == reports.MISUSE and case.kind != cards.REPORT:
            return None  # nobody draws this button there
        settings = await chats.settings(connection, button.chat_id)
        chat = await chats.chat(connection, button.chat_id)
    if not _is_its_card(pressed, cards.card_of(button), {button.chat_id, settings.log_chat_id, settings.owner_id}):
        return None
    is_here = pressed.chat_id == button.chat_id
    chat_type = chat.type if chat else pressed.chat_type if is_here else "supergroup"
    return _Found(button, case, chat_type, settings.language)


def _is_take(pressed: Pressed) -> bool:
    """Whether a press takes a case over from whoever the button named, by the number of their claim."""
    return len(pressed.parts) == 3 and pressed.parts[1] == claims.TAKE and pressed.parts[2].isdecimal()  # noqa: PLR2004


def _is_its_card(pressed: Pressed, card: Card, places: set[int | None]) -> bool:
    """Whether the pressed message is the card that a token went out in.

    A card whose decision was pressed shows no buttons any more, and an old screen still does: that is answered. Until
    Telegram's answer to the sending is on record, the message has to show the button, in one of its chat's `places`.
    """
    if card.ref is not None:
        return pressed.card == card.ref
    return pressed.is_drawn and pressed.chat_id in places


async def _ruling(context: Context, pressed: Pressed, found: _Found, by: By) -> Ruling:
    services, case, action = context.services, found.case, pressed.parts[1]
    sender = Sender(SenderKind(case.sender_kind), case.sender_id, case.sender_name)
    scene, thread_id = Scene(found.chat_type, Standing.MEMBER), None
    if action not in UNASKED:
        scene = await target.scene(services, case.chat_id, found.chat_type, sender)
    if action in TOLD:
        thread_id = await target.topic(services, case.message, found.chat_type)
    return Ruling(
        button=found.button,
        case=case,
        action=action,
        by=by,
        scene=scene,
        card=pressed.card,
        mark=str(context.turn.row.update_id),
        number=int(pressed.parts[2]) if _is_take(pressed) else None,
        seconds=60.0 * services.settings.limits.claim_minutes,
        files=await target.files(services, case.message) if action in LISTING and case.message else (),
        thread_id=thread_id,
    )
