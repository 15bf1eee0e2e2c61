"""Reports in private before the real handlers: by link and by forward, who may, and what is refused."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Fingerprint, Frame, MediaKind, MediaPost, MediaRef, MessageRef, Sender, SenderKind
from bot.sandbox.rights import Member
from bot.store import chats, inbox, media
from bot.store.media import Known
from bot.store.reporttables import reports
from bot.store.tables import buttons, cases, outbox, raid_lines, raids
from bot.store.telltables import raid_waits
from bot.telegram.sorting import arrival
from handlers.context import KEY, LOOKUPS, Services
from tests.contract.cast import CHANNEL, FORUM, PRIVATE, SHARED, SUPERGROUP, Cast, Json
from tests.contract.machine import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:Please use 'Bot"),
]

PICTURE = Fingerprint(b"s" * 32, b"m" * 16, "jpeg", 640, 480, (Frame((b"p" * 32,) * 8, 10, b"h" * 8),))
OUTSIDER = 7_000_002


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cast]:
    """The machine but for its loops, in a chat of each kind; the channel's comments are in the supergroup."""
    async with machine(tmp_path_factory.mktemp("bot")) as made:
        await made.app.feed.load()
        made.app.feed.ready.set()
        made.people["outsider"] = made.world.create_user("Outsider", id_=OUTSIDER).id
        await made.app.database.write(lambda c: _meet(c, made))
        yield made


async def _meet(connection: AsyncConnection, cast: Cast) -> None:
    for kind in SHARED:
        linked = {SUPERGROUP: cast.chats[CHANNEL], CHANNEL: cast.chats[SUPERGROUP]}.get(kind)
        facts = {"type": SUPERGROUP if kind == FORUM else kind, "bot_status": "administrator"}
        await chats.meet(connection, cast.chats[kind], title=f"The {kind}", linked_chat_id=linked, **facts)
    await chats.change(connection, cast.chats[FORUM], username="the_forum")


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _fresh(cast: Cast) -> None:
    """Nothing was reported before a test, and nothing said: reports of other tests are no raid."""

    async def write(connection: AsyncConnection) -> None:
        for table in (reports, cases, outbox, buttons, raids, raid_lines, raid_waits):
            await connection.execute(delete(table))

    await cast.app.database.write(write)
    services(cast).lookups.clear()


def services(cast: Cast) -> Services:
    """The machine, as handlers see it."""
    found: Services = cast.app.application.bot_data[KEY]
    return found


# --- what happens --------------------------------------------------------------------------------


async def posted(cast: Cast, kind: str, text: str | None = "vile", *, photo: str = "", **fields: Any) -> Json:
    """A message of the poster's that the bot has heard and judged, as it came."""
    message = cast.message(kind, "poster", "x", **fields)
    del message["text"], message["entities"]
    content: Json = {"photo": [_size(photo)]} if photo else {"text": text}
    message |= content
    field = "channel_post" if kind == CHANNEL else "message"

    async def write(connection: AsyncConnection) -> None:
        number = next(cast._numbers)
        await inbox.put(connection, cast.app.gateway.id, [arrival({"update_id": number, field: message})], None)
        await inbox.finish(connection, cast.app.gateway.id, [number])
        if photo:
            ref = MediaRef(MediaKind.PHOTO, photo, f"u{photo}", "message.photo")
            where = MessageRef(cast.chats[kind], message["message_id"])
            sender = Sender(SenderKind.USER, cast.people["poster"], "Poster")
            await media.see(connection, MediaPost(where, sender, _now(), (ref,)))
            await media.keep(connection, f"u{photo}", Known(PICTURE, None))

    await cast.app.database.write(write)
    return message


def _size(name: str) -> Json:
    return {"file_id": name, "file_unique_id": f"u{name}", "width": 640, "height": 480, "file_size": 9}


def _now() -> datetime:
    return datetime.now(UTC)


def link(cast: Cast, kind: str, message: Json, path: str = "") -> str:
    """The address of a message in a private chat."""
    return f"https://t.me/c/{str(cast.chats[kind])[4:]}/{path}{message['message_id']}"


async def tell(cast: Cast, role: str, text: str) -> str:
    """Somebody writes to the bot in private; its answer."""
    await cast.hear(cast.message(PRIVATE, role, text))
    return await answered(cast, role)


async def forward(cast: Cast, role: str, message: Json, origin: Json, **fields: Any) -> tuple[int, str]:
    """Somebody forwards a message to the bot in private; the number of theirs, and the answer."""
    own = cast.message(PRIVATE, role, "x")
    del own["text"], own["entities"]
    content: Json = {name: message[name] for name in ("text", "photo") if name in message}
    await cast.hear({**own, **content, "forward_origin": {"date": message["date"], **origin}, **fields})
    return own["message_id"], await answered(cast, role)


