"""Secrets run through every flow of the real bot at debug level, and are found nowhere; files are their owner's."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from bot.sandbox.client import SandboxClient, photo
from bot.sandbox.server import Server
from bot.sandbox.world import World
from tests.contract import sentinel
from tests.flow import hiding
from tests.flow.hiding import CAPTION, HANDLE, HELD, NAME, TOKEN, Hidden
from tests.flow.places import Json, Place, Places
from tests.flow.reporting import card_now, card_of, file_report, forge
from tests.running import haechi, running
from tests.texture import encode, texture

PICTURES = [encode(texture(seed, 640, 480), "jpeg") for seed in (9091, 9092)]
DEBUG = {"HAECHI_LOG__LEVEL": "debug", "HAECHI_TELEGRAM__TOKEN": TOKEN}
CONTACT = "privacy@example.org"


@dataclass(frozen=True, slots=True)
class Stage:
    """A bot of its own at debug level, a chat, and the secrets that must not show; `said` is what commands printed."""

    places: Places
    secrets: Hidden
    said: dict[str, str]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def stage(tmp_path_factory: object) -> AsyncIterator[Stage]:
    """A bot whose list holds the first picture."""
    folder = tmp_path_factory.mktemp("secrets")  # type: ignore[attr-defined]
    for number, data in enumerate(PICTURES):
        (folder / f"{number}.jpg").write_bytes(data)
    code, hashes, errors = await haechi(folder, "hash", "0.jpg", "1.jpg", **DEBUG)
    assert code == 0, errors
    listed = hashes.partition("# 1.jpg")[0]
    bad = [line[:-1] for line in listed.splitlines() if line.startswith("sha256")]
    (folder / "known.txt").write_text("\n".join([listed, *bad, "pdq !"]), encoding="utf-8")
    code, out, printed = await haechi(
        folder, "lists", "import", "known.txt", "--name", "known", "--trust", "ban", **DEBUG
    )
    assert "known.txt:" in printed, printed
    said = {"hash": errors, "import": out + printed}
    async with Server(World(TOKEN)) as server, SandboxClient(server.url) as client:
        own = {"HAECHI_MEDIA__IMAGE_WORKERS": "1", "HAECHI_CONTACT": CONTACT}
        async with running(server.url, folder, **DEBUG, **own) as bot:
            yield Stage(Places(client, bot), hiding.hidden(hashes), said)


async def test_secrets_go_through_every_flow_and_show_nowhere(stage: Stage) -> None:
    """Token, reporter, hashes and people's words are in no log, error, metric, card, group text or record."""
    place = await stage.places.group(is_met=True)
    reporter = await _reporter(place)
    await _reports(place, reporter)
    await _matches(place)
    other = await stage.places.group()  # in one chat the bot would have to wait, for it writes there in measure
    await other.client.add_member(other.chat, reporter)
    await _commands(other)
    await _troubles(other, reporter)
    await place.settle()
    await _nothing_shows(stage, place, reporter)


async def _nothing_shows(stage: Stage, place: Place, reporter: int) -> None:
    bot, secrets, every = place.bot, stage.secrets, tuple(stage.secrets.forms)
    shown = {**await hiding.shown(bot), **stage.said, "list": await _removed(bot.folder)}
    assert "httpcore" in shown["log"]  # it is at debug level
    leaks = {where: found for where, text in shown.items() if (found := secrets.in_text(text, every))}
    assert leaks == {}
    files = [unique_id for (unique_id,) in place.rows("select file_unique_id from files")]
    assert files
    assert [one for one in files if one in bot.log] == []
    assert str(reporter) not in bot.log
    called = await hiding.called(place.client, reporter)
    leaks = {where: found for where, text in called.items() if (found := secrets.in_text(text, every))}
    assert leaks == {}
    kept = hiding.kept(bot, secrets, reporter)
    assert {kind: kept[kind] - HELD[kind] for kind in kept if kept[kind] - HELD[kind]} == {}
    assert kept["hash"] >= {"entries.value"}  # the search can find what it looks for
    assert kept["reporter"] >= {"people.name", "inbox.payload"}


async def _reporter(place: Place) -> int:
    """Somebody with a name of which nobody may hear, whom the bot may write to."""
    user = await place.client.create_user(NAME, last_name=hiding.FAMILY, username=HANDLE)
    await place.client.add_member(place.chat, user["id"])
    await place.client.start_bot(user["id"])
    return int(user["id"])


async def _reports(place: Place, reporter: int) -> None:
    """Reports by command and by call, a card claimed and decided, forged presses, and what the reporter may ask."""
    first = await place.say("something vile")
    await file_report(place, first, "this is of me", as_=reporter)
    card = await card_of(place)
    await place.press(card, "I take this", as_=place.admin)
    await place.press(await card_now(place, card), "Let go", as_=place.admin)
    card = await card_now(place, card)
    await forge(place, card, data="c:nothing:delete")
    await place.press(card, "Delete", as_=place.admin)
    await place.wait_gone(first)
    await place.say("@admin look", as_=reporter, reply_to=await place.say("vile again"))
    await file_report(place, await place.say("and again"), as_=reporter)
    for command in ("/privacy", "/export_me", "/forget_me", "/help"):
        await place.client.post(reporter, reporter, command)
        await place.say(command, as_=reporter)
    await place.settle()


async def _matches(place: Place) -> None:
    """A listed picture climbs the ladder; another is listed, taken off, allowed; the canary is posted."""
    for _ in range(2):
        await place.wait_gone(*await place.post(CAPTION, [photo(PICTURES[0])], as_=place.member))
    (picture,) = await place.post(CAPTION, [photo(PICTURES[1])], as_=place.other)
    await place.command("/block it shows me", reply_to=picture)
    await place.wait_gone(picture)
    again = await place.post_photo(PICTURES[1], as_=place.admin)
    await place.command("/allow", reply_to=again)
    await place.choose("Zero tolerance")
    checked = await place.command("/check")
    await place.press(await place.said("Health of", after=checked), "canary", as_=place.admin)
    await place.said("canary picture", after=checked)


