"""What the bot says of itself: names, descriptions, commands, wished rights; nothing is sent here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.rights import rights_json

Command = dict[str, str]


@dataclass(slots=True)
class Profile:
    """The bot's own page."""

    first_name: str
    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Command]] = field(default_factory=dict)
    rights: dict[bool, dict[str, bool]] = field(default_factory=dict)

    def wished_rights(self, *, for_channels: bool) -> dict[str, bool]:
        """The admin rights that the dialog for adding the bot has ticked."""
        nothing = rights_json(frozenset(), "channel" if for_channels else "supergroup", is_anonymous=False)
        return {**nothing, **self.rights.get(for_channels, {})}

    def shown_commands(self, chat: dict[str, Any], user_id: int, language: str, *, is_admin: bool) -> list[Command]:
        """What a person sees in a chat: the narrowest scope that has commands, in their language or in none."""
        for scope in _scopes(chat, user_id, is_admin=is_admin):
            for code in (language, ""):
                found = self.commands.get((scope_key(scope), code))
                if found:
                    return found
        return []


def scope_key(scope: dict[str, Any]) -> str:
    """A command scope as a key, whatever order its fields came in."""
    return json.dumps({name: str(value) for name, value in sorted(scope.items())})


def _scopes(chat: dict[str, Any], user_id: int, *, is_admin: bool) -> list[dict[str, Any]]:
    """The scopes that apply, narrowest first (Bot API, "Determining list of commands")."""
    here = {"type": "chat", "chat_id": chat["id"]}
    if chat["type"] == "private":
        return [here, {"type": "all_private_chats"}, {"type": "default"}]
    admins: list[dict[str, Any]] = [{"type": "chat_administrators", "chat_id": chat["id"]}] if is_admin else []
    everywhere: list[dict[str, Any]] = [{"type": "all_chat_administrators"}] if is_admin else []
    member = {"type": "chat_member", "chat_id": chat["id"], "user_id": user_id}
    return [member, *admins, here, *everywhere, {"type": "all_group_chats"}, {"type": "default"}]
