"""The pages of the settings panel below the first: each knob explained, with a button for each value. Pure."""

from __future__ import annotations

from unicodedata import east_asian_width

from bot import knobs, panel
from bot.calls import button
from bot.i18n import Html, languages, lines, name, own_name, paragraphs, plain, say
from bot.knobs import KNOBS, knob_name, value_name
from bot.model import UnscannablePolicy
from bot.panel import Keyboard, View, choice, data, knob_line, page_name, pairs, preset_name
from bot.rules import PRESET

NARROW = 18
"""Columns that a button beside another may have, its mark not counted; Hangul takes two."""


def page(view: View, wanted: str, *, is_recommended: bool = False) -> tuple[Html, Keyboard] | None:
    """Return a page of the panel, or the page of one knob; None when there is no such page."""
    if wanted == panel.MAIN:
        return panel.text(view), panel.buttons(view, is_recommended)
    if wanted in KNOBS and KNOBS[wanted].values:
        return _knob_page(view, wanted)
    if wanted not in panel.PAGES:
        return None
    made = {"unscannable": _unscannable, "language": _language, "trusted": _trusted, "file": _file, "voice": _voice}
    if wanted in made:
        return made[wanted](view)
    return _list_page(view, wanted, [knob.field for knob in KNOBS.values() if knob.page == wanted])


def above(wanted: str) -> str:
    """Return the page that a page's Back leads to: of a knob the one that lists it."""
    knob = KNOBS.get(wanted)
    return knob.page if knob is not None and knob.page != wanted else panel.MAIN


def of_choice(action: str, value: str) -> str:
    """Return the page on which a choice is made, to be shown again after it."""
    if action == "tune":
        field = value.partition(".")[0]
        return "voice" if field == "log_thread_id" else field
    return action if action in panel.PAGES else panel.MAIN


# --- pages ---------------------------------------------------------------------------------------


def _list_page(view: View, wanted: str, fields: list[str]) -> tuple[Html, Keyboard]:
    shown = paragraphs(
        _title(view, page_name(view.language, wanted)),
        meaning(view.language, wanted),
        lines(*(knob_line(view, field) for field in fields)),
    )
    return shown, [*_doors(view, fields), _back(view, wanted)]


def _knob_page(view: View, field: str) -> tuple[Html, Keyboard]:
    language, settings, knob = view.language, view.settings, KNOBS[field]
    holds, is_own = knobs.now(settings, field), knobs.is_own(settings, field)
    rows = []
    preset = preset_name(language, settings.preset)
    if field in PRESET:
        as_preset = say(language, "As “{name}” has it", name=preset)
        value = f"{field}.{knobs.AS_PRESET}"
        rows.append([choice(as_preset, "tune", value, is_chosen=not is_own, chat_id=view.chat_id)])
    values = [
        choice(
            value_name(language, field, value),
            "tune",
            f"{field}.{knobs.written(value)}",
            is_chosen=(is_own or field not in PRESET) and value == holds,
            chat_id=view.chat_id,
        )
        for value in knob.values
    ]
    shown = paragraphs(
        _title(view, knob_name(language, field)),
        meaning(language, field),
        lines(
            say(language, "Now: <b>{name}</b>", name=value_name(language, field, holds)),
            say(
                language,
                "“{preset}” has: {name}",
                preset=preset,
                name=value_name(language, field, knobs.preset_value(settings, field)),
            )
            if is_own
            else None,
        ),
    )
    return shown, [*rows, *_arranged(values), _back(view, field)]


def _unscannable(view: View) -> tuple[Html, Keyboard]:
    language, chosen = view.language, view.settings.unscannable
    shown = paragraphs(
        _title(view, page_name(language, "unscannable")),
        meaning(language, "unscannable"),
        lines(
            *(
                say(
                    language,
                    "• <b>{name}</b>: {meaning}",
                    name=panel.unscannable_name(language, one),
                    meaning=panel.unscannable_meaning(language, one),
                )
                for one in UnscannablePolicy
            )
        ),
    )
    row = [
        choice(
            panel.unscannable_name(language, one),
            "unscannable",
            one.value,
            is_chosen=one is chosen,
            chat_id=view.chat_id,
        )
        for one in UnscannablePolicy
    ]
    return shown, [row, _back(view, "unscannable")]


def _language(view: View) -> tuple[Html, Keyboard]:
    language, chosen = view.language, view.settings.language
    tongues = [
        choice(Html(own_name(one)), "language", one, is_chosen=one == chosen, chat_id=view.chat_id)
        for one in languages()
    ]
    shown = paragraphs(
        _title(view, page_name(language, "language")), meaning(language, "language"), knob_line(view, "country")
    )
    return shown, [*pairs(tongues), *_doors(view, ["country"]), _back(view, "language")]


def _voice(view: View) -> tuple[Html, Keyboard]:
    language, rules = view.language, view.settings.rules
    shown = paragraphs(
        _title(view, page_name(language, "voice")),
        lines(knob_line(view, "quiet"), panel.log_line(view)),
        meaning(language, "voice"),
    )
    rows = _doors(view, ["quiet"])
    if rules.log_thread_id is not None:
        whole = value_name(language, "log_thread_id", None)
        rows.append([choice(whole, "tune", "log_thread_id.preset", is_chosen=False, chat_id=view.chat_id)])
    return shown, [*rows, _back(view, "voice")]


