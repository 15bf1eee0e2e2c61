"""What a member of a chat is and may do: statuses, admin rights, permissions; the chat itself is in chats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.refusal import SandboxError

if TYPE_CHECKING:
    from bot.sandbox.people import User

COMMON_RIGHTS = (
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
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages", "can_manage_direct_messages")
GROUP_RIGHTS = ("can_pin_messages", "can_manage_topics", "can_manage_tags")
NEWER_RIGHTS = ("can_send_welcome_messages",)  # shown since Bot API 10.3; nobody is given it here
ALL_RIGHTS = frozenset(COMMON_RIGHTS + CHANNEL_RIGHTS + GROUP_RIGHTS)

MEDIA_PERMISSIONS = (
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
)
PERMISSIONS = (
    "can_send_messages",
    *MEDIA_PERMISSIONS,
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
DEFAULT_PERMISSIONS = frozenset(PERMISSIONS) - {"can_change_info", "can_pin_messages", "can_manage_topics"}

NEEDED = {  # what sending each kind of content takes
    "text": "can_send_messages",
    "photo": "can_send_photos",
    "video": "can_send_videos",
    "animation": "can_send_other_messages",
    "sticker": "can_send_other_messages",
    "document": "can_send_documents",
    "video_note": "can_send_video_notes",
    "audio": "can_send_audios",
}

SHORTEST, LONGEST = (
    30,
    366 * 86400,
)  # a ban or restriction outside of these lasts for ever (Bot API, restrictChatMember)


@dataclass(slots=True)
class Member:
    """Somebody's standing in one chat. `until` is when a ban or restriction ends, 0 for never."""

    user_id: int
    status: str = "member"
    rights: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    until: int = 0
    is_anonymous: bool = False
    is_member: bool = True
    promoted_by: int | None = None
    custom_title: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether they are the owner or an administrator."""
        return self.status in {"creator", "administrator"}

    @property
    def is_present(self) -> bool:
        """Whether they are in the chat."""
        return self.is_admin or self.status == "member" or (self.status == "restricted" and self.is_member)

    def has(self, right: str) -> bool:
        """Whether they hold an admin right."""
        return self.status == "creator" or (self.status == "administrator" and right in self.rights)

    def may(self, permission: str, default: frozenset[str]) -> bool:
        """Whether they may do what `permission` names, in a chat whose members may do `default`."""
        if self.is_admin:
            return True
        if not self.is_present or permission not in default:
            return False
        return self.status == "member" or permission in self.permissions

    def expire(self, now: int) -> None:
        """End a restriction or ban whose time is over."""
        if self.until and now >= self.until and self.status in {"restricted", "kicked"}:
            stays = self.status == "restricted" and self.is_member
            self.status, self.until, self.permissions = ("member" if stays else "left"), 0, frozenset()


def lasting(until_date: int, now: int) -> int:
    """When a ban or restriction with this `until_date` really ends: 0, for ever, when it is too near or too far."""
    return until_date if SHORTEST <= until_date - now <= LONGEST else 0


def chosen_rights(given: Any) -> frozenset[str]:
    """The admin rights that a control request names: true for all, a list of names, or a mapping of names to flags."""
    if given is True:
        return ALL_RIGHTS
    names = [name for name, on in given.items() if on] if isinstance(given, dict) else list(given or ())
    unknown = sorted(set(given or ()) - ALL_RIGHTS - {"is_anonymous"})
    if unknown:
        raise SandboxError(f"there is no admin right called {unknown[0]}")
    return frozenset(names) & ALL_RIGHTS | {"can_manage_chat"}


def right_names(chat_type: str) -> tuple[str, ...]:
    """The admin rights that exist in a kind of chat."""
    return COMMON_RIGHTS + (CHANNEL_RIGHTS if chat_type == "channel" else GROUP_RIGHTS)


def rights_json(rights: frozenset[str], chat_type: str, *, is_anonymous: bool) -> dict[str, bool]:
    """Admin rights as the Bot API's ChatAdministratorRights."""
    shown = (*right_names(chat_type), *NEWER_RIGHTS)
    return {"is_anonymous": is_anonymous, **{name: name in rights for name in shown}}


def permissions_json(permissions: frozenset[str]) -> dict[str, bool]:
    """Permissions as the Bot API's ChatPermissions."""
    return {name: name in permissions for name in PERMISSIONS}


def member_json(member: Member, user: User, chat_type: str, *, can_be_edited: bool = False) -> dict[str, Any]:
    """The standing as one of the Bot API's six ChatMember types."""
    body: dict[str, Any] = {"status": member.status, "user": user.json()}
    if member.status == "creator":
        body["is_anonymous"] = member.is_anonymous
    elif member.status == "administrator":
        body["can_be_edited"] = can_be_edited
        body |= rights_json(member.rights, chat_type, is_anonymous=member.is_anonymous)
    elif member.status == "restricted":
        body |= permissions_json(member.permissions)
        body |= {"is_member": member.is_member, "until_date": member.until}
    elif member.status == "kicked":
        body["until_date"] = member.until
    if member.custom_title and member.is_admin:
        body["custom_title"] = member.custom_title
    return body
