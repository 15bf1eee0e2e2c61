"""Questions to Telegram that fail or are refused while a post is judged: it goes, and nobody is punished blindly."""

from __future__ import annotations

import pytest

from bot.sandbox.client import SandboxClient, photo
from bot.sandbox.samples import sample
from tests.flow.kinds import in_all, in_groups
from tests.flow.places import Places


@in_all
async def test_a_command_in_the_caption_hides_nothing(places: Places, client: SandboxClient, kind: str) -> None:
    """A failed scan is made up for, though the picture's caption is a command that can be answered."""
    place = await places.group(kind)
    for words, name in (("/help", "listed-1"), ("/ban", "listed-2")):
        await client.fault("getFile", code=502)
        await place.wait_gone(*await place.post(media=[photo(sample(name).data(), caption=words)]))
        await place.settle()


async def test_a_match_waits_until_telegram_answers(places: Places, client: SandboxClient) -> None:
    """However often Telegram fails to say who the poster is, the match is not given up: it costs what it should."""
    place = await places.group()
    await client.fault("getChatAdministrators", count=5, code=502, chat_id=place.chat)
    await place.wait_gone(await place.post_sample("listed-1"))
    await place.settle()
    assert place.strikes(place.member) == 1


@pytest.mark.parametrize("code", [400, 403])
async def test_whom_telegram_does_not_know_is_not_punished(places: Places, client: SandboxClient, code: int) -> None:
    """Where Telegram will not say who the poster is, the post goes, the card says so and nobody is struck."""
    place = await places.group()
    for method in ("getChatAdministrators", "getChatMember"):
        await client.fault(method, code=code, chat_id=place.chat)
    await place.wait_gone(await place.post_sample("listed-1", as_=place.admin))
    await place.said("I could not find out who the poster is here: nobody was punished.", chat=place.log)
    assert place.strikes(place.admin) == 0


@in_groups
async def test_who_has_left_is_punished(places: Places, client: SandboxClient, kind: str) -> None:
    """Somebody who left before the post was judged is struck as a member: Telegram says that they left."""
    place = await places.group(kind)
    await client.fault("getFile", code=502)  # so that they are gone before the picture is known
    known = await place.post_sample("listed-1")
    await client.leave(place.member, place.chat)
    await place.wait_gone(known)
    await place.settle()
    assert place.strikes(place.member) == 1


@pytest.mark.parametrize(("is_linked", "spared"), [(True, "linked channel"), (False, "unknown")])
async def test_a_channel_whose_link_is_not_told(
    places: Places, client: SandboxClient, is_linked: bool, spared: str
) -> None:
    """When Telegram will not describe the chat, the linked channel is the one known from before; else nobody knows."""
    owner = (await client.create_user("Boss"))["id"]
    channel = (await client.create_chat("News", owner, type_="channel", username=f"news_{owner}"))["id"]
    place = await places.group(**({"linked_chat_id": channel} if is_linked else {}))
    await client.add_member(place.chat, owner)
    await client.fault("getChat", code=400, chat_id=place.chat)
    await place.wait_gone(await place.post_sample("listed-1", as_=owner, in_name_of=channel))
    await place.settle()
    assert place.rows("select spared, strike from cases where chat_id=?", place.chat) == [(spared, None)]
