"""What every handler is handed: the turn of its update and the services of the machine. No conversation lives here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from telegram.ext import CallbackContext, ExtBot

from bot.allowance import Allowance
from bot.telegram.turn import Turn, current

if TYPE_CHECKING:
    from bot.canary import CanaryTests
    from bot.health import Health
    from bot.scan import Scanner
    from bot.settings import Settings
    from bot.sightings import Sightings
    from bot.store.db import Database
    from bot.telegram.admins import Admins
    from bot.telegram.gateway import Gateway

KEY = "services"

LOOKUPS, HOUR = 10, 60 * 60
"""Messages that are looked up for one person in an hour, to be reported in private: twice what they may report."""


@dataclass(frozen=True, slots=True)
class Services:
    """The machine, as handlers see it."""

    settings: Settings
    database: Database
    gateway: Gateway
    admins: Admins  # remembered: for posters only, rights are asked of the gateway
    sightings: Sightings
    scanner: Scanner
    health: Health
    canaries: CanaryTests
    wake: Callable[[], None]  # says that the bot put an update of its own into the inbox
    erase: Callable[[], None]  # says that somebody asked to be forgotten
    lookups: Allowance = field(default_factory=lambda: Allowance(LOOKUPS, HOUR))


class Context(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[str, Services]]):
    """A callback context that knows the turn and the services.

    The turn is looked up once, in the task that handles the update: writes run in the database's own task.
    """

    def __init__(self, *args: Any, **others: Any) -> None:
        super().__init__(*args, **others)
        self._turn = current.get(None)

    @property
    def services(self) -> Services:
        """The machine."""
        return self.bot_data[KEY]

    @property
    def turn(self) -> Turn:
        """The turn of the update that is being handled."""
        if self._turn is None:
            raise LookupError("no update is being handled")
        return self._turn
