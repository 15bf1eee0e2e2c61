"""The whole path: what is listed vanishes, what is not stays, in every kind of chat and from every carrier."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageOps

from bot.sandbox.client import SandboxClient, medium, photo
from bot.sandbox.samples import sample
from tests.flow.kinds import CHANNEL, FORUM, GROUP, SUPERGROUP, in_all
from tests.flow.places import Places
from tests.tampering import TAMPERINGS
from tests.texture import encode, texture


@in_all
async def test_a_listed_picture_vanishes_and_a_clean_one_stays(places: Places, kind: str) -> None:
    """In every kind of chat a known picture is removed and recorded, and another is left alone."""
    place = await places.group(kind)
    clean, known = await place.post_sample("clean-1"), await place.post_sample("listed-1")
    await place.wait_gone(known)
    assert await place.is_there(clean)
    card = await place.said("Known abuse removed", chat=place.log)
    assert "known abuse" in card["text"]
    assert place.rows("select count(*) from cases where chat_id=? and kind='match'", place.chat) == [(1,)]


@in_all
async def test_every_carrier_is_judged(places: Places, kind: str) -> None:
    """Videos, GIFs, stickers and files are removed as photos are."""
    place = await places.group(kind)
    names = ("listed-clip", "listed-gif", "listed-sticker", "listed-document")
    await place.wait_gone(*[await place.post_sample(name, as_=place.admin) for name in names])


@in_all
async def test_an_album_goes_whole_and_costs_one_strike(places: Places, kind: str) -> None:
    """One listed picture takes its whole album along, later pictures too, and counts once; a channel has no poster."""
    place = await places.group(kind)
    names = ("clean-1", "listed-1", "clean-2", "listed-2")
    await place.wait_gone(*await place.post(media=[photo(sample(name).data()) for name in names]))
    await place.settle()
    strikes = place.rows("select count(*) from strikes where chat_id=?", place.chat)
    assert strikes == [(0 if kind == CHANNEL else 1,)]
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(1,)]


LADDER = {
    GROUP: ["member", "member", "left"],  # nobody can be muted there, and who is removed may be added again
    SUPERGROUP: ["member", "restricted", "kicked"],
    FORUM: ["member", "restricted", "kicked"],
    CHANNEL: ["administrator"] * 3,
}


@in_all
async def test_the_ladder_of_the_standard_preset(places: Places, kind: str) -> None:
    """The first match is a strike, the second mutes where one can be muted, the third bans; a channel has no poster."""
    place = await places.group(kind)
    seen: list[str] = []
    for name in ("listed-1", "listed-2", "listed-3"):
        if seen and seen[-1] == "restricted":
            await place.client.promote(place.chat, place.poster)
            await place.client.demote(place.chat, place.poster)
        await place.wait_gone(await place.post_sample(name))
        await place.settle()
        seen.append((await place.status(place.poster))["status"])
    assert seen == LADDER[kind]
    assert place.strikes(place.poster) == (0 if kind == CHANNEL else 3)
    assert place.rows("select count(*) from cases where chat_id=?", place.chat) == [(3,)]


@in_all
async def test_an_edit_that_brings_in_a_listed_picture_is_judged(places: Places, kind: str) -> None:
    """Changing the picture of a message, or of a channel's post, does not get it past the lists."""
    place = await places.group(kind)
    message = await place.post_sample("clean-1")
    await place.settle()
    await place.client.edit(place.poster, place.chat, message, media=[photo(sample("listed-1").data())])
    await place.wait_gone(message)


@in_all
async def test_a_quoted_picture_of_another_chat_is_judged(places: Places, kind: str) -> None:
    """A reply that shows a listed picture of another chat is removed."""
    elsewhere, place = await places.group(rights=None, log=False), await places.group(kind)
    await place.client.add_member(elsewhere.chat, place.poster)
    hidden = await elsewhere.post_sample("listed-1")
    origin = {"chat_id": elsewhere.chat, "message_id": hidden}
    await place.wait_gone(await place.say("look at this", external_reply_of=origin))


@in_all
async def test_a_picture_in_a_block_nobody_knows_yet_is_judged(
    places: Places, client: SandboxClient, kind: str
) -> None:
    """Media nested in fields that the library has no name for are found all the same."""
    place = await places.group(kind)
    stored = await client.upload(photo(sample("listed-1").data()))
    rich = {"rich_message": {"blocks": [{"type": "collage", "blocks": [{"type": "photo", **stored[0]}]}]}}
    await place.wait_gone(await place.say("an article", extra=rich))


