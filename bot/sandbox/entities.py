"""Formatted text: entities in UTF-16 units, those Telegram finds itself, trimming; markup is parsed elsewhere."""

from __future__ import annotations

import re
from typing import Any

Entity = dict[str, Any]

FOUND = re.compile(
    r"(?P<url>(?:https?://|tg://|t\.me/|www\.)[^\s<>\"]*[^\s<>\".,;:!?)\]'])"
    r"|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z][A-Za-z0-9_]{2,31})\b"
    r"|(?<![\w#])(?P<hashtag>\#\w*[^\W\d]\w*)"
    r"|(?<![\w$])(?P<cashtag>\$[A-Z]{1,8})\b"
)
OPAQUE = {"code", "pre", "text_link", "text_mention"}  # Telegram looks for nothing inside of these


def utf16(text: str) -> int:
    """The length of `text` in UTF-16 code units, as entities count."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)  # noqa: PLR2004 - the end of the first plane


def found(text: str) -> list[Entity]:
    """The entities that Telegram finds by itself: commands, mentions, links, tags."""
    entities: list[Entity] = []
    place, counted = 0, 0
    for match in FOUND.finditer(text):
        counted += utf16(text[place : match.start()])
        place = match.start()
        entities.append({"type": match.lastgroup, "offset": counted, "length": utf16(match.group())})
    return entities


def merged(text: str, entities: list[Entity]) -> list[Entity]:
    """The given entities with those that Telegram finds where no given one hides or already says so."""
    hidden = [
        (entity["offset"], entity["offset"] + entity["length"]) for entity in entities if entity["type"] in OPAQUE
    ]
    said = {(entity["type"], entity["offset"]) for entity in entities}
    extra = [
        entity
        for entity in found(text)
        if (entity["type"], entity["offset"]) not in said
        and not any(start < entity["offset"] + entity["length"] and entity["offset"] < end for start, end in hidden)
    ]
    return sorted(entities + extra, key=lambda entity: (entity["offset"], -entity["length"]))


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Text without the white space around it, with the entities moved along and cut to what is left."""
    lead = utf16(text) - utf16(text.lstrip())
    text = text.strip()
    end = utf16(text)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        stop = min(entity["offset"] - lead + entity["length"], end)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    return text, kept


def written(text: str, name: str = "text") -> dict[str, Any]:
    """What somebody typed, as a message's fields: `text` or `caption`, with the entities found in it."""
    text, _ = trimmed(text, [])
    entities = found(text)
    key = "entities" if name == "text" else "caption_entities"
    return {name: text, key: entities} if entities else {name: text}
