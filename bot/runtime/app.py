"""The composition root: every room is put together here, started and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from functools import partial

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot import clock as system
from bot.integrations import INTEGRATIONS, Kinds, integrations_of, register_upgrades, started, unused
from bot.runbook_files import kinds_with, library, say_unusable, wanted
from bot.runtime.background_tasks import (
    FIRST_READ,
    first_directory,
    keep_directory,
    keep_figures,
    keep_private_rooms,
    polling,
    tidy,
)
from bot.runtime.calendars import keep_calendars
from bot.runtime.directory import CachedDirectory
from bot.runtime.dispatcher import Dispatcher, Perform, routed
from bot.runtime.external import ExternalPerformer
from bot.runtime.investigation import model_of, sources_of
from bot.runtime.investigator import Investigator
from bot.runtime.memory import hold_less, keep_memory_small
from bot.runtime.narrator import Narrator
from bot.runtime.observability import Meters
from bot.runtime.readiness import DatabaseHealth
from bot.runtime.replicas import Replica
from bot.runtime.scheduler import Scheduler
from bot.runtime.supervised import Run, Supervised, TaskEnded
from bot.runtime.web import Web
from bot.settings import Settings, SettingsError, slack_tokens
from handlers import feeds
from handlers.register import Reading, register
from handlers.webhooks import routes
from integrations.slack.channels import ChannelBook
from integrations.slack.client import close_client, open_client
from integrations.slack.performers import PERFORMERS
from integrations.slack.performers.performer import PerformerDeps, SlackPerformer
from integrations.slack.reader import Reader, group_from, person_from
from integrations.slack.scopes import needed_scopes
from integrations.slack.socket import SlackSocket
from integrations.slack.startup import StartupReport, verify
from storage import open_store
from warroom.alerts.channels import read_alert_channels
from warroom.capabilities import OnCallSource
from warroom.errors import StoreUnavailable
from warroom.incident.record import look_after_private_rooms
from warroom.metrics import weekly
from warroom.metrics.usecases import USUAL_SPAN, public_report
from warroom.oncall import shift_change
from warroom.oncall.directory import OnCallDirectory
from warroom.outbox.changes import LANDS_WITHIN
from warroom.people.usecases import sync_directory
from warroom.policy import Policy
from warroom.ports import Clock, Store, World
from warroom.registry import Integrations

log = structlog.get_logger(__name__)

GRACE = 8.0
"""Seconds a draining process gives to what is in the works; PRODUCT promises an end within 10."""
READY_WITHIN = 3.0
"""Seconds for the database to answer `/readyz`; a frozen one never does, and whoever asks does not wait long either."""
REPORT_EVERY = timedelta(minutes=1)
"""How old the figures of incidents at `/metrics` may be; they change slowly."""
PATIENCE = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between tries to reach Slack at the start: a restart in the middle of an outage must not be the end."""

CANCELLED = "The main task was cancelled. Warroom ends, so that it can be started again."


