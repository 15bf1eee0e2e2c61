"""Telegram's HTML subset to text and entities, refused in its words; trimming is in entities."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.sandbox.entities import Entity, utf16

STYLES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "code": "code", "pre": "pre",
}  # fmt: skip
TAGS = {*STYLES, "a", "tg-emoji", "tg-time", "blockquote"}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]{1,6})|#(?P<dec>\d{1,7})|(?P<name>lt|gt|amp|quot)(?![A-Za-z]));?")
ATTRIBUTE = re.compile(r"[^\s=>/\"']*")
TOKEN = re.compile(r"[A-Za-z0-9.-]*")
SPACE = re.compile(r"\s*")
NAME = re.compile(r"[^\s>]*")


class MarkupError(Exception):
    """Markup that cannot be parsed; the text is Telegram's."""


@dataclass(slots=True)
class Open:
    """A tag that has not been closed yet."""

    tag: str
    argument: str
    offset: int
    text_start: int


def decoded(text: str) -> str:
    """Text with its character references replaced; unknown ones stay."""
    return REFERENCE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    if match["name"]:
        return NAMED[match["name"]]
    code = int(match["hex"], 16) if match["hex"] else int(match["dec"])
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else match.group()  # noqa: PLR2004 - Unicode's own bounds


class HtmlParser:
    """Goes through the markup once, from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.place = 0
        self.text = ""
        self.length = 0
        self.open: list[Open] = []
        self.entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        """The text and its entities; MarkupError when it cannot be parsed."""
        while self.place < len(self.source):
            angle = self.source.find("<", self.place)
            stop = len(self.source) if angle < 0 else angle
            self._write(decoded(self.source[self.place : stop]))
            self.place = stop
            if angle >= 0:
                self._tag()
        if self.open:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return self.text, self.entities

    def _write(self, text: str) -> None:
        self.text += text
        self.length += utf16(text)

    def _at(self, place: int) -> int:
        return len(self.source[:place].encode())

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.source, self.place)
        taken = match.group() if match else ""
        self.place += len(taken)
        return taken

    def _peek(self) -> str:
        return self.source[self.place : self.place + 1]

    def _tag(self) -> None:
        begin = self.place
        self.place += 1
        if self._peek() == "/":
            self.place += 1
            self._end(begin)
        else:
            self._start(begin)

    def _start(self, begin: int) -> None:
        tag = self._take(NAME).lower()
        if not self._peek():
            raise MarkupError(f"Unclosed start tag at byte offset {self._at(begin)}")
        if tag not in TAGS:
            raise MarkupError(f'Unsupported start tag "{tag}" at byte offset {self._at(begin)}')
        argument = ""
        while True:
            self._take(SPACE)
            if self._peek() == ">":
                break
            argument = self._attribute(tag, begin) or argument
        self.place += 1
        if tag == "span" and argument != "tg-spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._at(begin)}')
        self.open.append(Open(tag, argument, self.length, len(self.text)))

    def _attribute(self, tag: str, begin: int) -> str:
        name = self._take(ATTRIBUTE)
        if not name:
            if not self._peek():
                raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {self._at(begin)}')
            raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {self._at(begin)}')
        self._take(SPACE)
        value = ""
        if self._peek() == "=":
            self.place += 1
            self._take(SPACE)
            value = self._value()
        if not self._peek():
            raise MarkupError(f"Unclosed start tag at byte offset {self._at(begin)}")
        return self._argument(tag, name, value)

    def _value(self) -> str:
        quote = self._peek()
        if quote and quote in "'\"":
            stop = self.source.find(quote, self.place + 1)
            value = self.source[self.place + 1 : stop if stop >= 0 else None]
            self.place = stop + 1 if stop >= 0 else len(self.source)
            return decoded(value)
        begin = self.place
        value = self._take(TOKEN).lower()
        if self._peek() and not self._peek().isspace() and self._peek() != ">":
            raise MarkupError(f"Unexpected end of name token at byte offset {self._at(begin)}")
        return value

    @staticmethod
    def _argument(tag: str, name: str, value: str) -> str:
        if tag == "code" and name == "class" and value.startswith("language-"):
            return value.removeprefix("language-")
        if (tag, name) == ("blockquote", "expandable"):
            return "expandable"
        wanted = {"a": "href", "span": "class", "tg-emoji": "emoji-id", "tg-time": "unix"}
        return value if wanted.get(tag) == name else ""

    def _end(self, begin: int) -> None:
        if not self.open:
            raise MarkupError(f"Unexpected end tag at byte offset {self._at(begin)}")
        tag = self._take(NAME).lower()
        self._take(SPACE)
        if self._peek() != ">":
            raise MarkupError(f"Unclosed end tag at byte offset {self._at(begin)}")
        self.place += 1
        opened = self.open[-1]
        if tag and tag != opened.tag:
            expected = f'expected "</{opened.tag}>", found "</{tag}>"'
            raise MarkupError(f"Unmatched end tag at byte offset {self._at(begin)}, {expected}")
        self.open.pop()
        if self.length > opened.offset:
            self._close(opened)

    def _close(self, opened: Open) -> None:
        span: Entity = {"offset": opened.offset, "length": self.length - opened.offset}
        if opened.tag in {"pre", "code"} and self._joined(opened, span):
            return
        kind = STYLES.get(opened.tag)
        if kind:
            self.entities.append({"type": kind, **span})
        elif opened.tag == "blockquote":
            self.entities.append({"type": "expandable_blockquote" if opened.argument else "blockquote", **span})
        elif opened.tag == "a":
            linked = link(opened.argument or self.text[opened.text_start :])
            self.entities += [{**linked, **span}] if linked else []
        elif opened.tag == "tg-emoji":
            if not opened.argument.isdigit():
                raise MarkupError("Invalid custom emoji identifier specified")
            self.entities.append({"type": "custom_emoji", **span, "custom_emoji_id": opened.argument})
        elif opened.argument.isdigit():
            self.entities.append({"type": "date_time", **span, "unix_time": int(opened.argument)})

    def _joined(self, opened: Open, span: Entity) -> bool:
        """Whether this was the other half of `<pre><code class="language-…">`, which is one entity."""
        last = self.entities[-1] if self.entities else None
        if opened.tag == "code":
            if opened.argument:
                self.entities.append({"type": "code", **span, "language": opened.argument})
                return True
            return False
        if (
            last
            and last["type"] == "code"
            and "language" in last
            and (last["offset"], last["length"]) == (*span.values(),)
        ):
            last["type"] = "pre"
            return True
        return False


def link(url: str) -> Entity | None:
    """The entity of a link: a mention of a person for `tg://user?id=`, else a text link; None when it is no link."""
    mention = re.fullmatch(r"tg://user\?id=(\d+)", url)
    if mention:
        return {"type": "text_mention", "user": {"id": int(mention[1])}}
    if re.match(r"(?:https?|tg|ton)://\S+$", url):
        return {"type": "text_link", "url": url}
    return (
        {"type": "text_link", "url": f"http://{url}/"} if re.fullmatch(r"[\w-]+(?:\.[\w-]+)+(?:/\S*)?", url) else None
    )


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Text and entities of Telegram's HTML subset; MarkupError in Telegram's words when it cannot be parsed."""
    text, entities = HtmlParser(source).parse()
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    return text, entities
