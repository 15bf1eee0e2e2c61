"""A client of the control API, one method a verb, that can wait for what the bot does; it keeps no state."""

# mypy: disable-error-code="no-any-return"
# what the server answers is raw JSON; each method says in its signature what it is

from __future__ import annotations

import inspect
import json
import ssl
import time
from typing import TYPE_CHECKING, Any, Self

import httpx

from bot.sandbox.refusal import SandboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

Json = dict[str, Any]
LONGEST_POLL = 1.0
"""Seconds after which a wait looks again though nothing happened: not all that is waited for is an event."""
PATIENCE = 60.0
"""Seconds until a wait is given up, more than any machine needs: it ends as soon as what it waits for is there."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody: all is plain HTTP, and loading roots is slow


def photo(data: bytes, **fields: Any) -> Json:
    """A photo to post; `fields` may be caption, filename, spoiler, as_is, width, height …."""
    return medium("photo", data, **fields)


def medium(kind: str, data: bytes, **fields: Any) -> Json:
    """A medium to post, of any kind; `thumbnail` and `cover` are bytes too."""
    return {"kind": kind, "file": data, **fields}


class SandboxClient:
    """Drives the sandbox at `url` as people would. An asynchronous context manager; refusals raise SandboxError."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.base_url = f"{self.url}/bot"
        self.base_file_url = f"{self.url}/file/bot"
        self._http = httpx.AsyncClient(base_url=self.url, timeout=90, trust_env=False, verify=NO_TLS)

    async def __aenter__(self) -> Self:
        """Nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def verb(self, name: str, media: Sequence[Json] = (), /, **fields: Any) -> Any:
        """Perform any verb; `as_`, `id_` and `type_` stand for as, id and type."""
        body = {key.rstrip("_"): value for key, value in fields.items() if value is not None}
        parts: dict[str, tuple[str, bytes]] = {}
        if media:
            body["media"] = [_named(item, place, parts) for place, item in enumerate(media)]
        if not parts:
            return _result(await self._http.post(f"/sandbox/api/{name}", json=body))
        data = {"json": json.dumps(body)}
        return _result(await self._http.post(f"/sandbox/api/{name}", data=data, files=parts))

    # --- people and chats -----------------------------------------------------------------------

    async def state(self, as_: int | None = None) -> Json:
        """Everything that somebody sees; without `as_`, everything."""
        return await self.verb("state", as_=as_)

    async def create_user(self, first_name: str, **fields: Any) -> Json:
        """A new person."""
        return await self.verb("create_user", first_name=first_name, **fields)

    async def create_chat(self, title: str, owner_id: int, **fields: Any) -> Json:
        """A new group, supergroup (the default) or channel."""
        return await self.verb("create_chat", title=title, owner_id=owner_id, **fields)

    async def create_topic(self, chat_id: int, name: str, **fields: Any) -> Json:
        """A new topic of a forum."""
        return await self.verb("create_topic", chat_id=chat_id, name=name, **fields)

    async def add_member(self, chat_id: int, user_id: int, **fields: Any) -> Json:
        """Put somebody into a chat."""
        return await self.verb("add_member", chat_id=chat_id, user_id=user_id, **fields)

    async def join(self, as_: int, chat_id: int) -> Json:
        """Somebody joins."""
        return await self.verb("join", as_=as_, chat_id=chat_id)

    async def leave(self, as_: int, chat_id: int) -> None:
        """Somebody leaves."""
        await self.verb("leave", as_=as_, chat_id=chat_id)

    async def promote(self, chat_id: int, user_id: int, rights: Any = True, **fields: Any) -> Json:
        """Make somebody an administrator."""
        return await self.verb("promote", chat_id=chat_id, user_id=user_id, rights=rights, **fields)

    async def demote(self, chat_id: int, user_id: int) -> Json:
        """Make an administrator a plain member."""
        return await self.verb("demote", chat_id=chat_id, user_id=user_id)

    async def add_bot(self, as_: int, chat_id: int, rights: Any = None) -> Json:
        """Add the bot, with `rights` as an administrator."""
        return await self.verb("add_bot", as_=as_, chat_id=chat_id, rights=rights)

    async def remove_bot(self, as_: int, chat_id: int) -> None:
        """Remove the bot."""
        await self.verb("remove_bot", as_=as_, chat_id=chat_id)

    async def set_bot_rights(self, chat_id: int, rights: Any, as_: int | None = None) -> Json:
        """Change the bot's rights; None makes it a plain member."""
        body = {"chat_id": chat_id, "rights": rights, **({"as": as_} if as_ is not None else {})}
        return _result(await self._http.post("/sandbox/api/set_bot_rights", json=body))

    async def start_bot(self, as_: int, payload: str | None = None) -> Json:
        """Somebody presses Start in private."""
        return await self.verb("start_bot", as_=as_, payload=payload)

    async def block_bot(self, as_: int) -> None:
        """Somebody blocks the bot."""
        await self.verb("block_bot", as_=as_)

    async def unblock_bot(self, as_: int) -> None:
        """Somebody unblocks the bot."""
        await self.verb("unblock_bot", as_=as_)

    async def set_privacy(self, *, on: bool) -> bool:
        """Switch privacy mode."""
        return await self.verb("set_privacy", on=on)

    async def migrate(self, chat_id: int) -> Json:
        """Make a basic group a supergroup; the new chat."""
        return await self.verb("migrate", chat_id=chat_id)

    # --- messages -------------------------------------------------------------------------------

    async def post(
        self, as_: int, chat_id: int, text: str | None = None, media: Sequence[Json] = (), **fields: Any
    ) -> list[Json]:
        """Somebody posts; `media` are made by `photo` and `medium`. The messages that came of it."""
        return await self.verb("post", media, as_=as_, chat_id=chat_id, text=text, **fields)

    async def post_one(
        self, as_: int, chat_id: int, text: str | None = None, media: Sequence[Json] = (), **fields: Any
    ) -> Json:
        """Somebody posts one message."""
        return (await self.post(as_, chat_id, text, media, **fields))[0]

    async def upload(self, *media: Json) -> list[Json]:
        """Store files without posting them: the fields for `extra` or a raw update."""
        return await self.verb("upload", media)

    async def edit(
        self, as_: int, chat_id: int, message_id: int, text: str | None = None, media: Sequence[Json] = ()
    ) -> Json:
        """Somebody edits their message."""
        return await self.verb("edit", media, as_=as_, chat_id=chat_id, message_id=message_id, text=text)

    async def press(self, as_: int, chat_id: int, message_id: int, data: str, wait: float = PATIENCE) -> Json | None:
        """Somebody presses a button; the bot's answer, None when there was none in `wait` seconds."""
        pressed = await self.verb("press", as_=as_, chat_id=chat_id, message_id=message_id, data=data, wait=wait)
        return pressed["answer"]

    async def delete(self, as_: int, chat_id: int, *message_ids: int) -> list[int]:
        """Somebody deletes messages; those that were there."""
        return await self.verb("delete", as_=as_, chat_id=chat_id, message_ids=list(message_ids))

    async def message(self, chat_id: int, message_id: int) -> Json | None:
        """One message, None when it is not there (any more)."""
        return await self.verb("message", chat_id=chat_id, message_id=message_id)

    async def messages(self, chat_id: int) -> list[Json]:
        """The last messages of a chat."""
        return (await self.state())["messages"].get(str(chat_id), [])

    async def file(self, file_unique_id: str) -> bytes:
        """A file's bytes."""
        answer = await self._http.get(f"/sandbox/file/{file_unique_id}")
        answer.raise_for_status()
        return answer.content

    # --- the test bed ---------------------------------------------------------------------------

    async def push_update(self, update: Json) -> int:
        """Queue a raw update; its id."""
        return await self.verb("push_update", update=update)

    async def pending(self) -> int:
        """How many updates the bot has not confirmed."""
        return await self.verb("pending")

    async def fault(self, method: str, kind: str = "error", count: int | None = 1, **details: Any) -> None:
        """Let the next calls of a method fail; `count` None is for ever."""
        body = {"method": method, "kind": kind, "count": count, **details}
        _result(await self._http.post("/sandbox/api/fault", json=body))

    async def clear_faults(self) -> None:
        """Let nothing fail any more."""
        await self.verb("clear_faults")

    async def calls(self, method: str | None = None, after: int = 0) -> list[Json]:
        """The bot's calls, oldest first; without `method` all but getUpdates."""
        return await self.verb("calls", method=method, after=after)

    async def clear_calls(self) -> None:
        """Forget the calls."""
        await self.verb("clear_calls")

    async def clock(self, advance: float = 0) -> int:
        """Let time pass; the new time."""
        return (await self.verb("clock", advance=advance))["now"]

    async def events(self, after: int, timeout: float = 0, as_: int | None = None) -> Json:  # noqa: ASYNC109 - the server waits
        """What happened after event number `after`."""
        query = {"after": after, "timeout": timeout, **({"as": as_} if as_ is not None else {})}
        answer = await self._http.get("/sandbox/events", params=query)
        answer.raise_for_status()
        return answer.json()

    # --- waiting --------------------------------------------------------------------------------

    async def wait_for(
        self,
        predicate: Callable[[], Any | Awaitable[Any]],
        timeout: float = PATIENCE,  # noqa: ASYNC109 - looked at between events
        what: str = "it",
    ) -> Any:
        """Ask `predicate` anew after every event, and now and then, until it is true; its answer, or TimeoutError."""
        end = time.monotonic() + timeout
        seq = (await self.events(2**62))["seq"]
        while True:
            found = predicate()
            found = await found if inspect.isawaitable(found) else found
            if found:
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{what} did not happen within {timeout} seconds")
            seq = (await self.events(seq, min(left, LONGEST_POLL)))["seq"]

    async def wait_deleted(self, chat_id: int, message_id: int, timeout: float = PATIENCE) -> None:  # noqa: ASYNC109
        """Wait until a message is gone."""

        async def gone() -> bool:
            return await self.message(chat_id, message_id) is None

        await self.wait_for(gone, timeout, f"the deletion of message {message_id} in chat {chat_id}")

    async def wait_call(self, method: str, timeout: float = PATIENCE, after: int = 0, **args: Any) -> Json:  # noqa: ASYNC109
        """Wait for an answered call of `method` whose arguments include `args`; the first such call."""

        async def made() -> Json | None:
            return next((call for call in await self.calls(method, after) if _matches(call, args)), None)

        found: Json = await self.wait_for(made, timeout, f"a call of {method} with {args}")
        return found

    async def wait_message(self, chat_id: int, text: str, timeout: float = PATIENCE, after: int = 0) -> Json:  # noqa: ASYNC109
        """Wait for a message of the bot that contains `text`, after message number `after`; the first such message."""

        async def said() -> Json | None:
            me = (state := await self.state())["bot"]["id"]
            shown = state["messages"].get(str(chat_id), [])
            return next(
                (message for message in shown if message["message_id"] > after and _says(message, me, text)), None
            )

        found: Json = await self.wait_for(said, timeout, f"a message with {text!r} in chat {chat_id}")
        return found

    async def wait_idle(self, timeout: float = PATIENCE) -> None:  # noqa: ASYNC109
        """Wait until the bot has confirmed every update."""

        async def idle() -> bool:
            return await self.pending() == 0

        await self.wait_for(idle, timeout, "the confirmation of all updates")


def _says(message: Json, bot_id: int, text: str) -> bool:
    author = message.get("from", {}).get("id") == bot_id or "sender_chat" in message
    return author and text in (message.get("text") or message.get("caption") or "")


def _matches(call: Json, args: Mapping[str, Any]) -> bool:
    return call["ok"] is not None and all(call["args"].get(name) == value for name, value in args.items())


def _named(item: Json, place: int, parts: dict[str, tuple[str, bytes]]) -> Json:
    """A medium with its bytes moved into multipart parts."""
    named = dict(item)
    for field in ("file", "thumbnail", "cover"):
        if isinstance(item.get(field), bytes):
            part = f"{field}{place}"
            parts[part] = (str(item.get("filename") or part), item[field])
            named[field] = part
    return named


def _result(answer: httpx.Response) -> Any:
    body = answer.json()
    if not body.get("ok"):
        raise SandboxError(body.get("error", f"the sandbox answered {answer.status_code}"))
    return body["result"]
