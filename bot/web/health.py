"""The routes of health and metrics. What they report is measured in `bot.health`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot import metrics
from bot.errors import StoreError

if TYPE_CHECKING:
    from bot.health import Health


def create_app(health: Health, *more: Route) -> Starlette:
    """Return the web application: /healthz, /readyz and /metrics for the operator, and the routes in `more`."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        try:
            state = await health.state()
        except StoreError as error:
            return JSONResponse({"ready": False, "problems": [str(error)]}, status_code=503)
        facts = {
            "ready": state.is_ready,
            "problems": state.problems,
            "lists_loaded": state.lists_ready,
            "seconds_since_poll": None if state.poll_age is None else round(state.poll_age, 1),
            "inbox_waiting": state.inbox.waiting,
            "inbox_buried": state.inbox.buried,
            "outbox_waiting": state.outbox_waiting,
            "decoder": state.decoder_level,
            "decoders": state.decoders,
        }
        return JSONResponse(facts, status_code=200 if state.is_ready else 503)

    async def numbers(_request: Request) -> Response:
        with contextlib.suppress(StoreError):  # what was counted is worth the more then
            await health.state()
        return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", numbers), *more])
