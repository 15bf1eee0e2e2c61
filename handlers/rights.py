"""The table of rights: which command and which button asks for what. Asking Telegram is done in `guard`.

What has no row is denied: a command without one cannot be registered, a button without one is taken for forged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.categories import CATEGORIES
from bot.i18n import Html, say


class Right(StrEnum):
    """What somebody must be, or be allowed to do, in a chat; the others than the first three are Telegram's own names.

    Who keeps the lists is in the bot's configuration: no chat can make anybody a maintainer.
    """

    EVERYBODY = "everybody"
    MAINTAINER = "maintainer"
    ADMIN = "admin"
    OWNER = "creator"  # Telegram's status: no right that an admin could be given stands for it
    DELETE = "can_delete_messages"
    RESTRICT = "can_restrict_members"
    CHANGE = "can_change_info"
    RESTRICT_AND_DELETE = "can_restrict_members can_delete_messages"

    @property
    def parts(self) -> tuple[Right, ...]:
        """The rights that this one stands for: itself, or two that are asked for together."""
        return tuple(Right(name) for name in self.value.split())


COMMANDS: dict[str, Right] = {
    "start": Right.EVERYBODY,
    "help": Right.EVERYBODY,
    "report": Right.EVERYBODY,
    "reports": Right.ADMIN,  # in private, of the chats in which one is
    "why": Right.EVERYBODY,
    "privacy": Right.EVERYBODY,
    "export_me": Right.EVERYBODY,
    "forget_me": Right.EVERYBODY,
    "helpme": Right.EVERYBODY,
    "appeal": Right.EVERYBODY,
    "newfed": Right.EVERYBODY,
    "joinfed": Right.OWNER,
    "leavefed": Right.OWNER,
    "fedinfo": Right.ADMIN,
    "fban": Right.EVERYBODY,  # a federation's admins, whom it keeps itself: an admin of the chat is none yet
    "unfban": Right.EVERYBODY,
    "fedadmins": Right.EVERYBODY,
    "fedimport": Right.EVERYBODY,
    "settings": Right.CHANGE,  # export and import: Right.OWNER, asked for there
    "trust": Right.RESTRICT,
    "untrust": Right.RESTRICT,
    "trusted": Right.ADMIN,
    "logchat": Right.CHANGE,
    "check": Right.ADMIN,
    "summary": Right.ADMIN,
    "case": Right.ADMIN,
    "cases": Right.ADMIN,
    "appeals": Right.ADMIN,
    "undo": Right.ADMIN,  # and in the case's chat the rights that it took to do what is undone
    "block": Right.DELETE,
    "allow": Right.DELETE,
    "warn": Right.RESTRICT,
    "dwarn": Right.RESTRICT_AND_DELETE,
    "swarn": Right.RESTRICT,
    "unwarn": Right.RESTRICT,
    "warns": Right.ADMIN,
    "mute": Right.RESTRICT,
    "dmute": Right.RESTRICT_AND_DELETE,
    "smute": Right.RESTRICT,
    "unmute": Right.RESTRICT,
    "ban": Right.RESTRICT,
    "dban": Right.RESTRICT_AND_DELETE,
    "sban": Right.RESTRICT,
    "unban": Right.RESTRICT,
    "kick": Right.RESTRICT,
    "purge": Right.DELETE,
    "reportblocks": Right.RESTRICT,
}
"""Every command; one that is not here is not answered."""


def confirming(name: str) -> Right:
    """Return what it takes to confirm a command whose author is hidden: its right, and to be an admin, as they are."""
    return COMMANDS[name] if COMMANDS[name] is not Right.EVERYBODY else Right.ADMIN


CARD_BUTTONS: dict[str, Right] = {
    "claim": Right.ADMIN,
    "release": Right.ADMIN,
    "take": Right.ADMIN,
    "delete": Right.DELETE,
    "block": Right.DELETE,
    "dismiss": Right.DELETE,
    "misuse": Right.RESTRICT,
    "allow": Right.DELETE,
    "warn": Right.RESTRICT_AND_DELETE,
    "mute": Right.RESTRICT_AND_DELETE,
    "ban": Right.RESTRICT_AND_DELETE,
}
"""The buttons of a card, data ``c:<token>:<action>``; what is done to the poster removes the post as well.

Of “take” a third part says which claim is taken over: the one that the button named.
"""

SETTINGS_BUTTONS: dict[str, Right] = {
    "preset": Right.CHANGE,
    "recommended": Right.CHANGE,
    "unscannable": Right.CHANGE,
    "language": Right.CHANGE,
    "tune": Right.CHANGE,
    "page": Right.CHANGE,
    "export": Right.OWNER,
    "close": Right.CHANGE,
}
"""The buttons of the settings panel, data ``s:<action>:<value>``, in private with the chat: ``:<chat>``."""

IMPORT_BUTTONS: dict[str, Right] = {"apply": Right.OWNER, "cancel": Right.OWNER}
"""The buttons under what an import would change, data ``x:<token>:<action>``."""

CHECK_BUTTONS: dict[str, Right] = {"canary": Right.ADMIN, "log": Right.ADMIN, "again": Right.ADMIN}
"""The buttons of the health card, data ``h:<action>``."""

BREAKER_BUTTONS: dict[str, Right] = {"delete": Right.DELETE, "ban": Right.RESTRICT}
"""The button under the alarm of a day's limit, data ``b:<token>:<kind>``: lifting it lets the bot go on doing that."""

