"""A war room at night with a Datadog on loopback; the chat is a list of what was said in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot.integrations import policy_model
from bot.runtime.background_tasks import ask
from bot.runtime.dispatcher import Dispatcher, routed
from bot.runtime.external import ExternalPerformer
from bot.runtime.investigator import Investigator
from bot.runtime.narrator import Narrator
from bot.runtime.observability import Meters
from integrations.datadog import Datadog
from integrations.datadog.policy import DatadogSettings
from tests.alert_sources import sent
from tests.clock import NIGHT, ManualClock
from tests.integrations.datadog.server import API_KEY, APP_KEY, FakeDatadog
from tests.people import ADA, GRACE, StoredPeople
from tests.stores import fresh_store
from warroom.alerts import usecases as alerts
from warroom.incident.model import Incident
from warroom.incident.notices import Notice
from warroom.incident.timeline import Entry
from warroom.investigation.looks import Sources
from warroom.outbox.changes import Changeset, Claim
from warroom.outbox.effects import Effect, OpenRoom, Post, ShowCard
from warroom.outbox.results import CardShown, ChannelCreated, EffectResult
from warroom.policy import Policy, check
from warroom.ports import Message, World
from warroom.registry import Integrations


class NoRooms:
    """Nothing can be read from the chat."""

    async def message(self, channel_id: str, ts: str) -> Message | None:
        return None

    async def permalink(self, channel_id: str, ts: str) -> str | None:
        return None


@dataclass
class Chat:
    """Does what Slack would, and remembers it."""

    done: list[Effect] = field(default_factory=list)

    async def perform(self, claim: Claim, effect: Effect) -> EffectResult | None:
        self.done.append(effect)
        match effect:
            case OpenRoom():
                return ChannelCreated(channel_id=f"C{len(self.done)}", name=effect.name)
            case ShowCard():
                return CardShown(ts="100.1")
        return None

    def said(self, *kinds: str) -> list[Notice]:
        """Notices of those kinds, in order."""
        return [each.notice for each in self.done if isinstance(each, Post) and each.notice.kind in kinds]


@dataclass
class DatadogWarRoom:
    """The running war room, and shorthands for what a test asks most."""

    world: World
    clock: ManualClock
    chat: Chat
    datadog: FakeDatadog
    performer: ExternalPerformer
    integration: Datadog
    dispatcher: Dispatcher

    async def settle(self) -> None:
        """Until nothing is due."""
        await self.dispatcher.quiet()

    async def wait(self, **duration: float) -> None:
        """Time passes."""
        self.clock.time += timedelta(**duration)
        await self.settle()

    async def sync(self) -> None:
        """Datadog is asked what fires, and what follows is done."""
        await self.poll("monitors")

    async def poll(self, name: str) -> None:
        """The integration asks what it asks every so often, and what follows is done."""
        for poll in self.integration.polls(self.world.policy):
            if poll.name == name:
                await ask(self.world, poll)
        await self.settle()

    async def hook(self, **body: object) -> None:
        """Datadog calls the webhook."""

        parsed = sent(body, self.clock.now())
        assert not parsed.refused
        await alerts.receive(self.world, parsed.alerts, "webhook")
        await self.settle()

    async def incident(self, number: int = 1) -> Incident:
        """As stored."""
        found = await self.world.store.incident_numbered(number)
        assert found is not None, f"there is no incident #{number}"
        return found

    async def timeline(self, number: int = 1) -> list[Entry]:
        """As stored."""
        return await self.world.store.timeline((await self.incident(number)).id)

    async def count(self) -> int:
        """How many incidents there are."""
        return await self.world.store.last_number()

    def ago(self, **duration: float) -> int:
        """So long ago, in seconds since 1970."""
        return int((self.clock.now() - timedelta(**duration)).timestamp())


@pytest.fixture
def written() -> dict[str, Any]:
    """The policy as a file would say it; a test module may override it."""
    return {}


@pytest.fixture
def policy(written: dict[str, Any]) -> Policy:
    """The policy, checked."""
    checked = check(written, policy_model())
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.fixture
async def datadog() -> AsyncIterator[FakeDatadog]:
    """An empty organisation."""
    fake = FakeDatadog()
    runner = await fake.start()
    yield fake
    await fake.stop(runner)


@pytest.fixture
async def integration(datadog: FakeDatadog, policy: Policy) -> AsyncIterator[Datadog]:
    """Our side of it."""
    keys = {"dd_api_key": SecretStr(API_KEY), "dd_app_key": SecretStr(APP_KEY)}
    started = Datadog(DatadogSettings(**keys, dd_api_url=datadog.url))
    await started.start(policy, ManualClock())
    yield started
    await started.stop()


@pytest.fixture
async def night(datadog: FakeDatadog, integration: Datadog, policy: Policy) -> AsyncIterator[DatadogWarRoom]:
    """The war room with nothing going on."""
    async with fresh_store() as store:
        await store.commit(Changeset(now=NIGHT, people=(ADA, GRACE), directory_complete=True))
        clock, chat = ManualClock(), Chat()
        waking: list[Dispatcher] = []
        world = World(
            store=store,
            directory=StoredPeople(store),
            policy=policy,
            clock=clock,
            rooms=NoRooms(),
            nudge=lambda: waking[0].nudge(),
            integrations=Integrations(integration),
        )
        performer = ExternalPerformer(Integrations(integration), world)
        dispatcher = Dispatcher(
            world, routed(chat.perform, performer, Investigator(world, Sources()), Narrator(world, Sources())), Meters()
        )
        waking.append(dispatcher)
        dispatcher.start()
        yield DatadogWarRoom(world, clock, chat, datadog, performer, integration, dispatcher)
        await dispatcher.drain(1)
