"""The sandbox turns uploads into Telegram's media: sizes, thumbnails, facts and ids."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pytest
from PIL import Image

from bot.sandbox.client import medium
from bot.sandbox.refusal import SandboxError
from bot.sandbox.world import Limits
from tests.clips import clip
from tests.contract.stage import RefusedError, photo, picture, staged
from tests.texture import encode, texture

BROKEN = b"not a picture at all"


def _video(make: str = "h264") -> bytes:
    return clip([texture(1, 320, 240), texture(2, 320, 240)], make)


async def _fetched(stage: Any, file_id: str) -> bytes:
    file = await stage.bot("getFile", file_id=file_id)
    answer = await stage.bot.files.get(file["file_path"])
    answer.raise_for_status()
    assert len(answer.content) == file["file_size"]
    data: bytes = answer.content
    return data


@pytest.mark.parametrize(
    ("size", "sides"),
    [
        ((1600, 1000), [90, 320, 800, 1280]),
        ((700, 900), [90, 320, 800, 900]),
        ((200, 100), [90, 200]),
        ((60, 40), [60]),
    ],
)
async def test_photo_sizes(size: tuple[int, int], sides: list[int]) -> None:
    """A photo is re-encoded as JPEG in Telegram's sizes, the largest last, each with ids of its own."""
    async with staged() as stage:
        posted = await stage.people.post_one(stage.member, stage.group, media=[photo(1, *size)])
        sizes = posted["photo"]
        assert [max(one["width"], one["height"]) for one in sizes] == sides
        assert len({one["file_unique_id"] for one in sizes} | {one["file_id"] for one in sizes}) == 2 * len(sizes)
        largest = await _fetched(stage, sizes[-1]["file_id"])
        with Image.open(io.BytesIO(largest)) as image:
            assert (image.format, image.size) == ("JPEG", (sizes[-1]["width"], sizes[-1]["height"]))
        assert largest != picture(1, *size)


async def test_new_ids_for_every_upload() -> None:
    """The same bytes posted again are another file; a forward and a file id sent again are the same."""
    async with staged() as stage:
        first = await stage.people.post_one(stage.member, stage.group, media=[photo()])
        again = await stage.people.post_one(stage.member, stage.group, media=[photo()])
        source = {"chat_id": stage.group, "message_id": first["message_id"]}
        forward = await stage.people.post_one(stage.member, stage.group, forward_of=source)
        sent = await stage.bot("sendPhoto", chat_id=stage.group, photo=first["photo"][-1]["file_id"])
        assert again["photo"][-1]["file_unique_id"] != first["photo"][-1]["file_unique_id"]
        assert forward["photo"] == sent["photo"] == first["photo"]
        with pytest.raises(RefusedError, match="can't use file of type Photo as Document"):
            await stage.bot("sendDocument", chat_id=stage.group, document=first["photo"][-1]["file_id"])
        with pytest.raises(RefusedError, match="wrong file identifier/HTTP URL specified"):
            await stage.bot("sendPhoto", chat_id=stage.group, photo="AgACnothing")


async def test_videos() -> None:
    """Videos, animations and video notes tell their size and length and carry a JPEG thumbnail."""
    async with staged() as stage:
        posts = [
            await stage.people.post_one(stage.member, stage.group, media=[medium(kind, _video(), filename="clip.mp4")])
            for kind in ("video", "animation", "video_note")
        ]
        video, animation, note = posts
        assert (video["video"]["width"], video["video"]["height"], video["video"]["duration"]) == (320, 240, 2)
        assert video["video"]["mime_type"] == "video/mp4"
        assert await _fetched(stage, video["video"]["file_id"]) == _video()
        assert animation["animation"]["file_id"] == animation["document"]["file_id"]
        assert "width" not in animation["document"]
        assert note["video_note"]["length"] == 240
        for kind, post in zip(("video", "animation", "video_note"), posts, strict=True):
            thumbnail = await _fetched(stage, post[kind]["thumbnail"]["file_id"])
            with Image.open(io.BytesIO(thumbnail)) as image:
                assert image.format == "JPEG"
        assert len(await stage.bot.updates()) == 3


