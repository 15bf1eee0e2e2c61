"""The conversation with people in Telegram: `register` is its table of contents. No rule lives here."""

from __future__ import annotations

from collections import ChainMap
from typing import Any

from telegram import Update
from telegram.ext import Application, TypeHandler

from handlers import (
    appeal,
    breaker,
    card,
    casebook,
    check,
    exchange,
    failures,
    feds,
    fedwatch,
    hearing,
    helpme,
    lists,
    logchat,
    media,
    membership,
    moderation,
    privacy,
    purge,
    quarantine,
    raids,
    report,
    reportblocks,
    reportlinks,
    reportlist,
    settings,
    sightings,
    start,
    summary,
    trust,
    undo,
)
from handlers.callback import Press, pressing
from handlers.commands import Act, admin_command, confirmation, member_command
from handlers.menus import publish_menus

__all__ = ["media", "publish_menus", "register"]

MEDIA, PLACE, NAMES, DOOR, TALK = range(5)
"""Every update is looked through for media, news of the chat, names, and who is banned; then it is listened to."""

ADMIN_COMMANDS: dict[str, Act] = {
    **moderation.ACTS,
    "allow": lists.allow,
    "appeals": hearing.waiting,
    "block": lists.block,
    "case": casebook.case,
    "cases": casebook.cases,
    "check": check.check,
    "fban": feds.fban,
    "fedadmins": feds.fedadmins,
    "fedimport": feds.fedimport,
    "fedinfo": feds.fedinfo,
    "joinfed": feds.joinfed,
    "leavefed": feds.leavefed,
    "logchat": logchat.logchat,
    "purge": purge.purge,
    "newfed": feds.newfed,
    "reportblocks": reportblocks.blocks,
    "reports": reportlist.reports,
    "settings": settings.settings,
    "summary": summary.summary,
    "trust": trust.give,
    "trusted": trust.show,
    "undo": undo.undo,
    "unfban": feds.unfban,
    "untrust": trust.take,
    "warns": moderation.warns,
}
"""Commands that ask for the right in `rights.COMMANDS`."""

FOR_MAINTAINERS = frozenset({"allow", "block"})
"""Admin commands that those who keep the lists may give in every chat."""

PRIVATE_TOO = frozenset(
    {"case", "fban", "fedadmins", "fedimport", "fedinfo", "newfed", "reports", "settings", "undo", "unfban"}
)
"""Admin commands that may be given in private; they look at rights themselves there."""

MEMBER_COMMANDS: dict[str, Act] = {
    "appeal": appeal.appeal,
    "export_me": privacy.export,
    "forget_me": privacy.forget,
    "help": start.show_help,
    "helpme": helpme.helpme,
    "privacy": privacy.notice,
    "report": report.command,
    "start": start.start,
    "why": casebook.why,
}
"""Commands that everybody may give."""

BUTTONS: dict[str, Press] = {
    "a": confirmation(ChainMap({"start": start.start}, ADMIN_COMMANDS)),  # whose link asks for rights itself
    "b": breaker.press,
    "c": card.press,
    "d": raids.press,
    "f": privacy.press,
    "g": feds.press,
    "h": check.press,
    "k": casebook.press,
    "p": hearing.press,
    "o": reportlist.press,
    "q": quarantine.press,
    "r": report.press,
    "s": settings.press,
    "u": undo.press,
    "v": helpme.press,
    "x": exchange.press,
}
"""Buttons by the letter that their data starts with."""


def register(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Add every conversation to the application, in order."""
    application.add_handler(TypeHandler(Update, media.judge), group=MEDIA)
    application.add_handler(TypeHandler(Update, membership.follow), group=PLACE)
    application.add_handler(TypeHandler(Update, fedwatch.watch), group=DOOR)
    application.add_handler(TypeHandler(Update, sightings.note), group=NAMES)
    for name, act in ADMIN_COMMANDS.items():
        command = admin_command(name, act, in_private=name in PRIVATE_TOO, for_maintainers=name in FOR_MAINTAINERS)
        application.add_handler(command, group=TALK)
    for name, act in MEMBER_COMMANDS.items():
        application.add_handler(member_command(name, act), group=TALK)
    for listener in (report.calling(), reportlinks.writing(), reportlinks.forwarding()):
        application.add_handler(listener, group=TALK)
    application.add_handler(pressing(BUTTONS), group=TALK)
    application.add_error_handler(failures.note)
