"""Markup becomes text and entities as at Telegram, or is refused in Telegram's words."""

from __future__ import annotations

import pytest

from bot.sandbox.entities import Entity, found, trimmed, utf16
from bot.sandbox.markup_html import MarkupError, parse_html
from bot.sandbox.markup_markdown import parse_markdown


def _short(entities: list[Entity]) -> list[tuple[str, int, int]]:
    return [(entity["type"], entity["offset"], entity["length"]) for entity in entities]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("&lt;b&gt; &amp;amp; &#65;&#x42; &copy;", "<b> &amp; AB &copy;", []),
        ("😀<u>x</u>", "😀x", [("underline", 2, 1)]),
        ('<a href="https://e.org/?a=1&amp;b=2">l</a>', "l", [("text_link", 0, 1)]),
        ("<a href='nonsense'>l</a>", "l", []),
        ('<span class="tg-spoiler">s</span><tg-spoiler>t</tg-spoiler>', "st", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<code>x</code> <pre>y</pre>", "x y", [("code", 0, 1), ("pre", 2, 1)]),
        ("<blockquote>q</blockquote>", "q", [("blockquote", 0, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ('<tg-emoji emoji-id="5368">x</tg-emoji>', "x", [("custom_emoji", 0, 1)]),
        ("<B>a</b><del>b</del><ins>c</ins>", "abc", [("bold", 0, 1), ("strikethrough", 1, 1), ("underline", 2, 1)]),
        ("<b></b>x", "x", []),
    ],
)
def test_html(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    """Telegram's tags become entities counted in UTF-16 units."""
    parsed, marks = parse_html(source)
    assert (parsed, _short(marks)) == (text, entities)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("해<b>x</i>", 'Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'),
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<a href=", "Unclosed start tag at byte offset 0"),
        ('<a =x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=a?b>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-emoji emoji-id="x">y</tg-emoji>', "Invalid custom emoji identifier specified"),
    ],
)
def test_bad_html(source: str, words: str) -> None:
    """Bad HTML is refused in Telegram's words, with byte offsets."""
    with pytest.raises(MarkupError) as refused:
        parse_html(source)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("*b* _i_ __u__ ~s~ ||p||", "b i u s p", [
            ("bold", 0, 1), ("italic", 2, 1), ("underline", 4, 1), ("strikethrough", 6, 1), ("spoiler", 8, 1),
        ]),
        ("*b _i_*", "b i", [("bold", 0, 3), ("italic", 2, 1)]),
        ("`a*b` ```py\nx```", "a*b x", [("code", 0, 3), ("pre", 4, 1)]),
        ("[l](https://e.org) 1\\.5", "l 1.5", [("text_link", 0, 1)]),
        ("![e](tg://emoji?id=53)", "e", [("custom_emoji", 0, 1)]),
        (">q\n>r\nend", "q\nr\nend", [("blockquote", 0, 4)]),
        (">q||", "q", [("expandable_blockquote", 0, 1)]),
    ],
)  # fmt: skip
def test_markdown(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    """MarkdownV2 becomes entities counted in UTF-16 units."""
    parsed, marks = parse_markdown(source)
    assert (parsed, _short(marks)) == (text, entities)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a.b", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("*x", "Can't find end of Bold entity at byte offset 0"),
        ("해_x", "Can't find end of Italic entity at byte offset 3"),
        ("[l](x", "Can't find end of a URL at byte offset 4"),
        ("![e]", "The entity must contain a tg://emoji or tg://time URL"),
        ("![e](https://e.org)", "Invalid tg://emoji or tg://time URL specified"),
        ("x > y", "Character '>' is reserved and must be escaped with the preceding '\\'"),
    ],
)
def test_bad_markdown(source: str, words: str) -> None:
    """Bad MarkdownV2 is refused in Telegram's words."""
    with pytest.raises(MarkupError) as refused:
        parse_markdown(source)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("/report now", [("bot_command", 0, 7)]),
        ("😀 /a@some_bot", [("bot_command", 3, 11)]),
        ("path/to not/a command", []),
        ("mail a.b@e.org or @olga_oh", [("email", 5, 9), ("mention", 18, 8)]),
        ("see https://e.org/x?y=1.", [("url", 4, 19)]),
        ("#해치 and #1", [("hashtag", 0, 3)]),
        ("pay $USD", [("cashtag", 4, 4)]),
    ],
)
def test_finds_entities(text: str, entities: list[tuple[str, int, int]]) -> None:
    """Commands, mentions, links and tags are found where Telegram finds them."""
    assert _short(found(text)) == entities


def test_trims() -> None:
    """White space around a text goes, and entities move along or go with it."""
    text, entities = trimmed(
        "  ab ", [{"type": "bold", "offset": 0, "length": 3}, {"type": "code", "offset": 4, "length": 1}]
    )
    assert (text, _short(entities)) == ("ab", [("bold", 0, 1)])
    assert utf16("a😀") == 3
