"""Presses that must not count, in every kind of chat: forged, elsewhere, by nobody. What right ones do is not here."""

from __future__ import annotations

from typing import Any

from tests.flow.kinds import in_all
from tests.flow.places import Json, Place, Places
from tests.flow.reporting import card_of, data_of, forge, name_of, stranger

FORGED = (
    "c:nosuchtoken:delete",
    "c:nosuchtoken",
    "c:x",
    "c:a:b:c:d",
    "a:nosuchtoken",
    "h:nosuchthing",
    "s:nosuchthing:watch",
    "s:preset:nosuchthing",
    "s:preset:watch:-1001234567890",
    "q:1",
    "nonsense",
    "c:" + "x" * 60,
)
"""Data that no button of the bot has."""


async def watched(place: Place) -> Json:
    """A match that waits for an admin; its card."""
    await place.choose("Watch")
    await place.post_sample("listed-1")
    return await card_of(place, "please decide")


def state_of(place: Place) -> list[Any]:
    """All that a press could change in a chat."""
    cases = place.rows("select id, state, strike from cases where chat_id=?", place.chat)
    settings = place.rows("select preset, unscannable, language, log_chat_id from chats where chat_id=?", place.chat)
    return [cases, settings, place.strikes(place.poster)]


class Log:
    """What the bot has logged since."""

    def __init__(self, place: Place) -> None:
        self._place, self._start = place, len(place.bot.log)

    def lines(self, event: str) -> list[str]:
        """The lines of one event."""
        return [line for line in self.text.splitlines() if f'"{event}"' in line]

    @property
    def text(self) -> str:
        """Everything."""
        return self._place.bot.log[self._start :]


@in_all
async def test_a_forged_press_is_answered_and_changes_nothing(places: Places, kind: str) -> None:
    """Unknown letters, tokens, values and forms are told to be invalid; each is logged, without its data."""
    place = await places.group(kind)
    card = await watched(place)
    before, log = state_of(place), Log(place)
    for data in FORGED:
        assert "no longer valid" in await forge(place, card, data=data)
    await place.settle()
    assert state_of(place) == before
    assert len(log.lines("callback.invalid")) == len(FORGED)
    assert not any(data in log.text for data in FORGED[:1] + FORGED[-2:])
    assert "Forger" not in log.text


@in_all
async def test_a_press_on_nothing_is_answered(places: Places, kind: str) -> None:
    """A press without data, or without a message that the bot may see, is answered and logged."""
    place = await places.group(kind)
    card = await watched(place)
    token = data_of(card, "Delete")
    before, log = state_of(place), Log(place)
    assert "no longer valid" in await forge(place, card, game_short_name="nogame")
    assert "no longer valid" in await forge(place, None, inline_message_id="1", data=token)
    await place.settle()
    assert state_of(place) == before
    assert len(log.lines("callback.invalid")) == 2
    assert token.split(":")[1] not in log.text


@in_all
async def test_another_chats_buttons_do_not_work_here(places: Places, kind: str) -> None:
    """The token of a card, and of a command to be confirmed, counts only where the bot put it: that is logged."""
    place, elsewhere = await places.group(kind), await places.group()
    card = await watched(place)
    asked = await place.say("/ban 12345678", as_=place.owner, **_hidden(place))
    prompt = await place.answered("I cannot see who you are", after=asked)
    foreign = await elsewhere.client.message(elsewhere.chat, await elsewhere.say("x"))
    before, log = state_of(place), Log(place)
    for message, words in ((card, "Delete"), (prompt, "Confirm")):
        assert "no longer valid" in await forge(elsewhere, foreign, data=data_of(message, words))
    await place.settle()
    assert state_of(place) == before
    assert len(log.lines("callback.invalid")) == 2
    assert data_of(card, "Delete").split(":")[1] not in log.text


@in_all
async def test_who_may_not_is_refused_at_every_button(places: Places, kind: str) -> None:
    """A member's press on a card, the settings, the health card or a prompt is refused with the right it takes."""
    place = await places.group(kind)
    card = await watched(place)
    greeting = await place.said("I am Haechi")
    settings = await place.panel()
    health = await place.answered("Health of", after=await place.command("/check"))
    asked = await place.say("/ban 12345678", as_=place.owner, **_hidden(place))
    prompt = await place.answered("I cannot see who you are", after=asked)
    other = await stranger(place)
    before, log = state_of(place), Log(place)
    presses = [(card, words) for words in ("I take this", "Delete", "Warn", "Mute", "Ban", "Dismiss")]
    presses += [(greeting, "Zero tolerance"), (health, "canary"), (prompt, "Confirm")]
    for message, words in presses:
        assert "it takes" in str(await place.press(message, words, as_=other))
    theirs = {"id": other, "is_bot": False, "first_name": "Forger"}
    for words in ("Zero tolerance", "Matches", "Close"):
        shown = {**settings, "chat": {"id": other, "type": "private", "first_name": "Forger"}}
        assert "it takes" in await forge(place, shown, data=data_of(settings, words), **{"from": theirs})
        presses.append((settings, words))
    await place.settle()
    assert state_of(place) == before
    assert len(log.lines("callback.denied")) == len(presses)
    assert await name_of(place, other) not in log.text
    assert not any(data_of(message, words) in log.text for message, words in presses)


def _hidden(place: Place) -> dict[str, Any]:
    """How to write so that the bot cannot see who does: in a channel that is always so."""
    return {} if place.is_channel else {"in_name_of": "anonymous"}
