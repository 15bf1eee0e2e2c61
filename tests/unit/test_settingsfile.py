"""A chat's settings as a file: what is written is read again, and everything that is wrong is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import settingsfile
from bot.i18n import MAX_NAME, languages
from bot.model import ChatSettings, Preset, UnscannablePolicy
from bot.rules import DAY, HOUR, Quiet, Rules, Summary, TierAction
from bot.settingsfile import Problem, Wanted
from bot.store.trusted import Trusted

actions = st.none() | st.sampled_from(TierAction)
chosen = st.builds(
    ChatSettings,
    chat_id=st.just(-1),
    preset=st.sampled_from(Preset),
    unscannable=st.sampled_from(UnscannablePolicy),
    language=st.sampled_from(languages()),
    rules=st.builds(
        Rules,
        tier_0=actions,
        tier_1=actions,
        tier_2=actions,
        tier_3=st.sampled_from([None, TierAction.TELL, TierAction.REMOVE]),
        mute_at=st.none() | st.integers(0, 100),
        ban_at=st.none() | st.integers(0, 100),
        mute_seconds=st.none() | st.just(0) | st.integers(60, 365 * DAY),
        expiry_seconds=st.none() | st.integers(HOUR, 365 * DAY),
        quiet=st.sampled_from(Quiet),
        log_thread_id=st.none() | st.integers(1, 1000),
        reports=st.booleans(),
        hold_at=st.integers(0, 100),
        appeals=st.booleans(),
        summary=st.sampled_from(Summary),
        country=st.sampled_from(["", "KR", "INT"]),
    ),
)
people = st.lists(
    st.builds(Trusted, st.integers(-(10**13), 10**13).filter(bool), st.text(max_size=64)),
    max_size=5,
    unique_by=lambda one: one.sender_id,
)


def problems(**changes: Any) -> list[Problem]:
    """What is wrong with a file that is sound but for these keys."""
    found = settingsfile.read({**settingsfile.write(ChatSettings(-1), []), **changes})
    assert isinstance(found, list)
    return found


@given(chosen, people, chosen)
def test_an_export_imported_is_the_same(there: ChatSettings, trusted: list[Trusted], here: ChatSettings) -> None:
    """Whatever a chat has chosen, its file makes another chat the same, but for the places that are its own."""
    wanted = settingsfile.load(settingsfile.dump(settingsfile.write(there, trusted)))
    assert isinstance(wanted, Wanted)
    after = wanted.applied(here)
    assert settingsfile.write(after, wanted.trusted or ()) == settingsfile.write(there, trusted)
    assert after.rules.log_thread_id == here.rules.log_thread_id


@given(chosen, people)
def test_a_file_holds_no_place_of_the_chat(there: ChatSettings, trusted: list[Trusted]) -> None:
    """Neither the chat's id nor that of its log chat or topic is in its file."""
    document = settingsfile.write(there, trusted)
    assert set(document) == {"haechi", "version", "preset", "unscannable", "language", "rules", "trusted"}
    assert "log_thread_id" not in document["rules"]


@given(chosen)
def test_what_a_file_does_not_name_stays(here: ChatSettings) -> None:
    """A file with its version alone changes nothing."""
    wanted = settingsfile.read({"haechi": "settings", "version": 1})
    assert isinstance(wanted, Wanted)
    assert wanted.applied(here) == here
    assert wanted.trusted is None


def test_the_largest_file_is_not_too_large() -> None:
    """With as many trusted members as there can be, and the longest names, a chat's file can be read again."""
    crowd = [Trusted(-(10**13) - number, "🐲" * MAX_NAME) for number in range(settingsfile.MOST_TRUSTED)]
    data = settingsfile.dump(settingsfile.write(ChatSettings(-1), crowd))
    assert len(data) <= settingsfile.MAX_BYTES
    assert isinstance(settingsfile.load(data), Wanted)


def test_every_problem_is_named() -> None:
    """All that is wrong is said at once, each with its key."""
    rules = {"mute_at": -1, "quiet": "loud", "moons": 2, "reports": 1, "tier_3": "ban", "log_thread_id": 5}
    found = problems(preset="mild", colour="blue", language=7, rules=rules, trusted=[{"id": 0}, {"id": 5}, {"id": 5}])
    assert {(one.key, one.code) for one in found} == {
        ("colour", "unknown"),
        ("preset", "value"),
        ("language", "value"),
        ("rules.mute_at", "value"),
        ("rules.quiet", "value"),
        ("rules.moons", "unknown"),
        ("rules.reports", "value"),
        ("rules.tier_3", "value"),
        ("rules.log_thread_id", "unknown"),
        ("trusted[0]", "value"),
        ("trusted[2]", "twice"),
    }
    assert problems(trusted=[{"id": 5}, {"id": 5}]) == [Problem("trusted[1]", "twice")]
    assert problems(rules=[]) == [Problem("rules", "type")]
    assert problems(trusted={}) == [Problem("trusted", "type")]
    assert problems(trusted=[{"id": one} for one in range(1, 502)]) == [Problem("trusted", "many")]


@pytest.mark.parametrize(
    "person",
    [5, {}, {"name": "x"}, {"id": "5"}, {"id": True}, {"id": 2**60}, {"id": 5, "name": 5}, {"id": 5, "x": 1}, None],
)
def test_who_is_nobody_is_refused(person: object) -> None:
    """Somebody without a number, with another kind of name or with more than that is no trusted member."""
    assert problems(trusted=[person]) == [Problem("trusted[0]", "value")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json"),
        (b"\xff\xfe", "json"),
        (b"[" * 100_000, "json"),
        (b"[]", "object"),
        (b"{}", "kind"),
        (b'{"haechi": "settings"}', "version"),
        (b'{"haechi": "settings", "version": 2}', "version"),
        (b'{"haechi": "settings", "version": true}', "version"),
        (b'{"haechi": "settings", "version": 1, "preset": "watch", "preset": "standard"}', "twice"),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes, code: str) -> None:
    """Other JSON, another version, a key that is there twice and what is no JSON at all are told apart."""
    found = settingsfile.load(data)
    assert isinstance(found, list)
    assert [one.code for one in found] == [code]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda some: (
            st.lists(some)
            | st.dictionaries(
                st.sampled_from(["haechi", "version", "rules", "trusted", "preset", "id"]) | st.text(), some
            )
        ),
    )
)
def test_no_file_is_too_strange(document: object) -> None:
    """Whatever JSON there is, it is read or refused, and every problem has words in every language."""
    data = json.dumps({"haechi": "settings", "version": 1, **document} if isinstance(document, dict) else document)
    found = settingsfile.load(data.encode())
    if isinstance(found, list):
        assert found
        assert all(settingsfile.problem_words(language, one) for one in found for language in languages())
