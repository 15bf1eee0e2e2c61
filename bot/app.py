"""The composition root: builds every object by hand, starts and stops them. No rule lives here."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import structlog
from starlette.routing import Route
from telegram.ext import Application, ApplicationBuilder, ContextTypes

import handlers
from bot import appeals, claims, curation, endings, periods, raids, reports, retention, service, summary
from bot.canary import CanaryTests
from bot.erasure import Eraser
from bot.errors import BadToken, Conflict, HaechiError, StoreError, Unreachable, UserError
from bot.health import Health
from bot.lists.sync import ListFeed
from bot.matching.matcher import Matcher
from bot.media.configured import decoders
from bot.media.launch import Launched, spare_cores
from bot.media.lockdown import harden_parent
from bot.scan import Scanner
from bot.searching import Searcher
from bot.settings import Settings
from bot.sightings import Sightings
from bot.store import lock
from bot.store.db import Database
from bot.store.schema import upgrade
from bot.telegram.admins import Admins
from bot.telegram.dispatch import Dispatch
from bot.telegram.gateway import Gateway
from bot.telegram.intake import Intake
from bot.telegram.outbox import Outbox
from bot.telegram.polling import Poll
from bot.telegram.turn import Turn
from bot.telegram.webhook import Webhook
from bot.web.health import create_app
from bot.web.server import serving
from bot.web.webhook import webhook_route
from handlers.context import KEY, Context, Services

log = structlog.get_logger(__name__)

OUTBOX_DRAIN_SECONDS = 2.0
"""How long a stop waits for calls in hand; what is left in the outbox is made at the next start."""

SWITCH_SECONDS = 0.0005
"""How long a thread waits before it asks for the interpreter: the writer and the look-ups need it often and briefly.

