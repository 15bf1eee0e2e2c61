"""The settings panel: every page can be reached, shows what holds and marks it, and fits Telegram's limits."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import chatsettings, knobs, panel, panelpages, policy
from bot.i18n import Html, languages, plain
from bot.knobs import KNOBS, value_name
from bot.model import ChatSettings, Preset, Tier, UnscannablePolicy
from bot.panel import PAGES, View
from bot.policy import ACTIONS
from bot.rules import PRESET, Rules, TierAction
from handlers.callback import DATA
from handlers.rights import SETTINGS_BUTTONS

CHAT = -1001234567890123

ALL = (panel.MAIN, *PAGES, *(field for field, knob in KNOBS.items() if knob.values))

settings = st.builds(
    ChatSettings,
    chat_id=st.just(CHAT),
    preset=st.sampled_from(Preset),
    unscannable=st.sampled_from(UnscannablePolicy),
    rules=st.builds(
        Rules,
        tier_0=st.sampled_from([None, *TierAction]),
        tier_2=st.sampled_from([None, *TierAction]),
        tier_3=st.sampled_from([None, TierAction.TELL, TierAction.REMOVE]),
        mute_at=st.sampled_from([None, 0, 2]),
        ban_at=st.sampled_from([None, 0, 3]),
        ban_seconds=st.sampled_from([None, 0, 86_400]),
        log_thread_id=st.sampled_from([None, 7]),
        reports=st.booleans(),
    ),
)


def page(settings: ChatSettings, wanted: str, language: str = "en") -> tuple[Html, panel.Keyboard]:
    """A page of the panel."""
    found = panelpages.page(View(settings, language, "<b>", "A & B", 2), wanted)
    assert found is not None, wanted
    return found


def data(rows: panel.Keyboard) -> list[str]:
    """What the buttons send."""
    return [button["callback_data"] for button in itertools.chain(*rows)]


def marked(rows: panel.Keyboard) -> list[str]:
    """What the marked buttons stand for, without the chat."""
    return [one["callback_data"].rpartition(":")[0] for one in itertools.chain(*rows) if one["text"].startswith("●")]


def test_every_rule_is_a_knob() -> None:
    """There is no rule that the panel does not show, and it shows none that is not there."""
    assert set(KNOBS) == {one.name for one in fields(Rules)}
    assert {knob.page for knob in KNOBS.values()} <= set(PAGES)


@given(settings, st.sampled_from(languages()))
def test_data_and_text_fit(chosen: ChatSettings, language: str) -> None:
    """Every button's data is at most 64 bytes of the one form, with a row of rights; every text is one message."""
    for wanted in ALL:
        text, rows = page(chosen, wanted, language)
        assert len(plain(text)) <= 4096
        for one in data(rows):
            assert DATA.fullmatch(one)
            assert len(one.encode()) <= 64
            assert one.split(":")[1] in SETTINGS_BUTTONS
            assert one.endswith(f":{CHAT}")


def test_every_page_is_reached_and_left() -> None:
    """From the first page buttons lead to every page, each to the one above it, and all can be closed."""
    reached, new = {panel.MAIN}, [panel.MAIN]
    while new:
        rows = page(ChatSettings(CHAT), new.pop())[1]
        assert f"s:close:-:{CHAT}" in data(rows)
        found = {one.split(":")[2] for one in data(rows) if one.startswith("s:page:")}
        new += sorted(found - reached)
        reached |= found
    assert reached == set(ALL)
    for wanted in set(ALL) - {panel.MAIN}:
        assert f"s:page:{panelpages.above(wanted)}:{CHAT}" in data(page(ChatSettings(CHAT), wanted)[1])
    assert panelpages.page(View(ChatSettings(CHAT), "en"), "nosuchpage") is None


@given(settings)
def test_exactly_what_holds_is_marked(chosen: ChatSettings) -> None:
    """On a knob's page the value that holds is marked, or that it is the preset's; so are preset and policy."""
    assert f"s:preset:{chosen.preset}" in marked(page(chosen, panel.MAIN)[1])
    assert marked(page(chosen, "unscannable")[1]) == [f"s:unscannable:{chosen.unscannable}"]
    assert marked(page(chosen, "language")[1]) == ["s:language:en"]
    for field, knob in KNOBS.items():
        if not knob.values:
            continue
        found = marked(page(chosen, field)[1])
        if field in PRESET and getattr(chosen.rules, field) is None:
            assert found == [f"s:tune:{field}.preset"]
        else:
            assert found == [f"s:tune:{field}.{knobs.written(knobs.now(chosen, field))}"]


