"""What could not be checked, raids, limits of the day and doubted entries in the real bot: nothing passes unseen."""

from __future__ import annotations

import sqlite3
import time

from bot.sandbox.client import medium, photo
from bot.sandbox.samples import sample
from bot.settings import Limits
from tests.flow.conftest import MAINTAINER
from tests.flow.kinds import ALL, CHANNEL, GROUP, in_all, in_groups
from tests.flow.places import Json, Place, Places
from tests.flow.reporting import card_now, data_of, forge, stranger
from tests.texture import encode, texture

BROKEN = sample("clean-1").data()[:200] + b"\0" * 4000
DAY = 86_400


def change(place: Place, statement: str, *rows: tuple[object, ...]) -> None:
    """Put something into the bot's database behind its back: hours that go by, days that were busy."""
    with sqlite3.connect(place.bot.database, timeout=20) as connection:
        connection.executemany(statement, rows)


async def upload(place: Place, user: int) -> Json:
    """A file that cannot be read, in a chat of somebody's own, to be forwarded; where it stands."""
    own = (await place.client.create_chat("Own", user))["id"]
    data = BROKEN + str(user).encode()
    message = await place.client.post_one(user, own, media=[medium("document", data, filename="picture.jpg")])
    return {"chat_id": own, "message_id": message["message_id"]}


@in_all
async def test_what_is_held_waits_for_an_admin_who_releases_it_or_not(places: Places, kind: str) -> None:
    """Held means removed, with a card whose buttons decide; released it may be posted again; all of it is shown."""
    place = await places.group(kind)
    await place.choose("Hold", "Not checkable")
    await place.wait_gone(*await place.post(forward_of=await upload(place, place.poster)))
    first = await place.said("removed until you decide", chat=place.log)
    assert ("Recent actions" in first["text"]) is (kind != GROUP)
    assert place.rows("select kind, state from cases where chat_id=?", place.chat) == [("unscannable", "open")]
    asked = await place.command("/check")
    shown = (await place.answered("Health of", after=asked))["text"]
    assert "1 post of the last 24 hours could not be checked. Hold" in shown
    assert "1 case waits for an admin" in shown
    if kind == CHANNEL:
        assert "own post" in str(await place.press(first, "Ban", as_=place.admin))
        await place.press(first, "Keep removed", as_=place.admin)
    else:
        await place.press(first, "Ban", as_=place.admin)
    await place.settle()
    ends = {GROUP: "left", CHANNEL: "administrator"}
    assert (await place.status(place.poster))["status"] == ends.get(kind, "kicked")

    harmless = await upload(place, place.admin)
    await place.wait_gone(*await place.post(forward_of=harmless, as_=place.admin))
    second = await place.said("removed until you decide", chat=place.log, after=first["message_id"])
    assert "it takes" in str(await place.press(second, "Release", as_=await stranger(place)))
    assert "Released" in str(await place.press(second, "Release", as_=place.admin))
    assert "Released" in (await card_now(place, second))["text"]
    if kind != CHANNEL:  # whose readers it does not concern
        await place.answered("released the post")
    assert place.rows("select state from cases where chat_id=?", place.chat) == [("closed",)] * 2
    await passes(place, harmless)


async def passes(place: Place, file: Json) -> None:
    """Forward a file until it stays."""

    async def post() -> int:
        return (await place.post(forward_of=file, as_=place.admin))[0]

    await place.post_until(post, is_there=True)


@in_groups
async def test_a_raid_is_told_in_one_line(places: Places, kind: str) -> None:
    """Of many removals the first few have notices, then one line in the group and one in the log tell of all."""
    place = await places.group(kind)
    raiders = [(await place.client.create_user(f"Raider{number}"))["id"] for number in range(4)]
    for raider in raiders:
        await place.client.add_member(place.chat, raider)
    data = sample("listed-1").data()
    posts = [m for one in raiders for _ in range(2) for m in await place.post(media=[photo(data)], as_=one)]
    await place.wait_gone(*posts)
    await place.settle()
    for chat in (place.chat, place.log):
        told = [text for text in await place.texts(chat) if "🛡" in text]
        assert len(told) == 1
    assert sum("was removed" in text for text in await place.texts()) == 3
    change(place, "update raids set last_at = last_at - 120 where chat_id=?", (place.chat,))
    for chat in (place.chat, place.log):
        over = await place.said("over: 8 posts of 4 people removed", chat=chat)
        assert over.get("message_thread_id") == (place.topic if chat == place.chat else None)
        assert over["edit_date"]
        assert ("?start=raid_" in str(over.get("reply_markup"))) is (chat == place.chat)


