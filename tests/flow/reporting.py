"""What the tests of reports and of their cards share: reporting a message, and the card that tells of it."""

from __future__ import annotations

import itertools
from typing import Any

from tests.flow.places import ADMIN_RIGHTS, Json, Place

_numbers = itertools.count(1)


def address(chat: int, message: int, path: str = "") -> str:
    """A message's link as members copy it; of a basic group's messages there are none."""
    return f"https://t.me/c/{str(chat)[4:]}/{path}{message}"


async def file_report(place: Place, message: int, reason: str = "", *, as_: int | None = None) -> int:
    """Somebody reports a message with /report; the number of the command's message.

    In a channel, where members write nothing, they give the message's link in private.
    """
    user = as_ or place.other
    if place.is_channel:
        link = address(place.chat, message)
        return int((await place.client.post_one(user, user, f"/report {link} {reason}".strip()))["message_id"])
    return await place.say(f"/report {reason}".strip(), as_=user, reply_to=message)


async def card_of(place: Place, text: str = "Reported by") -> Json:
    """The card in the log chat."""
    return await place.said(text, chat=place.log)


async def card_now(place: Place, card: Json) -> Json:
    """The card as it is after everything the bot has to do."""
    await place.settle()
    found = await place.client.message(card["chat"]["id"], card["message_id"])
    assert found is not None
    return found


async def name_of(place: Place, user: int) -> str:
    """Somebody's first name."""
    people = (await place.view())["users"]
    return str(next(one["first_name"] for one in people if one["id"] == user))


async def stranger(place: Place) -> int:
    """Somebody who reads the log chat and has no rights where the case is."""
    assert place.log is not None
    await place.client.add_member(place.log, place.other, rights=ADMIN_RIGHTS)
    return place.other


def data_of(message: Json, words: str) -> str:
    """What the button with these words under a message sends."""
    rows = message["reply_markup"]["inline_keyboard"]
    return next(str(button["callback_data"]) for row in rows for button in row if words in button["text"])


async def forge(place: Place, message: Json | None, **fields: Any) -> str:
    """Somebody's own program, or one that shows an old card, presses as the admin; what the bot answers."""
    number = f"forged-{next(_numbers)}"
    person = {"id": place.admin, "is_bot": False, "first_name": "Forger"}
    query = {"id": number, "from": person, "chat_instance": "1", **({"message": message} if message else {}), **fields}
    await place.client.push_update({"callback_query": query})
    call = await place.client.wait_call("answerCallbackQuery", callback_query_id=number)
    return str(call["args"]["text"])