def _trusted(view: View) -> tuple[Html, Keyboard]:
    language = view.language
    shown = paragraphs(
        _title(view, page_name(language, "trusted")),
        meaning(language, "trusted"),
        say(language, "Trusted here: <b>{number}</b>", number=view.trusted),
    )
    return shown, [_back(view, "trusted")]


def _file(view: View) -> tuple[Html, Keyboard]:
    language = view.language
    shown = paragraphs(
        _title(view, page_name(language, "file")),
        meaning(language, "file"),
        say(
            language,
            "To import: send me the file here with the caption <code>/settings import {chat}</code>, or reply to it in "
            "the chat with /settings import. I show what would change before anything does.",
            chat=view.chat_id,
        ),
    )
    send = button(plain(say(language, "Send me the file")), data("export", "-", view.chat_id))
    return shown, [[send], _back(view, "file")]


# --- parts ---------------------------------------------------------------------------------------


def _title(view: View, words: Html) -> Html:
    return say(view.language, "⚙️ <b>{what}</b> · {title}", what=words, title=name(view.title))


def _doors(view: View, fields: list[str]) -> Keyboard:
    """Return a button for each knob that leads to its values."""
    return [
        [button(plain(say(view.language, "{what} …", what=knob_name(view.language, field))), _to(view, field))]
        for field in fields
    ]


def _to(view: View, wanted: str) -> str:
    return data("page", wanted, view.chat_id)


def _back(view: View, wanted: str) -> list[dict[str, str]]:
    language = view.language
    return [
        button(plain(say(language, "‹ Back")), _to(view, above(wanted))),
        button(plain(say(language, "Close")), data("close", "-", view.chat_id)),
    ]


def _arranged(values: list[dict[str, str]]) -> Keyboard:
    """Return short values two in a row, long ones alone."""
    is_narrow = all(_columns(one["text"].removeprefix("● ")) <= NARROW for one in values)
    return pairs(values) if is_narrow else [[one] for one in values]


def _columns(words: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in words)


def meaning(language: str, wanted: str) -> Html:
    """Explain a page, or one knob."""
    return (_page_meanings(language) | _match_meanings(language) | _other_meanings(language))[wanted]


def _page_meanings(language: str) -> dict[str, Html]:
    return {
        "matches": say(
            language,
            "How sure a match is decides what it does; a surer one never does less. A list that is trusted less does "
            "less, and neither admins nor trusted members are ever punished.",
        ),
        "strikes": say(
            language, "What repeated abuse costs. A warning by an admin is a strike as well, and /mute lasts as long."
        ),
        "unscannable": say(
            language,
            "Some files cannot be read: too large, broken, or built to deceive. They are never called clean. "
            "Those of trusted members stay, and the admins are told.",
        ),
        "reporting": say(language, "Members report with /report or @admin. Who reported is never told."),
        "voice": say(
            language,
            "In a forum, give /logchat in a topic of the log chat to have the cards there. "
            "<code>/logchat off</code> ends it.",
        ),
        "appealing": say(language, "Whoever was acted on may ask for a second look, by another admin."),
        "language": say(language, "In the chat I speak this language; in private everybody is spoken to in their own."),
        "trusted": say(
            language,
            "Whom you trust, I do not strike, mute or ban. Known abuse that they post is removed all the same. "
            "/trust and /untrust as a reply, or with an id or @name; /trusted lists them.",
        ),
        "file": say(
            language,
            "The chat's owner can take everything here along as a file, trusted members included, "
            "and bring it to another chat. Log chat and federation stay out of it.",
        ),
    }


def _match_meanings(language: str) -> dict[str, Html]:
    return {
        "tier_0": say(language, "The very file that is listed, byte for byte, or the same upload again."),
        "tier_1": say(language, "The listed picture itself: saved anew, made smaller, mirrored or turned."),
        "tier_2": say(
            language,
            "The listed picture inside something else, such as a screenshot, a collage or a frame, or cropped a "
            "little. That is hardly ever chance.",
        ),
        "tier_3": say(
            language, "It resembles a listed picture. That may be chance, so nobody is punished for it: please look."
        ),
    }


def _other_meanings(language: str) -> dict[str, Html]:
    return {
        "mute_at": say(language, "From this strike on whoever posts known abuse is muted."),
        "mute_seconds": say(language, "Also how long /mute lasts where you give no time."),
        "ban_at": say(language, "From this strike on they are banned, for lists that are trusted to ban."),
        "ban_seconds": say(
            language, "How long I ban by myself. In basic groups and for channels Telegram knows no end of a ban."
        ),
        "expiry_seconds": say(
            language, "After this time a strike counts no more. What was given before is kept as is."
        ),
        "reports": say(language, "Where this is off, /report and @admin are left alone, as if I were not here."),
        "appeals": say(language, "Whether whoever was acted on may appeal."),
        "hold_at": say(
            language,
            "So many members whose reports were right before hide a post until an admin has looked. "
            "What admins and trusted members post is never hidden, nor what a channel posts itself.",
        ),
        "quiet": say(
            language,
            "What the group hears of what I did: the whole notice, one line with neither name nor reason, or nothing. "
            "Admins and those concerned are told as ever. Without a log chat, and an owner to whom I may write, cards "
            "still stand in the group.",
        ),
        "country": say(language, "Whose helplines I name first to people whose pictures are shared."),
        "appeal_link": say(language, "Whether notices in the group lead to the appeal."),
        "appeal_seconds": say(language, "How long after a case an appeal is heard."),
        "summary": say(language, "How often the admins read in numbers what I did."),
    }
