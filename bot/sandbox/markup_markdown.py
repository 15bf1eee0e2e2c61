"""MarkdownV2 to text and entities, with Telegram's words for what is wrong; lengths and trimming are in entities."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.sandbox.entities import Entity, utf16
from bot.sandbox.markup_html import MarkupError, link

RESERVED = set("_*[]()~`>#+-=|{}.!\n")
MARKS = {
    "__": "underline",
    "||": "spoiler",
    "_": "italic",
    "*": "bold",
    "~": "strikethrough",
    "`": "code",
    "```": "pre",
}
WORDS = {
    "pre": "Pre",
    "code": "Code",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
EMOJI = re.compile(r"tg://emoji\?id=(\d+)$")


@dataclass(slots=True)
class Open:
    """An entity that has not ended yet."""

    kind: str
    offset: int
    begin: int
    text_start: int
    language: str = ""


class MarkdownParser:
    """Goes through the markup once, from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.place = 0
        self.text = ""
        self.length = 0
        self.open: list[Open] = []
        self.entities: list[Entity] = []
        self.at_line_start = True

    def parse(self) -> tuple[str, list[Entity]]:
        """The text and its entities; MarkupError when it cannot be parsed."""
        while self.place < len(self.source):
            self._step()
        if self._quote():
            self._end_quote()
        if self.open:
            self._unended(self.open[-1])
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return self.text, self.entities

    def _step(self) -> None:
        character = self.source[self.place]
        following = self.source[self.place + 1 : self.place + 2]
        if character == "\\" and "\0" < following <= "~":
            self.place += 2
            self._write(following)
        elif character not in self._reserved():
            self.place += 1
            self._write(character)
        elif character == "\n":
            self._line_end()
        elif self._ends():
            self._end()
        else:
            self._begin(character)

    def _reserved(self) -> set[str]:
        return {"`"} if self.open and self.open[-1].kind in {"code", "pre"} else RESERVED

    def _write(self, character: str) -> None:
        self.text += character
        self.length += utf16(character)
        self.at_line_start = character == "\n"

    def _unended(self, opened: Open) -> None:
        word = WORDS.get(opened.kind, opened.kind.capitalize())
        offset = len(self.source[: opened.begin].encode())
        raise MarkupError(f"Can't find end of {word} entity at byte offset {offset}")

    def _mark(self) -> str:
        if self.source.startswith("```", self.place):
            return "```"
        pair = self.source[self.place : self.place + 2]
        return pair if pair in MARKS else self.source[self.place]

    def _ends(self) -> bool:
        if not self.open:
            return False
        kind = self.open[-1].kind
        if kind in {"text_link", "custom_emoji"}:
            return self.source[self.place] == "]"
        return (kind == "code" and self.source[self.place] == "`") or MARKS.get(self._mark()) == kind

    def _begin(self, character: str) -> None:
        mark, begin = self._mark(), self.place
        if mark in MARKS:
            self.place += len(mark)
            language = self._language() if mark == "```" else ""
            self.open.append(Open(MARKS[mark], self.length, begin, len(self.text), language))
        elif character == "[" or self.source.startswith("![", self.place):
            self.place += 1 if character == "[" else 2
            kind = "text_link" if character == "[" else "custom_emoji"
            self.open.append(Open(kind, self.length, begin, len(self.text)))
        elif character == ">" and self.at_line_start:
            self.place += 1
            if not self._quote():
                self.open.append(Open("blockquote", self.length, begin, len(self.text)))
        else:
            raise MarkupError(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")

    def _language(self) -> str:
        match = re.compile(r"([^\s`]*)(?=\s)\n?").match(self.source, self.place)
        if match:
            self.place = match.end()
            return match[1]
        return ""

    def _end(self) -> None:
        opened = self.open.pop()
        span: Entity = {"offset": opened.offset, "length": self.length - opened.offset}
        if opened.kind in {"text_link", "custom_emoji"}:
            self._end_link(opened, span)
            return
        self.place += len("`") if opened.kind == "code" else len(self._mark())
        if span["length"]:
            language = {"language": opened.language} if opened.language else {}
            self.entities.append({"type": opened.kind, **span, **language})

    def _end_link(self, opened: Open, span: Entity) -> None:
        self.place += 1
        url = self._url()
        if opened.kind == "custom_emoji":
            if url is None:
                raise MarkupError("The entity must contain a tg://emoji or tg://time URL")
            emoji = EMOJI.match(url)
            if not emoji:
                raise MarkupError("Invalid tg://emoji or tg://time URL specified")
            self.entities.append({"type": "custom_emoji", **span, "custom_emoji_id": emoji[1]})
            return
        linked = link(self.text[opened.text_start :] if url is None else url)
        if linked and span["length"]:
            self.entities.append({**linked, **span})

    def _url(self) -> str | None:
        if not self.source.startswith("(", self.place):
            return None
        match = re.compile(r"\(((?:\\.|[^)\\])*)\)").match(self.source, self.place)
        if not match:
            offset = len(self.source[: self.place + 1].encode())
            raise MarkupError(f"Can't find end of a URL at byte offset {offset}")
        self.place = match.end()
        return re.sub(r"\\(.)", r"\1", match[1])

    def _quote(self) -> bool:
        return any(opened.kind == "blockquote" for opened in self.open)

    def _line_end(self) -> None:
        self.place += 1
        if self._quote() and not self.source.startswith(">", self.place):
            self._end_quote(line=True)
        else:
            self._write("\n")

    def _end_quote(self, *, line: bool = False) -> None:
        expandable = self.open[-1].kind == "spoiler" and self.open[-1].offset == self.length
        if expandable:
            self.open.pop()
        if self.open[-1].kind != "blockquote":
            self._unended(self.open[-1])
        opened = self.open.pop()
        if line:
            self._write("\n")
        kind = "expandable_blockquote" if expandable else "blockquote"
        if self.length > opened.offset:
            self.entities.append({"type": kind, "offset": opened.offset, "length": self.length - opened.offset})


def parse_markdown(source: str) -> tuple[str, list[Entity]]:
    """Text and entities of MarkdownV2; MarkupError in Telegram's words when it cannot be parsed."""
    return MarkdownParser(source).parse()
