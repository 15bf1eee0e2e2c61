"""The table of rights: what has no row cannot be registered, and every button that the product makes has one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import handlers
from handlers.callback import Pressed, Toast, pressing
from handlers.commands import Asker, admin_command, member_command
from handlers.context import Context
from handlers.rights import BUTTONS, COMMANDS


def test_what_has_no_row_cannot_be_registered() -> None:
    """A command or a letter of buttons without a row stops the bot before it starts."""

    async def act(_context: Context, _asker: Asker) -> None:
        raise AssertionError

    async def press(_context: Context, _pressed: Pressed) -> Toast:
        raise AssertionError

    for make in (admin_command, member_command):
        with pytest.raises(LookupError, match="no row for /nosuchthing"):
            make("nosuchthing", act)
    with pytest.raises(LookupError, match="asks for a right"):
        member_command("ban", act)
    with pytest.raises(LookupError, match="no row for the buttons z"):
        pressing({"a": press, "z": press})


def test_the_table_and_the_conversations_agree() -> None:
    """Every row has its command or conversation, and every command and conversation its row."""
    assert set(COMMANDS) == {*handlers.ADMIN_COMMANDS, *handlers.MEMBER_COMMANDS}
    assert set(BUTTONS) == set(handlers.BUTTONS)
    assert not set(handlers.ADMIN_COMMANDS) & set(handlers.MEMBER_COMMANDS)


def drawn() -> Iterator[tuple[str, str]]:
    """Where in the product a button is made, and what its data begins with; empty when that is put together."""
    root = Path(handlers.__file__).parents[1]
    for path in sorted([*(root / "bot").rglob("*.py"), *(root / "handlers").rglob("*.py")]):
        if "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if name == "button" and isinstance(node, ast.Call) and len(node.args) == 2:
                data = node.args[1]
                first = data.values[0] if isinstance(data, ast.JoinedStr) else data
                text = first.value if isinstance(first, ast.Constant) else ""
                yield f"{path.relative_to(root)}:{node.lineno}", str(text)


def test_every_button_that_the_product_makes_has_a_row() -> None:
    """What a button's data begins with has a row, and so has its action where it is spelled out."""
    wrong, found = [], list(drawn())
    for place, text in found:
        letter, _, rest = text.partition(":")
        rows, parts = BUTTONS.get(letter), rest.split(":")
        is_spelled = rows is not None and rows.at is not None and rows.at < len(parts) - text.endswith(":")
        if text and (rows is None or (is_spelled and rows.at == 0 and parts[0] and rows.asked(parts) is None)):
            wrong.append(f"{place}: {text}")
    assert wrong == []
    assert len([place for place, text in found if text]) >= 4
