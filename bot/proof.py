"""How sure a match is, how it was made, and why a file could not be checked, in words. Nothing is decided here."""

from __future__ import annotations

import re
from typing import Final

from bot.i18n import Html, say, say_n

_FRAMES: Final = re.compile(r"(\d+) frames of a listed video(, altered)?")


def tier_words(language: str, tier: int | None) -> Html:
    """Say how sure a match is."""
    words = (
        say(language, "exactly this file"),
        say(language, "surely this picture"),
        say(language, "probably this picture"),
        say(language, "perhaps this picture"),
    )
    return words[tier] if tier is not None else say(language, "unknown")


def how_words(language: str, how: str | None) -> Html:
    """Say by which stage a match was found, as `Match.how` has it."""
    text = how or ""
    if counted := _FRAMES.fullmatch(text):
        return _frames(language, int(counted[1]), is_altered=bool(counted[2]))
    if text.startswith("frame at"):
        return say(language, "frame at {time}", time=text.removeprefix("frame at").strip())
    return (_whole(language) | _windows(language)).get(text, Html(text))


def _whole(language: str) -> dict[str, Html]:
    return {
        "exact file": say(language, "exact file"),
        "exact file, too plain for a near match": say(language, "exact file"),
        "same upload": say(language, "same upload"),
        "full frame": say(language, "full frame"),
        "full frame, altered": say(language, "full frame, altered"),
        "mirrored or turned": say(language, "mirrored or turned"),
        "inverted": say(language, "inverted"),
        "resembles (pHash)": say(language, "resembles it"),
        "resembles (pHash), and PDQ agrees": say(language, "resembles it by two measures"),
        "a frame of a listed video": say(language, "a frame of a listed video"),
        "in quarantine": say(language, "its entry is in quarantine: it matched very many people's posts"),
        "frames that another listed video shows too": say(language, "frames that another listed video shows too"),
    }


def _windows(language: str) -> dict[str, Html]:
    return {
        "inside a frame or a screenshot": say(language, "inside a frame or a screenshot"),
        "inside a frame": say(language, "inside a frame"),
        "beside a caption": say(language, "beside a caption"),
        "inside a story": say(language, "inside a story"),
        "half of a collage": say(language, "half of a collage"),
        "a quarter of a collage": say(language, "a quarter of a collage"),
        "cropped": say(language, "cropped"),
        "cropped on one side": say(language, "cropped on one side"),
        "turned a little": say(language, "turned a little"),
    }


def _frames(language: str, count: int, *, is_altered: bool) -> Html:
    if is_altered:
        return say_n(language, "{n} frame of a listed video, altered", "{n} frames of a listed video, altered", count)
    return say_n(language, "{n} frame of a listed video", "{n} frames of a listed video", count)


def reason_words(language: str, reason: str) -> Html:
    """Say why a post could not be checked."""
    words = {
        "large": say(language, "the file is too large to fetch and has no preview"),
        "fetch": say(language, "Telegram did not hand out the file"),
        "timeout": say(language, "reading it took too long"),
        "crash": say(language, "reading it made the decoder stop"),
        "breaker": say(language, "files of this kind have stopped the decoder; for a while they are not read"),
        "type": say(language, "the file is of a kind that cannot be read"),
        "tgs": say(language, "an animated sticker without a preview"),
        "fault": say(language, "I made a mistake while reading it; the log says where"),
    }
    return words.get(reason, say(language, "the file is broken or built to deceive"))