async def test_stickers() -> None:
    """Static, video and vector stickers are told apart by their bytes, and each has a thumbnail."""
    async with staged() as stage:
        files = {
            "static": encode(texture(1, 512, 512), "WEBP"),
            "video": _video("vp9"),
            "vector": gzip.compress(b'{"v":"5.5.2","layers":[]}', mtime=0),
        }
        shown = {}
        for name, data in files.items():
            post = await stage.people.post_one(
                stage.member, stage.group, media=[medium("sticker", data, set_name="Benign")]
            )
            shown[name] = post["sticker"]
            assert await _fetched(stage, post["sticker"]["file_id"]) == data
            assert await _fetched(stage, post["sticker"]["thumbnail"]["file_id"])
        flags = {name: (sticker["is_animated"], sticker["is_video"]) for name, sticker in shown.items()}
        assert flags == {"static": (False, False), "video": (False, True), "vector": (True, False)}
        assert shown["static"]["set_name"] == "Benign"
        assert len(await stage.bot.updates()) == 3


async def test_documents_keep_their_bytes() -> None:
    """A picture sent as a file keeps its bytes and its name, and has a thumbnail; other bytes have none."""
    async with staged() as stage:
        data = encode(texture(3, 500, 400), "PNG")
        post = await stage.people.post_one(
            stage.member, stage.group, media=[medium("document", data, filename="holiday.png")]
        )
        document = post["document"]
        assert (document["file_name"], document["mime_type"]) == ("holiday.png", "image/png")
        assert document["thumbnail"]["width"] == 320
        assert await _fetched(stage, document["file_id"]) == data
        broken = await stage.people.post_one(
            stage.member, stage.group, media=[medium("document", BROKEN, filename="x.jpg")]
        )
        assert "thumbnail" not in broken["document"]


async def test_broken_photos_only_as_they_are() -> None:
    """Bytes that are no picture are no photo, unless a test posts them as they are."""
    async with staged() as stage:
        with pytest.raises(SandboxError, match="Telegram would not take this as a photo: IMAGE_PROCESS_FAILED"):
            await stage.people.post(stage.member, stage.group, media=[medium("photo", BROKEN)])
        post = await stage.people.post_one(
            stage.member, stage.group, media=[medium("photo", BROKEN, as_is=True, width=640, height=480)]
        )
        assert (post["photo"][0]["width"], post["photo"][0]["height"]) == (640, 480)
        assert await _fetched(stage, post["photo"][0]["file_id"]) == BROKEN
        with pytest.raises(RefusedError, match="Bad Request: IMAGE_PROCESS_FAILED"):
            await stage.bot.form("sendPhoto", {"photo": BROKEN}, chat_id=stage.group)
        with pytest.raises(RefusedError, match="Bad Request: PHOTO_INVALID_DIMENSIONS"):
            await stage.bot.form("sendPhoto", {"photo": picture(1, 2200, 100)}, chat_id=stage.group)
        with pytest.raises(RefusedError, match="Bad Request: there is no photo in the request"):
            await stage.bot.wrong("sendPhoto", chat_id=stage.group)


async def test_big_files_cannot_be_fetched() -> None:
    """The method getFile refuses what is said to be over 20 MB, and what it does not know."""
    async with staged() as stage:
        post = await stage.people.post_one(
            stage.member, stage.group, media=[medium("video", _video(), declared_size=(20 << 20) + 1)]
        )
        with pytest.raises(RefusedError, match="Bad Request: file is too big"):
            await stage.bot("getFile", file_id=post["video"]["file_id"])
        assert await _fetched(stage, post["video"]["thumbnail"]["file_id"])
        with pytest.raises(RefusedError, match="Bad Request: wrong file_id or the file is temporarily unavailable"):
            await stage.bot("getFile", file_id="nonsense")


async def test_paths_grow_old() -> None:
    """A file's path is good for an hour; an unknown path is 404."""
    async with staged() as stage:
        post = await stage.people.post_one(stage.member, stage.group, media=[photo()])
        file = await stage.bot("getFile", file_id=post["photo"][0]["file_id"])
        await stage.people.clock(advance=3601)
        for path in (file["file_path"], "photos/file_0.jpg"):
            assert (await stage.bot.files.get(path)).status_code == 404
        assert await _fetched(stage, post["photo"][0]["file_id"])


