"""What a line of the health card means that is not green, and how it is mended, in words. Nothing is measured here."""

from __future__ import annotations

from bot.i18n import Html, say
from bot.outcome import Done, Outcome

TOPIC = "thread not found"
"""Telegram's words for a topic that is gone."""


def invite(language: str) -> Html:
    """Say what the right to invite is good for."""
    return say(language, "↳ With it I can make the link by which somebody comes in again whose ban was a mistake.")


def no_log(language: str) -> Html:
    """Say what it means that there is no log chat."""
    return say(
        language,
        "↳ Cards go to the owner in private, else they are shown in this chat. "
        "Give /logchat and choose a group or channel for admins only.",
    )


def log(language: str, kind: str) -> Html:
    """Say how a log chat of some kind is made to take what the bot says."""
    if kind == "channel":
        return say(
            language,
            "↳ Cards go elsewhere until then. Make me an administrator of that channel who may post messages, "
            "or give /logchat again.",
        )
    return say(
        language,
        "↳ Cards go elsewhere until then. Add me to that chat and let me write there, or give /logchat again.",
    )


def topic(language: str) -> Html:
    """Say what to do about a topic of the log chat that is gone."""
    return say(language, "↳ The topic is gone: give /logchat in another one.")


def owner(language: str) -> Html:
    """Say what it means that the owner cannot be told anything."""
    return say(language, "↳ They miss alarms. The owner opens my profile and presses Start, or lifts the block.")


def loading(language: str) -> Html:
    """Say what to do while the lists are loaded."""
    return say(language, "↳ Nothing to do: it takes a minute at most. If it stays so, tell whoever runs this bot.")


def no_entries(language: str) -> Html:
    """Say what it means that nothing is listed."""
    return say(
        language,
        "↳ I recognise nothing yet. Reply /block to a picture to list it; whoever runs this bot can import lists.",
    )


def unscannable(language: str) -> Html:
    """Say who decides about what could not be checked."""
    return say(language, "↳ What happens to such posts is chosen in /settings.")


def waiting(language: str) -> Html:
    """Say where the cases are that wait."""
    return say(language, "↳ /cases open lists them; each is decided by the buttons of its card.")


def limit(language: str) -> Html:
    """Say how a limit of the day is lifted."""
    return say(language, "↳ The alarm has the button that lifts it; by itself it ends at 00:00 UTC.")


def queue(language: str) -> Html:
    """Say what it means that updates wait."""
    return say(
        language, "↳ Posts are judged late. If it stays so, tell whoever runs this bot: <code>haechi doctor</code>."
    )


def silence(language: str) -> Html:
    """Say what it means that Telegram does not answer."""
    return say(
        language,
        "↳ New posts are not seen until Telegram answers again; none is lost. "
        "If it stays so, tell whoever runs this bot: <code>haechi doctor</code>.",
    )


def decoders(language: str) -> Html:
    """Say what it means that decoders are not locked in."""
    return say(
        language,
        "↳ A hostile file could do more harm there. Tell whoever runs this bot: <code>haechi doctor</code>.",
    )


def test_post(language: str, chat_title: str) -> Html:
    """Return what a test posts to the log chat."""
    return say(
        language,
        "📨 Test: here the admins of <b>{chat}</b> read what I find. This post may be removed.",
        chat=chat_title,
    )


def tested(language: str, log_title: str, kind: str, outcome: Outcome) -> list[Html]:
    """Say what came of a test post, and what to do if it was not taken."""
    if isinstance(outcome, Done):
        return [say(language, "📨 <b>The test post stands in {title}.</b>", title=log_title)]
    told = say(language, "📨 ✗ The test post was not taken by {title}: {words}", title=log_title, words=outcome.reason)
    return [told, topic(language) if TOPIC in outcome.reason.lower() else log(language, kind)]
