"""What is said about cases: true to the decision, and short enough for one message of Telegram's."""

from __future__ import annotations

import pytest

from bot import notices
from bot.i18n import plain
from bot.matching.tiers import STAGES
from bot.model import Action, ActionKind, Decision
from bot.proof import how_words
from bot.store.cases import Case, CaseAction

FAT = "<&😀" * 2000
"""Words longer than a message, of signs that take more than one character."""


def case(kind: str = "match") -> Case:
    """A case of which every word is too long."""
    return Case(
        id=12,
        chat_id=-1001,
        incident="message:9",
        kind=kind,
        state="closed",
        message_id=9,
        sender_kind="user",
        sender_id=501,
        sender_name=FAT,
        list_name=FAT,
        category=FAT,
        tier=0,
        how="exact file",
        reason=FAT,
        strike=None,
        spared="admin",
        posted_at=1.0,
        opened_at=1.0,
    )


def actions(number: int) -> list[CaseAction]:
    """So many actions, each refused at length."""
    return [CaseAction("delete", FAT, f"number {one}", "refused", FAT, 1.0) for one in range(number)]


def size(text: str) -> int:
    """How much of a message a text takes: UTF-16 units without markup."""
    return len(plain(text).encode("utf-16-le")) // 2


@pytest.mark.parametrize("kind", [ActionKind.HOLD, ActionKind.NOTIFY])
def test_the_group_hears_of_an_admins_decision_only_where_one_is_awaited(kind: ActionKind) -> None:
    """A post that could not be checked was removed for good under `delete`, until an admin decides under `hold`."""
    decision = Decision((Action(ActionKind.DELETE, "unscannable"), Action(kind, "unscannable")))
    text = notices.group_notice("en", case("unscannable"), decision)
    assert ("until an admin decides" in text) == (kind is ActionKind.HOLD)
    assert "could not be checked and was removed" in text


@pytest.mark.parametrize("number", [0, 1, 3, 300])
def test_a_case_file_fits_into_a_message(number: int) -> None:
    """However long names, reasons and Telegram's words are, a case file is one message; its newest actions stay."""
    text = notices.case_file("en", case(), FAT, actions(number))
    assert size(text) <= notices.MAX_TEXT
    shown = text.count("• ")
    if shown == number:
        assert "left out" not in text
    else:
        assert f"… {number - shown} earlier entr" in text
        assert shown > 3
        assert f"number {number - 1} " in text
        assert "number 0 " not in text
    assert text.endswith("nobody was punished.")


def test_cards_are_short_whatever_lists_and_telegram_say() -> None:
    """Names of lists, categories and Telegram's own words are cut on cards."""
    card = notices.match_card("en", case(), FAT, Decision())
    alarm = notices.failure_alert("en", case(), FAT, "delete", why=FAT, url=None)
    assert size(card) < 1000
    assert size(alarm) < 1000


def test_a_case_file_leaves_admins_out_where_everybody_reads_it() -> None:
    """Without names an action says that an admin did it; what the bot did by itself stays without anybody."""
    done = [CaseAction("warn", "Alice", "1", "done", "", 1.0), CaseAction("strike", None, "", "done", "", 1.0)]
    named, unnamed = (notices.case_file("en", case(), "x", done, is_named=is_named) for is_named in (True, False))
    assert "by Alice" in named
    assert "Alice" not in unnamed
    assert unnamed.count("by an admin") == 1


def test_every_stage_has_words_in_every_language() -> None:
    """However a match was made, admins read it in their language, never a machine's word."""
    stages = [stage.words for stage in STAGES.values()]
    counted = ["3 frames of a listed video", "2 frames of a listed video, altered", "a frame of a listed video"]
    for how in (*stages, *counted):
        assert how_words("ko", how) != how
        assert how_words("fr", how) not in {how, ""}
