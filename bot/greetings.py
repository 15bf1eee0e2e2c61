"""What the bot says when it comes, is promoted, loses rights or goes. Pure; where it is said is not decided here."""

from __future__ import annotations

from datetime import UTC, datetime

from bot import panel
from bot.i18n import Html, lines, name, paragraphs, say
from bot.protection import DELETE, Presence, fix, missing_lines


def arrival(language: str, title: str, presence: Presence, missing: tuple[str, ...]) -> Html:
    """Introduce the bot to a chat: what it does, what it lacks, and how strict it can be."""
    return paragraphs(
        say(
            language,
            "👋 I am Haechi. I check every picture and video posted in <b>{title}</b> against lists of known abuse, "
            "and I never keep or show any of them.",
            title=name(title),
        ),
        standing(language, presence, missing),
        lines(
            say(language, "How strict shall I be? An admin who may change the chat's info can choose:"),
            panel.preset_lines(language),
        ),
        say(language, "Later: /settings changes everything, /check tests whether I work, /help lists the commands."),
    )


def standing(language: str, presence: Presence, missing: tuple[str, ...]) -> Html:
    """Say that the bot has all rights it needs, or which it lacks and how to give them."""
    if not missing:
        return say(language, "✅ I have every right I need: protection is on.")
    return lines(
        say(language, "⚠️ Protection is not complete yet. I am missing:"),
        missing_lines(language, missing),
        fix(language, presence),
    )


def complete(language: str, title: str) -> Html:
    """Say that the bot has everything it needs now."""
    return say(
        language, "✅ Thank you: I have every right I need now. Protection is on in <b>{title}</b>.", title=name(title)
    )


def alarm(language: str, title: str, presence: Presence, lost: tuple[str, ...], at: float) -> Html:
    """Say that protection ended or got weaker, since when and why."""
    values = {"title": name(title), "time": datetime.fromtimestamp(at, UTC).strftime("%H:%M UTC")}
    if not presence.is_here:
        return say(
            language, "🔴 Protection is off in <b>{title}</b> since {time}: I was removed from the chat.", **values
        )
    if not presence.is_admin:
        why = say(
            language, "🔴 Protection is off in <b>{title}</b> since {time}: I am no longer an administrator.", **values
        )
    elif DELETE in lost:
        why = say(
            language, "🔴 Protection is off in <b>{title}</b> since {time}: I may no longer delete messages.", **values
        )
    else:
        why = say(
            language,
            "🟠 Protection is weaker in <b>{title}</b> since {time}: I may no longer mute or ban anybody.",
            **values,
        )
    return lines(why, missing_lines(language, lost), fix(language, presence))


def log_chat_lost(language: str, title: str, log_title: str) -> Html:
    """Say that a chat has no log chat any more because the bot was removed from it."""
    return say(
        language,
        "⚠️ I was removed from <b>{log}</b>, the log chat of <b>{title}</b>. Until you set another with /logchat, "
        "cards go to the owner in private, or to the chat itself.",
        log=name(log_title),
        title=name(title),
    )
