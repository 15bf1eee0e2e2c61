"""The settings panel: its words and its buttons, and the presets explained. Pure; nothing is changed here."""

from __future__ import annotations

from bot.calls import button
from bot.i18n import Html, languages, lines, name, own_name, paragraphs, plain, say
from bot.model import ChatSettings, Preset, UnscannablePolicy

Keyboard = list[list[dict[str, str]]]


def preset_name(language: str, preset: Preset) -> Html:
    """Return what a preset is called."""
    names = {
        Preset.WATCH: say(language, "Watch"),
        Preset.STANDARD: say(language, "Standard"),
        Preset.ZERO_TOLERANCE: say(language, "Zero tolerance"),
    }
    return names[preset]


def preset_meaning(language: str, preset: Preset) -> Html:
    """Say in a line what a preset does."""
    words = {
        Preset.WATCH: say(language, "I remove nothing and only tell the admins."),
        Preset.STANDARD: say(
            language,
            "I remove known abuse and count a strike: the 2nd mutes for a day, the 3rd bans. "
            "Strikes expire after 30 days.",
        ),
        Preset.ZERO_TOLERANCE: say(language, "I remove known abuse and ban whoever posts it at the first match."),
    }
    return words[preset]


def preset_lines(language: str) -> Html:
    """Explain every preset, a line each."""
    shown = [
        say(
            language, "<b>{name}</b>: {meaning}", name=preset_name(language, one), meaning=preset_meaning(language, one)
        )
        for one in Preset
    ]
    return lines(*shown)


def unscannable_name(language: str, policy: UnscannablePolicy) -> Html:
    """Return what a policy for posts that could not be checked is called."""
    names = {
        UnscannablePolicy.NOTIFY: say(language, "Tell"),
        UnscannablePolicy.DELETE: say(language, "Remove"),
        UnscannablePolicy.HOLD: say(language, "Hold"),
    }
    return names[policy]


def unscannable_meaning(language: str, policy: UnscannablePolicy) -> Html:
    """Say in a line what such a policy does."""
    words = {
        UnscannablePolicy.NOTIFY: say(language, "the post stays and the admins are told."),
        UnscannablePolicy.DELETE: say(language, "the post is removed."),
        UnscannablePolicy.HOLD: say(language, "the post is removed and the case stays open until an admin decides."),
    }
    return words[policy]


def preset_buttons(language: str, chosen: Preset | None = None, *, chat_id: int | None = None) -> Keyboard:
    """Return a row for each preset; `chat_id` names the chat where the panel stands in another one."""
    return [
        [_choice(preset_name(language, one), "preset", one.value, is_chosen=one is chosen, chat_id=chat_id)]
        for one in Preset
    ]


def text(settings: ChatSettings, *, title: str, log_title: str | None, language: str = "") -> Html:
    """Say what is chosen in a chat, in its language or in private in `language`; `log_title` None: no log chat."""
    language = language or settings.language
    return paragraphs(
        say(language, "⚙️ <b>Settings of {title}</b>", title=name(title)),
        lines(
            say(language, "Strictness: <b>{name}</b>", name=preset_name(language, settings.preset)),
            say(
                language,
                "What cannot be checked: <b>{name}</b>: {meaning}",
                name=unscannable_name(language, settings.unscannable),
                meaning=unscannable_meaning(language, settings.unscannable),
            ),
            say(language, "Language: <b>{name}</b>", name=own_name(settings.language)),
            say(language, "Log chat: <b>{title}</b>. /logchat changes it.", title=name(log_title))
            if log_title is not None
            else say(language, "Log chat: <b>none</b>. /logchat sets one, where only admins read what I find."),
        ),
        preset_lines(language),
    )


def buttons(settings: ChatSettings, *, chat_id: int | None = None, language: str = "") -> Keyboard:
    """Return the panel's buttons, what is chosen being marked, in the chat's language or in private in `language`."""
    language = language or settings.language
    policies = [
        _choice(
            unscannable_name(language, one),
            "unscannable",
            one.value,
            is_chosen=one is settings.unscannable,
            chat_id=chat_id,
        )
        for one in UnscannablePolicy
    ]
    tongues = [
        _choice(Html(own_name(one)), "language", one, is_chosen=one == settings.language, chat_id=chat_id)
        for one in languages()
    ]
    close = button(plain(say(language, "Close")), _data("close", "-", chat_id))
    return [*preset_buttons(language, settings.preset, chat_id=chat_id), policies, tongues, [close]]


def _choice(words: Html, action: str, value: str, *, is_chosen: bool, chat_id: int | None) -> dict[str, str]:
    shown = f"● {plain(words)}" if is_chosen else plain(words)
    return button(shown, _data(action, value, chat_id))


def _data(action: str, value: str, chat_id: int | None) -> str:
    return f"s:{action}:{value}" + (f":{chat_id}" if chat_id is not None else "")
