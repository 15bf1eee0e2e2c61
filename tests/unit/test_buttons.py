"""The keyboards as a phone shows them: in every language, several buttons of a row fit beside each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import pytest

from bot import cards, casebook, exchange, fedtexts, helplines, panel, panelpages, raidcards, receipts, reportlist
from bot.feds import About
from bot.i18n import languages
from bot.knobs import KNOBS
from bot.model import ChatSettings, Preset, UnscannablePolicy
from bot.panel import View
from bot.raidcards import Telling
from bot.rules import Rules, TierAction
from bot.store import openreports
from bot.store.casebook import Page
from bot.store.cases import Case
from bot.store.feds import Fed, FedChat
from bot.store.raids import Raid, Toll
from handlers import healthcard

WIDTHS = {1: 34, 2: 20, 3: 13}
"""Columns of a button's text by how many stand in its row.

A phone of 360 points leaves a row some 330, and a column of Telegram's 14-point letters takes about 7, Hangul two.
"""

Rows = Sequence[Sequence[dict[str, str]]]


def columns(text: str) -> int:
    """How wide a text is, in Latin letters."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def too_wide(rows: Rows) -> list[str]:
    """The texts that do not fit; four in a row never do."""
    return [one["text"] for row in rows for one in row if columns(one["text"]) > WIDTHS.get(len(row), 0)]


def case(kind: str) -> Case:
    """An open case."""
    return Case(
        id=1,
        chat_id=-1001,
        incident="message:1",
        kind=kind,
        state="open",
        message_id=1,
        sender_kind="user",
        sender_id=7,
        sender_name="Min",
        list_name=None,
        category=None,
        tier=None,
        how=None,
        reason="",
        strike=None,
        spared=None,
        posted_at=None,
        opened_at=0.0,
    )


def settings(language: str) -> Rows:
    """Every page of the settings panel, whatever is chosen."""
    own = Rules(tier_2=TierAction.BAN, mute_at=0, mute_seconds=0, log_thread_id=7)
    chosen = [ChatSettings(-1001, preset, one, rules=own) for preset in Preset for one in UnscannablePolicy]
    views = [View(one, language, "Place", "Log", 3) for one in (*chosen, ChatSettings(-1001))]
    pages = [panelpages.page(view, name) for view in views for name in (panel.MAIN, *panel.PAGES, *KNOBS)]
    return [row for page in pages if page for row in page[1]]


def in_the_chat(language: str) -> Rows:
    """What stands in the chat itself: the way to the panel, and the presets once one was chosen."""
    view = View(ChatSettings(-1001), language, "Place")
    return [row for made in (panel.invitation, panel.greeted) for row in made(view, "haechi_bot")[1]]


ABOUT = About(Fed("1", "Ours", 7), "Olga", [], 1, 0, FedChat(-1001, "1", acts=True, strikes=False))

RAID = Telling(Raid(1, -1001, "open", 0, 0, 300, 1, 300, 250), Toll(50, 9, 0, 250, 250), is_card=True, is_heard=True)

OPEN = openreports.Page(
    (openreports.OpenReport(case("report"), "", None, 1, {}, None),), 1, has_older=True, has_newer=True
)

KEYBOARDS: dict[str, Callable[[str], Rows]] = {
    "card": lambda language: cards.keyboard(language, case("report"), "token"),
    "claimed card": lambda language: cards.keyboard(language, case("match"), "token", cards.State("Kim Min-jun", 1)),
    "held card": lambda language: cards.keyboard(
        language, case("report"), "token", cards.State("김해치", 2, is_removed=True, has_media=True)
    ),
    "receipt": lambda language: receipts.keyboard(language, "token", "minors"),
    "reports": lambda language: reportlist.keyboard(language, OPEN),
    "decided card": lambda language: cards.undo_rows(language, case("match")),
    "cases": lambda language: casebook.keyboard(
        language, Page((case("match"),), has_older=True, has_newer=True), "all"
    ),
    "settings": settings,
    "settings in the chat": in_the_chat,
    "import": lambda language: exchange.keyboard(language, "token"),
    "federation": lambda language: fedtexts.keyboard(language, ABOUT),
    "greeting": panel.preset_buttons,
    "helpme": lambda language: helplines.keyboard(language, "GB", helplines.MINORS),
    "health": lambda language: healthcard.buttons(language, has_log=True),
    "raid": lambda language: raidcards.keyboard(language, RAID) or [],
}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("keyboard", KEYBOARDS)
def test_the_buttons_of_a_row_fit(keyboard: str, language: str) -> None:
    """Alone in its row a button has up to 34 columns, one of two 20, one of three 13."""
    assert too_wide(KEYBOARDS[keyboard](language)) == []
