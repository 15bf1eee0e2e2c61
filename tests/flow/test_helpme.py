"""/helpme in the real bot: who helps is told in private, and nothing is kept of who asked."""

from __future__ import annotations

from bot.sandbox.client import SandboxClient
from tests.flow.kinds import CHANNEL, in_groups
from tests.flow.places import Place, Places
from tests.running import Bot


def traces(place: Place, user: int) -> list[str]:
    """Where in the bot's database somebody's number stands, by table and column."""
    tables = [row[0] for row in place.rows("select name from sqlite_master where type='table'")]
    found = []
    for table in tables:
        columns = [row[1] for row in place.rows(f"pragma table_info({table})")]
        for column in columns:
            where = f"instr(cast({column} as text), '{user}') > 0"
            if place.rows(f"select 1 from {table} where {where}"):  # noqa: S608 - names are the schema's own
                found.append(f"{table}.{column}")
    return found


async def test_helpme_in_private_leaves_no_trace(places: Places, client: SandboxClient, bot: Bot) -> None:
    """In private /helpme says who helps where one lives; other countries and ages are a press away; no row, no log."""
    place = await places.group(log=False)
    person = (await client.create_user("Someone", language_code="ko"))["id"]
    await client.start_bot(person, "helpme")
    told = await place.said("1377", chat=person)
    assert "Take It Down" not in told["text"]
    assert await place.press(told, "미국", as_=person) is not None
    told = await place.said("CCRI", chat=person)
    await place.press(told, "18세 미만", as_=person)
    told = await place.said("Take It Down", chat=person)
    assert told["text"].index("Take It Down") < told["text"].index("CyberTipline")
    await client.post(person, person, "/helpme")
    await place.said("1377", chat=person, after=told["message_id"])
    await place.settle()
    assert traces(place, person) == []
    assert str(person) not in bot.log


@in_groups
async def test_helpme_in_a_group_is_seen_by_nobody(places: Places, client: SandboxClient, kind: str) -> None:
    """The command vanishes; whoever the bot may write to is told in private, others by a button that names nobody."""
    place = await places.group(kind, log=False)
    await client.start_bot(place.member)
    await place.settle()  # in private and in the group updates are handled beside each other
    asked = await place.say("/helpme", as_=place.member)
    await place.wait_gone(asked)
    await place.said("It is not your fault", chat=place.member)
    before = await place.texts()
    for _ in range(3):
        asked = await place.say("/helpme", as_=place.other)
        await place.wait_gone(asked)
    hint = await place.answered("I tell you in private")
    assert hint["reply_markup"]["inline_keyboard"][0][0]["url"].endswith("?start=helpme")
    assert "Other" not in hint["text"]
    assert "reply_to_message" not in hint
    await place.settle()
    assert len(await place.texts()) <= len(before) + 2  # one in ten minutes, and the minute may have come meanwhile
    assert "/helpme" not in str(place.rows("select payload from inbox where chat_id=?", place.chat))
    assert not [one for one in traces(place, place.other) if one.startswith("outbox")]


async def test_helpme_in_a_channel_leaves_the_way_for_its_readers(places: Places) -> None:
    """Nobody sees which admin posted it: the post vanishes, and readers have the button that leads to private."""
    place = await places.group(CHANNEL, log=False)
    await place.wait_gone(await place.say("/helpme"))
    hint = await place.answered("I tell you in private")
    assert hint["reply_markup"]["inline_keyboard"][0][0]["url"].endswith("?start=helpme")