@given(settings, st.sampled_from([field for field, knob in KNOBS.items() if knob.values]), st.data())
def test_a_pressed_button_is_the_marked_one(chosen: ChatSettings, field: str, draw: st.DataObject) -> None:
    """Whatever is pressed holds afterwards, and its button is the one that is marked."""
    value = draw.draw(st.sampled_from([one for one in data(page(chosen, field)[1]) if one.startswith("s:tune:")]))
    action, word = value.split(":")[1:3]
    after = chatsettings.wanted(chosen, action, word)
    assert after is not None
    assert marked(page(after, field)[1]) == [f"s:tune:{word}"]
    assert panelpages.of_choice(action, word) == field


@given(settings, st.sampled_from(["tier_0", "tier_1", "tier_2", "tier_3"]), st.sampled_from(TierAction))
def test_other_tiers_follow(chosen: ChatSettings, field: str, action: TierAction) -> None:
    """What is chosen for one tier holds there, and no surer tier does less, nor a less sure one more."""
    after = chatsettings.wanted(chosen, "tune", f"{field}.{action}")
    if action not in KNOBS[field].values:
        assert after is None
        return
    assert after is not None
    assert knobs.now(after, field) is action
    ranks = [ACTIONS.index(policy.answer(after, tier)) for tier in sorted(Tier)]
    assert ranks == sorted(ranks, reverse=True)


@given(settings, st.sampled_from(Preset))
def test_a_preset_takes_back_what_it_answers(chosen: ChatSettings, preset: Preset) -> None:
    """After a preset nothing of the strictness is the admins' own; what it says nothing about stays."""
    after = chatsettings.wanted(chosen, "preset", preset)
    assert after is not None
    assert knobs.changes(after) == 0
    assert (after.rules.reports, after.rules.log_thread_id) == (chosen.rules.reports, chosen.rules.log_thread_id)


@given(settings)
def test_recommended_is_one_tap(chosen: ChatSettings) -> None:
    """One tap brings all that is recommended, is marked then, and leaves log topic and language alone."""
    after = chatsettings.wanted(chosen, "recommended", "-")
    assert after is not None
    assert after == replace(ChatSettings(CHAT), rules=Rules(log_thread_id=chosen.rules.log_thread_id))
    assert chatsettings.recommended(after) == after
    found = panelpages.page(View(after, "en"), panel.MAIN, is_recommended=True)
    assert found is not None
    assert "s:recommended:-" in marked(found[1])


@pytest.mark.parametrize("language", languages())
def test_the_text_names_everything(language: str) -> None:
    """Title and log chat are in the text, made harmless, with every knob's value; without a log chat, how to set it."""
    chosen = ChatSettings(CHAT, language=language)
    text = page(chosen, panel.MAIN, language)[0]
    assert "&lt;b&gt;" in text
    assert "A &amp; B" in text
    assert value_name(language, "tier_0", TierAction.STRIKE) in text
    assert "/logchat" in panel.text(View(chosen, language))
    assert str(CHAT) in page(chosen, "file", language)[0]


def test_what_is_no_jargon() -> None:
    """No page speaks of tiers by their letter."""
    for wanted in ALL:
        text, rows = page(ChatSettings(CHAT), wanted)
        words = plain(text) + " ".join(one["text"] for one in itertools.chain(*rows))
        assert not any(f"T{number}" in words for number in range(4))


def test_the_chat_leads_to_the_panel() -> None:
    """In the chat itself stands one button, a link whose payload Telegram takes."""
    text, rows = panel.invitation(View(ChatSettings(CHAT), "en", "Place"), "haechi_bot")
    assert "Place" in text
    assert rows == [[{"text": "Open the settings", "url": f"https://t.me/haechi_bot?start=settings_{CHAT}"}]]
    assert len(f"settings_{CHAT}") <= 64
