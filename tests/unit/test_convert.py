"""Raw messages to the model: who really posted."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model import SenderKind
from handlers.convert import post_of, sender_of, thread_of

BOT = 4242
GROUP = {"id": -1001, "type": "supergroup", "title": "Group"}
CHANNEL = {"id": -1002, "type": "channel", "title": "News"}


@pytest.mark.parametrize(
    ("message", "kind", "number"),
    [
        ({"chat": GROUP, "from": {"id": 7, "first_name": "Léa"}}, SenderKind.USER, 7),
        ({"chat": GROUP, "from": {"id": BOT, "first_name": "Haechi"}}, SenderKind.SELF, BOT),
        ({"chat": GROUP, "from": {"id": 1087968824}, "sender_chat": GROUP}, SenderKind.ANONYMOUS_ADMIN, -1001),
        ({"chat": GROUP, "from": {"id": 136817688}, "sender_chat": CHANNEL}, SenderKind.CHANNEL, -1002),
        (
            {"chat": GROUP, "from": {"id": 777000}, "sender_chat": CHANNEL, "is_automatic_forward": True},
            SenderKind.LINKED_CHANNEL,
            -1002,
        ),
        ({"chat": CHANNEL, "sender_chat": CHANNEL}, SenderKind.CHAT, -1002),
        ({"chat": CHANNEL}, SenderKind.CHAT, -1002),
        ({"chat": GROUP, "from": "nonsense", "sender_chat": 5}, SenderKind.USER, 0),
    ],
)
def test_who_really_posted(message: dict[str, Any], kind: SenderKind, number: int) -> None:
    """Service identities are seen through to whoever stands behind them."""
    sender = sender_of(message, BOT)
    assert (sender.kind, sender.id) == (kind, number)


def test_a_message_without_media_is_no_media_post() -> None:
    """Text alone is never scanned."""
    assert post_of("message", {"chat": GROUP, "message_id": 1, "text": "hello", "date": 1}, BOT) is None


def test_an_album_is_one_incident() -> None:
    """All messages of an album share an incident; other messages have one each."""
    photo = {"photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]}
    base = {"chat": GROUP, "from": {"id": 7}, "date": 1_700_000_000, **photo}
    first = post_of("message", {**base, "message_id": 1, "media_group_id": "99"}, BOT)
    second = post_of("message", {**base, "message_id": 2, "media_group_id": "99"}, BOT)
    third = post_of("edited_message", {**base, "message_id": 3}, BOT)
    assert first is not None
    assert second is not None
    assert third is not None
    assert first.incident == second.incident != third.incident
    assert third.is_edit


@pytest.mark.parametrize("date", [None, "yesterday", -5, 10**20])
def test_a_nonsense_date_does_no_harm(date: Any) -> None:
    """A post with a date that cannot be is scanned all the same."""
    photo = {"photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]}
    assert post_of("message", {"chat": GROUP, "message_id": 1, "date": date, **photo}, BOT) is not None


def test_only_real_topics_are_named() -> None:
    """A thread id of an ordinary reply is no topic: naming it would make Telegram refuse the answer."""
    assert thread_of({"message_thread_id": 5}) is None
    assert thread_of({"message_thread_id": 5, "is_topic_message": True}) == 5
