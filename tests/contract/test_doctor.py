"""The doctor: every line that can turn red is made red, over real files, sockets, decoders and a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.doctor import database as about_database
from bot.doctor import machine
from bot.doctor import telegram as about_telegram
from bot.doctor.finding import Finding
from bot.model import ListKind, SignalKind, Trust
from bot.sandbox.client import NO_TLS, SandboxClient
from bot.sandbox.server import Server
from bot.sandbox.world import World
from bot.settings import Settings, Store, Telegram, Web
from bot.store import chats, entries, inbox
from bot.store.db import Database
from bot.store.entries import NewEntry
from bot.store.tables import lists
from tests.running import free_port

SECRET = "s" * 32
TOKEN = "4242:SANDBOX-token-of-the-tests-000000000"


def grades(found: list[Finding]) -> dict[str, str]:
    """The worst grade of each subject; whatever is not right says how to mend it."""
    order = ("ok", "warning", "error")
    worst: dict[str, str] = {}
    for one in found:
        assert bool(one.fix) is (one.grade != "ok"), one
        worst[one.subject] = max(worst.get(one.subject, "ok"), one.grade.value, key=order.index)
    return worst


def text(found: list[Finding]) -> str:
    """All that was said."""
    return "\n".join(f"{one.text} {one.fix}" for one in found)


# --- the machine ---------------------------------------------------------------------------------


def test_machine_and_files(tmp_path: Path) -> None:
    """An old Python, a token's file that others read, a folder that is none or full: each is said with its mending."""
    assert machine.python((3, 10, 9)).grade == "error"
    assert machine.python().grade == "ok"
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o644)
    settings = Settings(data_dir=tmp_path / "data", telegram=Telegram(token_file=str(token)))
    assert f"chmod 600 {token}" in text(list(machine.secrets(settings)))
    token.chmod(0o600)
    assert grades(list(machine.secrets(settings))) == {"token file": "ok"}
    assert machine.folder(settings, full=0, tight=0).grade == "ok"
    assert machine.folder(settings, tight=1e30).grade == "warning"
    assert machine.folder(settings, full=1e30).grade == "error"
    assert machine.folder(Settings(data_dir=token / "data")).grade == "error"
    assert not settings.data_dir.exists()


async def test_decoders_and_address(tmp_path: Path) -> None:
    """A decoder decodes the test picture; what a lower level lacks is named; an address may be taken, open or off."""
    usual = Settings(data_dir=tmp_path, web=Web(listen=f"127.0.0.1:{free_port()}"))
    found = [one async for one in machine.decoders(usual)]
    assert grades(found)["decoding"] == "ok"
    assert "800x600" in text(found)
    levels = {name: machine.level(name, unsafe=False) for name in ("full", "no-seccomp", "no-landlock", "none")}
    assert [one.grade.value for one in levels.values()] == ["ok", "warning", "warning", "error"]
    assert "without seccomp" in levels["no-seccomp"].text
    assert machine.level("none", unsafe=True).grade == "warning"
    assert (await machine.address(usual)).grade == "ok"
    with socket.create_server(usual.web.address or ("", 0)):
        taken = await machine.address(usual)
    assert (taken.grade, "Address already in use" in taken.text) == ("error", True)
    assert (await machine.address(Settings(web=Web(listen=f"0.0.0.0:{free_port()}")))).grade == "warning"
    assert (await machine.address(Settings(web=Web(listen="off")))).grade == "warning"


# --- the database --------------------------------------------------------------------------------


async def _of(database: Database, *maintainers: int) -> list[Finding]:
    settings = Settings(store=Store(url=f"sqlite+aiosqlite:///{database.path}"), maintainers=maintainers)
    return [one async for one in about_database.findings(settings)]


def _change(database: Database, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(database.path or "")) as connection, connection:
        connection.execute(statement)


async def test_maintainers_who_would_hear_of_nothing_are_named(database: Database) -> None:
    """Without a maintainer to whom the bot may write nobody hears of a quarantine: that is a warning with their ids."""
    await database.write(lambda connection: chats.greet(connection, 11, reachable=True))
    await database.write(lambda connection: chats.greet(connection, 12, reachable=False))
    assert grades(await _of(database, 11))["maintainers"] == "ok"
    assert grades(await _of(database))["maintainers"] == "warning"
    found = await _of(database, 11, 12, 13)
    assert grades(found)["maintainers"] == "warning"
    assert "cannot write to 2 of 3: 12, 13" in text(found)


