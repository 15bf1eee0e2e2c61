"""Every command in a line, for Telegram's command menus and for /help. What a command does is not known here."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from bot.i18n import SOURCE, Html, languages, plain, say
from bot.outcome import Done, Wait
from bot.protection import ASKED
from bot.telegram.gateway import Gateway

log = structlog.get_logger(__name__)

PRIVATE = (
    "start",
    "helpme",
    "help",
    "appeal",
    "reports",
    "case",
    "undo",
    "newfed",
    "fedinfo",
    "fedadmins",
    "fedimport",
    "privacy",
    "export_me",
    "forget_me",
)
EVERYBODY = ("report", "why", "helpme", "help")
ADMINS = (
    "report",
    "why",
    "check",
    "summary",
    "settings",
    "logchat",
    "trust",
    "untrust",
    "trusted",
    "block",
    "allow",
    "warn",
    "dwarn",
    "swarn",
    "unwarn",
    "warns",
    "mute",
    "dmute",
    "smute",
    "unmute",
    "ban",
    "dban",
    "sban",
    "unban",
    "kick",
    "purge",
    "reports",
    "reportblocks",
    "case",
    "cases",
    "appeals",
    "undo",
    "fban",
    "unfban",
    "fedinfo",
    "fedadmins",
    "joinfed",
    "leavefed",
    "helpme",
    "help",
)

SCOPES = {"all_private_chats": PRIVATE, "all_group_chats": EVERYBODY, "all_chat_administrators": ADMINS}
"""Telegram's scopes of a command menu, narrowest audience last, and the commands shown there."""

RIGHTS = (
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
"""What ChatAdministratorRights has to state, one way or the other."""


def describe(language: str, command: str) -> Html:
    """Say in a line what a command does."""
    words = {
        "start": say(language, "What Haechi is, and how to add it"),
        "help": say(language, "The commands"),
        "helpme": say(language, "Pictures of you are shared? Who helps, in private"),
        "report": say(language, "Report a message to the admins"),
        "reports": say(language, "The reports that wait, oldest first"),
        "check": say(language, "Is this chat protected? With a test"),
        "summary": say(language, "What the last days came to, with a chart"),
        "settings": say(language, "Everything that can be chosen here, in private"),
        "trust": say(language, "Punish this member no more"),
        "untrust": say(language, "Trust this member no more"),
        "trusted": say(language, "Who is trusted here"),
        "logchat": say(language, "Choose where admins are told"),
        "block": say(language, "List the media you reply to and remove it"),
        "allow": say(language, "Never act on the media you reply to"),
        "warn": say(language, "Give a strike, with a reason"),
        "dwarn": say(language, "Give a strike, and remove the message"),
        "swarn": say(language, "Give a strike without a word in the group"),
        "unwarn": say(language, "Take the last strike back"),
        "warns": say(language, "The strikes of a member that count"),
        "mute": say(language, "Mute for a time, such as 2h or 1d"),
        "dmute": say(language, "Mute, and remove the message"),
        "smute": say(language, "Mute without a word in the group"),
        "unmute": say(language, "Let somebody write again"),
        "ban": say(language, "Ban for ever, or for a time"),
        "dban": say(language, "Ban, and remove the message"),
        "sban": say(language, "Ban without a word in the group"),
        "unban": say(language, "Lift a ban"),
        "kick": say(language, "Remove from the group; they may come back"),
        "purge": say(language, "Remove everything from the reply to here"),
        "reportblocks": say(language, "Whose misused reports are refused, in number"),
        "case": say(language, "The file of a case, by its number"),
        "cases": say(language, "The cases: all, open, today, or of somebody"),
        "appeal": say(language, "Say why a case about you is a mistake"),
        "appeals": say(language, "The appeals that wait for an admin"),
        "undo": say(language, "Take back all that a case did"),
        "why": say(language, "Reply to what I said: why was that?"),
        "newfed": say(language, "Found a federation of chats"),
        "joinfed": say(language, "Have this chat join a federation"),
        "leavefed": say(language, "Have this chat leave its federation"),
        "fedinfo": say(language, "The federation, and how this chat takes part"),
        "fedadmins": say(language, "Who runs the federation"),
        "fban": say(language, "Ban in every chat of the federation"),
        "unfban": say(language, "Take a ban of the federation back"),
        "fedimport": say(language, "Take in another federation's bans, a file"),
        "privacy": say(language, "What is kept about you, and how long"),
        "export_me": say(language, "Everything kept about you, as a file"),
        "forget_me": say(language, "Erase what is kept about you"),
    }
    return words[command]


async def publish_menus(gateway: Gateway) -> None:
    """Give Telegram the command menus in every language, and the rights to suggest when the bot is added.

    What Telegram refuses is logged and done without; when it is not to be reached, the rest waits for the next start.
    """
    for method, args in (*_menus(), *_rights()):
        outcome = await gateway.call(method, args)
        if not isinstance(outcome, Done):
            log.warning("menus.refused", method=method, reason=outcome.reason)
        if isinstance(outcome, Wait):
            return


def _menus() -> Iterator[tuple[str, dict[str, object]]]:
    for language in languages():
        code = None if language == SOURCE else language
        for scope, commands in SCOPES.items():
            menu = [{"command": name, "description": plain(describe(language, name))} for name in commands]
            yield "setMyCommands", {"commands": menu, "scope": {"type": scope}, "language_code": code}


def _rights() -> Iterator[tuple[str, dict[str, object]]]:
    rights = {name: name in ASKED or name == "can_manage_chat" for name in RIGHTS}
    yield "setMyDefaultAdministratorRights", {"rights": rights, "for_channels": False}
    posting = dict.fromkeys(("can_post_messages", "can_edit_messages"), False)
    yield "setMyDefaultAdministratorRights", {"rights": rights | posting, "for_channels": True}
