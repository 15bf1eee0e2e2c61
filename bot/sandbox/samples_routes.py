"""The samples over HTTP, for the chat page's shelf; making them is `samples`' part."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox import samples

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.sandbox.samples import Sample

A_DAY = {"Cache-Control": "private, max-age=86400"}


async def shelf(_request: Request) -> Response:
    """List every sample with where to fetch it."""
    return JSONResponse([_row(sample) for sample in samples.samples()])


def _row(sample: Sample) -> dict[str, Any]:
    row = {name: getattr(sample, name) for name in ("name", "title", "kind", "filename", "mime", "listed")}
    url = f"/sandbox/sample/{sample.name}"
    return {**row, "url": url, "thumbnail": f"{url}/thumbnail"}


async def file(request: Request) -> Response:
    """One sample's bytes; painting them takes up to a second, so it happens beside the event loop."""
    sample = _named(request)
    if sample is None:
        return JSONResponse({"ok": False, "error": "There is no sample of that name."}, status_code=404)
    return Response(await asyncio.to_thread(sample.data), media_type=sample.mime, headers=A_DAY)


async def thumbnail(request: Request) -> Response:
    """One sample as a small picture."""
    sample = _named(request)
    if sample is None:
        return JSONResponse({"ok": False, "error": "There is no sample of that name."}, status_code=404)
    return Response(await asyncio.to_thread(sample.thumbnail), media_type="image/jpeg", headers=A_DAY)


def _named(request: Request) -> Sample | None:
    return next((sample for sample in samples.samples() if sample.name == request.path_params["name"]), None)


routes = [
    Route("/sandbox/samples", shelf),
    Route("/sandbox/sample/{name}", file),
    Route("/sandbox/sample/{name}/thumbnail", thumbnail),
]