async def test_albums() -> None:
    """An album is one update a medium, all with the same media_group_id; the text is the first one's caption."""
    async with staged() as stage:
        posted = await stage.people.post(
            stage.member, stage.group, "both", [photo(1), photo(2, caption="second", spoiler=True)]
        )
        messages = [update["message"] for update in await stage.bot.updates()]
        assert messages == posted
        assert len({message["media_group_id"] for message in messages}) == 1
        assert [message["caption"] for message in messages] == ["both", "second"]
        assert messages[1]["has_media_spoiler"] is True
        with pytest.raises(SandboxError, match="an album has at most 10 items"):
            await stage.people.post(stage.member, stage.group, media=[photo()] * 11)


async def test_bot_sends_albums() -> None:
    """The bot's album is 2 to 10 media that go together."""
    async with staged() as stage:
        media = [
            {"type": "photo", "media": "attach://a", "caption": "<b>x</b>", "parse_mode": "HTML"},
            {"type": "video", "media": "attach://b"},
        ]
        parts = {"a": picture(), "b": _video()}
        sent = await stage.bot.form("sendMediaGroup", parts, chat_id=stage.group, media=media)
        assert sent[0]["caption_entities"] == [{"type": "bold", "offset": 0, "length": 1}]
        assert sent[0]["media_group_id"] == sent[1]["media_group_id"]
        for wrong, words in (
            (media[:1], "wrong number of messages to send as an album"),
            ([media[0], {"type": "document", "media": "attach://a"}], "can't use the media of the specified type"),
        ):
            with pytest.raises(RefusedError, match=words):
                await stage.bot.form("sendMediaGroup", parts, chat_id=stage.group, media=wrong)


async def test_edited_media() -> None:
    """Somebody swaps the photo of their message: an edited_message with new ids."""
    async with staged() as stage:
        posted = await stage.people.post_one(stage.member, stage.group, media=[photo(1)])
        edited = await stage.people.edit(stage.member, stage.group, posted["message_id"], "new", [photo(2)])
        update = (await stage.bot.updates())[-1]["edited_message"]
        assert update == edited
        assert update["photo"][-1]["file_unique_id"] != posted["photo"][-1]["file_unique_id"]


async def test_covers_and_thumbnails_of_choice() -> None:
    """A video's cover and thumbnail may be other pictures than its first frame."""
    async with staged() as stage:
        item = medium("video", _video(), cover=picture(5, 900, 700), thumbnail=picture(6, 200, 100))
        video = (await stage.people.post_one(stage.member, stage.group, media=[item]))["video"]
        assert (video["thumbnail"]["width"], video["thumbnail"]["height"]) == (200, 100)
        assert video["cover"][-1]["width"] == 900


async def test_uploads_for_rare_carriers() -> None:
    """A file can be stored without a post, and put where a test wants it: the message is what Telegram could send."""
    async with staged() as stage:
        stored = (await stage.people.upload(photo()))[0]
        blocks = {"rich_message": {"blocks": [{"type": "photo", "photo": stored["photo"]}]}}
        await stage.say(extra=blocks)
        message = (await stage.bot.updates())[-1]["message"]
        assert await _fetched(stage, message["rich_message"]["blocks"][0]["photo"][-1]["file_id"])


async def test_memory_is_bounded() -> None:
    """Over its budget the oldest files go, and the oldest messages and calls of a chat; new ones stay."""
    async with staged(limits=Limits(file_bytes=200_000, messages=20, calls=10)) as stage:
        posts = [await stage.people.post_one(stage.member, stage.group, media=[photo(seed)]) for seed in range(8)]
        assert await _fetched(stage, posts[-1]["photo"][-1]["file_id"])
        with pytest.raises(RefusedError, match="wrong file_id or the file is temporarily unavailable"):
            await stage.bot("getFile", file_id=posts[0]["photo"][-1]["file_id"])
        for number in range(30):
            stage.world.post(stage.member, stage.group, text=str(number))
            await stage.bot("getMe")
        assert len(stage.world.chat(stage.group).messages) == 20
        assert len(await stage.people.calls()) == 10


async def test_files_for_the_page() -> None:
    """The page gets a file by its unique id, with its type."""
    async with staged() as stage:
        post = await stage.people.post_one(stage.member, stage.group, media=[photo()])
        answer = await stage.bot.http.get(f"{stage.url}/sandbox/file/{post['photo'][0]['file_unique_id']}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert (await stage.bot.http.get(f"{stage.url}/sandbox/file/none")).status_code == 404
