"""The sandbox over HTTP on this machine only, run in a loop or a thread; what is served lives elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox import botapi
from bot.sandbox.control import Control
from bot.sandbox.webhook import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from types import TracebackType

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from bot.sandbox.world import World

PAGE = Path(__file__).with_name("page")
GRACE_SECONDS = 2


class Application(Starlette):
    """Starlette that lets a fault cut the connection, and that answers nobody but this machine."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope["sandbox.transport"] = getattr(getattr(send, "__self__", None), "transport", None)
            if not _is_local(scope):
                await JSONResponse({"ok": False, "error": "the sandbox answers only this machine"}, 403)(
                    scope, receive, send
                )
                return
        await super().__call__(scope, receive, send)


def _is_local(scope: Scope) -> bool:
    """Whether a request names this machine as host and comes from no other site's page."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"host", "")
    origin = headers.get(b"origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return False
    return urlsplit(f"//{host}").hostname in {*LOOPBACK, "sandbox"}


def create_app(world: World, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The application of one world. `routes` come first: the samples, and whatever else a page needs."""
    control = Control(world)

    async def call(request: Request) -> Response:
        return await botapi.call(world, request)

    async def download(request: Request) -> Response:
        return await botapi.download(world, request)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await world.deliverer.start()
        try:
            yield
        finally:
            await world.deliverer.stop()

    own = [
        Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
        Route("/file/bot{token}/{path:path}", download),
        Route("/sandbox/api/{verb}", control.verb, methods=["POST"]),
        Route("/sandbox/events", control.events),
        Route("/sandbox/file/{unique_id}", control.file),
    ]
    return Application(routes=[*routes, *own, *_page_routes()], lifespan=lifespan)


def _page_routes() -> list[BaseRoute]:
    if not PAGE.is_dir():
        return []

    async def index(_: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    return [Route("/", index), Mount("/page", StaticFiles(directory=PAGE))]


class _Uvicorn(uvicorn.Server):
    """uvicorn without signal handlers: whoever runs the loop has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Server:
    """Runs a world's application on a loopback address: an asynchronous context manager with its `url`."""

    def __init__(self, world: World, host: str = "127.0.0.1", port: int = 0, routes: Sequence[BaseRoute] = ()) -> None:
        if host not in LOOPBACK:
            raise ValueError(f"the sandbox listens only on this machine: on 127.0.0.1 or ::1, not {host}")
        self.world = world
        family = socket.AF_INET6 if host == "::1" else socket.AF_INET
        # asyncio sends without delay only where the protocol is named: without it every answer waits for 40 ms
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1" if host == "localhost" else host, port))
        except OSError:
            self._socket.close()
            raise
        shown = "[::1]" if host == "::1" else "127.0.0.1"
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            create_app(world, routes),
            log_config=None,
            access_log=False,
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=60,
        )
        self._uvicorn = _Uvicorn(config)
        self._task: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Self:
        """Start, and return once it answers."""
        self.world.is_closing = self.world.poller.is_closing = False
        self._task = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        while not self._uvicorn.started:
            if self._task.done():
                await self._task
                raise RuntimeError("the sandbox's server did not start")
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; whoever polls is answered first."""
        self.world.close()
        self._uvicorn.should_exit = True
        if self._task is not None:
            await self._task
        self._socket.close()

    @classmethod
    @contextlib.contextmanager
    def in_thread(cls, world: World, port: int = 0, routes: Sequence[BaseRoute] = ()) -> Iterator[Server]:
        """Run in a thread with a loop of its own, for callers without one."""
        server = cls(world, port=port, routes=routes)
        ready, finish = threading.Event(), asyncio.Event()
        loops: list[asyncio.AbstractEventLoop] = []

        async def run() -> None:
            loops.append(asyncio.get_running_loop())
            try:
                async with server:
                    ready.set()
                    await finish.wait()
            finally:
                ready.set()

        thread = threading.Thread(target=asyncio.run, args=(run(),), name="sandbox", daemon=True)
        thread.start()
        ready.wait()
        if not server._uvicorn.started:
            raise RuntimeError("the sandbox's server did not start")
        try:
            yield server
        finally:
            loops[0].call_soon_threadsafe(finish.set)
            thread.join()
