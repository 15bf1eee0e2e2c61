"""Raw messages read as commands, and raw presses as buttons: strict, and never broken by what is sent."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.db import Database
from bot.store.inbox import Row
from bot.telegram.turn import Turn
from handlers.callback import pressed_of
from handlers.commands import _is_command, asker_of, reply_of, spoken
from handlers.report import _is_call
from handlers.target import _mentioned

CHAT = {"id": -1001, "type": "supergroup", "title": "The place"}
MIN = {"id": 7, "is_bot": False, "first_name": "Min", "language_code": "ko-KR"}


def message(text: str = "", **fields: Any) -> dict[str, Any]:
    """A raw message of Min's."""
    return {"message_id": 5, "date": 1, "chat": CHAT, "from": MIN, "text": text, **fields}


def turn(field: str = "message", **facts: Any) -> Turn:
    """The turn of an update with a message in `field`."""
    row, untouched = Row(1, 1, -1001, ""), cast("Database", None)
    return Turn(untouched, row, {"update_id": 1, field: message(**facts)}, committed=lambda: None)


@pytest.mark.parametrize("text", ["/ban", "/ban 7d spam", "/ban@haechi_bot", "/BAN x", "/Ban@Haechi_Bot\nspam"])
def test_a_command_is_heard(text: str) -> None:
    """A command is heard with the bot's name or without, in any case, with words or without."""
    assert _is_command(turn(text=text), "haechi_bot", "ban")


@pytest.mark.parametrize("text", ["/ban@other_bot", "/banana", "ban", " /ban", "/ban@", "say /ban", "/ban!", "/"])
def test_what_is_no_command_is_not_heard(text: str) -> None:
    """Other bots' commands, longer words and texts that only mention a command are left alone."""
    assert not _is_command(turn(text=text), "haechi_bot", "ban")


def test_captions_and_channel_posts_carry_commands() -> None:
    """A command in a picture's caption or in a channel's post is heard as well."""
    assert _is_command(turn(text="", caption="/ban spam"), "haechi_bot", "ban")
    assert _is_command(turn("channel_post", text="/ban"), "haechi_bot", "ban")


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("edited_message", {}),
        ("edited_channel_post", {}),
        ("message", {"forward_origin": {"type": "user"}}),
        ("message", {"is_automatic_forward": True}),
        ("message", {"from": {"id": 8, "is_bot": True, "first_name": "Bot"}}),
    ],
)
def test_only_new_words_of_people_are_heard(field: str, facts: dict[str, Any]) -> None:
    """Edits, forwards, the linked channel's copies and other bots command nothing."""
    assert spoken(turn(field, text="/ban", **facts)) is None


def test_an_anonymous_admin_is_heard() -> None:
    """GroupAnonymousBot is a bot in name only."""
    facts: dict[str, Any] = {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}, "sender_chat": CHAT}
    assert spoken(turn(text="/ban", **facts)) is not None


def test_who_asks_for_what() -> None:
    """The asker has the person's number and language, and the words after the command."""
    asker = asker_of(message("/ban  7d \n spam"), 4242)
    assert (asker.user_id, asker.name, asker.words, asker.chat_id) == (7, "Min", ["7d", "spam"], -1001)
    assert asker.language in ("ko", "en")  # as far as there is a Korean catalogue
    assert not asker.is_private


def test_a_topics_opening_is_no_reply() -> None:
    """In a forum every message replies to its topic's opening, which is not what a report means."""
    assert reply_of(message(reply_to_message={"message_id": 2, "forum_topic_created": {}})) is None
    assert reply_of(message(reply_to_message={"message_id": 2})) is not None


@pytest.mark.parametrize("text", ["@admin", "please @admins!", "hey @Admin, look"])
def test_a_call_for_the_admins_is_heard(text: str) -> None:
    """`@admin` anywhere in a reply calls them."""
    assert _is_call(turn(text=text, reply_to_message={"message_id": 2}))


@pytest.mark.parametrize("text", ["admin", "me@admin.example", "@administrator", "@admin_min", "@@admin", "/@admin"])
def test_other_words_call_nobody(text: str) -> None:
    """Addresses, longer names and the plain word do not report anything."""
    assert not _is_call(turn(text=text, reply_to_message={"message_id": 2}))


def test_a_call_without_a_reply_is_talk() -> None:
    """`@admin` in a text that replies to nothing is left alone."""
    assert not _is_call(turn(text="@admin"))


def test_a_mention_is_measured_in_utf16() -> None:
    """The words after a mention by name are found after signs outside of the basic plane."""
    user = {"id": 9, "first_name": "🐤🐤"}
    entity = {"type": "text_mention", "offset": 5, "length": 4, "user": user}
    assert _mentioned(message("/ban 🐤🐤 7d spam", entities=[entity])) == (user, ("7d", "spam"))


def test_a_later_mention_is_part_of_the_reason() -> None:
    """Somebody mentioned after other words is not the one who is meant."""
    entity = {"type": "text_mention", "offset": 12, "length": 3, "user": {"id": 9, "first_name": "Min"}}
    assert _mentioned(message("/ban rude to Min", entities=[entity])) is None


def press(data: Any, **facts: Any) -> dict[str, Any]:
    """A raw press."""
    return {"id": "1", "from": MIN, "message": message(), "data": data, **facts}


def test_a_press_is_taken_apart() -> None:
    """Letter and parts of a button's data, who pressed it, and where."""
    pressed = pressed_of(press("c:Ab-_9:delete"))
    assert pressed is not None
    assert (pressed.parts, pressed.user_id, pressed.chat_id, pressed.message_id) == (("Ab-_9", "delete"), 7, -1001, 5)


@pytest.mark.parametrize(
    "data",
    [None, 7, "", "c", "c:", "C:a:b", "cc:a", "c:a:b:c:d", "c:a b", "c:é", "c:a:", ":a", "c:" + "x" * 41, "c:a\n"],
)
def test_data_of_another_form_is_no_press(data: Any) -> None:
    """Data that the bot's own buttons never have is not looked at further."""
    assert pressed_of(press(data)) is None


def test_a_press_under_no_message_is_none() -> None:
    """A press of an inline message, which the bot never sends, is not taken."""
    assert pressed_of({"id": "1", "from": MIN, "inline_message_id": "x", "data": "c:a:delete"}) is None


@given(st.text(max_size=64))
def test_no_data_breaks_the_parser(data: str) -> None:
    """Whatever is sent as a button's data, it is taken apart or refused."""
    pressed = pressed_of(press(data))
    assert pressed is None or 1 <= len(pressed.parts) <= 3


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    """Whatever is written, it is a command or it is not."""
    asker_of(message(text), 4242)
    assert isinstance(_is_command(turn(text=text), "haechi_bot", "ban"), bool)
