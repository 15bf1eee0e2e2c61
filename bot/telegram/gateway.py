"""The one caller of the Bot API: calls to outcomes, files to bytes. What to call, and when, is decided elsewhere."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import ssl
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    EndPointNotFound,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest
from telegram.warnings import PTBUserWarning

from bot.errors import BadToken, NotMedia, TooLarge, Unreachable, Unscannable
from bot.outcome import Done, Gone, Outcome, Refused, Wait

GONE = (
    "message to delete not found",
    "message to edit not found",
    "message is not modified",
    "message_id_invalid",
    "query is too old",
    "user_not_participant",
    "participant_id_invalid",
)
"""Telegram's words for “it is so already”."""

UNREADABLE = "no answer of Telegram's"
"""Said of an answer that cannot be Telegram's own: nobody knows whether the call was made."""

SLOW = 30.0
"""Seconds to wait with a token that Telegram has just refused."""

if importlib.util.find_spec("sniffio") is None:
    # httpcore asks for it several times a request, and Python looks for what is missing on the disk each time.
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # Python's own way to say that there is none

_Question = tuple[str, object]
"""A method, and the chat that it is asked about, if any: what a flood wait is for."""

HEAD = 64
"""Bytes of a file that are enough to tell a picture or a video from anything else."""


class Gateway:
    """Calls Telegram, or the sandbox, over HTTP.

    `base_url` ends in ``/bot`` and `base_file_url` in ``/file/bot``; the token is appended to both.
    """

    def __init__(self, token: str, base_url: str, base_file_url: str, *, connections: int = 32) -> None:
        # The Bot API is newer than the library's own methods, so raw calls are the rule here, not the exception.
        warnings.filterwarnings("ignore", message="Please use 'Bot", category=PTBUserWarning)
        self.bot: ExtBot[None] = ExtBot(
            token,
            base_url=base_url,
            base_file_url=base_file_url,
            request=HTTPXRequest(
                connection_pool_size=connections, read_timeout=20, pool_timeout=20, httpx_kwargs={"verify": tls()}
            ),
            get_updates_request=HTTPXRequest(connection_pool_size=4, pool_timeout=20, httpx_kwargs={"verify": tls()}),
        )
        self._files = httpx.AsyncClient(timeout=30, verify=tls())
        self._file_url = f"{base_file_url}{token}"
        self._patience: dict[_Question, float] = {}

    @property
    def id(self) -> int:
        """The bot's user id."""
        return self.bot.id

    @property
    def username(self) -> str:
        """The bot's username, without the @."""
        return self.bot.username

    async def start(self) -> None:
        """Ask Telegram who the bot is. Raises `BadToken` or `Unreachable`."""
        self._check_patience(("getMe", None))
        try:
            await self.bot.initialize()
        except InvalidToken as error:
            raise BadToken("Telegram does not know this token") from error
        except (NetworkError, RetryAfter) as error:
            raise self._unanswered(("getMe", None), error) from error

    async def stop(self) -> None:
        """Close all connections."""
        await self.bot.shutdown()
        await self._files.aclose()

    async def call(self, method: str, args: Mapping[str, Any]) -> Outcome:
        """Make one call and say how it went; never raises for what Telegram answers."""
        try:
            result = await self.bot.do_api_request(method, api_kwargs=_given(args))
        except TelegramError as error:
            return outcome_of(error)
        except (KeyError, TypeError, AttributeError):  # JSON, but of another form than Telegram's
            return Wait(0.0, UNREADABLE)
        return Done(result)

    async def ask(self, method: str, args: Mapping[str, Any]) -> Any:
        """Make a call whose answer is needed now; None when Telegram refuses. Raises `Unreachable`.

        While Telegram's flood wait for this question lasts, it is not asked, and `Unreachable` is raised at once.
        """
        question = (method, args.get("chat_id"))
        self._check_patience(question)
        outcome = await self.call(method, args)
        if isinstance(outcome, Done):
            return outcome.result
        if isinstance(outcome, Wait):
            raise self._postponed(question, outcome)
        return None

    async def fetch(self, file_id: str, limit: int, is_wanted: Callable[[bytes], bool]) -> bytes:
        """Download a file of at most `limit` bytes into memory.

        Stops after the first bytes when `is_wanted` says that they are of no interest. Raises `TooLarge`,
        `NotMedia`, `Unscannable` ("fetch": Telegram will not give it) or `Unreachable`.
        """
        self._check_patience(("getFile", None))
        outcome = await self.call("getFile", {"file_id": file_id})
        if isinstance(outcome, Wait):
            raise self._postponed(("getFile", None), outcome)
        if not isinstance(outcome, Done):
            too_big = isinstance(outcome, Refused) and "too big" in outcome.reason.lower()
            raise TooLarge("over Telegram's limit") if too_big else Unscannable("fetch")
        if (outcome.result.get("file_size") or 0) > limit:
            raise TooLarge("over media.max_file_bytes")
        try:
            async with asyncio.timeout(60):
                return await self._read(outcome.result["file_path"], limit, is_wanted)
        except (httpx.HTTPError, TimeoutError) as error:
            # The address of a file holds the token: neither it nor the original error may travel further.
            raise Unreachable(f"file download failed: {type(error).__name__}") from None

    def _check_patience(self, question: _Question) -> None:
        """Raise `Unreachable` while Telegram's flood wait for a question lasts."""
        left = self._patience.get(question, 0.0) - time.monotonic()
        if left > 0:
            raise Unreachable(f"Telegram asked for patience: {left:.0f} s are left")

    def _postponed(self, question: _Question, wait: Wait) -> Unreachable:
        """Keep how long Telegram wants to be left alone with a question; return the error that says so."""
        now = time.monotonic()
        self._patience = {known: until for known, until in self._patience.items() if until > now}
        if wait.is_flood:
            self._patience[question] = now + wait.seconds
        return Unreachable(wait.reason)

    def _unanswered(self, question: _Question, error: TelegramError) -> Unreachable:
        outcome = outcome_of(error)
        return self._postponed(question, outcome) if isinstance(outcome, Wait) else Unreachable(_words(error))

    async def _read(self, path: str, limit: int, is_wanted: Callable[[bytes], bool]) -> bytes:
        data = bytearray()
        async with self._files.stream("GET", f"{self._file_url}/{path}") as answer:
            if answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                raise Unscannable("fetch")  # asking again gives the same answer
            if answer.status_code != httpx.codes.OK:
                raise Unreachable(f"file download failed: HTTP {answer.status_code}")
            async for part in answer.aiter_bytes():
                is_head = len(data) < HEAD
                data += part
                if len(data) > limit:
                    raise TooLarge("over media.max_file_bytes")
                if is_head:
                    _check_head(data, is_wanted)
        if len(data) < HEAD and not is_wanted(bytes(data)):
            raise NotMedia("neither a picture nor a video")
        return bytes(data)


