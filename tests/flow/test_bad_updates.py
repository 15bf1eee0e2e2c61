"""Updates that Telegram never sends, and may send tomorrow: the others go on, and what they show is judged."""

from __future__ import annotations

import json

from bot.sandbox.client import SandboxClient, photo
from bot.sandbox.samples import sample
from bot.sandbox.server import Server
from tests.flow.places import Json, Place, Places
from tests.running import Bot

DEEP = "[" * 20_000 + "]" * 20_000


def spoilt(message: Json) -> dict[str, str]:
    """The update of a message in many bad ways; {} stands for its number."""
    body = json.dumps(message)
    crooked = {**message, "from": "nobody", "date": "today", "entities": 5, "caption": ["x"], "media_group_id": {}}
    return {
        "nested deeply": f'{{"update_id":{{}},"message":{body[:-1]},"x":{DEEP}}}}}',
        "beyond every number": f'{{"update_id":{{}},"message":{body[:-1]},"views":{"9" * 5000}}}}}',
        "huge": f'{{"update_id":{{}},"message":{body[:-1]},"x":"{"y" * 2_000_000}"}}}}',
        "cut off": f'{{"update_id":{{}},"message":{body[:-1]},"x":["y',
        "of no known kind": f'{{"update_id":{{}},"hologram":{body}}}',
        "of wrong types": f'{{"update_id":{{}},"message":{json.dumps(crooked)}}}',
        "half a letter": f'{{"update_id":{{}},"message":{body[:-1]},"author_signature":"\\ud83d"}}}}',
    }


async def test_a_bad_update_stops_nothing_and_hides_nothing(
    server: Server, places: Places, client: SandboxClient, bot: Bot
) -> None:
    """Whatever is wrong with an update, the listed picture in it is removed, and the update after it is answered."""
    place = await places.group()
    stored = (await client.upload(photo(sample("canary").data())))[0]
    kinds = list(spoilt({}))
    posts = {kind: await place.say(f"shown by an update that is {kind}") for kind in kinds}
    for kind, number in posts.items():
        message = await _message(place, number, stored)
        update_id = server.world.updates._next
        server.world.push_raw(spoilt(message)[kind].replace("{}", str(update_id), 1), update_id)
    await place.command("/help")
    await place.wait_gone(*posts.values())
    await place.settle()
    buried = place.rows("select count(*) from inbox where chat_id = ? and state = 9", place.chat)
    assert buried[0][0] >= 3
    assert bot.process is not None
    assert bot.process.returncode is None


async def _message(place: Place, number: int, stored: Json) -> Json:
    """A message that is there, as if it showed a picture."""
    message = await place.client.message(place.chat, number)
    assert message is not None
    message.pop("text")
    return {**message, "photo": [{**stored, "width": 320, "height": 240}]}
