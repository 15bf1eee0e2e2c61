"""Logging: structlog over the standard library, one handler, nothing secret. Nothing here decides what is logged."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

import structlog

from bot.errors import HaechiError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

# A bot's token, in a URL or not, whoever's it is.
_TOKEN = re.compile(r"\d{3,12}(?::|%3[aA])[A-Za-z0-9_-]{20,}")
# MD5, SHA-1, SHA-256 and PDQ in hexadecimal.
_HASH = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-fA-F])")
# `photos/file_12.jpg`: where the Bot API keeps a file.
_FILE_PATH = re.compile(r"\b[a-z_]+/file_[\w-]+(?:\.\w+)?")

# Fields that would hold what people write or post, or what names a picture: dropped whatever their value.
WITHHELD = frozenset(
    {"caption", "caption_entities", "text", "raw", "update", "payload", "file_path", "file_id", "file_unique_id"}
    | {"hash", "hashes", "pdq", "phash", "md5", "sha256", "distance", "reporter", "reporter_id", "token"}
)

# Libraries that say too much. At debug level the first ones may name their requests; the others would print
# what they send, captions and hashes among it, and so never go below INFO.
_CHATTY = ("httpx", "httpcore", "alembic")
_TELLTALE = ("telegram", "aiosqlite", "sqlalchemy", "PIL", "python_multipart")

_FRAMES = 6
"""Places that are named of an error, the innermost first: the rest is the library's way to the handler."""


class Redactor:
    """Takes tokens, hashes and Telegram's file paths out of a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Know `secrets`, such as the configured token, besides what any token or hash looks like."""
        whole = {secret for secret in secrets if secret}
        halves = {secret.partition(":")[2] for secret in whole}
        known = sorted(whole | {half for half in halves if len(half) >= 8}, key=len, reverse=True)  # noqa: PLR2004 - shorter ones are words
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return `text` with every secret in it replaced."""
        if self._known:
            text = self._known.sub(REDACTED, text)
        for pattern in (_TOKEN, _HASH, _FILE_PATH):
            text = pattern.sub(REDACTED, text)
        return text


class RedactingFormatter(logging.Formatter):
    """Any formatter, redacted: message, arguments and traceback, whichever library logged them."""

    def __init__(self, inner: logging.Formatter, redact: Redactor) -> None:
        """Redact what `inner` makes of a record."""
        super().__init__()
        self._inner = inner
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Format as `inner` does, then redact the whole."""
        return self._redact(self._inner.format(record))


class Handler(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is now; a record that cannot be formatted does not spill its arguments."""

    def __init__(self) -> None:
        """Start on the present standard error."""
        super().__init__(sys.stderr)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Say where the faulty call is, and nothing of what it wanted to log."""
        sys.stderr.write(f"a log line could not be written: {record.pathname}:{record.lineno}\n")


def setup(
    *,
    level: Literal["debug", "info", "warning", "error"] = "info",
    format: Literal["console", "json"] = "console",  # noqa: A002 - the name of the setting
    secrets: Iterable[str] = (),
) -> Redactor:
    """Send all logging of the process, uncaught errors and warnings too, redacted to standard error.

    Returns the redactor, for texts that reach a person by another way. May be called again; the last call holds.
    """
    redact = Redactor(secrets)
    handler = Handler()
    handler.setFormatter(RedactingFormatter(_formatter(format), redact))
    for logger in _all_loggers():
        logger.handlers.clear()
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())
    _quieten(debug=level == "debug")
    logging.captureWarnings(capture=True)
    sys.excepthook = _report
    threading.excepthook = _report_thread
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return redact


def describe(error: BaseException) -> str:
    """Return what went wrong and where, for errors met with somebody's update: an error's words may be theirs.

    So they are left out, unless the error is one of ours, whose words are ours as well.
    """
    words = f": {error}" if isinstance(error, HaechiError) else ""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{'/'.join(Path(one.filename).parts[-2:])}:{one.lineno} {one.name}" for one in reversed(frames)]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    because = f"; because of {describe(cause)}" if cause is not None else ""
    return f"{type(error).__name__}{words} at {' < '.join(places) or 'an unknown place'}{because}"


def _shared() -> list[Processor]:
    """What happens to every event, ours and the libraries'."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _withhold,
    ]


def _formatter(format: str) -> logging.Formatter:  # noqa: A002 - the name of the setting
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if format == "json":
        last: list[Processor] = [drop, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # Rich tracebacks show local variables, which hold captions: plain ones only.
        plain = structlog.dev.plain_traceback
        last = [drop, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    return structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=_shared())


def _withhold(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    for key in WITHHELD.intersection(event):
        event[key] = "[withheld]"
    return event


def _all_loggers() -> list[logging.Logger]:
    known = logging.Logger.manager.loggerDict.values()
    return [logging.getLogger(), *(logger for logger in known if isinstance(logger, logging.Logger))]


def _quieten(*, debug: bool) -> None:
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.WARNING)
    for name in _TELLTALE:
        logging.getLogger(name).setLevel(logging.INFO if debug and name == "telegram" else logging.WARNING)


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("haechi").critical("uncaught error", exc_info=(kind, error, trace))


def _report_thread(args: Any) -> None:
    if args.exc_value is not None:
        _report(args.exc_type, args.exc_value, args.exc_traceback)
