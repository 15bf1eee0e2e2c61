"""The Bot API over HTTP: a call decoded, faulted, performed, noted and answered; what methods do is in methods."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from bot.sandbox.arguments import FilePart, plain
from bot.sandbox.methods import METHODS
from bot.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.sandbox.calls import Call
    from bot.sandbox.faults import Fault
    from bot.sandbox.world import World

log = logging.getLogger(__name__)
LARGEST_FIELD = 4 << 20  # bytes of one form field that is no file

NOT_FOUND = Refusal(404, "Not Found")
UNAUTHORIZED = Refusal(401, "Unauthorized")
NOT_UTF8 = Refusal(400, "Bad Request: strings must be encoded in UTF-8")
UNREADABLE = Refusal(400, "Bad Request: object expected as the request body")


async def decoded(request: Request) -> tuple[dict[str, Any], dict[str, FilePart]]:
    """A call's arguments and files, from the query and a JSON, urlencoded or multipart body."""
    values: dict[str, Any] = {name: plain(name, value) for name, value in request.query_params.items()}
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        return {**values, **await _json_body(request)}, {}
    if kind not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return values, {}
    async with request.form(max_part_size=LARGEST_FIELD) as form:
        items = form.multi_items()
        files = {name: await _file(name, value) for name, value in items if isinstance(value, UploadFile)}
        values |= {name: plain(name, value) for name, value in items if isinstance(value, str)}
    return values, files


async def _file(name: str, part: UploadFile) -> FilePart:
    return FilePart(part.filename or name, await part.read(), part.content_type or "")


async def _json_body(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        given = json.loads(body) if body else {}
    except ValueError as error:
        raise UNREADABLE from error
    if not isinstance(given, dict):
        raise UNREADABLE
    if b"\\ud" in body.lower() and not encodable(given):
        raise NOT_UTF8
    return {name: value for name, value in given.items() if value is not None}


def encodable(given: Any) -> bool:
    """Whether all texts in a JSON value are Unicode: half a surrogate pair is not."""
    try:
        json.dumps(given, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


async def call(world: World, request: Request) -> Response:
    """Perform ``/bot<token>/<method>``."""
    if request.path_params["token"] != world.token:
        return _refused(UNAUTHORIZED)
    method = METHODS.get(request.path_params["method"].lower())
    try:
        values, files = await decoded(request)
    except Refusal as refusal:
        return _refused(refusal)
    except ClientDisconnect:  # the bot ended while it was asking: nobody is left to be answered
        return Response(status_code=400)
    name = method.name if method else request.path_params["method"]
    known = method.parameters if method else frozenset(values)
    parts = {part: file.json() for part, file in files.items()}
    given = {**values, **{part: shown for part, shown in parts.items() if part in known}}
    noted = world.outbox.add(name, given, world.now(), unknown=tuple(sorted(set(values) - known)), files=parts)
    fault = world.faults.strike(name, given)
    if fault is not None and fault.kind in {"error", "cut_before"}:
        return await _struck(world, request, fault, noted)
    if fault is not None and fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    answer = await _perform(world, method.name if method else None, values, files, noted)
    world.events.add("call", None, n=noted.n, method=name, ok=noted.ok)
    return await cut(request) if fault is not None and fault.kind == "cut_after" else answer


async def _struck(world: World, request: Request, fault: Fault, noted: Call) -> Response:
    if fault.kind == "cut_before":
        noted.ok, noted.answer = False, {"ok": False, "error_code": 0, "description": "the connection was cut"}
        answer = await cut(request)
    else:
        refusal = fault.refusal()
        noted.ok, noted.answer = False, refusal.json()
        answer = _refused(refusal)
    world.events.add("call", None, n=noted.n, method=noted.method, ok=False)
    return answer


async def _perform(
    world: World, name: str | None, values: dict[str, Any], files: dict[str, FilePart], noted: Call
) -> Response:
    if name is None:
        noted.ok, noted.answer = False, NOT_FOUND.json()
        return _refused(NOT_FOUND)
    try:
        result = await METHODS[name.lower()](world, values, files)
    except Refusal as refusal:
        noted.ok, noted.answer = False, refusal.json()
        return _refused(refusal)
    except Exception:
        log.exception("the sandbox failed in %s", name)
        noted.ok, noted.answer = False, Refusal(500, "Internal Server Error").json()
        return JSONResponse(noted.answer, 500)
    noted.ok = True
    if name == "getUpdates":
        noted.answer = [update.id for update in result]
        body = b'{"ok":true,"result":[' + b",".join(update.body for update in result) + b"]}"
        return Response(body, media_type="application/json")
    noted.answer = result
    return JSONResponse({"ok": True, "result": result})


def _refused(refusal: Refusal) -> Response:
    headers = {"Retry-After": str(refusal.parameters["retry_after"])} if "retry_after" in refusal.parameters else None
    return JSONResponse(refusal.json(), refusal.code, headers=headers)


async def cut(request: Request) -> Response:
    """Break the connection, as a network does; where the server cannot, fail with an empty 500."""
    transport = request.scope.get("sandbox.transport")
    if transport is not None:
        transport.abort()
        while (await request.receive())["type"] != "http.disconnect":
            pass
    return Response(status_code=500)


async def download(world: World, request: Request) -> Response:
    """The bytes of a file, ``/file/bot<token>/<path>``."""
    if request.path_params["token"] != world.token:
        return _refused(UNAUTHORIZED)
    fault = world.faults.strike("file", {})
    if fault is not None and fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    elif fault is not None:
        return _refused(fault.refusal()) if fault.kind == "error" else await cut(request)
    stored = world.files.at(request.path_params["path"], world.now())
    if stored is None:
        return _refused(NOT_FOUND)
    return Response(stored.data, media_type="application/octet-stream")
