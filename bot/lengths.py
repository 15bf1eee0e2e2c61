"""How long mutes and bans last, in words: for a time, or for ever. Pure; what is decided is not known here."""

from __future__ import annotations

from bot.i18n import Html, length, say


def muted(language: str, seconds: int | None) -> Html:
    """Say of a poster, as a part of a sentence, that they are muted."""
    if seconds is None:
        return say(language, "muted for ever")
    return say(language, "muted for {time}", time=length(language, seconds))


def banned(language: str, seconds: int | None) -> Html:
    """Say of a poster, as a part of a sentence, that they are banned."""
    if seconds is None:
        return say(language, "banned")
    return say(language, "banned for {time}", time=length(language, seconds))


def poster_muted(language: str, seconds: int | None) -> Html:
    """Tell the group that a poster was muted."""
    if seconds is None:
        return say(language, "The poster was muted for ever.")
    return say(language, "The poster was muted for {time}.", time=length(language, seconds))


def poster_banned(language: str, seconds: int | None) -> Html:
    """Tell the group that a poster was banned."""
    if seconds is None:
        return say(language, "The poster was banned.")
    return say(language, "The poster was banned for {time}.", time=length(language, seconds))


def is_muted(language: str, who: Html, seconds: int | None) -> Html:
    """Say by name that somebody is muted."""
    if seconds is None:
        return say(language, "{who} is muted for ever.", who=who)
    return say(language, "{who} is muted for {time}.", who=who, time=length(language, seconds))


def is_banned(language: str, who: Html, seconds: int | None) -> Html:
    """Say by name that somebody is banned."""
    if seconds is None:
        return say(language, "{who} is banned.", who=who)
    return say(language, "{who} is banned for {time}.", who=who, time=length(language, seconds))


def step_mutes(language: str, seconds: int | None) -> Html:
    """Say what the strike just given costs: a mute."""
    if seconds is None:
        return say(language, "At this strike one is muted for ever.")
    return say(language, "At this strike one is muted for {time}.", time=length(language, seconds))


def step_bans(language: str, seconds: int | None) -> Html:
    """Say what the strike just given costs: a ban."""
    if seconds is None:
        return say(language, "At this strike one is banned.")
    return say(language, "At this strike one is banned for {time}.", time=length(language, seconds))
