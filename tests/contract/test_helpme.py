"""/helpme before the real handlers: whose helplines come first, in private and by a group's way to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from sqlalchemy import delete, select

from bot import chatsettings
from bot.store import chats
from bot.store.tables import outbox
from tests.contract.cast import PRIVATE, SUPERGROUP, Cast
from tests.contract.machine import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Please use 'Bot"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cast]:
    """The machine with everything but its loops."""
    async with machine(tmp_path_factory.mktemp("bot")) as made:
        yield made


async def told(cast: Cast, kind: str, words: str) -> str:
    """What the member is told in private when they say this."""
    messages = cast.world.private_chat(cast.people["member"]).messages
    before = set(messages)
    await cast.hear(cast.message(kind, "member", words))
    return "".join(str(one.fields["text"]) for number, one in messages.items() if number not in before)


async def payload(cast: Cast) -> str:
    """What the group's button to the private conversation says, after somebody asked whom the bot may not write to."""
    await cast.app.database.write(lambda connection: connection.execute(delete(outbox)))
    await cast.hear(cast.message(SUPERGROUP, "restricted", "/helpme"))
    async with cast.app.database.read() as connection:
        rows = await connection.scalars(select(outbox.c.args).where(outbox.c.method == "sendMessage"))
        (args,) = [json.loads(one) for one in rows]
    (button,) = args["reply_markup"]["inline_keyboard"][0]
    return str(button["url"]).partition("?start=")[2]


@pytest.mark.parametrize(("chosen", "carried", "first"), [("", "", "South Korea"), ("GB", "_GB", "United Kingdom")])
async def test_the_country_that_a_group_chose_comes_first(cast: Cast, chosen: str, carried: str, first: str) -> None:
    """To whoever asks there, or comes by its button; else, and in private, the person's language decides."""
    member, chat = cast.people["member"], cast.chats[SUPERGROUP]
    person = cast.world.people.get(member)
    person.language_code, person.started = "en-KR", True
    await cast.app.database.write(partial(chats.greet, user_id=member, name="Member", language="en", reachable=True))
    await cast.app.database.write(partial(chatsettings.tune, chat_id=chat, by=1, country=chosen))
    for kind, words in ((SUPERGROUP, "/helpme"), (PRIVATE, f"/start {await payload(cast)}")):
        assert f"{first} · for adults" in await told(cast, kind, words), kind
    assert await payload(cast) == f"helpme{carried}"
    assert "South Korea · for adults" in await told(cast, PRIVATE, "/helpme")


async def test_a_forged_country_leads_everywhere(cast: Cast) -> None:
    """Whoever changes the link reads what helps everywhere, and nothing is said of what they wrote."""
    cast.world.people.get(cast.people["member"]).started = True
    text = await told(cast, PRIVATE, "/start helpme_MOON")
    assert "Everywhere · for adults" in text
    assert "MOON" not in text
