"""The settings panel's first page: what is chosen, in words, and the presets. Pure; nothing is changed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import knobs
from bot.calls import button, url_button
from bot.i18n import Html, length, lines, name, own_name, paragraphs, plain, say, say_n
from bot.knobs import knob_name, value_name
from bot.model import ChatSettings, Preset, UnscannablePolicy

Keyboard = list[list[dict[str, str]]]

LINK = "settings_"
"""What the payload of a link to a chat's panel begins with; the chat's id follows."""

MAIN = "main"

PAGES = (
    "matches",
    "strikes",
    "unscannable",
    "reporting",
    "voice",
    "appealing",
    "summary",
    "language",
    "trusted",
    "file",
)
"""The pages below the first, in the order of their buttons."""


@dataclass(frozen=True, slots=True)
class View:
    """What a panel shows, and in which language; `log_title` None: there is no log chat. `trusted` is how many."""

    settings: ChatSettings
    language: str
    title: str = ""
    log_title: str | None = None
    trusted: int = 0

    @property
    def chat_id(self) -> int:
        """The chat that the panel is about."""
        return self.settings.chat_id


# --- presets -------------------------------------------------------------------------------------


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


def preset_buttons(language: str, chosen: Preset | None = None, *, chat_id: int | None = None) -> Keyboard:
    """Return a row for each preset; `chat_id` names the chat where the panel stands in another one."""
    return [
        [choice(preset_name(language, one), "preset", one.value, is_chosen=one is chosen, chat_id=chat_id)]
        for one in Preset
    ]


# --- in the chat itself --------------------------------------------------------------------------


def link(username: str, chat_id: int) -> str:
    """Return the address that opens a chat's panel in private; who may, is asked there."""
    return f"https://t.me/{username}?start={LINK}{chat_id}"


def invitation(view: View, username: str) -> tuple[Html, Keyboard]:
    """Return what /settings answers in a chat: where its settings are, and the button that leads there."""
    language = view.language
    text = lines(
        say(language, "⚙️ <b>Settings of {title}</b>", title=name(view.title)),
        say(language, "They open in private, for admins who may change the chat's info."),
    )
    return text, [[url_button(plain(say(language, "Open the settings")), link(username, view.chat_id))]]


def greeted(view: View, username: str) -> tuple[Html, Keyboard]:
    """Return what stands in a chat once a preset was chosen there: what it does, and the way to the rest."""
    language, chosen = view.language, view.settings.preset
    text = lines(
        say(language, "⚙️ <b>Settings of {title}</b>", title=name(view.title)),
        say(language, "Strictness: <b>{name}</b>", name=preset_name(language, chosen)),
        preset_meaning(language, chosen),
    )
    rest = url_button(plain(say(language, "All settings")), link(username, view.chat_id))
    return text, [*preset_buttons(language, chosen), [rest]]


# --- the first page ------------------------------------------------------------------------------


def text(view: View) -> Html:
    """Say everything that is chosen in a chat."""
    return paragraphs(
        say(view.language, "⚙️ <b>Settings of {title}</b>", title=name(view.title)),
        lines(*_strictness(view)),
        lines(say(view.language, "<b>What I do</b>"), *_deeds(view)),
        lines(say(view.language, "<b>What I say, and to whom</b>"), *_words(view)),
    )


def buttons(view: View, is_recommended: bool) -> Keyboard:
    """Return the first page's buttons, what is chosen being marked."""
    language, chat_id = view.language, view.chat_id
    recommended = say(language, "✨ Recommended")
    watch, standard, zero = (row[0] for row in preset_buttons(language, view.settings.preset, chat_id=chat_id))
    pages = [button(plain(page_name(language, one)), data("page", one, chat_id)) for one in PAGES]
    close = button(plain(say(language, "Close")), data("close", "-", chat_id))
    return [
        [choice(recommended, "recommended", "-", is_chosen=is_recommended, chat_id=chat_id)],
        [watch, standard],
        [zero],
        *pairs(pages),
        [close],
    ]


def page_name(language: str, page: str) -> Html:
    """Return what a page of the panel is called."""
    names = {
        "matches": say(language, "Matches"),
        "strikes": say(language, "Strikes"),
        "unscannable": say(language, "Not checkable"),
        "reporting": say(language, "Reports"),
        "voice": say(language, "Group and log"),
        "appealing": say(language, "Appeals"),
        "summary": say(language, "Summary"),
        "language": say(language, "Language"),
        "trusted": say(language, "Trusted members"),
        "file": say(language, "Export and import"),
    }
    return names[page]


