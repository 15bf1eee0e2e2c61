"""Telegram, asked over the configured address: token, privacy mode, webhook, another poller, the clock.

Plain requests, each made once: what goes wrong is the finding. Nothing is acknowledged, and no webhook is touched.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.doctor.finding import Finding, error, ok, warning
from bot.settings import Settings
from bot.store import backup, lock

LISTEN_SECONDS = 3
"""How long another poller is listened for: one that was just interrupted asks again after a second."""

MOST_SKEW = 30.0
"""Seconds that clocks may differ: times of posts and bans are Telegram's, deadlines are this machine's."""

UNAUTHORIZED, NOT_FOUND, CONFLICT = 401, 404, 409

Clock = Callable[[], float]


async def findings(
    settings: Settings, *, listen_seconds: int = LISTEN_SECONDS, clock: Clock = time.time
) -> AsyncIterator[Finding]:
    """All that Telegram tells."""
    token = settings.telegram.token.get_secret_value()
    if not token:
        fix = "set telegram.token, or name a file by telegram.token_file"
        yield warning("token", "none is set, so Telegram was not asked; haechi demo works without one", fix)
        return
    async with httpx.AsyncClient(base_url=f"{settings.telegram.base_url}{token}/", timeout=15) as web:
        try:
            async for one in _ask(web, settings, listen_seconds, clock):
                yield one
        except (httpx.HTTPError, ValueError) as failure:  # their words may hold the address, and so the token
            host = urlsplit(settings.telegram.base_url).netloc
            yield error("telegram", f"{host} gave no answer: {type(failure).__name__}", "see network, proxy, base_url")


async def _ask(web: httpx.AsyncClient, settings: Settings, listen_seconds: int, clock: Clock) -> AsyncIterator[Finding]:
    answer = await web.get("getMe")
    yield _clock(answer, clock())
    if answer.status_code in {UNAUTHORIZED, NOT_FOUND}:
        yield error("token", "Telegram does not know this token", "ask @BotFather for it again: /token")
        return
    me = _result(answer)
    if me is None:
        yield error("telegram", f"getMe was answered with HTTP {answer.status_code}", "try again later")
        return
    yield ok("token", f"Telegram knows it as @{me.get('username')}")
    yield _privacy(me)
    hook = _result(await web.get("getWebhookInfo")) or {}
    yield _webhook(hook, settings.telegram.webhook_url)
    database = backup.file_of(settings.store.url)
    if hook.get("url") or settings.telegram.webhook_url:
        return  # who polls while one is set is refused, whoever else polls
    if database is not None and lock.is_taken(database):
        yield ok("polling", "a bot runs on this database and polls")
    else:
        yield await _alone(web, listen_seconds)


def _clock(answer: httpx.Response, now: float) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return warning("clock", "Telegram's answer has no date to compare with", "see base_url: is a proxy in between?")
    skew = now - theirs
    text = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Telegram's"
    if abs(skew) > MOST_SKEW:
        return error("clock", text, "let systemd-timesyncd or chrony set it")
    return ok("clock", text)


def _privacy(me: dict[str, Any]) -> Finding:
    if me.get("can_read_all_group_messages"):
        return ok("privacy mode", "off: the bot sees every message of its groups")
    text = "on: where the bot is no administrator it sees hardly anything"
    return warning("privacy mode", text, "make it an administrator everywhere, or send /setprivacy to @BotFather")


def _webhook(hook: dict[str, Any], ours: str) -> Finding:
    """Whether updates come the way that the configuration wants; of an address no more than its host is shown."""
    url = str(hook.get("url") or "")
    if url and url != ours:
        text = f"one is set to {urlsplit(url).hostname}: whoever is there gets the updates"
        return warning("webhook", text, "stop what uses it; haechi run sets or removes it as configured")
    if url and (trouble := hook.get("last_error_message")):
        return warning(
            "webhook", f"set, but Telegram said last: {trouble}", "see the proxy before telegram.webhook_url"
        )
    if url:
        return ok("webhook", f"set to {urlsplit(url).hostname}, as configured")
    return ok("webhook", "none is set; haechi run sets it" if ours else "none is set, as polling needs it")


async def _alone(web: httpx.AsyncClient, seconds: int) -> Finding:
    """Whether somebody else polls: Telegram ends a poll when another comes. Without an offset nothing is confirmed."""
    answer = await web.get("getUpdates", params={"timeout": seconds, "limit": 1}, timeout=seconds + 15)
    if answer.status_code == CONFLICT:
        return error("polling", "another program polls with this token", "stop it: each takes the other's updates away")
    waiting = _result(answer)
    if waiting is None:
        return error("polling", f"getUpdates was answered with HTTP {answer.status_code}", "try again later")
    if waiting:
        return ok("polling", "updates wait for the bot, so nobody else takes them")
    return ok("polling", "nobody else polls with this token")


def _result(answer: httpx.Response) -> Any:
    """What Telegram returned, None where it refused."""
    body = answer.json()
    return body.get("result") if isinstance(body, dict) and body.get("ok") else None
