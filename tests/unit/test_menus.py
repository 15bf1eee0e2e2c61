"""Command menus: every command is there, described in every language, within Telegram's limits."""

from __future__ import annotations

import pytest

import handlers
from bot.i18n import languages, plain
from handlers.menus import ADMINS, SCOPES, describe
from handlers.rights import COMMANDS


def test_what_is_shown_works_and_what_works_is_shown() -> None:
    """The table of rights, the registered commands and the admins' menu agree."""
    assert set(COMMANDS) == {*handlers.ADMIN_COMMANDS, *handlers.MEMBER_COMMANDS}
    assert set(ADMINS) <= set(COMMANDS)
    assert set().union(*SCOPES.values()) == set(COMMANDS)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_described(language: str, command: str) -> None:
    """A description has 1 to 256 characters (BotCommand), and fits a line of a phone."""
    assert 0 < len(plain(describe(language, command))) <= 64