def _strictness(view: View) -> list[Html]:
    language, settings = view.language, view.settings
    chosen = say(language, "Strictness: <b>{name}</b>", name=preset_name(language, settings.preset))
    count = knobs.changes(settings)
    if not count:
        return [chosen, preset_meaning(language, settings.preset)]
    own = say_n(
        language,
        "{n} setting below is your own choice; a preset takes it back.",
        "{n} settings below are your own choice; a preset takes them back.",
        count,
    )
    return [chosen, own]


def _deeds(view: View) -> list[Html]:
    language, settings = view.language, view.settings
    tiers = [knob_line(view, f"tier_{tier}") for tier in range(4)]
    return [
        *tiers,
        say(
            language,
            "• Strikes: {mute}, {ban}; each counts for {time}",
            mute=_step(view, "mute"),
            ban=_step(view, "ban"),
            time=length(language, knobs.now(settings, "expiry_seconds")),
        ),
        say(
            language,
            "• What cannot be checked: <b>{name}</b>: {meaning}",
            name=unscannable_name(language, settings.unscannable),
            meaning=unscannable_meaning(language, settings.unscannable),
        ),
        say(language, "• Trusted members: <b>{number}</b>", number=view.trusted),
    ]


def _step(view: View, kind: str) -> Html:
    """Say at which strike somebody is muted or banned, and for how long."""
    language = view.language
    at, seconds = (knobs.now(view.settings, f"{kind}_{what}") for what in ("at", "seconds"))
    if not at:
        return say(language, "no mute") if kind == "mute" else say(language, "no ban")
    if kind == "mute":
        if not seconds:
            return say(language, "at {number} a mute for ever", number=at)
        return say(language, "at {number} a mute of {time}", number=at, time=length(language, seconds))
    if not seconds:
        return say(language, "at {number} a ban for ever", number=at)
    return say(language, "at {number} a ban of {time}", number=at, time=length(language, seconds))


def _words(view: View) -> list[Html]:
    language, settings = view.language, view.settings
    return [
        knob_line(view, "quiet"),
        log_line(view),
        knob_line(view, "reports"),
        knob_line(view, "hold_at"),
        knob_line(view, "appeals"),
        knob_line(view, "summary"),
        say(language, "• Language: <b>{name}</b>", name=own_name(settings.language)),
    ]


def knob_line(view: View, field: str) -> Html:
    """Say what holds of one knob."""
    language = view.language
    values = {"what": knob_name(language, field), "name": value_name(language, field, knobs.now(view.settings, field))}
    if knobs.is_changed(view.settings, field):
        return say(language, "• {what}: <b>{name}</b> – your own choice", **values)
    return say(language, "• {what}: <b>{name}</b>", **values)


def log_line(view: View) -> Html:
    """Say where admins read what the bot finds."""
    language = view.language
    if view.log_title is None:
        return say(language, "• Log chat: <b>none</b>. /logchat sets one, where only admins read what I find.")
    if view.settings.rules.log_thread_id is not None:
        return say(language, "• Log chat: <b>{title}</b>, in a topic of it", title=name(view.log_title))
    return say(language, "• Log chat: <b>{title}</b>", title=name(view.log_title))


# --- what cannot be checked ----------------------------------------------------------------------


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


# --- buttons -------------------------------------------------------------------------------------


def pairs(made: Sequence[dict[str, str]]) -> Keyboard:
    """Return buttons two in a row."""
    return [list(made[place : place + 2]) for place in range(0, len(made), 2)]


def choice(words: Html, action: str, value: str, *, is_chosen: bool, chat_id: int | None) -> dict[str, str]:
    """Return a button that chooses something, marked if that is chosen."""
    shown = f"● {plain(words)}" if is_chosen else plain(words)
    return button(shown, data(action, value, chat_id))


def data(action: str, value: str, chat_id: int | None) -> str:
    """Return what a button of the panel sends: ``s:<action>:<value>``, in private with the chat that it is about."""
    return f"s:{action}:{value}" + (f":{chat_id}" if chat_id is not None else "")
