"""The machine: Python, data folder, decoders and their lock-down, the address of health. Database: see beside."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx

from bot.curation import CANARY
from bot.doctor.finding import Finding, error, ok, warning
from bot.errors import HaechiError
from bot.media.decoder import Decoders
from bot.media.limits import Limits
from bot.settings import Settings
from bot.store import backup, lock

LEAST_PYTHON = (3, 11)
FULL, TIGHT = 100e6, 1e9
"""Free bytes below which the database soon takes nothing, and below which it is time to make room."""

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Finding:
    """Whether this Python runs Haechi."""
    words = "Python " + ".".join(map(str, version))
    if version < LEAST_PYTHON:
        return error("python", f"{words} is too old", "install Python 3.11 or newer")
    return ok("python", words)


def secrets(settings: Settings) -> Iterator[Finding]:
    """Whether secret files are for their owner alone; the configuration itself was refused at reading otherwise."""
    named = {"token file": settings.telegram.token_file, "secret file": settings.telegram.webhook_secret_file}
    for subject, name in named.items():
        path = Path(name).expanduser()
        if not name or not path.exists():
            continue
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield warning(subject, f"others than its owner may read {path}", f"chmod 600 {path}")
        else:
            yield ok(subject, f"{path} is for its owner alone")


def folder(settings: Settings, *, full: float = FULL, tight: float = TIGHT) -> Finding:
    """Whether the data folder can be written, and how much room there is."""
    path = settings.data_dir
    standing = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=standing):
            pass
    except OSError as failure:
        return error("data_dir", f"{path} cannot be written: {failure.strerror}", "chown it to the bot's user")
    free = shutil.disk_usage(standing).free
    room = f"{path} can be written, {free / 1e9:,.1f} GB free"
    if free < full:
        return error("data_dir", room, "make room: with a full disk nothing is acknowledged, and the bot stops")
    if free < tight:
        return warning("data_dir", room, "make room before it is full")
    return ok("data_dir", room)


async def decoders(settings: Settings) -> AsyncIterator[Finding]:
    """How far decoders are locked down on this machine, and whether one decodes the canary, which code has drawn."""
    media = settings.media
    limits = Limits(image_seconds=media.image_seconds, video_seconds=media.video_seconds)
    pool = Decoders(images=1, videos=0, spares=0, limits=limits, unsafe=True)
    try:
        await pool.start()
        seen = await pool.fingerprint(CANARY.read_bytes())
    except HaechiError as failure:
        yield error("decoders", f"the test picture was not decoded: {failure}", "install Haechi whole: make setup")
        return
    finally:
        await pool.stop()
    yield level(pool.level, unsafe=media.unsafe_decoder)
    yield ok("decoding", f"the test picture was decoded: {seen.format} {seen.width}x{seen.height}")


def level(found: str, *, unsafe: bool) -> Finding:
    """What a level of lock-down means for an operator."""
    if found == "full":
        return ok("decoders", "locked down completely")
    lacking = {"no-seccomp": "seccomp", "no-landlock": "Landlock"}.get(found, "Landlock and seccomp")
    text = f"locked down without {lacking}, which this kernel or container does not offer"
    fix = (
        "run a Linux kernel of 5.13 or later with Landlock among its security modules; see OPERATING.md for containers"
    )
    if found == "none" and not unsafe:
        return error("decoders", text, fix)
    return warning("decoders", text, fix)


async def address(settings: Settings) -> Finding:
    """Whether health can be served where it should be."""
    where = settings.web.address
    if where is None:
        return warning(
            "web.listen", "off: nobody is told when the bot stops judging", 'set web.listen = "127.0.0.1:8080"'
        )
    host, port = where
    try:
        socket.create_server(where, family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as failure:
        return await _taken(settings, failure)
    if host not in LOOPBACK:
        return _open(host, port)
    return ok("web.listen", f"{host}:{port} is free")


async def _taken(settings: Settings, failure: OSError) -> Finding:
    """Who has the address: the bot itself, or somebody else."""
    host, port = settings.web.address or ("", 0)
    database = backup.file_of(settings.store.url)
    if database is not None and lock.is_taken(database) and await _is_healthy(host, port):
        return ok("web.listen", f"the running bot answers on {host}:{port}")
    words = f"cannot listen on {host}:{port}: {os.strerror(failure.errno or 0)}"
    return error("web.listen", words, "stop what has it, or choose another port in web.listen")


def _open(host: str, port: int) -> Finding:
    words = f"{host}:{port} can be reached from other machines, and nobody is asked for a password"
    return warning("web.listen", words, "listen on 127.0.0.1, or let a firewall pass only who collects the metrics")


async def _is_healthy(host: str, port: int) -> bool:
    shown = f"[{host}]" if ":" in host else host
    try:
        async with httpx.AsyncClient(timeout=3, trust_env=False, verify=False) as web:  # noqa: S501 - plain HTTP here
            return (await web.get(f"http://{shown}:{port}/healthz")).text == "ok\n"
    except httpx.HTTPError:
        return False