async def _commands(place: Place) -> None:
    """Every command against a member, and the files of the cases that come of them."""
    for command in ("/warn", "/mute 2h", "/unmute", "/ban", "/unban", "/unwarn"):
        await place.command(f"{command.split()[0]} {place.other} {' '.join(command.split()[1:])}".strip())
    await place.settle()
    for (number,) in place.rows("select id from cases where chat_id=? limit 3", place.chat):
        await place.command(f"/case {number}")


async def _troubles(place: Place, reporter: int) -> None:
    """Floods, outages and cut connections, refused receipts and downloads, updates that nobody can parse."""
    client = place.client
    await client.fault("sendMessage", code=429, description="Too Many Requests", count=2, retry_after=1)
    await client.fault("deleteMessage", code=502, description="Bad Gateway")
    await client.fault("getUpdates", "cut_before", 1)
    await client.fault("getFile", "cut_after", 1)
    await client.fault("file", code=404, description="Not Found")
    await client.fault("sendMessage", code=403, description="Forbidden: bot was blocked by the user", chat_id=reporter)
    await file_report(place, await place.say("vile at last"), as_=reporter)
    await place.post(CAPTION, [photo(encode(texture(9093), "jpeg"))], as_=place.admin)
    user = {"id": reporter, "is_bot": False, "first_name": NAME, "last_name": hiding.FAMILY, "username": HANDLE}
    chat = {"id": place.chat, "type": "supergroup", "title": "x"}
    broken: list[Json] = [
        {"message": {"message_id": 1, "date": CAPTION, "chat": chat, "from": user, "text": CAPTION}},
        {"message": {"message_id": 1, "date": 1, "chat": chat, "from": {**user, "id": NAME}, "caption": CAPTION}},
        {"message": {"message_id": 1, "date": 1, "chat": chat, "from": user, "text": 7, "entities": [CAPTION]}},
        {"callback_query": {"id": "1", "from": user, "chat_instance": "1", "data": CAPTION, "message": CAPTION}},
        {"my_chat_member": {"chat": chat, "from": user, "date": 1, "old_chat_member": NAME}},
        {"never_heard_of": {"from": user, "text": CAPTION}},
    ]
    for update in broken:
        await client.push_update(update)
    await place.settle()
    await client.clear_faults()


async def _removed(folder: Path) -> str:
    """Take an entry off the list by the command line while the bot runs, with a file that has bad lines."""
    _, out, errors = await haechi(folder, "lists", "remove", "known", "--entries", "known.txt", "--yes", **DEBUG)
    code, listed, more = await haechi(folder, "lists", "export", "known", "--output", "export.txt", **DEBUG)
    assert code == 0, more
    return out + errors + listed + more


async def test_everything_that_is_made_is_its_owners_alone(stage: Stage) -> None:
    """Database, log, shared memory, index and exports are 0600, their folders 0700, whatever the umask is."""
    folder = stage.places.bot.folder
    given = {"0.jpg", "1.jpg", "known.txt", "log.txt"}  # the test's own
    code, _, errors = await haechi(folder, "lists", "export", "known", "--output", "own.txt", **DEBUG)
    assert code == 0, errors
    made = [one for one in sorted(folder.rglob("*")) if one.name not in given]
    assert {one.name for one in made} >= {"haechi.db", "haechi.db-wal", "haechi.db-shm", "own.txt"}
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in made}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


async def test_somebody_sees_all_that_is_kept_and_has_it_erased(stage: Stage) -> None:
    """/privacy, /export_me and /forget_me, in private only; afterwards nothing of the person is in any file."""
    place = await stage.places.group()
    client = place.client
    user = await client.create_user("Qwyjibo", last_name="Pell", username="qwyjibo_pell")
    person = int(user["id"])
    await client.add_member(place.chat, person)
    await client.start_bot(person)
    await place.post_photo(encode(texture(9094), "jpeg"), as_=person)
    for command in ("warn", "unwarn"):
        await place.command(f"/{command} {person}")
    await place.wait_gone(await place.say("/export_me", as_=person))
    await place.said("give this command in private")
    await client.post(person, person, "/privacy")
    notice = await place.said("What Haechi keeps of you", chat=person)
    assert CONTACT in notice["text"]
    assert "90 days" in notice["text"]
    await client.post(person, person, "/export_me")
    sent = await client.wait_call("sendDocument", chat_id=person)
    document = json.loads(await client.file(await _file_of(place, person)))
    assert sent["args"]["chat_id"] == person
    assert document["person"][0]["name"] == "Qwyjibo Pell"
    assert len(document["strikes"]) == 1
    await client.post(person, person, "/forget_me")
    asked = await place.said("Erase what Haechi keeps", chat=person)
    await place.press(asked, "Erase everything", as_=person)
    await place.said("It is being erased now", chat=person)
    await client.wait_for(lambda: _is_erased(place, person), what="nothing of somebody who was erased")


async def _is_erased(place: Place, person: int) -> bool:
    """Whether no column and no byte of the bot's database holds somebody any more; its log is emptied last."""
    word = "Qwyjibo"
    return not sentinel.found(place.bot.database, person, word) and not sentinel.traces(place.bot.folder, person, word)


async def _file_of(place: Place, person: int) -> str:
    """The file_unique_id of the document that the bot sent to somebody."""
    view = await place.view(person)
    return next(str(one["document"]["file_unique_id"]) for one in view["messages"][str(person)] if "document" in one)
