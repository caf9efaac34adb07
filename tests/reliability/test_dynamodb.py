"""A share of the matrix on DynamoDB, spread evenly over effects and troubles; all of it with WARROOM_STORE=dynamodb."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from bot.demo.workspace import installation
from sandbox import Sandbox, sockets
from storage import migrate
from storage.dynamo import schema
from tests.conftest import FAILED
from tests.reliability.clock import WoundClock
from tests.reliability.conftest import Kept, in_slack, policy_of
from tests.reliability.effect_case import EffectCase
from tests.reliability.effects import EFFECT_CASES
from tests.reliability.house import House
from tests.reliability.process import Forked, Hosted
from tests.reliability.test_matrix import exactly_once, in_module, prepared
from tests.reliability.troubles import TROUBLES, Trouble
from tests.scenarios.conftest import settings_for
from tests.storage.dynamo.proxy import LOST, Proxy
from tests.storage.dynamo.server import DynamoDB

SOON = 0.5
"""Real seconds after which Slack gives up on an answer, where none can come."""
EVERY = 25
"""Of so many cells one is taken: each trouble about twice."""


def spread() -> list[tuple[EffectCase, Trouble]]:
    """Effects at equal distances, each with the next trouble but two."""
    count = len(EFFECT_CASES) * len(TROUBLES) // EVERY
    return [(EFFECT_CASES[n * len(EFFECT_CASES) // count], TROUBLES[n * 3 % len(TROUBLES)]) for n in range(count)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kept(dynamodb: DynamoDB) -> AsyncIterator[Kept]:
    """A workspace and a bot in a process of its own."""
    keeping = Kept(lambda: in_slack(dynamodb.new(empty=True)))
    yield keeping
    await keeping.close()


@pytest_asyncio.fixture(loop_scope="module")
async def house(kept: Kept, request: pytest.FixtureRequest) -> AsyncIterator[House[Forked]]:
    """One for all cells."""
    yield await kept.house()
    if request.node.stash.get(FAILED, False):
        await kept.give_up()


@in_module
@pytest.mark.parametrize(
    ("case", "trouble"), [pytest.param(*each, id=f"{each[0].name}, {each[1].name}") for each in spread()]
)
async def test_on_dynamodb(house: House[Forked], case: EffectCase, trouble: Trouble) -> None:
    run = await prepared(house, case)
    trouble.plan(house.slack, house.process, case.method, case.when)
    await exactly_once(run, case, trouble)


def test_every_trouble_is_among_them() -> None:
    assert {trouble for _, trouble in spread()} == set(TROUBLES)


async def test_another_process_takes_over(dynamodb: DynamoDB) -> None:
    """Two on one table: one is killed while its call is on its way, and nobody starts it again."""
    url = dynamodb.new(empty=True)
    await migrate(url)
    async with Sandbox.running(app=installation(), clock=WoundClock()) as slack, AsyncExitStack() as stack:
        made = [Forked(slack, settings_for(slack, url), policy_of()) for _ in range(2)]
        for process in made:
            stack.push_async_callback(process.stop)
            await process.start()
        house = House(slack, *made)
        await house.settle()

        def kill_one() -> None:
            made[0].kill()

        for method in ("conversations.create", "chat.postMessage", "pins.add"):
            slack.on_call(method, moment="after", do=kill_one)
        await house.type("ada", "declare checkout returns 500s --sev 1 --team platform grace@example.com")
        await house.applied()
        await house.settle()
        assert len(house.living) == 1
        await house.promises()


async def test_dynamodb_is_away_for_a_minute_in_the_middle_of_a_declaration(
    dynamodb: DynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = dynamodb.new(empty=True)
    await migrate(url)
    monkeypatch.setattr(schema, "TRIES", 1)
    async with (
        Proxy(dynamodb.endpoint).listening() as proxy,
        Sandbox.running(app=installation()) as slack,
        AsyncExitStack() as stack,
    ):
        process = Hosted(slack, settings_for(slack, url), policy_of())
        with monkeypatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", proxy.address)
            stack.push_async_callback(process.stop)
            await process.start()
        house = House(slack, process)
        await house.settle()

        def go_away() -> None:
            proxy.plan = lambda _operation, _body: LOST

        slack.on_call("conversations.create", moment="after", do=go_away)
        await house.type("ada", "declare checkout returns 500s --sev 1 --team platform grace@example.com")
        await house.applied()
        with monkeypatch.context() as patch:
            patch.setattr(sockets, "ACK_TIMEOUT", SOON)
            assert not (await slack.shortcut("grace", "nobody knows")).acked, "nothing can be stored now"
        for _ in range(6):
            slack.clock.advance(10)
            process.nudge()
        proxy.plan = lambda _operation, _body: None
        await house.settle()
        await house.promises()
        assert (await house.last()).room.card_ts is not None
