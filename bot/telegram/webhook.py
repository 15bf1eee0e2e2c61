"""The webhook at Telegram: set at the start, looked at, set again when it is gone. No update comes here."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from bot.errors import ConfigError, Unreachable
from bot.outcome import Done, Refused
from bot.telegram.gateway import Gateway
from bot.telegram.intake import ALLOWED, SLOWEST, Intake

log = structlog.get_logger(__name__)

LOOK_SECONDS = 30.0
"""Between looks at what Telegram says of the webhook: they stand for the polls that there are none of."""

CONNECTIONS = 40
"""Updates that Telegram delivers at once; its own default."""


class Webhook:
    """Has Telegram deliver updates to `url`, each with `secret` in a header."""

    def __init__(self, gateway: Gateway, intake: Intake, url: str, secret: str) -> None:
        self._gateway = gateway
        self._intake = intake
        self._url = url
        self._secret = secret
        self._last_error = 0

    async def run(self) -> None:
        """Watch over the webhook until cancelled. Raises `ConfigError` when Telegram refuses the address."""
        failures, is_set = 0, False
        while True:
            try:
                if not is_set:
                    await self._set()
                is_set = await self._look()
            except Unreachable as error:
                failures += 1
                log.warning("webhook.unreachable", error=str(error), failures=failures)
                await asyncio.sleep(min(0.2 * 2 ** min(failures, 10), SLOWEST))
                continue
            failures = 0
            if is_set:
                await asyncio.sleep(LOOK_SECONDS)

    async def _set(self) -> None:
        asked = {"url": self._url, "secret_token": self._secret, "max_connections": CONNECTIONS}
        outcome = await self._gateway.call("setWebhook", {**asked, "allowed_updates": ALLOWED})
        if isinstance(outcome, Refused):
            raise ConfigError(f"telegram.webhook_url: Telegram does not take it: {outcome.reason}")
        if not isinstance(outcome, Done):
            raise Unreachable(outcome.reason)
        log.info("webhook.set")

    async def _look(self) -> bool:
        """Whether the webhook is still ours; what Telegram says of failed deliveries goes to the log once."""
        info: Any = await self._gateway.ask("getWebhookInfo", {})
        if not isinstance(info, dict) or info.get("url") != self._url:
            log.warning("webhook.gone")
            return False
        self._intake.answered()
        stamp = info.get("last_error_date") or 0
        if stamp > self._last_error:
            log.warning(
                "webhook.failing", error=info.get("last_error_message"), waiting=info.get("pending_update_count")
            )
            self._last_error = stamp
        return True
