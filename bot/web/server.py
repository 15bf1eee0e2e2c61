"""A web application on an address of this machine, inside the running event loop. What it serves is not known here."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import uvicorn

from bot.errors import ConfigError

if TYPE_CHECKING:
    from starlette.applications import Starlette

GRACE_SECONDS = 2
"""How long a stop waits for requests in hand: whoever sends half of one must not keep the process alive."""


class _Quiet(uvicorn.Server):
    """A server that leaves the process's signals to whoever started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: Starlette, host: str, port: int, key: str = "web.listen") -> AsyncIterator[uvicorn.Server]:
    """Serve `app` while the context is open. Raises `ConfigError`, naming `key`, when the address is taken."""
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigError(f"{key}: cannot listen on {host}:{port}: {error.strerror}; choose another port") from error
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=GRACE_SECONDS
    )
    server = _Quiet(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="web")
    try:
        yield server
    finally:
        server.should_exit = True
        await task
        listener.close()
