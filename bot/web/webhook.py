"""The route that Telegram delivers updates to: who may, and how much. What an update means is not known here."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import metrics
from bot.errors import StoreError

log = structlog.get_logger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name

LARGEST = 1 << 20
"""Bytes of one update that are read, a hundred times what Telegram sends; what follows is passed over.

An update that was refused would come again and again, and those of its chat behind it not at all.
"""

PATIENCE = {"Retry-After": "5"}
"""Said while the database takes nothing: Telegram keeps the update and tries again."""


def webhook_route(path: str, secret: str, receive: Callable[[bytes], Awaitable[None]]) -> Route:
    """Return the route; `receive` has stored an update when it returns, and raises `StoreError` if it cannot."""
    wanted = secret.encode()

    async def deliver(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, wanted):
            metrics.WEBHOOK_REFUSED.inc()
            log.warning("webhook.refused")
            return Response(status_code=403)
        try:
            await receive(await _beginning(request))
        except StoreError:
            return Response(status_code=503, headers=PATIENCE)
        return Response()

    return Route(path, deliver, methods=["POST"])


async def _beginning(request: Request) -> bytes:
    """Read a body, and keep its first `LARGEST` bytes."""
    data = bytearray()
    async for part in request.stream():
        data += part[: LARGEST - len(data)]
    return bytes(data)
