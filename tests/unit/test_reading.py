"""JSON of any shape: what is well comes back as it is, what is not as far as it can be read, and nothing raises."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.carriers import media_in, messages
from bot.telegram.polling import batch, single
from bot.telegram.reading import items, read, salvaged
from bot.telegram.sorting import arrival

TEXTS = st.text(st.characters(codec=None), max_size=12)  # halves of surrogate pairs as well
NAMES = st.sampled_from(["update_id", "message", "chat", "id", "message_id", "photo", "file_id", "width", "x"]) | TEXTS
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.sampled_from([2**70, -(2**63)])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=20
)
UPDATES = st.dictionaries(NAMES, VALUES, max_size=5)


def written(value: Any) -> str:
    """A value as JSON, whatever its numbers."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return "9" * 5000 if isinstance(value, int) and abs(value) > 2**64 else json.dumps(value)


@given(UPDATES)
def test_every_value_can_be_stored_sorted_and_walked(update: dict[str, Any]) -> None:
    """There is no JSON that the way into the inbox stumbles over, and none that is stored other than Telegram means."""
    raw = single(written(update))
    assert raw.wrong == ""
    row = arrival(raw.value, raw.text)
    assert row.payload.isascii()
    assert max(abs(row.update_id), abs(row.chat_id)) < 2**63
    again, wrong = read(row.payload)
    assert (wrong, json.dumps(again)) == ("", json.dumps(raw.value))
    for _, message in messages(again):
        media_in(message)


@given(UPDATES, st.integers(0, 400), st.integers(0, 400), TEXTS)
def test_every_text_gives_something_or_nothing(update: dict[str, Any], start: int, end: int, new: str) -> None:
    """A text that was cut or written over anywhere is read without an error, and stored."""
    text = written(update)
    spoilt = text[: start % (len(text) + 1)] + new + text[end % (len(text) + 1) :]
    raw = single(spoilt)
    arrival(raw.value, raw.text)
    media_in(raw.value)
    salvaged(spoilt)


@settings(max_examples=8)
@given(st.lists(UPDATES, max_size=5), st.integers(0, 5))
def test_a_batch_is_taken_apart_where_it_has_to_be(updates: list[dict[str, Any]], place: int) -> None:
    """With a bad update anywhere among them the others come as they would without it."""
    texts = [written(update) for update in updates]
    alone = [json.dumps(raw.value) for raw in batch(_answer(texts))]
    bad = '{"message":' + "[" * 20_000 + '{"file_id":"f"}' + "]" * 20_000 + "}"
    found = batch(_answer([*texts[:place], bad, *texts[place:]]))
    broken = [raw for raw in found if raw.wrong]
    assert [raw.text for raw in broken] == [bad]
    assert [json.dumps(raw.value) for raw in found if not raw.wrong] == alone


def _answer(texts: list[str]) -> bytes:
    return f'{{"ok":true,"result":[{",".join(texts)}]}}'.encode("utf-8", "surrogatepass")


def test_items_pass_over_brackets_in_texts() -> None:
    """A bracket in somebody's words ends no update."""
    body = '{"ok":true,"result":[{"text":"]}\\"]"},{"text":"[{"},7,{"cut":["off"'
    assert list(items(body)) == ['{"text":"]}\\"]"}', '{"text":"[{"}', '{"cut":["off"']


def test_what_can_be_read_of_a_cut_text_is_read() -> None:
    """A text that ends early gives all that stood before the end, at any depth."""
    assert salvaged('{"a":[1,{"b":"c","d":[tru') == {"a": [1, {"b": "c", "d": []}]}
    deep = salvaged('{"a":' + "[" * 100_000)
    assert set(deep) == {"a"}
    assert salvaged("") is None
