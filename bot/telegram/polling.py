"""Long polls of Telegram's updates: bytes bounded, time bounded, broken batches taken apart. Nothing is stored here."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from bot.errors import BadToken, Conflict, Unreachable
from bot.telegram import reading
from bot.telegram.gateway import tls

LARGEST = 16 << 20
"""Bytes of one answer that are read: a hundred updates of Telegram's own size are a tenth of it."""

BATCH = 100
"""Updates asked for at once, as many as Telegram gives."""

MARGIN = 10.0
"""Seconds beyond those asked for after which a poll is cut: a connection that says nothing may never say anything."""

THREAD_BYTES = 1 << 18
"""Size of an answer from which it is read in a thread, so that the event loop goes on."""


class Hung(Unreachable):
    """A poll was not answered within the time asked for and `MARGIN`."""


class Flooded(Unreachable):
    """Telegram asks for patience: `seconds` of it."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Too Many Requests")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Raw:
    """One update as it came: its value, its text, and what is wrong with it if the parser gave up on it."""

    value: Any
    text: str
    wrong: str = ""


class Poll:
    """Asks for updates over a connection of its own."""

    def __init__(self, token: str, base_url: str) -> None:
        self._url = f"{base_url}{token}/getUpdates"
        self._client = _client()
        self._limit = BATCH

    async def stop(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def updates(self, offset: int | None, seconds: int, allowed: list[str]) -> list[Raw]:
        """Poll once for up to `seconds`. Raises `Unreachable`, `Hung`, `Conflict` or `BadToken`.

        Of an answer that is too large fewer updates are asked for; of a single one that is, its beginning is taken.
        """
        asked = {"offset": offset, "timeout": seconds, "limit": self._limit, "allowed_updates": allowed}
        try:
            async with asyncio.timeout(seconds + MARGIN):
                status, body, is_whole = await self._post(asked)
        except TimeoutError:
            await self._renew()
            raise Hung("no answer to a poll") from None
        except httpx.HTTPError as error:  # its words may hold the address, and so the token
            raise Unreachable(type(error).__name__) from None
        if status != httpx.codes.OK:
            raise _refusal(status, body)
        if not is_whole and self._limit > 1:
            self._limit = max(1, self._limit // 10)
            return await self.updates(offset, 0, allowed)
        self._limit = min(BATCH, self._limit * 2)
        large = len(body) >= THREAD_BYTES
        return await asyncio.to_thread(batch, body) if large else batch(body)

    async def _post(self, asked: Mapping[str, Any]) -> tuple[int, bytes, bool]:
        """Return the status, the body up to `LARGEST` bytes, and whether that is all of it."""
        given = {name: value for name, value in asked.items() if value is not None}
        data = bytearray()
        async with self._client.stream("POST", self._url, json=given) as answer:
            async for part in answer.aiter_bytes():
                data += part
                if len(data) > LARGEST:
                    return answer.status_code, bytes(data[:LARGEST]), False
        return answer.status_code, bytes(data), True

    async def _renew(self) -> None:
        """Drop the connection: whatever it hangs in, a new one may not."""
        old, self._client = self._client, _client()
        await old.aclose()


def batch(body: bytes) -> list[Raw]:
    """Return the updates in an answer. Raises `Unreachable` when it is no answer of Telegram's."""
    text = body.decode("utf-8", "replace")
    value, wrong = reading.read(text)
    if not isinstance(value, dict) or value.get("ok") is not True or not isinstance(value.get("result"), list):
        raise Unreachable("an answer to a poll that is none of Telegram's")
    if not wrong:
        with contextlib.suppress(RecursionError):  # writing may need a level more than reading did
            return [Raw(one, json.dumps(one)) for one in value["result"]]
    return [single(one) for one in reading.items(text)]


def single(text: str) -> Raw:
    """Return one update by its text; there is none that cannot be stored."""
    value, wrong = reading.read(text)
    if not wrong:
        try:
            return Raw(value, json.dumps(value))  # as ASCII: half a surrogate pair cannot be stored otherwise
        except RecursionError as error:
            wrong = f"{type(error).__name__}: nested too deeply"
    return Raw(value, text.replace("\x00", "\ufffd"), wrong)


def _refusal(status: int, body: bytes) -> Exception:
    if status == httpx.codes.CONFLICT:
        return Conflict("another copy of the bot polls")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.NOT_FOUND):
        return BadToken("Telegram does not know this token")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        value, _ = reading.read(body.decode("utf-8", "replace"))
        details = value.get("parameters") if isinstance(value, dict) else None
        seconds = details.get("retry_after") if isinstance(details, dict) else None
        return Flooded(float(seconds) if isinstance(seconds, int) else 1.0)
    return Unreachable(f"HTTP {status}")


def _client() -> httpx.AsyncClient:
    # No time limit but that of the poll as a whole: one for each read would be met by a byte now and then.
    return httpx.AsyncClient(timeout=httpx.Timeout(None, connect=10.0), verify=tls())