class Bot:
    """The running process. Made by `running`."""

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        store: Store,
        report: StartupReport,
        clock: Clock,
        integrations: Integrations,
    ) -> None:
        self.store, self.clock, self.report = store, clock, report
        self._database = DatabaseHealth(store)
        self.meters = Meters()
        self._reported_at: datetime | None = None
        self.port = 0
        bot_token, app_token = slack_tokens(settings)
        self.integrations = integrations
        self._client = open_client(bot_token, settings.api_url, self.meters.called)
        self.tasks = Supervised()
        self.replica = Replica(store, clock, self.tasks)
        reader = Reader(self._client, self.replica.budget)
        self.world = World(
            store=store,
            directory=OnCallDirectory(
                CachedDirectory(store, reader), store, policy, clock, integrations.able(OnCallSource)
            ),
            policy=policy,
            clock=clock,
            rooms=reader,
            nudge=self._nudge,
            integrations=integrations,
            library=library(settings.runbooks_path, policy, kinds_with(integrations)),
        )
        if wanted(settings, policy):
            say_unusable(self.world.library)
        self.scheduler = Scheduler(self._nudge, clock, self.tasks)
        self.dispatcher = Dispatcher(
            self.world, self._performing(), self.meters, on_idle=self.scheduler.set, tasks=self.tasks
        )
        self.socket = self._listening(bot_token, app_token)
        self.web = self._serving(settings)

    def _performing(self) -> Perform:
        world = self.world
        deps = PerformerDeps(
            client=self._client,
            store=world.store,
            policy=world.policy,
            clock=world.clock,
            budget=self.replica.budget,
            channels=ChannelBook(world.clock),
            bot_user_id=self.report.bot_user_id,
            menu=self.integrations.menu,
            message_readers=self.integrations.message_readers,
            runbooks=world.library.runbooks,
            directory=world.directory,
        )
        chat = SlackPerformer(PERFORMERS, deps)
        sources = sources_of(self.integrations)
        narrator = Narrator(world, sources, model_of(self.integrations))
        investigator = Investigator(world, sources, narrator=narrator)
        return routed(chat.perform, ExternalPerformer(self.integrations, world), investigator, narrator)

    def _listening(self, bot_token: str, app_token: str) -> SlackSocket:
        report = self.report
        known = AuthorizeResult(
            enterprise_id=None,
            team_id=report.team_id,
            bot_token=bot_token,
            bot_id=report.bot_id,
            bot_user_id=report.bot_user_id,
        )

        async def authorize(**_: object) -> AuthorizeResult:
            return known

        app = AsyncApp(client=self._client, authorize=authorize, process_before_response=True)
        register(app, self.world, Reading(person_from, group_from, report.bot_user_id))
        return SlackSocket(
            app,
            app_token,
            store=self.store,
            clock=self.clock,
            sleep=system.sleep,
            tasks=self.tasks,
            on_connected=self._look_for_missed,
            on_answered=self.meters.acked,
        )

    def _serving(self, settings: Settings) -> Web:
        hooks = [*routes(self.world, self.integrations.webhooks, self.meters.alerts), *feeds.routes(self.world)]
        return Web(settings.web_host, settings.port, self.problems, self.metrics, hooks)

    async def _look_for_missed(self) -> None:
        await read_alert_channels(self.world)
        await look_after_private_rooms(self.world)

    def _nudge(self) -> None:
        self.dispatcher.nudge()

    async def problems(self) -> list[str]:
        """Why the process is not ready: the database, the socket, the dispatcher. Empty when it is."""
        found = []
        if problem := await self._database.problem(READY_WITHIN):
            found.append(f"database: {problem}")
        if not await self.socket.connected():
            found.append("socket: not connected to Slack")
        if (stuck := self.dispatcher.stuck) is not None:
            found.append(f"dispatcher: has not looked for work for {stuck:.0f} s")
        return found

    async def metrics(self) -> bytes:
        """Prometheus' text, with the database as it is now."""
        self.meters.connected(await self.socket.connected())
        self.meters.processes(self.replica.active)
        self.meters.database(await self._database.problem(READY_WITHIN) is None)
        try:
            async with asyncio.timeout(READY_WITHIN):
                now = self.clock.now()
                self.meters.store_stats(await self.store.store_stats(), now)
                if self._reported_at is None or not timedelta(0) <= now - self._reported_at < REPORT_EVERY:
                    since = now - USUAL_SPAN
                    self.meters.report(await public_report(self.store, self.world.policy, since=since, until=now))
                    self._reported_at = now
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("the database cannot be measured; its figures stay as they were", error=str(error))
        return self.meters.text()

    async def start(self) -> None:
        """Start in order: web, work, directory, socket. Raises SettingsError when the port is taken."""
        self.port = await self.web.start()
        self.scheduler.start()
        await self.replica.start()
        left = await self.store.release_stale_leases(self.clock.now(), LANDS_WITHIN)
        if left:
            log.info("taking over what an earlier process left in the works", count=left)
        self.dispatcher.start()
        await weekly.arm(self.world)
        await sync_directory(self.world)
        await read_alert_channels(self.world)
        if await look_after_private_rooms(self.world):
            await self._until_read()
        await first_directory(self.store)
        await shift_change.arm(self.world)
        await self.socket.start()
        for name, run in self._endless():
            self.tasks.keep(name, run)
        log.info("Warroom is running", team=self.report.team, web=self.port)

    async def _until_read(self) -> None:
        """Nobody is answered before it is known who may see what, unless Slack makes people wait too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_READ):
                await self.dispatcher.quiet()

    def _endless(self) -> Iterator[tuple[str, Run]]:
        yield "directory", partial(keep_directory, self.world)
        yield "private rooms", partial(keep_private_rooms, self.world)
        if any(schedule.ical for schedule in self.world.policy.schedules.values()):
            yield "calendars", partial(keep_calendars, self.world)
        yield "figures", partial(keep_figures, self.world)
        yield "tidy", partial(tidy, self.world)
        yield "memory", keep_memory_small
        yield from polling(self.world, self.integrations)

    async def idle(self) -> None:
        """Returns when everything that arrived is worked off and nothing is due."""
        await self.socket.idle()
        await self.dispatcher.quiet()

    async def stop(self) -> None:
        """No new work; what is claimed is finished or handed back."""
        await self.tasks.end(*(name for name, _ in self._endless()))
        await self.web.stop()
        await self.scheduler.stop()
        await self.socket.stop(GRACE / 2)
        await self.dispatcher.drain(GRACE / 2)
        await self.replica.stop()
        await self.tasks.end()
        await close_client(self._client)


@contextlib.asynccontextmanager
async def running(
    settings: Settings, policy: Policy, clock: Clock | None = None, kinds: Kinds = INTEGRATIONS
) -> AsyncIterator[Bot]:
    """A started bot, stopped at the end. Raises SettingsError, StoreUnavailable and whatever is wrong with the tokens."""
    bot_token, app_token = slack_tokens(settings)
    register_upgrades(kinds)
    async with contextlib.AsyncExitStack() as stack:
        store = await open_store(settings.database_url.get_secret_value())
        stack.push_async_callback(store.close)
        report = await _verified(bot_token, app_token, settings.api_url)
        if not report.ok:
            raise SettingsError("Slack would not work like this:\n  " + "\n  ".join(report.problems))
        for remark in report.remarks:
            log.warning(remark)
        clock = clock or system.SystemClock()
        integrations = integrations_of(settings, kinds, policy)
        for remark in (*settings.blank, *unused(integrations, policy)):
            log.warning(remark)
        await stack.enter_async_context(started(integrations, policy, clock))
        bot = Bot(settings, policy, store, report, clock, integrations)
        stack.push_async_callback(bot.stop)
        await bot.start()
        yield bot


async def _verified(bot_token: str, app_token: str, api_url: str) -> StartupReport:
    """The last report: what may pass (a rate limit, an outage) is waited for, what cannot is reported at once."""
    for pause in PATIENCE:
        report = await verify(bot_token, app_token, needed_scopes(), api_url)
        if report.again_after is None:
            return report
        wait = max(pause, min(report.again_after, PATIENCE[-1]))
        log.warning("Slack does not answer as it should; asking again", seconds=wait, problems=report.problems)
        await system.sleep(wait)
    return await verify(bot_token, app_token, needed_scopes(), api_url)


async def serve(settings: Settings, policy: Policy) -> None:
    """Run until SIGTERM or SIGINT, then drain. While it starts there is nothing to drain, so it ends at once.

    Raises TaskEnded when a task without which the process is of no use cannot be kept running.
    """
    hold_less()
    stop, running_now = asyncio.Event(), asyncio.Event()
    loop, main = asyncio.get_running_loop(), asyncio.current_task()
    assert main is not None, "a coroutine runs in a task"

    def leave() -> None:
        stop.set()
        if not running_now.is_set():
            main.cancel()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, leave)
    try:
        async with running(settings, policy) as bot:
            running_now.set()
            spare_garbage_collector()
            await _until_over(stop, bot.tasks)
            log.info("stopping: what is in the works is finished first")
    except asyncio.CancelledError:
        if not stop.is_set():
            raise TaskEnded(CANCELLED) from None
        log.info("stopped before it was running")


def spare_garbage_collector() -> None:
    """Take what was loaded at the start, some 160,000 objects, out of its work: it stays until the process ends.

    A full collection stands still for everybody, about 80 ms on an ordinary machine and otherwise every few minutes.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


async def _until_over(stop: asyncio.Event, tasks: Supervised) -> None:
    """Returns when the process was told to stop. Raises TaskEnded when it cannot go on."""
    told, failed = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(tasks.failure())
    await asyncio.wait({told, failed}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not stop.is_set():
        raise failed.result() if failed.done() and not failed.cancelled() else TaskEnded(CANCELLED)
    failed.cancel()
