"""What is kept about somebody is told in private alone: the commands for that in a chat of each kind."""

from __future__ import annotations

from tests.flow.kinds import in_all
from tests.flow.places import Places


@in_all
async def test_what_is_kept_is_not_told_before_others(places: Places, kind: str) -> None:
    """In a group the command goes and a button leads to private; a channel, where only admins post, hears nothing."""
    place = await places.group(kind, log=False)
    for words in ("/privacy", "/export_me", "/forget_me"):
        asked = await place.say(words)
        if place.is_channel:
            assert await place.is_there(asked)
            continue
        await place.wait_gone(asked)
        hint = await place.answered("for them alone", after=asked)
        assert hint["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://t.me/haechi_sandbox_bot"
    assert not place.is_channel or not any("for them alone" in text for text in await place.texts())
