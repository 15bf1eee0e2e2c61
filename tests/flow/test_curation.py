"""/block and /allow against the real bot: what is listed by a reply acts at once, where it should and nowhere else."""

from __future__ import annotations

import io

from PIL import Image

from bot.sandbox.client import medium, photo
from bot.sandbox.samples import sample
from tests.flow.conftest import MAINTAINER
from tests.flow.kinds import ALL, in_all, in_groups
from tests.flow.places import RIGHTS, Place, Places
from tests.texture import encode, texture


def _picture(seed: int) -> bytes:
    return encode(texture(seed, 640, 480), "JPEG")


def _recompressed(data: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").resize((500, 375)).save(out, "JPEG", quality=50)
    return out.getvalue()


async def _vanishes(place: Place, data: bytes) -> None:
    """Post a picture, by an admin who is never punished, until it is removed."""
    await place.post_until(lambda: place.post_photo(data, as_=place.admin), is_there=False)


@in_all
async def test_block_lists_and_removes(places: Places, kind: str) -> None:
    """A blocked picture goes, and comes back in this chat neither as it was nor recompressed; elsewhere it stays."""
    place, elsewhere = await places.group(kind), await places.group(log=False)
    data = _picture(101 + ALL.index(kind))
    message = await place.post_photo(data)
    await place.command("/block a reason", reply_to=message)
    said = await place.answered("Listed for this chat")
    assert "1 picture" in said["text"]
    await place.wait_gone(message)
    await _vanishes(place, _recompressed(data))
    assert await elsewhere.is_there(await elsewhere.post_photo(data))


@in_all
async def test_block_takes_the_whole_album(places: Places, kind: str) -> None:
    """One reply to one picture of an album lists and removes all of them."""
    place = await places.group(kind)
    messages = await place.post(media=[photo(_picture(seed)) for seed in (111, 112, 113)])
    await place.command("/block", reply_to=messages[1])
    assert "3 pictures" in (await place.answered("Listed for this chat"))["text"]
    await place.wait_gone(*messages)
    calls = [one["args"] for one in await place.client.calls("deleteMessages") if one["args"]["chat_id"] == place.chat]
    assert any(set(messages) <= set(args["message_ids"]) for args in calls)
    await _vanishes(place, _picture(113))


@in_all
async def test_allow_takes_off_the_block_list(places: Places, kind: str) -> None:
    """What was blocked and is allowed now stays, recompressed too."""
    place = await places.group(kind)
    data = _picture(121 + ALL.index(kind))
    first, second = await place.post_photo(data), await place.post_photo(_recompressed(data))
    await place.command("/block", reply_to=first)
    await place.wait_gone(first)
    await place.command("/allow", reply_to=second)
    await place.answered("Allowed in this chat")
    await place.post_until(lambda: place.post_photo(data, as_=place.admin), is_there=True)


@in_all
async def test_allow_wins_over_a_list_for_all(places: Places, kind: str) -> None:
    """A picture that a list for all chats has, and this chat's admins allow, stays in this chat only."""
    place, elsewhere = await places.group(kind), await places.group()
    await place.choose("Watch")
    message = await place.post_sample("listed-2")
    await place.said("please decide", chat=place.log)
    await place.command("/allow", reply_to=message)
    await place.answered("Allowed in this chat")
    await place.choose("Standard")
    await place.post_until(lambda: place.post_sample("listed-2", as_=place.admin), is_there=True)
    await elsewhere.wait_gone(await elsewhere.post_sample("listed-2"))


async def test_a_maintainer_lists_for_every_chat(places: Places) -> None:
    """Who keeps the lists may block in a chat where they are no admin, and it counts everywhere."""
    place, elsewhere = await places.group(), await places.group()
    await _meet_maintainer(place)
    data = _picture(131)
    message = await place.post_photo(data)
    await place.say("/block", as_=MAINTAINER, reply_to=message)
    assert "for all others: 1 picture" in (await place.answered("Listed for this chat"))["text"]
    await place.wait_gone(message)
    await _vanishes(elsewhere, _recompressed(data))


@in_groups
async def test_a_member_blocks_nothing(places: Places, kind: str) -> None:
    """Without the right to delete nothing is listed, and the right is named."""
    place = await places.group(kind)
    message = await place.post_photo(_picture(141 + ALL.index(kind)))
    for user in (place.member, place.other):
        await place.say("/block", as_=user, reply_to=message)
    await place.answered("Delete messages")
    assert await place.is_there(message)
    assert place.rows("select 1 from lists where chat_id=?", place.chat) == []


async def test_what_is_listed_only_exactly_is_said(places: Places) -> None:
    """A broken file and a picture without features are listed, and the answer says how far that reaches."""
    place = await places.group()
    broken = medium("document", sample("clean-1").data()[:200] + b"\0" * 4000, filename="picture.jpg")
    (message,) = await place.post(media=[broken])
    await place.command("/block", reply_to=message)
    assert "only exact copies" in (await place.answered("Listed for this chat: 1 file"))["text"]
    flat = encode(Image.new("RGB", (640, 480), (90, 120, 150)), "PNG")
    await place.command("/block", reply_to=await place.post_photo(flat))
    assert "only exact copies" in (await place.answered("Listed for this chat: 1 picture"))["text"]


@in_groups
async def test_what_the_bot_never_saw_is_scanned_first(places: Places, kind: str) -> None:
    """A picture posted while privacy mode hid it is fetched from the reply and listed all the same."""
    place = await places.group(kind, log=False, rights=None)
    message = await place.post_photo(_picture(161))
    await place.client.set_bot_rights(place.chat, RIGHTS)
    assert place.rows("select 1 from seen where chat_id=?", place.chat) == []
    await place.command("/block", reply_to=message)
    await place.answered("Listed for this chat: 1 picture")
    await _vanishes(place, _recompressed(_picture(161)))


@in_all
async def test_an_empty_or_missing_reply_is_said(places: Places, kind: str) -> None:
    """Without a reply, and without a picture in it, the answer says so."""
    place = await places.group(kind)
    await place.answered("as a reply to the message", after=await place.command("/block"))
    await place.command("/allow", reply_to=await place.say("only words"))
    await place.answered("There is no picture or video")


async def _meet_maintainer(place: Place) -> None:
    people = [user["id"] for user in (await place.view())["users"]]
    if MAINTAINER not in people:
        await place.client.create_user("Maintainer", id_=MAINTAINER)
    await place.client.add_member(place.chat, MAINTAINER)