async def answered(cast: Cast, role: str) -> str:
    """What the bot said to somebody in private last."""
    sent = [one for one in await calls(cast) if one["chat_id"] == cast.people[role] and "text" in one]
    return str(sent[-1]["text"]) if sent else ""


async def calls(cast: Cast) -> list[Json]:
    """The arguments of every call that was queued."""
    async with cast.app.database.read() as connection:
        return [json.loads(text) for text in await connection.scalars(select(outbox.c.args).order_by(outbox.c.id))]


async def filed(cast: Cast) -> list[tuple[int, int | None, int]]:
    """What was reported: chat, message, reporter."""
    columns = (cases.c.chat_id, cases.c.message_id, reports.c.reporter_id)
    query = select(*columns).join(cases, cases.c.id == reports.c.case_id).order_by(reports.c.id)
    async with cast.app.database.read() as connection:
        return [tuple(row) for row in await connection.execute(query)]


# --- by link -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "path", "tail"),
    [(SUPERGROUP, "", ""), (SUPERGROUP, "", "?single"), (FORUM, "7/", ""), (FORUM, "", "?thread=7")],
)
async def test_a_link_reports_its_message(cast: Cast, kind: str, path: str, tail: str) -> None:
    """A member who sends a message's link files a report as a reply would; the chat sees nothing but what admins do."""
    message = await posted(cast, kind)
    text = await tell(cast, "member", f"/report {link(cast, kind, message, path)}{tail} spam look")
    assert "Thank you" in text
    assert "Spam, fraud" in text
    assert await filed(cast) == [(cast.chats[kind], message["message_id"], cast.people["member"])]
    public = [one for one in await calls(cast) if one["chat_id"] == cast.chats[kind]]
    assert ["Reported by 1 member" in str(one.get("text")) for one in public] == [True]


async def test_a_bare_link_and_a_public_name_are_understood(cast: Cast) -> None:
    """A link with no command reports as well, and so does one that names a public chat."""
    message = await posted(cast, FORUM)
    assert "Thank you" in await tell(cast, "member", f"t.me/The_Forum/{message['message_id']} it is of me")
    assert await filed(cast) == [(cast.chats[FORUM], message["message_id"], cast.people["member"])]


async def test_a_reply_and_a_link_are_one_case(cast: Cast) -> None:
    """Who reports in the group and who sends the link report the same post; nobody counts twice."""
    message = await posted(cast, SUPERGROUP, photo="a1", media_group_id="55")
    await posted(cast, SUPERGROUP, photo="a2", media_group_id="55")
    reply = cast.message(SUPERGROUP, "member", "/report", reply_to_message=message)
    await cast.hear(reply)
    address = link(cast, SUPERGROUP, message)
    assert "already" in await tell(cast, "member", f"/report {address}")
    assert "Thank you" in await tell(cast, "no rights", f"/report {address}")
    assert [who for _, _, who in await filed(cast)] == [cast.people["member"], cast.people["no rights"]]
    async with cast.app.database.read() as connection:
        assert len((await connection.scalars(select(cases.c.id))).all()) == 1


async def test_a_channels_post_and_its_comments_are_reported(cast: Cast) -> None:
    """Who follows a channel reports its post, and a comment below it that stands in the linked group."""
    post, comment = await posted(cast, CHANNEL), await posted(cast, SUPERGROUP)
    assert "Thank you" in await tell(cast, "member", link(cast, CHANNEL, post))
    group = cast.world.chat(cast.chats[SUPERGROUP]).members
    kept = group.pop(cast.people["restricted"])
    try:
        address = f"{link(cast, CHANNEL, post)}?comment={comment['message_id']}"
        assert "Thank you" in await tell(cast, "restricted", address)
    finally:
        group[cast.people["restricted"]] = kept
    expected = [(cast.chats[CHANNEL], post["message_id"]), (cast.chats[SUPERGROUP], comment["message_id"])]
    assert [row[:2] for row in await filed(cast)] == expected


async def test_who_was_put_out_may_still_report(cast: Cast) -> None:
    """A banned member may report; so may one who left, if the bot saw them there; a stranger may not."""
    message = await posted(cast, SUPERGROUP)
    address = link(cast, SUPERGROUP, message)
    assert "Thank you" in await tell(cast, "banned", address)
    assert "Only members" in await tell(cast, "outsider", address)
    own = MediaPost(
        MessageRef(cast.chats[SUPERGROUP], 5),
        Sender(SenderKind.USER, OUTSIDER, "Outsider"),
        _now(),
        (MediaRef(MediaKind.PHOTO, "o", "uo", "message.photo"),),
    )
    await cast.app.database.write(lambda c: media.see(c, own))
    assert "Thank you" in await tell(cast, "outsider", address)


