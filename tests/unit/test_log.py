"""Logging: what reaches standard error, and what never does."""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings
from typing import TYPE_CHECKING

import httpx
import pytest
import structlog

from bot import log
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "123456789:AAsentinelSENTINELsentinelSENTINEL_-x"
HALF = TOKEN.partition(":")[2]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Put the process's logging back as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], level, sys.excepthook, threading.excepthook = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("style", ["console", "json"])
def test_events_reach_standard_error(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An event of ours and one of a library are a line each, with level, logger and fields."""
    log.setup(format=style)  # type: ignore[arg-type]
    structlog.get_logger("bot.scan").info("scanned", verdict="clean")
    logging.getLogger("some.library").warning("odd: %s", 7)
    out, err = capsys.readouterr()
    assert out == ""
    ours, theirs = err.strip().splitlines()
    assert "scanned" in ours
    assert "odd: 7" in theirs
    if style == "json":
        assert json.loads(ours).items() >= {"event": "scanned", "verdict": "clean", "level": "info"}.items()
        assert json.loads(theirs)["logger"] == "some.library"


def test_level_is_a_floor(capsys: pytest.CaptureFixture[str]) -> None:
    """What is below the level is not written."""
    log.setup(level="warning")
    structlog.get_logger("bot").info("quiet")
    structlog.get_logger("bot").error("loud")
    assert "quiet" not in (err := capsys.readouterr().err)
    assert "loud" in err


def test_setup_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A second set-up replaces the first."""
    log.setup()
    log.setup()
    logging.getLogger("x").error("only once")
    assert capsys.readouterr().err.count("only once") == 1


@pytest.mark.parametrize("style", ["console", "json"])
@pytest.mark.parametrize("secrets", [(), (TOKEN,)])
def test_token_in_no_traceback(style: str, secrets: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Message, arguments, fields, chained exceptions and stacks are all redacted, whoever's token it is."""
    log.setup(format=style, secrets=secrets)  # type: ignore[arg-type]
    try:
        try:
            raise ValueError(f"GET /bot{TOKEN}/getMe")  # noqa: TRY301 - the cause is the point
        except ValueError as cause:
            raise RuntimeError(f"wrapped {TOKEN}") from cause
    except RuntimeError:
        structlog.get_logger("bot").exception("failed", url=f"/bot{TOKEN}/x", key=TOKEN.encode())
        logging.getLogger("telegram.ext").exception("failed with %s", TOKEN)
    err = capsys.readouterr().err
    assert "RuntimeError" in err
    assert "wrapped [redacted]" in err
    assert HALF not in err


def test_configured_token_of_any_shape_is_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    """The configured token goes, and its right half alone, even if it looks like no token of Telegram's."""
    log.setup(secrets=["1:sandbox-token", ""])
    logging.getLogger("x").error("1:sandbox-token and sandbox-token and %s", "1%3Asandbox-token")
    assert "sandbox-token" not in (err := capsys.readouterr().err)
    assert "[redacted] and" in err


def test_hashes_and_file_paths_are_redacted() -> None:
    """Hexadecimal of 32, 40 or 64 digits and Telegram's file paths go; numbers, ids and times stay."""
    redact = log.Redactor()
    for digits in (32, 40, 64):
        assert redact(f"value={'aF09' * (digits // 4)}!") == "value=[redacted]!"
    assert redact("/photos/file_12.jpg") == redact("/videos/file_AQ-c9x_p00.mp4") == "/[redacted]"
    kept = "chat=-1001234567890 at 2025-01-02T03:04:05.678901Z took 12:30 case deadbeef port 127.0.0.1:8080"
    assert redact(kept) == kept


async def test_httpx_debug_logs_are_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    """At debug level httpx and httpcore name their requests, never the token in them; above, they are silent."""

    async def ask() -> str:
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://127.0.0.1:1/bot{TOKEN}/getMe")
            with pytest.raises(httpx.UnsupportedProtocol):
                await client.get(f"ftp://127.0.0.1/bot{TOKEN}")
        transport = httpx.MockTransport(lambda _: httpx.Response(200))
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get(f"http://127.0.0.1/bot{TOKEN}/getMe")
        return capsys.readouterr().err

    log.setup(level="debug")
    err = await ask()
    assert "/bot[redacted]/getMe" in err
    assert HALF not in err
    log.setup(level="info")
    assert await ask() == ""


def test_library_that_prints_what_it_sends_stays_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Even at debug level the libraries that log requests' contents or SQL parameters do not."""
    log.setup(level="debug")
    for name in ("telegram.Bot", "aiosqlite", "sqlalchemy.engine", "PIL.PngImagePlugin"):
        logging.getLogger(name).debug("a caption")
    assert capsys.readouterr().err == ""


def test_fields_that_hold_what_people_write_are_withheld(capsys: pytest.CaptureFixture[str]) -> None:
    """A caption handed to the log by mistake is not written."""
    log.setup()
    structlog.get_logger("bot").info("post", caption="a private word", chat=5)
    err = capsys.readouterr().err
    assert "private" not in err
    assert "[withheld]" in err


def test_local_variables_are_not_in_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    """Tracebacks name lines, not the values of variables."""
    log.setup()

    def fail(caption: str) -> None:
        structlog.get_logger("bot").error("failing", length=len(caption), stack_info=True)
        raise RuntimeError

    try:
        fail(f"a private word{len(TOKEN)}")
    except RuntimeError:
        structlog.get_logger("bot").exception("failed")
    err = capsys.readouterr().err
    assert "raise RuntimeError" in err
    assert f"a private word{len(TOKEN)}" not in err


def test_an_error_is_described_without_its_words() -> None:
    """A library's words may repeat somebody's update: kind and places are told, and words of our own errors only."""
    try:
        try:
            int("a private word")
        except ValueError as cause:
            raise KeyError("another private word") from cause
    except KeyError as error:
        told = log.describe(error)
    assert told.startswith("KeyError at unit/test_log.py:")
    assert "; because of ValueError at unit/test_log.py:" in told
    assert "test_an_error_is_described" in told
    assert "private" not in told
    assert log.describe(StoreError("the disk is full")) == "StoreError: the disk is full at an unknown place"


def test_faulty_log_call_spills_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A record that cannot be formatted is reported by place, without its arguments."""
    log.setup()
    logging.getLogger("x").error("%d", TOKEN)
    err = capsys.readouterr().err
    assert "could not be written" in err
    assert HALF not in err


def test_uncaught_errors_and_warnings_are_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody caught, in the main thread or another, and warnings, go the redacted way."""
    log.setup()
    error = RuntimeError(f"token {TOKEN}")
    sys.excepthook(RuntimeError, error, None)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    threading.excepthook(threading.ExceptHookArgs((RuntimeError, error, None, None)))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(f"warned {TOKEN}", stacklevel=1)
    err = capsys.readouterr().err
    assert err.count("uncaught error") == 2
    assert "warned [redacted]" in err
    assert HALF not in err
