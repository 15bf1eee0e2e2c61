"""The health card: each fact in words, what is wrong marked, and no hash."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.canary import Finding, Step
from bot.health import State
from bot.i18n import languages
from bot.model import HashList, ListKind, Trust, UnscannablePolicy
from bot.outcome import Done, Outcome, Refused
from bot.protection import DELETE, INVITE, RESTRICT, Presence
from bot.store.caps import Tally
from bot.store.inbox import Depth
from handlers.healthcard import MAX_LISTS, Checkup, buttons, card

CHAT = -1001
FULL = Presence("administrator", frozenset({DELETE, RESTRICT, INVITE}))


def a_list(number: int, *, chat_id: int | None = None, kind: ListKind = ListKind.BLOCK, size: int = 10) -> HashList:
    """A list with made-up facts."""
    now = datetime.now(UTC)
    return HashList(number, f"list {number}", kind, Trust.BAN, chat_id, "test", now, now, size)


STATE = State(
    inbox=Depth(0, 0.0, 0),
    outbox_waiting=0,
    outbox_failed=0,
    poll_age=1.0,
    lists=(a_list(1),),
    lists_ready=True,
    decoder_level="full",
)
WELL = Checkup(CHAT, "supergroup", "T", "en", FULL, True, "L", True, STATE)


@pytest.mark.parametrize("language", languages())
def test_all_is_well(language: str) -> None:
    """In good health nothing is marked as wrong, in any language."""
    text = card(replace(WELL, language=language))
    assert "✗" not in text
    assert "{" not in text


WRONG: list[tuple[dict[str, object], str]] = [
    ({"presence": Presence("administrator", frozenset({RESTRICT}))}, "✗ <b>Delete messages</b>"),
    ({"presence": Presence("member"), "sees_all": False}, "✗ Privacy mode"),
    ({"presence": Presence("member")}, "✓ I see every message, for privacy mode is off"),
    ({"chat_type": "group"}, "ℹ️ In a basic group nobody can be muted"),
    ({"chat_type": "channel"}, "ℹ️ In a channel"),
    ({"log_ok": False}, "✗ Log chat L"),
    ({"log_ok": None}, "○ No log chat"),
    ({"log_ok": False, "log_type": "channel"}, "✗ Log chat L"),
    ({"owner_ok": False}, "○ I may not write to the owner"),
    ({"presence": Presence("administrator", frozenset({DELETE, RESTRICT}))}, "○ Invite users"),
    ({"state": replace(STATE, lists_ready=False)}, "✗ The lists"),
    ({"state": replace(STATE, lists=())}, "✗ 0 entries apply"),
    ({"state": replace(STATE, poll_age=None)}, "✗ Telegram was not heard of"),
    ({"state": replace(STATE, poll_age=500.0)}, "✗ Last heard of Telegram 8 minutes ago"),
    ({"state": replace(STATE, inbox=Depth(7, 60.0, 0))}, "✗ Waiting updates: 7"),
    ({"state": replace(STATE, decoder_level="none")}, "✗ Decoders"),
    ({"state": replace(STATE, decoder_level="no-seccomp")}, "○ Decoders"),
    ({"tally": Tally(unscannable=3)}, "○ 3 posts of the last 24 hours could not be checked. <b>Tell</b>"),
    ({"unscannable": UnscannablePolicy.HOLD}, "could not be checked. <b>Hold</b>"),
    ({"tally": Tally(waiting=2)}, "○ 2 cases wait for an admin"),
    ({"tally": Tally(stopped=("ban", "delete"))}, "✗ The limit of the day is reached: nobody else is muted"),
    ({"tally": Tally(stopped=("delete",))}, "✗ The limit of the day is reached: only what is surely listed"),
]
"""What may be otherwise than well, and the line that says so."""


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_what_is_wrong_is_named(change: dict[str, object], words: str) -> None:
    """Each fact that is not as it should be has a line of its own."""
    assert words in card(replace(WELL, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("change", [change for change, _ in WRONG])
def test_every_line_that_is_not_green_says_how_it_is_mended(change: dict[str, object], language: str) -> None:
    """Below a red or yellow line stands what to do, in every language; a day without trouble has nothing to mend."""
    text = card(replace(WELL, language=language, **change))  # type: ignore[arg-type]
    for paragraph in text.split("\n\n"):
        shown = paragraph.split("\n")
        flagged = [at for at, line in enumerate(shown) if line[:1] in "✗○" and ("24" not in line or "tally" in change)]
        for at in flagged:
            after = shown[at + 1 :]
            assert any("↳" in line or "→" in line or "@BotFather" in line for line in (shown[at], *after)), shown[at]
    assert len(text) < 4096


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Done({"message_id": 1}), "<b>"),
        (Refused("Bad Request: message thread not found"), "/logchat"),
        (Refused("Forbidden: <bot> was kicked"), "/logchat"),
    ],
)
def test_what_became_of_a_test_post_is_said(outcome: Outcome, words: str, language: str) -> None:
    """A test of the log chat ends in a sentence with Telegram's own words and what to do, in every language."""
    text = card(replace(WELL, language=language), posted=outcome)
    end = text.split("\n\n")[-1]
    assert "📨" in end
    assert words in end
    assert "<bot>" not in end


def test_each_line_that_can_be_tested_has_its_button() -> None:
    """The canary can always be tested, the log chat where there is one."""
    assert [row[0]["callback_data"] for row in buttons("en")] == ["h:canary", "h:again"]
    assert [row[0]["callback_data"] for row in buttons("en", has_log=True)] == ["h:canary", "h:log", "h:again"]


def test_only_lists_that_apply_are_counted() -> None:
    """Another chat's list and one that is switched off count nothing, nor does the canary picture."""
    off = replace(a_list(4, size=1000), trust=Trust.OFF)
    lists = (a_list(1), a_list(2, chat_id=CHAT), a_list(3, chat_id=-7), off, a_list(5, kind=ListKind.CANARY, size=3))
    text = card(replace(WELL, state=replace(STATE, lists=lists)))
    assert "✓ 20 entries apply" in text
    assert "this chat's block list: 10" in text
    assert "list 3" not in text
    assert "list 4" not in text


def test_many_lists_are_summed_up() -> None:
    """A card stays readable, and within Telegram's 4,096 characters, however many lists there are."""
    lists = tuple(replace(a_list(number), name="n" * 500) for number in range(1, 41))
    text = card(replace(WELL, state=replace(STATE, lists=lists)), Finding(Step.REFUSED, 1.0, "w" * 300))
    assert f"and {40 - MAX_LISTS} more lists" in text
    assert len(text) < 4096


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("language", languages())
def test_every_finding_has_its_words(step: Step, language: str) -> None:
    """A canary test always ends in a sentence, in every language."""
    text = card(replace(WELL, language=language), Finding(step, 0.63, "<no>"))
    assert "🐤" in text
    assert "<no>" not in text


def test_without_the_right_the_path_does_not_count_as_working() -> None:
    """The bot's own picture vanishing proves nothing about other people's posts."""
    text = card(replace(WELL, presence=Presence("administrator", frozenset({RESTRICT}))), Finding(Step.REMOVED, 0.6))
    assert "the whole path works" not in text
    assert "an admin has to delete it" in text