QUARANTINE_BUTTONS: dict[str, Right] = {"keep": Right.MAINTAINER, "release": Right.MAINTAINER}
"""The buttons about entries in quarantine, data ``q:<token>:<action>``."""

HELP_BUTTONS: dict[str, Right] = {"adults": Right.EVERYBODY, "minors": Right.EVERYBODY}
"""The buttons of /helpme, data ``v:<country>:<people>``."""

FORGET_BUTTONS: dict[str, Right] = {"erase": Right.EVERYBODY}
"""The button of /forget_me, data ``f:<token>:erase``: the token is for one person's private chat."""


CASES_BUTTONS: dict[str, Right] = {"older": Right.ADMIN, "newer": Right.ADMIN}
"""The buttons under /cases, data ``k:<action>:<which>:<number>``."""

RAID_BUTTONS: dict[str, Right] = {"next": Right.ADMIN}
"""The button of a raid's card, data ``d:next:<raid>``: it shows cards, whose own buttons ask for more."""

OPEN_BUTTONS: dict[str, Right] = {"older": Right.ADMIN, "newer": Right.ADMIN}
"""The buttons under /reports, data ``o:<action>:<number>``."""

REPORT_BUTTONS: dict[str, Right] = dict.fromkeys(CATEGORIES, Right.EVERYBODY)
"""The buttons of a receipt, data ``r:<token>:<category>``: the token is for one reporter's private chat."""

UNDO_BUTTONS: dict[str, Right] = {"undo": Right.ADMIN}
"""The button that takes a case back, data ``u:undo:<number>``; the rights that it took to do it are asked as well."""

APPEAL_BUTTONS: dict[str, Right] = {"uphold": Right.ADMIN, "reduce": Right.ADMIN, "overturn": Right.ADMIN}
"""The buttons of an appeal's card, data ``p:<token>:<action>``; the rights that it took to act are asked as well."""

FED_BUTTONS: dict[str, Right] = {"acts": Right.CHANGE, "strikes": Right.CHANGE}
"""The buttons of /fedinfo, data ``g:<action>:<on|off>``."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of the buttons whose data starts with one letter.

    `at` is the place of the action among the parts after the letter, None where a token alone stands for it.
    `is_bound` says that the conversation itself compares the pressed message with the one that the token went out in;
    of the others the pressed message has to show the very button.
    """

    rights: Mapping[str, Right]
    at: int | None = 0
    is_bound: bool = False

    def asked(self, parts: Sequence[str]) -> Right | None:
        """Return the right that a button asks for, None for one without a row.

        Where a token alone stands for the action everybody may press; the conversation asks for the command's right.
        """
        if self.at is None:
            return Right.EVERYBODY if len(parts) == 1 else None
        return self.rights.get(parts[self.at]) if self.at < len(parts) else None


BUTTONS: dict[str, Rows] = {
    "a": Rows(COMMANDS, at=None),
    "b": Rows(BREAKER_BUTTONS, at=1),
    "c": Rows(CARD_BUTTONS, at=1, is_bound=True),
    "d": Rows(RAID_BUTTONS),
    "f": Rows(FORGET_BUTTONS, at=1),
    "g": Rows(FED_BUTTONS),
    "h": Rows(CHECK_BUTTONS),
    "k": Rows(CASES_BUTTONS),
    "o": Rows(OPEN_BUTTONS),
    "p": Rows(APPEAL_BUTTONS, at=1, is_bound=True),
    "q": Rows(QUARANTINE_BUTTONS, at=1),
    "r": Rows(REPORT_BUTTONS, at=1),
    "s": Rows(SETTINGS_BUTTONS),
    "u": Rows(UNDO_BUTTONS, is_bound=True),
    "v": Rows(HELP_BUTTONS, at=1),
    "x": Rows(IMPORT_BUTTONS, at=1, is_bound=True),
}
"""Every button by the letter that its data starts with; one that is not here is never heard."""


def words_for(language: str, right: Right) -> Html:
    """Name a right as Telegram's own admin settings do, after “it takes …”."""
    words = {
        Right.EVERYBODY: say(language, "nothing"),
        Right.MAINTAINER: say(language, "one who keeps the lists"),
        Right.ADMIN: say(language, "an admin of this chat"),
        Right.OWNER: say(language, "the owner of this chat"),
        Right.DELETE: say(language, "the admin right “Delete messages”"),
        Right.RESTRICT: say(language, "the admin right “Ban users”"),
        Right.CHANGE: say(language, "the admin right “Change group info”"),
        Right.RESTRICT_AND_DELETE: say(language, "the admin rights “Ban users” and “Delete messages”"),
    }
    return words[right]
