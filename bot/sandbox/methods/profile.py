"""The bot's own page: who it is, its commands, names, descriptions and wished rights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.sandbox.methods.registry import method
from bot.sandbox.profile import scope_key
from bot.sandbox.refusal import bad_request
from bot.sandbox.rights import ALL_RIGHTS, right_names

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.world import World

COMMAND = re.compile(r"[a-z0-9_]{1,32}$")
LANGUAGE = re.compile(r"(?:[a-z]{2})?$")
MOST_COMMANDS, LONGEST_DESCRIPTION = 100, 256
SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}


@method("getMe")
def get_me(world: World, _: Args) -> Any:
    """The bot itself."""
    return world.me_json()


def _place(world: World, args: Args) -> tuple[str, str]:
    scope = args.object("scope", "BotCommandScope") or {"type": "default"}
    needed = SCOPES.get(str(scope.get("type")))
    if needed is None:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    for name in needed:
        if not scope.get(name):
            raise bad_request(f"can't parse BotCommandScope: can't find field \"{name}\"")
    if "chat_id" in needed and not str(scope["chat_id"]).startswith("@") and int(scope["chat_id"]) not in world.chats:
        raise bad_request("chat not found")
    return scope_key({name: scope[name] for name in ("type", *needed)}), _language(args)


def _language(args: Args) -> str:
    code = args.text("language_code")
    if not LANGUAGE.match(code):
        raise bad_request("invalid language code specified")
    return code


@method("setMyCommands", "commands scope language_code")
def set_my_commands(world: World, args: Args) -> bool:
    """The commands of one scope and language."""
    commands = args.json("commands", "commands")
    if commands is None or not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand")
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    kept = [_command(item) for item in commands]
    place = _place(world, args)
    world.profile.commands[place] = kept
    world.events.add("chat", None)
    return True


def _command(item: Any) -> dict[str, str]:
    if not isinstance(item, dict):
        raise bad_request("expected an Object as BotCommand")
    name, description = str(item.get("command") or "").removeprefix("/"), str(item.get("description") or "").strip()
    if not COMMAND.match(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= LONGEST_DESCRIPTION:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


@method("getMyCommands", "scope language_code")
def get_my_commands(world: World, args: Args) -> Any:
    """The commands of exactly this scope and language."""
    return world.profile.commands.get(_place(world, args), [])


@method("deleteMyCommands", "scope language_code")
def delete_my_commands(world: World, args: Args) -> bool:
    """Forget the commands of one scope and language."""
    world.profile.commands.pop(_place(world, args), None)
    return True


@method("setMyDefaultAdministratorRights", "rights for_channels")
def set_my_default_administrator_rights(world: World, args: Args) -> bool:
    """The rights that the dialog for adding the bot has ticked."""
    rights = args.object("rights", "administrator rights") or {}
    channels = args.flag("for_channels")
    names = right_names("channel" if channels else "supergroup")
    world.profile.rights[channels] = {name: bool(rights.get(name)) for name in names if name in ALL_RIGHTS}
    return True


@method("getMyDefaultAdministratorRights", "for_channels")
def get_my_default_administrator_rights(world: World, args: Args) -> Any:
    """Those rights."""
    return world.profile.wished_rights(for_channels=args.flag("for_channels"))


def _keep(place: dict[str, str], args: Args, name: str, longest: int, words: str) -> bool:
    text = args.text(name)
    if len(text) > longest:
        raise bad_request(words)
    place[_language(args)] = text
    return True


@method("setMyName", "name language_code")
def set_my_name(world: World, args: Args) -> bool:
    """The bot's name in one language."""
    return _keep(world.profile.names, args, "name", 64, "BOT_TITLE_INVALID")


@method("getMyName", "language_code")
def get_my_name(world: World, args: Args) -> Any:
    """The bot's name for speakers of one language."""
    names = world.profile.names
    return {"name": names.get(_language(args)) or names.get("") or world.profile.first_name}


@method("setMyDescription", "description language_code")
def set_my_description(world: World, args: Args) -> bool:
    """What an empty chat with the bot says."""
    return _keep(world.profile.descriptions, args, "description", 512, "BOT_DESCRIPTION_INVALID")


@method("getMyDescription", "language_code")
def get_my_description(world: World, args: Args) -> Any:
    """That text."""
    texts = world.profile.descriptions
    return {"description": texts.get(_language(args)) or texts.get("", "")}


@method("setMyShortDescription", "short_description language_code")
def set_my_short_description(world: World, args: Args) -> bool:
    """What the bot's profile says."""
    return _keep(world.profile.short_descriptions, args, "short_description", 120, "BOT_SHORT_DESCRIPTION_INVALID")


@method("getMyShortDescription", "language_code")
def get_my_short_description(world: World, args: Args) -> Any:
    """That text."""
    texts = world.profile.short_descriptions
    return {"short_description": texts.get(_language(args)) or texts.get("", "")}
