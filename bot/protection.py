"""What the bot must be allowed to do in a chat, what it lacks, and how that is mended. Pure; nobody is asked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.i18n import Html, lines, say

DELETE, RESTRICT, INVITE = "can_delete_messages", "can_restrict_members", "can_invite_users"

POST = "can_post_messages"
"""The right that a channel asks for before the bot may write there, as in a log."""

ASKED = (DELETE, RESTRICT, INVITE)
"""Rights that the links which add the bot ask for; inviting is wanted to let somebody back in, not needed."""

NEEDED = {"group": (DELETE, RESTRICT), "supergroup": (DELETE, RESTRICT), "channel": (DELETE,)}
"""Rights without which a chat is not protected; in a channel only its own admins post, so nobody is restricted."""

HERE = frozenset({"creator", "administrator", "member", "restricted"})


@dataclass(frozen=True, slots=True)
class Presence:
    """What the bot is in a chat: Telegram's status, and the names of the rights it holds as an administrator."""

    status: str
    rights: frozenset[str] = frozenset()

    @property
    def is_here(self) -> bool:
        """Whether the bot is in the chat at all."""
        return self.status in HERE

    @property
    def is_admin(self) -> bool:
        """Whether the bot is an administrator."""
        return self.status in {"creator", "administrator"}


def presence_of(chat_member: Mapping[str, Any]) -> Presence:
    """Read a raw ChatMember; one that says nothing counts as absent."""
    status = str(chat_member.get("status", "left"))
    if status == "restricted" and chat_member.get("is_member") is False:
        status = "left"
    rights = {name for name, value in chat_member.items() if name.startswith("can_") and value is True}
    return Presence(status, frozenset(rights) if status == "administrator" else frozenset())


def lacks(chat_type: str, presence: Presence) -> tuple[str, ...]:
    """Return the needed rights that the bot does not have, in the order of their weight."""
    return tuple(right for right in NEEDED.get(chat_type, ()) if right not in presence.rights)


def right_name(language: str, right: str) -> Html:
    """Return a right as Telegram's own settings call it."""
    names = {
        DELETE: say(language, "Delete messages"),
        RESTRICT: say(language, "Ban users"),
        INVITE: say(language, "Invite users"),
        "can_change_info": say(language, "Change info"),
        "admin": say(language, "Administrator"),
    }
    return names.get(right, Html(right))


def missing_lines(language: str, rights: tuple[str, ...]) -> Html:
    """Say what each missing right means, a line each."""
    words = {
        DELETE: say(language, "without it I can recognise known abuse, but not remove it."),
        RESTRICT: say(language, "without it I cannot mute or ban whoever posts it."),
    }
    shown = [
        say(
            language, "✗ <b>{right}</b>: {meaning}", right=right_name(language, right), meaning=words.get(right, Html())
        )
        for right in rights
    ]
    return lines(*shown)


def fix(language: str, presence: Presence) -> Html:
    """Say how an admin of the chat gives the bot what it lacks."""
    if presence.is_admin:
        return say(
            language,
            "How to fix it: open the chat's info → Edit → Administrators → Haechi, and switch these rights on.",
        )
    return say(
        language,
        "How to fix it: open the chat's info → Edit → Administrators → Add admin, choose Haechi, "
        "and leave these rights switched on.",
    )