With Python's own 5 ms a look-up of 5 ms took 54 to 72 ms while the event loop was busy, with this 45 to 52 (measured).
"""

FIRST_GREETING_SECONDS, SLOWEST_GREETING_SECONDS = 0.2, 5.0
"""Between tries to reach Telegram at the start: the double after each, up to a limit."""


class App:
    """One running bot; decoder processes may be `launched` already."""

    def __init__(self, settings: Settings, launched: list[Launched] | None = None) -> None:
        self.settings = settings
        telegram, limits = settings.telegram, settings.limits
        self.database = Database(settings.store.url, busy_seconds=settings.store.busy_seconds)
        self.gateway = Gateway(telegram.token.get_secret_value(), telegram.base_url, telegram.base_file_url)
        self.decoders = decoders(settings.media, launched=launched)
        self.matcher = Matcher()
        self.feed = ListFeed(self.database, self.matcher, settings.data_dir / "index")
        self.scanner = Scanner(
            database=self.database,
            gateway=self.gateway,
            decoders=self.decoders,
            matcher=self.matcher,
            searcher=Searcher(self.matcher, self.decoders, lambda: self.feed.version),
            ready=self.feed.ready,
            max_file_bytes=settings.media.max_file_bytes,
        )
        self.outbox = Outbox(self.gateway, self.database, limits, record=endings.record)
        self.application: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder()
            .bot(self.gateway.bot)
            .updater(None)
            .job_queue(None)
            .context_types(ContextTypes(context=Context))
            .build()
        )
        self.dispatch = Dispatch(
            self.application,
            self.database,
            rescue=self._rescue,
            committed=self.outbox.wake,
            lanes=limits.lanes,
            inflight=limits.inflight,
            attempts=limits.attempts,
        )
        self.poll = Poll(telegram.token.get_secret_value(), telegram.base_url)
        self.intake = Intake(
            self.gateway, self.poll, self.database, poll_seconds=telegram.poll_seconds, arrived=self.dispatch.wake
        )
        self.webhook = Webhook(
            self.gateway, self.intake, telegram.webhook_url, telegram.webhook_secret.get_secret_value()
        )
        self.health = Health(
            database=self.database,
            gateway=self.gateway,
            intake=self.intake,
            feed=self.feed,
            decoders=self.decoders,
        )
        self.eraser = Eraser(self.database)
        self.canaries = CanaryTests(database=self.database, gateway=self.gateway, wake=self.dispatch.wake)

    async def run(self, stop: asyncio.Event, *, started: Callable[[], None] = lambda: None) -> None:
        """Run until `stop` is set. Raises `UserError` or `HaechiError` when something makes going on pointless."""
        async with contextlib.AsyncExitStack() as stack:
            if not await self._is_open(stack, stop):
                return
            jobs = (
                self.feed.run,
                self.webhook.run if self.settings.telegram.webhook_url else self.intake.run,
                self.dispatch.run,
                self.outbox.run,
                self._catch_up,
                self._keep_tidy,
                self.eraser.run,
                self._keep_told,
                self._keep_heard,
                self._keep_summing_up,
                self._keep_current,
            )
            tasks = [asyncio.create_task(job(), name=job.__qualname__) for job in jobs]
            started()
            ending = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait([*tasks, ending], return_when=asyncio.FIRST_COMPLETED)
                await self._drain(tasks)
            finally:
                results = await _end([*tasks, ending])
            _raise_first(results)

    async def _is_open(self, stack: contextlib.AsyncExitStack, stop: asyncio.Event) -> bool:
        """Open everything; False if `stop` was set before: Telegram may be silent for as long as it likes."""
        opening = asyncio.create_task(stack.enter_async_context(self._ready()), name="opening")
        ending = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([opening, ending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_open = opening.done()
            results = await _end([opening, ending])
        _raise_first(results)
        return is_open

    @contextlib.asynccontextmanager
    async def _ready(self) -> AsyncIterator[None]:
        """Open everything in order; close it in the opposite one."""
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(lock.held(self.database.path))
            stack.push_async_callback(self.database.stop)
            await upgrade(self.database)
            await self.database.start()
            self.feed.begin()  # the decoders start meanwhile
            stack.push_async_callback(self.feed.stop)
            stack.push_async_callback(self.gateway.stop)
            stack.push_async_callback(self.poll.stop)
            await self._greet()
            stack.push_async_callback(self.decoders.stop)
            await self.decoders.begin(at_once=spare_cores())
            await self.application.initialize()
            stack.push_async_callback(self.canaries.stop)
            self.application.bot_data[KEY] = Services(
                settings=self.settings,
                database=self.database,
                gateway=self.gateway,
                admins=Admins(self.gateway),
                sightings=Sightings(),
                scanner=self.scanner,
                health=self.health,
                canaries=self.canaries,
                wake=self.dispatch.wake,
                erase=self.eraser.wake,
            )
            handlers.register(self.application)
            await curation.list_canary(self.database, self.decoders)
            if address := self.settings.web.address:
                await stack.enter_async_context(serving(create_app(self.health, *self._routes()), *address))
            log.info("haechi.ready", username=self.gateway.username, decoder=self.decoders.level)
            yield

    async def _greet(self) -> None:
        """Ask Telegram who the bot is, for as long as it cannot be reached."""
        seconds = FIRST_GREETING_SECONDS
        while True:
            try:
                await self.gateway.start()
            except Unreachable as error:
                log.warning("telegram.unreachable", error=str(error))
                await asyncio.sleep(seconds)
                seconds = min(2 * seconds, SLOWEST_GREETING_SECONDS)
            else:
                return

    def _routes(self) -> Iterator[Route]:
        """The routes besides health: Telegram's own, if updates come by webhook."""
        telegram = self.settings.telegram
        if telegram.webhook_url:
            yield webhook_route(telegram.webhook_path, telegram.webhook_secret.get_secret_value(), self.intake.receive)

    async def _rescue(self, turn: Turn) -> None:
        await handlers.media.judge_turn(turn, self.application.bot_data[KEY])

    async def _catch_up(self) -> None:
        """Do once what nobody waits for: the decoders that are still to come, and the menus."""
        await self.decoders.complete()
        await handlers.publish_menus(self.gateway)
        await asyncio.Event().wait()  # a job that ends ends the bot

    async def _keep_tidy(self) -> None:
        while True:
            await retention.purge(self.database, self.settings.retention)
            await asyncio.sleep(retention.EVERY_SECONDS)

    async def _keep_told(self) -> None:
        """Bring the lines that tell of raids up to date."""
        while True:
            if await raids.follow(self.database):
                self.outbox.wake()
            await asyncio.sleep(raids.LOOK_SECONDS)

    async def _keep_heard(self) -> None:
        """Remind admins of appeals that wait, and close those that nobody decided."""
        while True:
            if await appeals.follow(self.database):
                self.outbox.wake()
            await asyncio.sleep(appeals.LOOK_SECONDS)

    async def _keep_summing_up(self) -> None:
        """Tell chats' admins what their days came to."""
        hour = self.settings.summary_hour
        while True:
            if await summary.send_due(self.database, hour):
                self.outbox.wake()
            await asyncio.sleep(min(summary.LOOK_SECONDS, periods.wait(time.time(), hour)))

    async def _keep_current(self) -> None:
        """End claims that have run out, and tell the reporters of cases that no press closed."""
        while True:
            if any([await claims.follow(self.database), await reports.follow(self.database)]):
                self.outbox.wake()
            await asyncio.sleep(claims.LOOK_SECONDS)

    async def _drain(self, tasks: list[asyncio.Task[None]]) -> None:
        """Take in nothing more, finish what is in hand."""
        if any(task.done() for task in tasks):
            return
        tasks[1].cancel()  # the intake: what it has not stored is not acknowledged
        await self.dispatch.drain()
        await self.outbox.drain(OUTBOX_DRAIN_SECONDS)


async def serve(settings: Settings, launched: list[Launched] | None = None) -> None:
    """Run the bot until SIGTERM or SIGINT, with the decoders that were `launched` among others.

    Raises `UserError` with one line for whoever started it.
    """
    harden_parent()
    sys.setswitchinterval(SWITCH_SECONDS)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with service.supervised() as ready:
            await App(settings, launched).run(stop, started=ready)
    except BadToken as error:
        raise UserError("telegram.token: Telegram does not know this token; ask @BotFather for it again") from error
    except Conflict as error:
        raise UserError(
            "telegram.token: another copy of the bot is running with this token; stop it, then start this one"
        ) from error
    except StoreError as error:
        raise UserError(f"{error}; nothing was acknowledged that was not stored") from error


async def _end(tasks: list[asyncio.Task[Any]]) -> list[Any]:
    """Cancel tasks until they have ended: a library that loses one cancellation must not keep the process alive."""
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=1)
    return await asyncio.gather(*tasks, return_exceptions=True)


def _raise_first(results: list[Any]) -> None:
    errors = [error for result in results if isinstance(result, BaseException) for error in _leaves(result)]
    serious = [error for error in errors if not isinstance(error, asyncio.CancelledError)]
    expected = [error for error in serious if isinstance(error, HaechiError)]
    if expected or serious:
        raise (expected or serious)[0]


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