@in_groups
async def test_at_the_limit_of_the_day_bans_stop_until_an_admin_lifts_it(places: Places, kind: str) -> None:
    """The alarm goes to owner and log; who may not ban lifts nothing; one press by who may lets the bot go on."""
    place = await places.group(kind, is_met=True)
    await place.choose("Zero")
    today = int(time.time() // DAY)
    change(
        place,
        "insert into sanctions values (?, ?, 'ban', ?)",
        *[(place.chat, today, str(10**12 + number)) for number in range(30)],
    )
    await place.wait_gone(await place.post_sample("listed-1"))
    alarm = await place.said("I have muted or banned 30 people today", chat=place.log)
    await place.said("I have muted or banned 30 people today", chat=place.owner)
    card = await place.said("the poster was not muted or banned", chat=place.log)
    assert (await place.status(place.member))["status"] == "member"
    assert "it takes" in str(await place.press(alarm, "Lift the limit", as_=await stranger(place)))
    assert "lifted until" in str(await place.press(alarm, "Lift the limit", as_=place.admin))
    await place.press(card, "Ban", as_=place.admin)
    await place.wait_gone(await place.post_sample("listed-1", as_=place.other))
    await place.settle()
    for user in (place.member, place.other):
        assert (await place.status(user))["status"] == ("left" if kind == GROUP else "kicked")
    assert not (await card_now(place, alarm)).get("reply_markup", {}).get("inline_keyboard")
    codes = place.rows("select code, actor_id from audit where chat_id=? and code like 'breaker.%'", place.chat)
    assert codes == [("breaker.tripped", None), ("breaker.lifted", place.admin)]


@in_all
async def test_at_the_limit_of_the_day_what_is_doubtful_stays_until_it_is_lifted(places: Places, kind: str) -> None:
    """What could not be checked then stays for an admin, what is surely listed goes; one press lets the bot go on."""
    place = await places.group(kind, is_met=True)
    await place.choose("Hold", "Not checkable")
    today, limit = int(time.time() // DAY), Limits().daily_deletes
    rows = [(place.chat, today, str(10**12 + number)) for number in range(limit)]
    change(place, "insert into sanctions values (?, ?, 'delete', ?)", *rows)
    (doubtful,) = await place.post(forward_of=await upload(place, place.poster))
    alarm = await place.said("limit of the day reached", chat=place.log)
    assert await place.is_there(doubtful)
    await place.wait_gone(await place.post_sample("listed-1"))
    assert "it takes" in str(await place.press(alarm, "Lift the limit", as_=await stranger(place)))
    await place.press(alarm, "Lift the limit", as_=place.admin)
    await place.settle()
    await place.wait_gone(*await place.post(forward_of=await upload(place, place.owner), as_=place.owner))


async def test_a_channels_raid_is_told_in_its_log_alone(places: Places) -> None:
    """Its readers need not know; the line in the log says how many of its posts were removed."""
    place = await places.group(CHANNEL)
    await place.wait_gone(*[await place.post_sample("listed-1") for _ in range(8)])
    await place.settle()
    assert not [text for text in await place.texts() if "🛡" in text or "removed" in text]
    change(place, "update raids set last_at = last_at - 120 where chat_id=?", (place.chat,))
    over = await place.said("over: 8 posts of", chat=place.log)
    assert "8 posts of the channel itself removed" in over["text"]


@in_groups
async def test_an_entry_that_hits_a_chats_regulars_is_doubted_until_it_is_released(places: Places, kind: str) -> None:
    """Its posts stay and wait for an admin; the maintainer alone switches it on again, and then it counts as before."""
    place = await places.group(kind)
    if MAINTAINER not in [user["id"] for user in (await place.view())["users"]]:
        await place.client.create_user("Maintainer", id_=MAINTAINER)
    asked = await place.client.start_bot(MAINTAINER)
    data = encode(texture(970 + ALL.index(kind), 640, 480), "JPEG")
    regulars = [place.member, place.other, place.owner]
    old = {"date": await place.client.clock() - 7200}
    for number, user in enumerate(regulars):
        await place.post(media=[photo(encode(texture(980 + number, 320, 240), "JPEG"))], as_=user, extra=old)
    await place.command("/block", reply_to=await place.post_photo(data, as_=place.admin))
    await place.answered("Listed for this chat")
    for user in regulars:
        await vanishes(place, data, user)
    alarm = await place.said("in quarantine", chat=MAINTAINER, after=asked["message_id"])
    assert "3 people in 1 chat" in alarm["text"]
    await place.settle()
    waits = await stays(place, data)
    assert place.rows("select state, how from cases where chat_id=? and message_id=?", place.chat, waits) == [
        ("open", "in quarantine")
    ]
    answer = await forge(place, alarm, data=data_of(alarm, "Switch on"))
    assert "one who keeps the lists" in answer
    assert "Switched on again" in str(await place.press(alarm, "Switch on", as_=MAINTAINER))
    await vanishes(place, data, place.admin)
    codes = place.rows("select distinct code, actor_id from audit where code like 'quarantine.%' order by id")
    assert codes == [("quarantine.held", None), ("quarantine.released", MAINTAINER)]


async def vanishes(place: Place, data: bytes, user: int) -> None:
    """Post a picture until it is removed."""
    await place.post_until(lambda: place.post_photo(data, as_=user), is_there=False)


async def stays(place: Place, data: bytes) -> int:
    """Post a picture until it is left standing; its number."""
    return await place.post_until(lambda: place.post_photo(data, as_=place.admin), is_there=True)
