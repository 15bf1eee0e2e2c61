"""The control API for the page and tests: verbs over HTTP to the world's methods; the bot's is in botapi."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import time
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from bot.sandbox import views
from bot.sandbox.botapi import encodable
from bot.sandbox.chats import Chat, Topic
from bot.sandbox.media import NotAPictureError, Upload
from bot.sandbox.messages import Message
from bot.sandbox.people import User
from bot.sandbox.refusal import SandboxError
from bot.sandbox.rights import Member

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from bot.sandbox.world import World

    Verb = Callable[["World", dict[str, Any], dict[str, Upload]], Any | Awaitable[Any]]

log = logging.getLogger(__name__)
LARGEST_FIELD = 16 << 20
LONGEST_WAIT = 60.0
MEDIUM_FIELDS = {
    "kind", "filename", "as_is", "width", "height", "duration", "declared_size", "mime_type", "emoji", "set_name",
}  # fmt: skip
PLAIN = (  # verbs that are a method of the world, taken over field by field
    "create_user", "create_chat", "create_topic", "add_member", "join", "leave", "promote", "demote", "add_bot",
    "remove_bot", "set_bot_rights", "start_bot", "block_bot", "unblock_bot", "set_privacy", "delete", "migrate",
    "push_update", "pending", "fault", "clear_faults", "calls", "clear_calls", "state",
)  # fmt: skip
KEYWORDS = {"as": "as_", "id": "id_", "type": "type_"}
PARTS = ("file", "thumbnail", "cover")


def shaped(world: World, result: Any) -> Any:
    """A result as JSON."""
    if isinstance(result, list):
        return [shaped(world, item) for item in result]
    if isinstance(result, Message | Topic):
        return result.json()
    if isinstance(result, User):
        return views.user_view(result)
    if isinstance(result, Chat):
        return views.chat_view(world, result, None)
    if isinstance(result, Member):
        return views.member_view(result, "supergroup")
    return result


def _applied(function: Callable[..., Any], body: dict[str, Any]) -> Any:
    """Call a method of the world with a request's fields; refused when a field is unknown or missing."""
    given = {KEYWORDS.get(name, name): value for name, value in body.items()}
    known = inspect.signature(function).parameters
    anything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    for name, value in given.items():
        if name not in known and not anything:
            raise SandboxError(f"there is no field {name.rstrip('_')} here; the fields are {_listed(known)}")
        if (name.endswith("_id") or name == "as_") and not isinstance(value, int | None):
            raise SandboxError(f"{name.rstrip('_')} is a number")
    for name, parameter in known.items():
        if name not in given and parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            raise SandboxError(f"the field {name.rstrip('_')} is missing; the fields are {_listed(known)}")
    return function(**given)


def _listed(known: Any) -> str:
    return ", ".join(name.rstrip("_") for name in known) or "none"


def _item(item: Any, files: dict[str, UploadFile], parts: dict[str, bytes]) -> dict[str, Any]:
    """One of a post's media, its bytes put in for the names of the parts they came in."""
    if not isinstance(item, dict) or "kind" not in item or "file" not in item:
        raise SandboxError("each medium is an object with at least kind and file, the name of a multipart file part")
    unknown = set(item) - MEDIUM_FIELDS - {*PARTS, "caption", "spoiler"}
    if unknown:
        raise SandboxError(f"a medium has no field {min(unknown)}")
    for name in PARTS:
        if item.get(name) is not None and item[name] not in parts:
            raise SandboxError(f"there is no multipart file part called {item[name]}")
    options = {name: item[name] for name in MEDIUM_FIELDS if item.get(name) is not None}
    options.setdefault("filename", files[item["file"]].filename)
    extras: dict[str, Any] = {name: parts[item[name]] for name in ("thumbnail", "cover") if item.get(name)}
    upload = Upload(data=parts[item["file"]], **options, **extras)
    return {"upload": upload, "caption": item.get("caption"), "spoiler": item.get("spoiler")}


def _media(body: dict[str, Any]) -> list[Any]:
    """The media that a request names: a list, or one of them."""
    given = body.get("media") or []
    return given if isinstance(given, list) else [given]


async def _prepared(world: World, items: list[dict[str, Any]]) -> None:
    """Do the slow part of each upload in a thread; what comes of it is remembered."""
    for item in items:
        try:
            await asyncio.to_thread(world.prepare, item["upload"])
        except (NotAPictureError, KeyError):
            continue  # posting says what is wrong


