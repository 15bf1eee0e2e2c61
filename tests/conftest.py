"""What holds for every test: no network but loopback, what some tests need and may lack, PTB's times as timedeltas."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import shutil
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

os.environ.setdefault("PTB_TIMEDELTA", "true")  # read when telegram is imported; without it PTB warns
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as decoder processes have it: threads cost small products tenfold

# No time limits, which would depend on the machine; on CI the same examples every time.
settings.register_profile(
    "haechi",
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("haechi")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# --- what some tests need ------------------------------------------------------------------------


def _required() -> set[str]:
    """What HAECHI_REQUIRE names, by commas: a test that needs it may not be skipped."""
    return set(os.environ.get("HAECHI_REQUIRE", "").replace(",", " ").split())


def _browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


NEEDS: dict[str, tuple[Callable[[], object], str]] = {
    "browser": (_browser, "Chromium is not installed; on Debian or Ubuntu: apt-get install chromium"),
    "pdqhash": (
        lambda: importlib.util.find_spec("pdqhash"),
        "pdqhash is not installed; with a C++ compiler and Python's headers (g++, python3-dev): make reference",
    ),
}
"""By the name of the marker: whether it is there, and what to do about it if not."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test where what it is marked to need is missing, or fail it where HAECHI_REQUIRE names that."""
    for name, (present, how) in NEEDS.items():
        if item.get_closest_marker(name) is None or present():
            continue
        if name in _required():
            pytest.fail(f"{how} (required by HAECHI_REQUIRE)", pytrace=False)
        pytest.skip(how)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser that browser tests start."""
    path = _browser()
    assert path, "mark the test with @pytest.mark.browser"
    return path


# --- the network ---------------------------------------------------------------------------------


def _is_here(host: Any) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False


def _check(host: Any) -> None:
    if not _is_here(host):
        pytest.fail(f"a test tried to reach {host!r}; tests reach this machine only")


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Fail a test that looks up or connects to anything but this machine."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def checked_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _check(address[0])
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _check(address[0])
        return connect_ex(self, address)

    def checked_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_literal(host):
            _check(host)
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", checked_connect)
        patch.setattr(socket.socket, "connect_ex", checked_connect_ex)
        patch.setattr(socket, "getaddrinfo", checked_getaddrinfo)
        yield


def _is_literal(host: Any) -> bool:
    """Whether `host` is an address already, which is looked up without asking anybody."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


# --- the order of the tests ----------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, whatever the order of the others: else one process waits for it in the end."""
    items.sort(key=lambda item: item.get_closest_marker("crash") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the seed of the order, also where `-q` hides what pytest-randomly says of it: a failure can be repeated."""
    seed = config.getoption("randomly_seed", None)
    if seed is not None:
        terminalreporter.write_line(f"random order: pytest --randomly-seed={seed} has it again")
