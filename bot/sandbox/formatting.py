"""A call's text or caption: parsed, trimmed, measured, refused as Telegram does; the parsers are elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.entities import Entity, merged, trimmed
from bot.sandbox.markup_html import MarkupError, parse_html
from bot.sandbox.markup_markdown import parse_markdown
from bot.sandbox.refusal import bad_request

if TYPE_CHECKING:
    from bot.sandbox.arguments import Args
    from bot.sandbox.world import World

LONGEST_TEXT, LONGEST_CAPTION = 4096, 1024
PARSERS = {"html": parse_html, "markdownv2": parse_markdown}


def parsed(world: World, text: str, parse_mode: str, entities: list[Entity] | None) -> tuple[str, list[Entity]]:
    """Text and entities as Telegram will show them."""
    mode = parse_mode.lower()
    if mode and mode not in {*PARSERS, "markdown"}:
        raise bad_request("unsupported parse_mode")
    found = list(entities or [])
    if mode in PARSERS:
        try:
            text, found = PARSERS[mode](text)
        except MarkupError as error:
            raise bad_request(f"can't parse entities: {error}") from error
    text, found = trimmed(text, [shown for entity in found if (shown := _shown(world, entity))])
    return text, merged(text, found)


def _shown(world: World, entity: Entity) -> Entity | None:
    """The entity as the bot gets it back: a mention by id only of somebody who exists, with their name."""
    if entity["type"] != "text_mention":
        return entity
    user = world.people.users.get(int(entity["user"]["id"]))
    return {**entity, "user": user.json()} if user else None


def text_fields(world: World, args: Args) -> dict[str, Any]:
    """The fields of a text message, from `text`, `parse_mode` and `entities`."""
    text, entities = parsed(world, args.text("text"), args.text("parse_mode"), args.json("entities", "entities"))
    if not text:
        raise bad_request("message text is empty")
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    fields: dict[str, Any] = {"text": text}
    if entities:
        fields["entities"] = entities
    preview = args.object("link_preview_options", "link preview options")
    return {**fields, "link_preview_options": preview} if preview else fields


def caption_fields(world: World, values: Args | dict[str, Any]) -> dict[str, Any]:
    """The caption's fields, from a call or from one item of an album; nothing for an empty caption."""
    if isinstance(values, dict):
        given, mode, entities = (
            values.get("caption") or "",
            values.get("parse_mode") or "",
            values.get("caption_entities"),
        )
        above = bool(values.get("show_caption_above_media"))
    else:
        given, mode = values.text("caption"), values.text("parse_mode")
        entities = values.json("caption_entities", "caption_entities")
        above = values.has("show_caption_above_media") and values.flag("show_caption_above_media")
    text, found = parsed(world, given, mode, entities)
    if len(text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    if not text:
        return {}
    fields: dict[str, Any] = {"caption": text, **({"caption_entities": found} if found else {})}
    return {**fields, "show_caption_above_media": True} if above else fields
