"""What people are told about what is kept of them, and what of it can be erased. Nothing is kept or erased here."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.calls import button
from bot.i18n import Html, length, lines, paragraphs, plain, say, say_n
from bot.settings import Retention
from bot.store.erasure import Left

HOUR, DAY = 3600, 24 * 3600

BUTTON = "forget"
"""The kind of the button that confirms /forget_me."""


def notice(language: str, keep: Retention, contact: str) -> Html:
    """Say what is kept of people, for how long, and where to ask."""

    def hours(number: float) -> str:
        return length(language, round(number * HOUR))

    def days(number: float) -> str:
        return length(language, round(number * DAY))

    return paragraphs(
        say(language, "<b>What Haechi keeps of you</b>"),
        lines(
            say(language, "• Pictures and videos: never. They are in memory while they are checked."),
            say(
                language,
                "• Messages as Telegram hands them over: {time} after they were handled. Answers and notices: {other}.",
                time=hours(keep.inbox_hours),
                other=hours(keep.outbox_hours),
            ),
            say(
                language,
                "• Which message had which picture: {time}. The digital fingerprints of pictures: {other}.",
                time=hours(keep.seen_hours),
                other=hours(keep.files_hours),
            ),
            say(
                language,
                "• Cases, with the name of whoever posted: {time}; a strike that counts longer keeps its case.",
                time=days(keep.cases_days),
            ),
            say(language, "• Appeals, with what you wrote: as long as their case."),
            say(
                language,
                "• Who reported what, and whether they were right: {time}. It is shown to nobody, not even to admins.",
                time=days(keep.reports_days),
            ),
            say(language, "• Who changed settings and lists: {time}.", time=days(keep.audit_days)),
            _trust(language, days(keep.people_days)),
            say(
                language,
                "• Your name, username and language: {time} after I saw you write last.",
                time=days(keep.people_days),
            ),
        ),
        lines(
            say(language, "/export_me sends you everything that is kept about you, as a file."),
            say(language, "/forget_me erases it, but for strikes that still count and cases that are not decided."),
        ),
        say(language, "Ask about it here: {contact}", contact=contact)
        if contact
        else say(language, "Ask whoever runs this bot, or the admins of your group."),
    )


def _trust(language: str, time: str) -> Html:
    return say(
        language,
        "• That a chat's admins trust you, with your name: until they no longer do, or {time} after I left it.",
        time=time,
    )


def question(language: str, left: Left) -> Html:
    """Ask whether somebody really wants to be forgotten, and say what will stay."""
    return paragraphs(
        say(language, "<b>Erase what Haechi keeps of you?</b>"),
        say(
            language,
            "Your name, your reports, your messages in my queues and your part in cases and records go at once. "
            "I will no longer write to you until you press Start again.",
        ),
        say(language, "An appeal of yours that still waits is withdrawn."),
        stays(language, left),
        say(
            language,
            "A ban is kept by Telegram, and by your number alone in a federation of chats that banned you. "
            "What stands in chats can only be removed there.",
        ),
    )


def answer(language: str, left: Left) -> Html:
    """Say that somebody is being forgotten, and what stays until when."""
    return paragraphs(say(language, "It is being erased now, this message's own record last."), stays(language, left))


def stays(language: str, left: Left) -> Html:
    """Say what has to stay for the safety of others, and until when; whether a case is open is not said."""
    dates = [datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%d") for end in left.strikes]
    return lines(
        say_n(
            language,
            "What stays, without your name: {n} strike that counts, until {dates}.",
            "What stays, without your name: {n} strikes that count, until {dates}.",
            len(dates),
            dates=", ".join(dates),
        )
        if dates
        else say(language, "You have no strikes that count."),
        say(
            language,
            "What limits your reporting stays until it ends: reports of the last day, without your words, and a block "
            "by admins. If a case about you is not decided yet, it stays until it is.",
        ),
    )


def confirm(language: str, token: str) -> list[list[dict[str, str]]]:
    """Return the button that erases."""
    return [[button(plain(say(language, "Erase everything")), f"f:{token}:erase")]]
