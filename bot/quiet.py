"""How much is said in a group about what the bot did there: all, one line, or nothing. Where it is sent, is not here.

What admins are told, and what people are answered, does not depend on it.
"""

from __future__ import annotations

from bot.i18n import Html, say
from bot.model import ChatSettings, VerdictKind
from bot.rules import Quiet
from bot.store.cases import Case


def removal(settings: ChatSettings, case: Case, full: Html) -> Html | None:
    """Return what the group hears of a removal, None for nothing; `full` is what there is to say."""
    if case.kind == VerdictKind.CANARY:  # which names nobody as it is
        return None if settings.rules.quiet is Quiet.SILENT else full
    return _heard(settings, full, say(settings.language, "A post was removed. Case {number}.", number=case.id))


def ruling(settings: ChatSettings, case: Case, full: Html) -> Html | None:
    """Return what the group hears of an admin's decision on a card, None for nothing."""
    return _heard(settings, full, say(settings.language, "An admin decided case {number}.", number=case.id))


def is_silent(settings: ChatSettings) -> bool:
    """Whether a group hears nothing of what the bot did."""
    return settings.rules.quiet is Quiet.SILENT


def _heard(settings: ChatSettings, full: Html, brief: Html) -> Html | None:
    return {Quiet.OFF: full, Quiet.BRIEF: brief, Quiet.SILENT: None}[settings.rules.quiet]