class Control:
    """The verbs of one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def verb(self, request: Request) -> Response:
        """Perform ``POST /sandbox/api/<verb>``."""
        name = request.path_params["verb"]
        try:
            body, items = await self._decoded(request)
            result = await self._perform(name, body, items)
        except SandboxError as error:
            return JSONResponse({"ok": False, "error": str(error)}, 400)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            log.debug("a control request did not fit", exc_info=True)
            return JSONResponse({"ok": False, "error": f"the fields of {name} do not fit: {error}"}, 400)
        return JSONResponse({"ok": True, "result": shaped(self.world, result)})

    async def _decoded(self, request: Request) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raw = await request.body()
            body = _object(raw.decode() if raw else "{}")
            return body, [_item(item, {}, {}) for item in _media(body)]
        async with request.form(max_part_size=LARGEST_FIELD, max_files=100) as form:
            body = _object(str(form.get("json", "{}")))
            files = {name: part for name, part in form.multi_items() if isinstance(part, UploadFile)}
            parts = {name: await part.read() for name, part in files.items()}
            items = [_item(item, files, parts) for item in _media(body)]
        await _prepared(self.world, items)
        return body, items

    async def _perform(self, name: str, body: dict[str, Any], items: list[dict[str, Any]]) -> Any:
        world = self.world
        own = getattr(self, f"_{name}", None) if name in OWN else None
        if own is not None:
            result = own(body, items)
            return await result if inspect.isawaitable(result) else result
        if name not in PLAIN:
            raise SandboxError(f"there is no verb {name}; the verbs are {', '.join(sorted((*PLAIN, *OWN)))}")
        return _applied(getattr(world, name), body)

    def _post(self, body: dict[str, Any], items: list[dict[str, Any]]) -> Any:
        return _applied(self.world.post, {**body, "media": items})

    def _edit(self, body: dict[str, Any], items: list[dict[str, Any]]) -> Any:
        given = {name: value for name, value in body.items() if name != "media"}
        return _applied(self.world.edit, {**given, "item": items[0] if items else None})

    def _upload(self, _: dict[str, Any], items: list[dict[str, Any]]) -> Any:
        return [self.world.upload(item["upload"]) for item in items]

    def _message(self, body: dict[str, Any], _: list[dict[str, Any]]) -> Any:
        return _applied(self.world.find_message, body)

    def _clock(self, body: dict[str, Any], _: list[dict[str, Any]]) -> Any:
        return {"now": self.world.advance(float(body.get("advance", 0)))}

    async def _press(self, body: dict[str, Any], _: list[dict[str, Any]]) -> Any:
        wait = min(float(body.pop("wait", 10)), LONGEST_WAIT)
        query = _applied(self.world.press_button, body)
        end = time.monotonic() + wait
        signal = self.world.events.signal
        while query.answer is None and time.monotonic() < end and not self.world.is_closing:
            news = signal.listen()
            if query.answer is None:
                await signal.wait(news, end - time.monotonic())
        return {"answer": query.answer, "query_id": query.id}

    async def events(self, request: Request) -> Response:
        """``GET /sandbox/events``: what happened after `after`, waiting up to `timeout` seconds for it."""
        query = request.query_params
        try:
            person = int(query["as"]) if query.get("as") else None
            after, end = (
                int(query.get("after", 0)),
                time.monotonic() + min(float(query.get("timeout", 0)), LONGEST_WAIT),
            )
        except ValueError:
            return JSONResponse({"ok": False, "error": "as, after and timeout are numbers"}, 400)
        signal = self.world.events.signal
        while True:
            news = signal.listen()
            view = views.events_view(self.world, person, after)
            if view["events"] or view["reset"] or time.monotonic() >= end or self.world.is_closing:
                signal.forget(news)
                return JSONResponse(view)
            await signal.wait(news, end - time.monotonic())

    async def file(self, request: Request) -> Response:
        """``GET /sandbox/file/<file_unique_id>``: a file for the page."""
        stored = self.world.files.by_unique_id.get(request.path_params["unique_id"])
        if stored is None:
            return JSONResponse({"ok": False, "error": "there is no such file (any more)"}, 404)
        headers = {
            "Cache-Control": "private, max-age=3600",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",  # a posted page or SVG runs no script here
        }
        return Response(stored.data, media_type=stored.mime_type, headers=headers)


OWN = ("post", "edit", "upload", "message", "clock", "press")


def _object(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise SandboxError("the body is not JSON") from error
    if not isinstance(given, dict):
        raise SandboxError("the body is a JSON object")
    if not encodable(given):
        raise SandboxError("a text in the body has half a surrogate pair, which no text of Telegram has")
    return given
