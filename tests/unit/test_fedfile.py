"""Bans exported by Rose and bots of its kind: every form is read, every bad line is named, the good ones are kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.fedfile import WRONG, Banned, parse

MIN = Banned(11, "Min Kim", "spam, and more")


@pytest.mark.parametrize(
    "text",
    [
        'id,firstname,lastname,username,reason\n11,Min,Kim,min,"spam, and more"\n',
        "id,firstname,lastname,username,reason\n11,Min,Kim,min,spam, and more\n",
        "user_id,first_name,last_name,user_name,reason\r\n11,Min,Kim,,spam, and more\r\n",
        'User ID,Reason,First name,Last name\n11,"spam, and more",Min,Kim\n',
        '\ufeff11,Min,Kim,min,"spam, and more"\n',
        '{"user_id": 11, "first_name": "Min", "last_name": "Kim", "reason": "spam,  and more"}\n',
        '[{"user_id": "11", "first_name": "Min", "last_name": "Kim", "reason": "spam, and more"}]',
    ],
    ids=["quoted", "unquoted", "names", "order", "bare", "lines", "array"],
)
def test_every_form_says_the_same(text: str) -> None:
    """CSV with or without a header, commas quoted or not, JSON by lines or as an array: the same ban."""
    assert parse(text.encode()) == ([MIN], [])


def test_short_forms_are_read() -> None:
    """Ids alone, and ids with a reason; nothing is what Python's bots write as None."""
    assert parse(b"11\n12\n-1001234567890\n")[0] == [
        Banned(11, "", ""),
        Banned(12, "", ""),
        Banned(-1001234567890, "", ""),
    ]
    assert parse(b"user_id,reason\n11,None\n12,spam\n")[0] == [Banned(11, "", ""), Banned(12, "", "spam")]


def test_bad_lines_are_named_and_good_ones_kept() -> None:
    """Each bad line is named by its number and what is wrong with it; the others are taken, each person once."""
    text = "id,firstname,lastname,username,reason\n11,Min,Kim,min,a\nx,Bad,,,\n12\n777000,TG,,,\n\n11,Min,Kim,m,b\n"
    bans, bad = parse(text.encode())
    assert bans == [Banned(11, "Min Kim", "b")]
    assert [(one.number, one.code) for one in bad] == [(3, "id"), (4, "columns"), (5, "service")]
    lines = [
        '{"user_id": 11}',
        "{broken",
        '["user_id", 12]',
        '{"user_id": true}',
        '{"name": "Min"}',
        '{"user_id": 1.5}',
    ]
    bans, bad = parse("\n".join(lines).encode())
    assert [one.sender_id for one in bans] == [11]
    assert [(one.number, one.code) for one in bad] == [(2, "json"), (3, "object"), (4, "id"), (5, "id"), (6, "id")]
    assert [one.code for one in parse(b"[1, {]")[1]] == ["json"]
    assert [one.code for one in parse(b"1,2,3\n")[1]] == ["header"]


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_nothing_breaks_the_reading(data: bytes) -> None:
    """Whatever a file holds, it is bans and bad lines with a known reason."""
    bans, bad = parse(data)
    assert all(one.sender_id for one in bans)
    assert all(one.code in WRONG and one.number > 0 for one in bad)


def test_a_large_export_is_read_whole() -> None:
    """Five thousand bans are five thousand bans."""
    rows = [json.dumps({"user_id": number, "reason": f"reason {number}"}) for number in range(1, 5_001)]
    bans, bad = parse("\n".join(rows).encode())
    assert (len(bans), bad) == (5_000, [])