@pytest.mark.parametrize("where", ["cover", "thumbnail"])
async def test_the_still_that_stands_for_a_video_is_judged(places: Places, where: str) -> None:
    """A listed picture as cover or thumbnail of a harmless video is removed with it."""
    place = await places.group()
    still = {where: sample("listed-1").data()}
    video = medium("video", sample("clean-clip").data(), filename="clip.mp4", **still)
    await place.wait_gone(*await place.post(media=[video]))


async def test_all_eight_mirror_images_and_turns_are_known(places: Places) -> None:
    """However a listed picture is mirrored and turned, it is matched."""
    place = await places.group()
    original = Image.open(io.BytesIO(sample("listed-1").data())).convert("RGB")
    for turn in Image.Transpose:
        altered = io.BytesIO()
        original.transpose(turn).save(altered, "JPEG", quality=85)
        message = await place.post_photo(altered.getvalue(), as_=place.admin)  # an admin is not banned at the third
        await place.wait_gone(message)


async def test_a_mirrored_and_recompressed_picture_is_still_known(places: Places) -> None:
    """A mirror image, recompressed, is matched."""
    place = await places.group()
    picture = ImageOps.mirror(Image.open(io.BytesIO(sample("listed-1").data())).convert("RGB"))
    altered = io.BytesIO()
    picture.save(altered, "JPEG", quality=40)
    await place.wait_gone(await place.post_photo(altered.getvalue()))


@in_all
async def test_what_cannot_be_decoded_is_told(places: Places, kind: str) -> None:
    """A broken picture is not clean: the admins are told under the standard preset."""
    place = await places.group(kind)
    broken = sample("clean-1").data()[:200] + b"\0" * 4000
    (message,) = await place.post(media=[medium("document", broken, filename="picture.jpg")])
    await place.said("Could not be checked", chat=place.log)
    assert await place.is_there(message)


async def test_what_telegram_does_not_hand_out_is_told(places: Places, client: SandboxClient) -> None:
    """A file that Telegram will not give is not clean, and its chat does not wait for it."""
    place = await places.group()
    await client.fault("file", "error", 1, code=404, description="Not Found")
    await place.post_sample("clean-1")
    await place.said("Could not be checked", chat=place.log)
    await place.wait_gone(await place.post_sample("listed-1"))


@in_all
async def test_a_malformed_update_is_buried_and_its_media_scanned(
    places: Places, client: SandboxClient, kind: str
) -> None:
    """An update that cannot be parsed stops nothing: its picture is removed and the next update is handled."""
    place = await places.group(kind)
    stored = await client.upload(photo(sample("listed-1").data()))
    target = await place.say("a message to be removed")
    message = await place.client.message(place.chat, target)
    assert message is not None
    broken = {**stored[0], "chat": message["chat"], "message_id": target, "from": "nobody", "date": "never"}
    await client.push_update({"channel_post" if kind == CHANNEL else "message": broken})
    await place.wait_gone(target)
    assert await place.is_there(await place.say("still here"))
    assert place.rows("select count(*) from inbox where state=9 and chat_id=?", place.chat) == [(1,)]


async def test_what_uploaders_do_to_a_listed_picture_is_undone(places: Places) -> None:
    """In a screenshot, a frame, a story or a collage, cropped, tilted or inverted, a listed picture is removed."""
    place = await places.group()
    listed, other = (Image.open(io.BytesIO(sample(name).data())) for name in ("listed-1", "clean-1"))
    album = [photo(encode(tamper(listed, other), "jpeg", quality=87)) for tamper in TAMPERINGS.values()]
    posts = [await place.post(media=[one], as_=place.admin) for one in album]
    await place.wait_gone(*[number for post in posts for number in post])


async def test_a_forward_costs_no_download(places: Places) -> None:
    """A picture that was searched is not fetched again when it comes back, until an entry is added to a list."""
    place = await places.group()
    picture = encode(texture(4711), "jpeg")
    first = await place.post_photo(picture)
    assert await place.is_there(first)
    fetched = len(await place.client.calls("getFile"))
    again = await place.post(forward_of={"chat_id": place.chat, "message_id": first}, as_=place.other)
    assert await place.is_there(again[0])
    assert len(await place.client.calls("getFile")) == fetched
