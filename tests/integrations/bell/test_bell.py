"""A made-up pager goes through the whole bot: nothing of it is known outside of its folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.integrations import INTEGRATIONS, integrations_of, policy_model, problems, settings_model
from bot.runtime.app import running
from bot.runtime.background_tasks import ask
from bot.settings import Settings
from sandbox import Sandbox
from sandbox.vendors.system import Body
from tests.integrations.bell.integration import Bell, BellState
from tests.integrations.bell.server import SECRET, TOKEN, FakeBell
from tests.scenarios.conftest import COMPANY, WarRoom, settings_for
from tests.scenarios.conftest import slack as slack
from warroom.incident.events import Acknowledged
from warroom.incident.model import Incident, State
from warroom.policy import Policy, check

KINDS = (*INTEGRATIONS, Bell)
DECLARE = "declare checkout returns 500s --sev 1 --team platform"


@pytest.fixture
async def bell() -> AsyncIterator[FakeBell]:
    """A Bell in which nothing rings."""
    system = FakeBell()
    runner = await system.start()
    yield system
    await system.stop(runner)


def settings_of(slack: Sandbox, bell: FakeBell, folder: Path, **more: Any) -> Settings:
    """Those of a bot that may use it."""
    known = settings_for(slack, f"sqlite:///{folder}/warroom.db").model_dump()
    keys = {"bell_url": bell.url, "bell_token": SecretStr(TOKEN), "bell_webhook_secret": SecretStr(SECRET)}
    return settings_model(KINDS)(**(known | keys | more))


def policy_of(**section: Any) -> Policy:
    """The company's, with that section."""
    checked = check(COMPANY | {"bell": section}, policy_model(KINDS))
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.fixture
async def room(slack: Sandbox, bell: FakeBell, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """The bot with one integration more."""
    policy = policy_of(queue="night", page_on=["SEV-1"])
    async with running(settings_of(slack, bell, tmp_path), policy, slack.clock, KINDS) as bot:
        await slack.until_connected()
        await bot.idle()
        yield WarRoom(slack, bot)


async def declared(room: WarRoom, text: str = DECLARE) -> Incident:
    """An incident with everything that follows from it done."""
    await room.slack.slash(room.slack.person("ada"), "general", "/incident", text)
    await room.settle()
    return await room.incident()


def remembered(incident: Incident) -> BellState:
    """What the integration keeps of it."""
    return incident.external_state("bell", BellState)


async def test_a_page_rings_and_an_acknowledgement_here_ends_it(room: WarRoom, bell: FakeBell) -> None:
    incident = await declared(room)
    (page,) = bell.pages.values()
    assert (page["queue"], page["about"], page["title"]) == ("night", incident.id, "checkout returns 500s")
    assert page["people"], "it is known whom the level of the escalation policy calls"
    assert remembered(incident).pages == ("1",)
    card = room.channel_of(incident).messages_by_bot()[0]
    assert "https://bell.example.com/pages/1" in str(card.blocks)
    await room.slack.click(room.slack.person("grace"), room.channel_of(incident), card, "Acknowledge")
    await room.settle()
    assert page["answered"]
    assert page["by"] is None


async def test_only_the_severities_of_the_policy_ring(room: WarRoom, bell: FakeBell) -> None:
    await declared(room, DECLARE.replace("--sev 1", "--sev 3"))
    assert bell.pages == {}


@pytest.mark.parametrize("way", ["webhook", "poll"])
async def test_whoever_answers_there_has_it_here_and_nothing_echoes(room: WarRoom, bell: FakeBell, way: str) -> None:
    incident = await declared(room)
    page = bell.answer("1", "grace@example.com")
    for _ in range(2):
        if way == "webhook":
            assert await hook(room, *bell.signed(page)) == 202
        else:
            (poll,) = next(each for each in room.bot.integrations if each.name == "bell").polls(room.bot.world.policy)
            await ask(room.bot.world, poll)
        await room.settle()
    incident = await room.incident()
    grace = room.slack.person("grace").id
    assert (incident.state, incident.acknowledged_by, incident.commander) == (State.ACKNOWLEDGED, grace, grace)
    (entry,) = [each for each in await room.bot.store.timeline(incident.id) if isinstance(each.event, Acknowledged)]
    assert (entry.by, entry.source) == (grace, "Bell")
    assert remembered(incident).answered
    assert not [path for method, path, _ in bell.asked if method == "PUT"], "Bell knows it already"


async def test_somebody_unknown_may_answer_too(room: WarRoom, bell: FakeBell) -> None:
    await declared(room)
    assert await hook(room, *bell.signed(bell.answer("1", "stranger@example.net"))) == 202
    await room.settle()
    incident = await room.incident()
    assert (incident.state, incident.acknowledged_by) == (State.ACKNOWLEDGED, None)


async def test_strangers_and_nonsense_change_nothing(room: WarRoom, bell: FakeBell) -> None:
    incident = await declared(room)
    body, headers = bell.signed(bell.answer("1", "grace@example.com"))
    assert await hook(room, body, {}) == 401
    assert await hook(room, body + b" ", headers) == 401
    nonsenses: list[Body] = [{"answered": True}, {"answered": True, "about": None, "id": 7, "by": []}]
    for nonsense in nonsenses:
        assert await hook(room, *bell.signed(nonsense)) == 400
    nobodys = {"answered": True, "about": "no-such-incident", "id": "9", "by": None}
    assert await hook(room, *bell.signed(nobodys)) == 202
    assert (await room.bot.store.incident(incident.id)) == incident
    assert len(await room.bot.store.quarantined()) == 2


async def test_a_page_that_came_too_late_is_ended(room: WarRoom, bell: FakeBell) -> None:
    bell.fail("POST", "/pages", 503, after=True, headers={"Retry-After": "30"})
    incident = await declared(room)
    assert (len(bell.pages), remembered(incident).pages) == (1, ())
    card = room.channel_of(incident).messages_by_bot()[0]
    await room.slack.click(room.slack.person("grace"), room.channel_of(incident), card, "Acknowledge")
    room.slack.clock.advance(60)
    await room.settle()
    assert (len(bell.pages), bell.pages["1"]["answered"]) == (1, True)


async def test_a_refusal_is_one_line_in_the_room(room: WarRoom, bell: FakeBell) -> None:
    bell.fail("POST", "/pages", 404, body=b'{"error": {"message": "no such queue"}}')
    incident = await declared(room)
    said = [message.plain() for message in room.channel_of(incident).messages_by_bot()]
    assert any("Bell could not be rung: Ringing: no such queue. Check bell.queue." in line for line in said)


async def test_without_its_token_the_room_and_the_check_say_so(slack: Sandbox, bell: FakeBell, tmp_path: Path) -> None:
    settings = settings_of(slack, bell, tmp_path, bell_token=None)
    policy = policy_of(queue="night")
    assert await problems(integrations_of(settings, KINDS), policy, SystemClock()) == [
        "Bell: the policy has a section for it, but it is not used: set BELL_TOKEN"
    ]
    async with running(settings, policy, slack.clock, KINDS) as bot:
        await slack.until_connected()
        room = WarRoom(slack, bot)
        incident = await declared(room)
        said = [message.plain() for message in room.channel_of(incident).messages_by_bot()]
        assert any("Bell could not be rung: Bell is not set up. Set BELL_TOKEN, or" in line for line in said)
    assert bell.asked == []


async def test_check_asks_for_the_queue(slack: Sandbox, bell: FakeBell, tmp_path: Path) -> None:
    integrations = integrations_of(settings_of(slack, bell, tmp_path), KINDS)
    assert await problems(integrations, policy_of(queue="night"), SystemClock()) == []
    (problem,) = await problems(integrations, policy_of(queue="day"), SystemClock())
    assert problem == "Bell: Looking for the queue day: there is no queue day. Check bell.queue."


def test_a_mistake_in_its_section_is_named_with_its_place() -> None:
    (mistake,) = check({"bell": {"queue": "night", "page_on": ["SEV-1", "SEV-7"]}}, policy_model(KINDS)).mistakes
    assert (mistake.path, mistake.problem) == ("bell.page_on[1]", "there is no severity “SEV-7”")


def test_it_is_as_short_as_the_guide_says() -> None:
    assert len((Path(__file__).with_name("integration.py")).read_text().splitlines()) < 120


async def hook(room: WarRoom, body: bytes, headers: dict[str, str]) -> int:
    """Post to the webhook; returns the status."""
    url = f"http://127.0.0.1:{room.bot.port}/hooks/bell"
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status
