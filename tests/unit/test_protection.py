"""The bot's rights: read from what Telegram says, compared with what a kind of chat needs, and said in words."""

from __future__ import annotations

import pytest

from bot import greetings
from bot.protection import DELETE, RESTRICT, Presence, fix, lacks, missing_lines, presence_of


@pytest.mark.parametrize(
    ("raw", "is_here", "rights"),
    [
        ({}, False, set()),
        ({"status": "kicked", "until_date": 0}, False, set()),
        ({"status": "member"}, True, set()),
        ({"status": "restricted", "is_member": False, "can_send_messages": True}, False, set()),
        ({"status": "restricted", "is_member": True, "can_invite_users": True}, True, set()),
        ({"status": "administrator", DELETE: True, RESTRICT: False, "is_anonymous": True}, True, {DELETE}),
    ],
)
def test_a_chat_member_is_read(raw: dict[str, object], is_here: bool, rights: set[str]) -> None:
    """Only an administrator holds rights; what a restricted member may send is none."""
    presence = presence_of(raw)
    assert presence.is_here == is_here
    assert presence.rights == frozenset(rights)


@pytest.mark.parametrize(
    ("chat_type", "rights", "missing"),
    [
        ("supergroup", set(), (DELETE, RESTRICT)),
        ("group", {DELETE}, (RESTRICT,)),
        ("channel", {DELETE}, ()),
        ("channel", set(), (DELETE,)),
        ("private", set(), ()),
    ],
)
def test_each_kind_of_chat_needs_its_rights(chat_type: str, rights: set[str], missing: tuple[str, ...]) -> None:
    """Groups need removing and restricting, channels removing alone."""
    assert lacks(chat_type, Presence("administrator", frozenset(rights))) == missing


def test_what_is_missing_is_said_with_its_cure() -> None:
    """A plain member is told to be made an administrator, an administrator to be given the right."""
    assert "Delete messages" in missing_lines("en", (DELETE,))
    assert "Add admin" in fix("en", Presence("member"))
    assert "Add admin" not in fix("en", Presence("administrator"))


def test_a_chats_title_cannot_bring_in_markup() -> None:
    """A title with tags is shown as text, in every sentence that holds one."""
    title, presence = "<a href='x'>T</a>", Presence("left")
    for text in (
        greetings.arrival("en", title, presence, (DELETE,)),
        greetings.alarm("en", title, presence, (DELETE,), 0.0),
        greetings.complete("en", title),
        greetings.log_chat_lost("en", title, title),
    ):
        assert "<a" not in text
        assert "&lt;a" in text
