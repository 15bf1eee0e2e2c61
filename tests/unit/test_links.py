"""Links to messages, in every form that Telegram copies them in, and what is none."""

from __future__ import annotations

import pytest

from bot.links import Link, parse


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://t.me/c/1234567890/55", Link(-1001234567890, 55)),
        ("https://t.me/c/1234567890/7/55", Link(-1001234567890, 55)),
        ("https://t.me/c/1234567890/55?thread=7", Link(-1001234567890, 55)),
        ("https://t.me/c/1234567890/55?single", Link(-1001234567890, 55)),
        ("https://t.me/c/1234567890/55?single&comment=9", Link(-1001234567890, 55, 9)),
        ("https://t.me/Some_Chat/55", Link("some_chat", 55)),
        ("t.me/some_chat/7/55/", Link("some_chat", 55)),
        ("http://www.telegram.me/some_chat/55?comment=9", Link("some_chat", 55, 9)),
        ("https://t.me/s/some_chat/55", Link("some_chat", 55)),
        ("  https://telegram.dog/some_chat/55#x ", Link("some_chat", 55)),
    ],
)
def test_a_link_names_chat_and_message(text: str, link: Link) -> None:
    """Private and public chats, topics, single pictures of an album, and comments below a channel's post."""
    assert parse(text) == link


@pytest.mark.parametrize(
    "text",
    [
        "",
        "55",
        "https://t.me/some_chat",
        "https://t.me/+AbCdEf",
        "https://t.me/c/1234567890",
        "https://t.me/some_chat/0",
        "https://t.me/some_chat/99999999999",
        "https://t.me/some_chat/4000000000",
        "https://example.com/some_chat/55",
        "https://t.me.example.com/some_chat/55",
        "https://t.me/c/٤/55",
        "look at https://t.me/some_chat/55",
        "https://t.me/some_chat/55 please",
    ],
)
def test_what_is_no_link_is_none(text: str) -> None:
    """Invitations, other hosts, numbers out of range and words around it are no link to a message."""
    assert parse(text) is None


def test_a_comment_that_is_no_number_is_none() -> None:
    """A comment's number that is none, or too long, is left aside."""
    assert parse("https://t.me/some_chat/55?comment=x") == Link("some_chat", 55)
    assert parse("https://t.me/some_chat/55?comment=99999999999") == Link("some_chat", 55)
