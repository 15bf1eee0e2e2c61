"""The walker: every medium of a raw update is found, in carriers that nobody has heard of too."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.model import MediaKind
from bot.telegram.carriers import media_in, messages


def file(name: str, **more: Any) -> dict[str, Any]:
    """A file object as Telegram sends it."""
    return {"file_id": f"id-{name}", "file_unique_id": f"u-{name}", **more}


def size(name: str, px: int) -> dict[str, Any]:
    """A PhotoSize."""
    return file(name, width=px, height=px * 3 // 4, file_size=px * 10)


def found(message: dict[str, Any]) -> dict[str, MediaKind]:
    """What the walker finds, by unique id."""
    return {ref.file_unique_id.removeprefix("u-"): ref.kind for ref in media_in(message)}


def test_of_a_photos_sizes_the_smallest_that_is_large_enough_is_taken() -> None:
    """Pictures are searched at 256 px, so a photo costs one download of the smallest size that is over them."""
    sizes = [size("s", 90), size("m", 320), size("x", 800), size("y", 1280)]
    assert found({"photo": sizes}) == {"m": MediaKind.PHOTO}
    assert found({"photo": sizes[2:]}) == {"x": MediaKind.PHOTO}
    assert found({"photo": sizes[:1]}) == {"s": MediaKind.PHOTO}


def test_a_video_brings_its_thumbnail_and_its_cover() -> None:
    """A cover or a thumbnail can show what the video does not, so each is a medium of its own, tied to the video."""
    video = file("v", width=640, height=360, thumbnail=size("t", 320), cover=[size("c1", 90), size("c2", 800)])
    refs = {ref.file_unique_id: ref for ref in media_in({"video": video})}
    assert {name: ref.kind for name, ref in refs.items()} == {
        "u-v": MediaKind.VIDEO,
        "u-t": MediaKind.THUMBNAIL,
        "u-c2": MediaKind.COVER,
    }
    assert refs["u-t"].parent == refs["u-c2"].parent == "u-v"


def test_a_gif_counts_once() -> None:
    """Telegram names a GIF as animation and as document; it is one file."""
    gif = file("g", mime_type="video/mp4")
    assert found({"document": gif, "animation": gif}) == {"g": MediaKind.ANIMATION}


def test_sound_is_left_out_but_its_picture_is_not() -> None:
    """An audio file is not fetched; the picture inside it is."""
    assert found({"audio": file("a", thumbnail=size("cover", 320)), "voice": file("w")}) == {
        "cover": MediaKind.THUMBNAIL
    }


def test_media_of_another_message_are_not_this_posts() -> None:
    """What a post replies to, or pins, is judged as itself; what it quotes from another chat is shown with it."""
    message = {
        "reply_to_message": {"photo": [size("old", 800)]},
        "pinned_message": {"photo": [size("pinned", 800)]},
        "external_reply": {"photo": [size("quoted", 800)]},
    }
    assert found(message) == {"quoted": MediaKind.PHOTO}


def test_nested_blocks_are_walked() -> None:
    """Rich messages, polls and paid media nest their files; names unknown today are walked all the same."""
    message = {
        "rich_message": {"blocks": [{"type": "collage", "blocks": [{"photo": [size("in", 800)]}]}]},
        "poll": {"options": [{"media": {"video": file("option")}}]},
        "paid_media": {"paid_media": [{"type": "photo", "photo": [size("paid", 800)]}]},
        "something_of_2031": {"holder": file("future")},
    }
    assert found(message) == {
        "in": MediaKind.PHOTO,
        "option": MediaKind.VIDEO,
        "paid": MediaKind.PHOTO,
        "future": MediaKind.OTHER,
    }


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(junk, st.dictionaries(st.sampled_from(["photo", "video", "x", "poll"]), junk, max_size=3))
def test_nothing_that_is_not_media_stops_the_walk(value: Any, message: dict[str, Any]) -> None:
    """Whatever else an update holds, of whatever type, its media are found."""
    assert "here" in found({**message, "noise": value, "deep": [{"document": file("here")}]})


def test_depth_hides_nothing() -> None:
    """What is nested far deeper than anything Telegram sends is found, and its path stays short."""
    deep: Any = {"document": file("bottom")}
    for _ in range(50_000):
        deep = {"in": deep}
    (ref,) = media_in(deep)
    assert (ref.file_unique_id, ref.kind) == ("u-bottom", MediaKind.DOCUMENT)
    assert len(ref.path) < 300


def test_posts_are_found_under_any_name() -> None:
    """Every top-level object that is a message of a chat is a post; the message under a pressed button is not."""
    post = {"chat": {"id": -1}, "message_id": 2}
    update = {"update_id": 1, "channel_post": post, "guest_message_of_2031": post, "callback_query": {"message": post}}
    assert [name for name, _ in messages(update)] == ["channel_post", "guest_message_of_2031"]


def test_a_post_without_a_chat_is_no_post() -> None:
    """Objects whose chat or number is of a wrong type are passed over."""
    broken = [{"chat": 5, "message_id": 1}, {"chat": {"id": "x"}, "message_id": 1}, {"chat": {"id": 1}}, None, 7]
    assert not list(messages({str(number): body for number, body in enumerate(broken)}))
