"""The test bed's own guard: no test reaches another machine."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from _pytest.outcomes import Failed


def test_connecting_elsewhere_fails() -> None:
    """A connection or a look-up that would leave this machine fails the test that tries it."""
    with socket.socket() as stream:
        with pytest.raises(Failed, match=r"192\.0\.2\.1"):
            stream.connect(("192.0.2.1", 80))
        with pytest.raises(Failed, match=r"192\.0\.2\.1"):
            stream.connect_ex(("192.0.2.1", 80))
    with pytest.raises(Failed, match=r"somewhere\.invalid"):
        socket.getaddrinfo("somewhere.invalid", 80)


async def test_asyncio_is_guarded_too() -> None:
    """The event loop's own connections pass the same guard."""
    with pytest.raises(Failed, match=r"192\.0\.2\.1"):
        await asyncio.open_connection("192.0.2.1", 80)
    with pytest.raises(Failed, match=r"somewhere\.invalid"):
        async with httpx.AsyncClient() as client:
            await client.get("http://somewhere.invalid/")


async def test_loopback_is_open() -> None:
    """A server on this machine can be reached by address and by name."""
    served = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        served.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await served.wait()
        writer.close()