async def test_what_cannot_be_reported_is_said(cast: Cast) -> None:
    """A chat that the bot is not in, a message that it does not know, a command with no link: each is answered."""
    message = await posted(cast, SUPERGROUP)
    assert "not in that chat" in await tell(cast, "member", "/report https://t.me/c/1111111111/5")
    assert "not in that chat" in await tell(cast, "member", "/report https://t.me/nowhere_chat/5")
    assert "do not know that message" in await tell(
        cast, "member", link(cast, SUPERGROUP, {"message_id": message["message_id"] + 77_000})
    )
    assert "send me its link" in await tell(cast, "member", "/report")
    assert "send me its link" in await tell(cast, "member", "/report look at this")
    chat = cast.chats[SUPERGROUP]
    await cast.app.database.write(lambda c: chats.change(c, chat, bot_status="left"))
    assert "not in that chat" in await tell(cast, "member", link(cast, SUPERGROUP, message))
    await cast.app.database.write(lambda c: chats.change(c, chat, bot_status="administrator"))
    assert await filed(cast) == []


# --- by forward ----------------------------------------------------------------------------------


def by_user(cast: Cast) -> Json:
    """Where a member's message comes from."""
    return {"type": "user", "sender_user": cast.world.people.get(cast.people["poster"]).json()}


HIDDEN = {"type": "hidden_user", "sender_user_name": "Poster"}


async def test_a_forwarded_picture_is_found_by_its_file(cast: Cast) -> None:
    """Whoever sent it may hide: the file tells which message it was; the forward vanishes from the private chat."""
    message = await posted(cast, SUPERGROUP, photo="f1")
    number, text = await forward(cast, "member", message, HIDDEN)
    assert "Thank you" in text
    assert await filed(cast) == [(cast.chats[SUPERGROUP], message["message_id"], cast.people["member"])]
    assert {"chat_id": cast.people["member"], "message_id": number} in await calls(cast)


async def test_a_forwarded_text_is_found_by_its_words_and_time(cast: Cast) -> None:
    """A text is the one that was written at that moment with those words; another moment or word is another message."""
    message = await posted(cast, SUPERGROUP, "vile words", date=int(time.time()))
    _, text = await forward(cast, "member", message, by_user(cast))
    assert "Thank you" in text
    for other in ({**message, "text": "vile word"}, {**message, "date": message["date"] - 1}):
        assert "Telegram does not tell me" in (await forward(cast, "no rights", other, HIDDEN))[1]
    assert len(await filed(cast)) == 1


async def test_a_forward_that_shows_nothing_stays(cast: Cast) -> None:
    """A forwarded text is left in the private chat, and a file that is no picture is none of this conversation's."""
    message = await posted(cast, SUPERGROUP, "vile words, twice", date=int(time.time()))
    number, text = await forward(cast, "member", message, by_user(cast))
    assert "Thank you" in text
    assert {"chat_id": cast.people["member"], "message_id": number} not in await calls(cast)
    export = {**_size("bans"), "mime_type": "application/json", "file_name": "bans.json"}
    before = len(await calls(cast))
    await forward(cast, "member", {"date": 1}, HIDDEN, document=export)
    assert len(await calls(cast)) == before


async def test_a_forward_of_who_is_no_member_tells_nothing(cast: Cast) -> None:
    """Who is in none of the chats where something stands is not told that it stands anywhere."""
    message = await posted(cast, SUPERGROUP, photo="f2")
    stranger = await forward(cast, "left", message, HIDDEN)
    unknown = await forward(cast, "left", {"photo": [_size("never")], "date": 1}, HIDDEN)
    assert stranger[1] == unknown[1]
    assert "Telegram does not tell me" in unknown[1]
    assert await filed(cast) == []


async def test_a_channels_post_is_known_by_its_own_number(cast: Cast) -> None:
    """A forwarded post of a channel is reported though the bot forgot it; one of a foreign channel is not found."""
    origin: Json = {"type": "channel", "chat": cast.world.chat(cast.chats[CHANNEL]).json(), "message_id": 4711}
    _, text = await forward(cast, "member", {"text": "an old post", "date": 5}, origin)
    assert "Thank you" in text
    assert await filed(cast) == [(cast.chats[CHANNEL], 4711, cast.people["member"])]
    foreign = {**origin, "chat": {"id": -1009, "type": "channel", "title": "Foreign"}}
    assert "Telegram does not tell me" in (await forward(cast, "member", {"text": "x", "date": 5}, foreign))[1]
    assert "Only members" in (await forward(cast, "outsider", {"text": "an old post", "date": 5}, origin))[1]