@functools.cache
def tls() -> ssl.SSLContext:
    """Return the certificates that all connections share: reading them takes 40 ms."""
    return httpx.create_ssl_context()


def _check_head(data: bytearray, is_wanted: Callable[[bytes], bool]) -> None:
    """End a download as soon as its first bytes say that it is of no interest."""
    if len(data) >= HEAD and not is_wanted(bytes(data[:HEAD])):
        raise NotMedia("neither a picture nor a video")


def outcome_of(error: TelegramError) -> Outcome:
    """Translate an error of the library into what it means for the call."""
    words = _words(error)
    if isinstance(error, RetryAfter):
        seconds: Any = error.retry_after
        return Wait(float(getattr(seconds, "total_seconds", lambda: seconds)()), words, is_flood=True)
    if isinstance(error, EndPointNotFound):
        return Wait(SLOW, words)  # Telegram has all methods asked for: the token was revoked, and polling says so
    if isinstance(error, ChatMigrated):
        return Refused(words, new_chat_id=error.new_chat_id)
    if isinstance(error, BadRequest):
        return Gone(words) if any(known in words.lower() for known in GONE) else Refused(words)
    if isinstance(error, NetworkError) or type(error) is TelegramError:
        return Wait(0.0, words)
    return Refused(words)


def _words(error: TelegramError) -> str:
    """Telegram's own words; a network error's may hold an address with the token, so only its kind is kept."""
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        return type(error.__cause__ or error).__name__
    if type(error) is TelegramError:  # what the library says of an answer that is no JSON: some proxy gave it
        return UNREADABLE
    return str(error.message)


def _given(args: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in args.items() if value is not None}
