"""Secrets made up for a test, every form they could take, and where of a bot and its sandbox they are looked for."""

from __future__ import annotations

import json
import re
import sqlite3
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.sandbox.client import SandboxClient
from tests.running import Bot

TOKEN = "777001:Zx9TokenTokenTokenTokenTokenTokenQ"
NAME, FAMILY, HANDLE = "Zyxreporter", "Quuxfamily", "zyxhandle_of_mine"
CAPTION = "Wordsofsomebody"

REPORTER = (NAME, FAMILY, HANDLE)

HELD = {
    "reporter": {"people.name", "people.username", "inbox.payload"},
    "caption": {"inbox.payload"},
    "hash": {"entries.value", "entries.body", "files.fingerprint", "inbox.payload"},
    "token": set[str](),
}
"""The only columns in which each may stand, the reporter's own receipts apart."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """The secrets by kind, each in all of its forms."""

    forms: dict[str, set[str]] = field(repr=False)

    def in_text(self, text: str, kinds: Iterable[str]) -> list[str]:
        """Return which kinds of secret stand in a text; never the secret, for a report of failure is a log as well."""
        return [kind for kind in kinds if any(form in text for form in self.forms[kind])]


def hidden(hashes: str) -> Hidden:
    """Gather the secrets; `hashes` is what `haechi hash` printed of the pictures that are listed."""
    digests = [bytes.fromhex(found) for found in re.findall(r"^\w+ ([0-9a-f]{16,})$", hashes, re.MULTILINE)]
    assert len(digests) >= 8
    return Hidden(
        {
            "token": {TOKEN, TOKEN.partition(":")[2], TOKEN.replace(":", "%3A")},
            "reporter": set(REPORTER),
            "caption": {CAPTION},
            "hash": {form for digest in digests for form in forms_of(digest)},
        }
    )


def forms_of(digest: bytes) -> Iterator[str]:
    """Every way in which a hash is likely to be printed, and its halves where they are long enough to tell."""
    text = digest.hex()
    yield from (text, text.upper(), str(int(text, 16)), repr(digest)[2:-1], str(list(digest))[1:-1])
    yield from (b64encode(digest).decode().rstrip("="), urlsafe_b64encode(digest).decode().rstrip("="))
    if len(digest) >= 16:
        half = len(text) // 2
        yield from (one for part in (text[:half], text[half:]) for one in (part, part.upper()))


async def shown(bot: Bot) -> dict[str, str]:
    """What the bot has written and serves: its log, health and metrics."""
    async with httpx.AsyncClient(base_url=bot.web) as web:
        pages = {path: (await web.get(path)).text for path in ("/healthz", "/readyz", "/metrics")}
    return {"log": bot.log, **pages}


async def called(client: SandboxClient, reporter: int) -> dict[str, str]:
    """The arguments of every call that the bot made, but for what was for the reporter's eyes."""
    calls = [call for call in await client.calls() if call["args"].get("chat_id") != reporter]
    return {
        f"{call['method']} {number}": json.dumps(call["args"], ensure_ascii=False) for number, call in enumerate(calls)
    }


def kept(bot: Bot, secrets: Hidden, reporter: int) -> dict[str, set[str]]:
    """Every column of the database in which a secret stands, by kind of secret; receipts are left out."""
    found: dict[str, set[str]] = {kind: set() for kind in secrets.forms}
    with sqlite3.connect(f"file:{bot.database}?mode=ro", uri=True) as connection:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type='table'")]
        for table in tables:
            cursor = connection.execute(f'select * from "{table}"')  # noqa: S608 - the database's own tables
            names = [one[0] for one in cursor.description]
            for row in cursor:
                values = dict(zip(names, row, strict=True))
                if table == "outbox" and values["chat_id"] == reporter:
                    continue
                for name, value in values.items():
                    for kind in secrets.in_text(_text(value), secrets.forms):
                        found[kind].add(f"{table}.{name}")
    return found


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