async def test_database_content(database: Database) -> None:
    """No lists, old lists, chats without a right, updates that were set aside: warnings that name what it is about."""
    assert grades(await _of(database)) == dict.fromkeys(("database", "schema", "chats", "inbox", "outbox"), "ok") | {
        "lists": "warning",
        "maintainers": "warning",
    }

    async def work(connection: AsyncConnection) -> None:
        number = await entries.ensure_list(connection, "known abuse", kind=ListKind.BLOCK, trust=Trust.BAN)
        await entries.add(connection, number, [NewEntry(SignalKind.MD5, b"m" * 16)])
        await connection.execute(lists.update().values(updated_at=time.time() - 100 * 86_400))
        await chats.meet(connection, -1001, title="Whole", bot_status="administrator", bot_rights=RIGHTS)
        for place in range(25):
            await chats.meet(connection, -2000 - place, title="Bare", bot_status="member", bot_rights="")
        own = await inbox.put_own(connection, 42, {"message": {"chat": {"id": 1}}})
        await inbox.bury(connection, inbox.Row(42, own, 1, "{}"), "ValueError: odd")

    await database.write(work)
    found = await _of(database)
    assert grades(found) == {
        **dict.fromkeys(("database", "schema", "chats", "outbox"), "ok"),
        **dict.fromkeys(("list", "chat", "inbox", "maintainers"), "warning"),
    }
    said = text(found)
    assert "known abuse: 1 entries, changed 100 days ago" in said
    assert "Bare (-2000): lacks Delete messages, Ban users" in said
    assert said.count("Bare (") == about_database.SHOWN
    assert "and 5 more chats lack a right" in said
    assert "Whole" not in said
    assert "in 26, and in 1 with" in said


RIGHTS = "can_delete_messages can_restrict_members"


async def test_database_file(database: Database, tmp_path: Path) -> None:
    """A file that is not there is no error; one that others read, of another version, or damaged, is said."""
    await database.stop()
    path = database.path
    assert path is not None
    absent = [one async for one in about_database.findings(Settings(data_dir=tmp_path / "new"))]
    assert grades(absent) == {"database": "ok"}
    path.chmod(0o644)
    assert f"chmod 600 {path}" in text(await _of(database))
    path.chmod(0o600)
    _change(database, "update alembic_version set version_num='9999'")
    assert grades(await _of(database)) == {"database": "ok", "schema": "error"}
    _change(database, "pragma journal_mode=delete")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 8192 + whole[12_288:])
    assert grades(await _of(database)) == {"database": "error"}
    path.write_bytes(b"nothing of the kind" * 300)
    assert "haechi restore FILE" in text(await _of(database))


# --- Telegram ------------------------------------------------------------------------------------


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A sandbox."""
    async with Server(World(TOKEN)) as started:
        yield started


def _settings(server: Server | str, folder: Path, token: str = TOKEN, hook: str = "") -> Settings:
    url = server if isinstance(server, str) else server.url
    asked = Telegram(token=SecretStr(token), base_url=f"{url}/bot", webhook_url=hook, webhook_secret=SecretStr(SECRET))
    return Settings(data_dir=folder, telegram=asked)


async def _ask(settings: Settings, **how: Any) -> list[Finding]:
    found = [one async for one in about_telegram.findings(settings, **{"listen_seconds": 0, **how})]
    token = settings.telegram.token.get_secret_value()
    assert not token or token not in text(found)
    return found


async def test_telegram_is_asked(server: Server, tmp_path: Path) -> None:
    """Token, privacy mode, webhook, clock and silence: each is told apart, and nothing that waits is acknowledged."""
    settings = _settings(server, tmp_path)
    async with SandboxClient(server.url) as client:
        await client.set_privacy(on=False)
        await client.push_update({"update_id": 7, "message": {"chat": {"id": 1}}})
        well = dict.fromkeys(("clock", "token", "privacy mode", "webhook", "polling"), "ok")
        found = await _ask(settings)
        assert grades(found) == well
        assert "updates wait" in text(found)
        assert await client.pending() == 1
        await client.set_privacy(on=True)
        assert grades(await _ask(settings)) == {**well, "privacy mode": "warning"}
        assert grades(await _ask(settings, clock=lambda: time.time() + 600))["clock"] == "error"
        await client.fault("getMe", code=502, description="Bad Gateway")
        assert grades(await _ask(settings))["telegram"] == "error"
        async with httpx.AsyncClient(verify=NO_TLS, trust_env=False) as web:
            hook = f"http://127.0.0.1:{free_port()}/secret-path"
            await web.post(f"{server.url}/bot{TOKEN}/setWebhook", json={"url": hook})
        found = await _ask(settings)
        assert grades(found)["webhook"] == "warning"
        assert "secret-path" not in text(found)
        ours = _settings(server, tmp_path, hook=hook)
        found = await _ask(ours)
        assert grades(found)["webhook"] == ("warning" if "said last" in text(found) else "ok")
        assert "one is set to" not in text(found)
    assert grades(await _ask(_settings(server, tmp_path, "999:no-such-token-0000000000")))["token"] == "error"
    assert grades(await _ask(_settings(server, tmp_path, ""))) == {"token": "warning"}
    nobody = _settings(f"http://127.0.0.1:{free_port()}", tmp_path)
    assert grades(await _ask(nobody)) == {"telegram": "error"}


async def test_another_poller_is_found(server: Server, tmp_path: Path) -> None:
    """A second program that polls with the same token is an error; alone there is none."""
    settings = _settings(server, tmp_path)
    assert grades(await _ask(settings, listen_seconds=1))["polling"] == "ok"
    async with httpx.AsyncClient(verify=NO_TLS, trust_env=False, timeout=60) as web:

        async def poll() -> None:
            while True:
                await web.get(f"{server.url}/bot{TOKEN}/getUpdates?timeout=20")
                await asyncio.sleep(0.2)

        other = asyncio.create_task(poll())
        assert grades(await _ask(settings, listen_seconds=20))["polling"] == "error"
        other.cancel()
        await asyncio.wait([other])
