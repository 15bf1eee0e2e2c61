"""The settings panel: what is chosen is marked, every button fits Telegram's limits and the one form of data."""

from __future__ import annotations

import itertools

import pytest

from bot import panel
from bot.i18n import languages
from bot.model import ChatSettings, Preset, UnscannablePolicy
from handlers.callback import DATA

CHOICES = list(itertools.product(Preset, UnscannablePolicy, languages()))


@pytest.mark.parametrize("chat_id", [None, -1001234567890123])
def test_data_fits(chat_id: int | None) -> None:
    """Every button's data is of the form that the entry takes and at most 64 bytes, in another chat too."""
    rows = panel.buttons(ChatSettings(1), chat_id=chat_id)
    for button in itertools.chain(*rows):
        assert DATA.fullmatch(button["callback_data"])
        assert len(button["callback_data"].encode()) <= 64


@pytest.mark.parametrize(("preset", "policy", "language"), CHOICES)
def test_exactly_what_is_chosen_is_marked(preset: Preset, policy: UnscannablePolicy, language: str) -> None:
    """One preset, one policy and one language are marked, and they are those of the settings."""
    settings = ChatSettings(1, preset=preset, unscannable=policy, language=language)
    marked = [
        button["callback_data"]
        for button in itertools.chain(*panel.buttons(settings))
        if button["text"].startswith("●")
    ]
    assert marked == [f"s:preset:{preset}", f"s:unscannable:{policy}", f"s:language:{language}"]


@pytest.mark.parametrize("language", languages())
def test_the_text_names_everything(language: str) -> None:
    """Title and log chat are in the text, made harmless; a chat without one is told how to set it."""
    settings = ChatSettings(1, language=language)
    assert "&lt;b&gt;" in panel.text(settings, title="<b>", log_title=None)
    assert "/logchat" in panel.text(settings, title="T", log_title=None)
    assert "A &amp; B" in panel.text(settings, title="T", log_title="A & B")