async def test_a_forwarded_album_has_one_receipt(cast: Cast) -> None:
    """An album comes in pieces; one of them is answered."""
    pieces = [await posted(cast, SUPERGROUP, photo=name, media_group_id="77") for name in ("g1", "g2", "g3")]
    for piece in pieces:
        await forward(cast, "member", piece, HIDDEN, media_group_id="99")
    said = [one for one in await calls(cast) if one["chat_id"] == cast.people["member"] and "text" in one]
    assert ["Thank you" in one["text"] for one in said] == [True]
    assert len(await filed(cast)) == 1


async def test_nobody_has_messages_looked_up_without_end(cast: Cast) -> None:
    """Beyond ten an hour nothing more is looked up for somebody, a stranger or not, and they are told; others go on."""
    message = await posted(cast, SUPERGROUP, "vile words, often", date=int(time.time()))
    for number in range(LOOKUPS):
        other = {**message, "text": f"no such words {number}"}
        assert "Telegram does not tell me" in (await forward(cast, "outsider", other, HIDDEN))[1]
    for said in (
        (await forward(cast, "outsider", message, HIDDEN))[1],
        await tell(cast, "outsider", "t.me/the_forum/1"),
    ):
        assert "10 messages an hour" in said
    assert "Thank you" in (await forward(cast, "member", message, HIDDEN))[1]


# --- the receipt's buttons -----------------------------------------------------------------------


async def test_only_the_reporter_says_what_it_is(cast: Cast) -> None:
    """A receipt's button counts in its reporter's hands and private chat, for a category that there is."""
    message = await posted(cast, SUPERGROUP)
    await tell(cast, "member", link(cast, SUPERGROUP, message))
    receipt = [one for one in await calls(cast) if one["chat_id"] == cast.people["member"]][-1]
    data = receipt["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    token = data.split(":")[1]
    forged = {
        "another's": ("owner", PRIVATE, data),
        "in the group": ("member", SUPERGROUP, data),
        "no category": ("member", PRIVATE, f"r:{token}:nothing"),
        "no token": ("member", PRIVATE, f"r:{'A' * len(token)}:spam"),
    }
    for what, (role, kind, sent) in forged.items():
        shown = _shown(cast, role, kind, sent)
        assert "no longer valid" in await cast.press(role, shown, sent), what
    assert await chosen(cast) == [""]
    assert await cast.press("member", _shown(cast, "member", PRIVATE, data), data) == ""
    assert await chosen(cast) == ["minors"]
    assert "Do not forward, save or screenshot" in await answered(cast, "member")
    assert "● " in str((await calls(cast))[-1]["reply_markup"])


def _shown(cast: Cast, role: str, kind: str, data: str) -> Json:
    """A message of the bot's with a button, in somebody's private chat or in a group."""
    card = cast.card(kind if kind != PRIVATE else SUPERGROUP, data)
    if kind == PRIVATE:
        card["chat"] = {"id": cast.people[role], "type": "private", "first_name": role}
    return card


async def chosen(cast: Cast) -> list[str]:
    """What reporters say that posts are."""
    async with cast.app.database.read() as connection:
        return list(await connection.scalars(select(reports.c.category).order_by(reports.c.id)))


# --- /reports in private -------------------------------------------------------------------------


async def test_admins_see_in_private_what_waits_in_their_chats(cast: Cast) -> None:
    """Whoever is an admin somewhere sees those reports in private, others see that nothing waits; no names."""
    for kind in (SUPERGROUP, FORUM):
        await tell(cast, "member", link(cast, kind, await posted(cast, kind)))
    assert await tell(cast, "member", "/reports") == "No reports wait."
    text = await tell(cast, "admin", "/reports")
    assert "2 reports wait" in text
    assert "The supergroup" in text
    assert "The forum" in text
    assert "Member" not in text
    forum = cast.world.chat(cast.chats[FORUM]).members
    before = forum[cast.people["admin"]]
    forum[cast.people["admin"]] = Member(cast.people["admin"], "member")
    try:
        assert "The forum" not in await tell(cast, "admin", "/reports")
    finally:
        forum[cast.people["admin"]] = before


async def test_pages_turn_by_the_rights_of_the_moment(cast: Cast) -> None:
    """A button under the list shows another page to admins; in private each is asked about anew."""
    message = await posted(cast, SUPERGROUP)
    await tell(cast, "member", link(cast, SUPERGROUP, message))
    card = _shown(cast, "admin", PRIVATE, "o:newer:0")
    assert await cast.press("admin", card, "o:newer:0") == ""
    assert "1 report waits" in await answered(cast, "admin")
    card = _shown(cast, "member", PRIVATE, "o:newer:0")
    assert await cast.press("member", card, "o:newer:0") == ""
    assert await answered(cast, "member") == "No reports wait."
    for data in ("o:newer:x", "o:newer", "o:sideways:1", "o:newer:1:2"):
        assert "no longer valid" in await cast.press("admin", _shown(cast, "admin", PRIVATE, data), data)
