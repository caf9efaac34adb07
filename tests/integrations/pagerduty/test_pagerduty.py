"""PagerDuty through the whole bot: it pages, and what people do there is done here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.integrations import integrations_of, policy_model, problems
from integrations.pagerduty import PagerDuty
from integrations.pagerduty.state import PagerDutyState
from sandbox import Sandbox
from sandbox.vendors.pagerduty import ROUTING_KEY, SECRET, SENDER, TOKEN, PagerDutySystem, signed
from sandbox.vendors.system import Body
from tests.integrations.stories import DECLARE, entries, hook, policy_of, polled, room_beside, said, settings_of, types
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import slack as slack
from warroom.errors import Retryable
from warroom.incident.events import Acknowledged, PeoplePaged, Reported, Resolved, RoleAssigned
from warroom.incident.model import Incident, State
from warroom.policy import check

SECTION = {"routing_keys": {"platform": "env:PAGER_OF_PLATFORM"}, "page_on": ["critical"]}


@pytest.fixture
async def pager(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PagerDutySystem]:
    """An account in which nothing is open."""
    monkeypatch.setenv("PAGER_OF_PLATFORM", ROUTING_KEY)
    system = PagerDutySystem()
    system.users["PWARROOM"] = SENDER
    runner = await system.start()
    yield system
    await system.stop(runner)


def keys(pager: PagerDutySystem, **more: Any) -> dict[str, Any]:
    """The settings that use it."""
    return {
        "pagerduty_api_url": pager.url,
        "pagerduty_events_url": pager.events_url,
        "pagerduty_api_token": SecretStr(TOKEN),
        "pagerduty_webhook_secret": SecretStr(SECRET),
        "pagerduty_from": SENDER,
    } | more


@pytest.fixture
async def room(slack: Sandbox, pager: PagerDutySystem, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """A bot that pages through it."""
    async with room_beside(slack, pager, tmp_path, policy_of(pagerduty=SECTION), **keys(pager)) as warroom:
        yield warroom


def remembered(incident: Incident) -> PagerDutyState:
    return incident.external_state("pagerduty", PagerDutyState)


async def paged(room: WarRoom, pager: PagerDutySystem) -> tuple[Incident, Body]:
    """An incident that paged, here and there."""
    incident = await room.declare("ada", DECLARE)
    (there,) = pager.incidents.values()
    return incident, there


async def events(room: WarRoom, kind: type[Any]) -> list[Any]:
    return [each for each in await entries(room, "PagerDuty") if isinstance(each.event, kind)]


async def test_a_declaration_pages_and_an_acknowledgement_here_stops_it(room: WarRoom, pager: PagerDutySystem) -> None:
    incident, there = await paged(room, pager)
    assert there["incident_key"] == f"warroom-{incident.id}"
    assert "checkout returns 500s" in there["title"]
    card = room.channel_of(incident).messages_by_bot()[0]
    assert there["html_url"] in str(card.blocks), "the card links what pages"
    await room.slack.click(room.slack.person("grace"), room.channel_of(incident), card, "Acknowledge")
    await room.settle()
    assert there["status"] == "acknowledged"
    await types(room, "grace", "resolve rolled back")
    assert there["status"] == "resolved"
    await polled(room, "pagerduty")
    assert await events(room, Acknowledged) == await events(room, Resolved) == [], "what we did does not come back"
    assert pager.count("POST", "/v2/enqueue") == 3


async def test_only_the_severities_of_the_policy_page(room: WarRoom, pager: PagerDutySystem) -> None:
    await room.declare("ada", DECLARE.replace("--sev 1", "--sev 3"))
    assert pager.incidents == {}
    await types(room, "ada", "severity SEV-1")
    assert len(pager.incidents) == 1, "what became severe enough pages"


@pytest.mark.parametrize("way", ["webhook", "poll"])
async def test_whoever_acknowledges_there_has_it_here(room: WarRoom, pager: PagerDutySystem, way: str) -> None:
    _, there = await paged(room, pager)
    pager.acknowledge(there, "PGRACE")
    told = pager.webhook("incident.acknowledged", there, "PGRACE")
    for _ in range(2):
        if way == "webhook":
            assert await hook(room, "/hooks/pagerduty", *told) == 202
        else:
            await polled(room, "pagerduty")
    incident, grace = await room.incident(), room.slack.person("grace").id
    assert (incident.state, incident.acknowledged_by, incident.commander) == (State.ACKNOWLEDGED, grace, grace)
    (entry,) = await events(room, Acknowledged)
    assert (entry.by, entry.link) == (grace, there["html_url"])
    assert remembered(incident).there == "acknowledged"
    assert pager.count("POST", "/v2/enqueue") == 1, "PagerDuty knows it already"


async def test_nobody_is_paged_on_because_a_name_cannot_be_looked_up(room: WarRoom, pager: PagerDutySystem) -> None:
    _, there = await paged(room, pager)
    pager.acknowledge(there, "PGRACE")
    for _ in range(2):
        pager.fail("GET", "/users/PGRACE", 503, headers={"Retry-After": "300"})
    assert await hook(room, "/hooks/pagerduty", *pager.webhook("incident.acknowledged", there, "PGRACE")) == 202
    incident = await room.incident()
    assert (incident.state, incident.acknowledged_by) == (State.ACKNOWLEDGED, None)
    (entry,) = await events(room, Acknowledged)
    assert entry.name == "Grace"
    await room.wait(minutes=6)
    grace = room.slack.person("grace").id
    assert (await room.incident()).commander == grace
    assert [each.event for each in await events(room, RoleAssigned)] == [RoleAssigned(role="commander", person=grace)]


async def test_somebody_who_is_not_in_slack_is_shown_by_name(room: WarRoom, pager: PagerDutySystem) -> None:
    _, there = await paged(room, pager)
    pager.users["PSTRANGER"] = "margaret@elsewhere.example"
    pager.acknowledge(there, "PSTRANGER")
    assert await hook(room, "/hooks/pagerduty", *pager.webhook("incident.acknowledged", there, "PSTRANGER")) == 202
    incident = await room.incident()
    assert (incident.state, incident.acknowledged_by) == (State.ACKNOWLEDGED, None)
    assert incident.deadlines.page is None, "the escalation has ended"
    await types(room, "ada", "timeline")
    assert any("by Margaret in PagerDuty" in each.plain() for each in room.slack.ephemerals("ada"))


async def test_resolving_and_reopening_there_is_done_here(room: WarRoom, pager: PagerDutySystem) -> None:
    _, there = await paged(room, pager)
    pager.resolve(there, "PGRACE")
    assert await hook(room, "/hooks/pagerduty", *pager.webhook("incident.resolved", there, "PGRACE")) == 202
    assert (await room.incident()).state is State.RESOLVED
    pager.reopen(there, "PGRACE")
    assert await hook(room, "/hooks/pagerduty", *pager.webhook("incident.reopened", there, "PGRACE")) == 202
    incident = await room.incident()
    assert (incident.state, remembered(incident).there) == (State.ACKNOWLEDGED, "triggered")
    assert pager.count("POST", "/v2/enqueue") == 1


async def test_what_is_told_again_later_is_looked_at_and_not_done_again(room: WarRoom, pager: PagerDutySystem) -> None:
    _, there = await paged(room, pager)
    pager.resolve(there, "PGRACE")
    told = pager.webhook("incident.resolved", there, "PGRACE")
    assert await hook(room, "/hooks/pagerduty", *told) == 202
    pager.reopen(there, "PGRACE")
    assert await hook(room, "/hooks/pagerduty", *pager.webhook("incident.reopened", there, "PGRACE")) == 202
    await room.wait(minutes=6)
    assert await hook(room, "/hooks/pagerduty", *told) == 202, "its signature is right"
    await room.settle()
    assert (await room.incident()).state is State.ACKNOWLEDGED


async def test_what_is_told_late_is_done_when_it_is_still_so(room: WarRoom, pager: PagerDutySystem) -> None:
    _, there = await paged(room, pager)
    pager.acknowledge(there, "PGRACE")
    told = pager.webhook("incident.acknowledged", there, "PGRACE")
    room.slack.clock.advance(600)
    assert await hook(room, "/hooks/pagerduty", *told) == 202
    await room.settle()
    incident = await room.incident()
    assert (incident.state, incident.acknowledged_by) == (State.ACKNOWLEDGED, room.slack.person("grace").id)


async def test_an_alert_that_is_replayed_days_later_opens_no_room(room: WarRoom, pager: PagerDutySystem) -> None:
    there = pager.open("srv01/disk", "disk full on srv01")
    told = pager.webhook("incident.triggered", there, None)
    await room.wait(days=3)
    assert await hook(room, "/hooks/pagerduty", *told) == 401
    await room.settle()
    assert await room.bot.store.last_number() == 0


@pytest.mark.parametrize("way", ["webhook", "poll"])
async def test_notes_escalations_and_reassignments_are_lines_of_the_timeline(
    room: WarRoom, pager: PagerDutySystem, way: str
) -> None:
    _, there = await paged(room, pager)
    note = pager.annotate(there, "PGRACE", "disk is full <!channel>")
    pager.reassign(there, "PGRACE", "PADA")
    told = [pager.note_webhook(there, note, "PGRACE"), pager.webhook("incident.reassigned", there, "PGRACE")]
    pager.reassign(there, "PGRACE", "PADA", "escalate_log_entry")
    told.append(pager.webhook("incident.escalated", there, "PGRACE"))
    for _ in range(2):
        if way == "webhook":
            for body in told:
                assert await hook(room, "/hooks/pagerduty", *body) == 202
        await polled(room, "pagerduty")
    found = [(each.event.what, each.event.text, each.name) for each in await events(room, Reported)]
    assert sorted(found) == [
        ("escalated", "to Ada", "Grace"),
        ("note", "disk is full <!channel>", "Grace"),
        ("reassigned", "to Ada", "Grace"),
    ]


async def test_updates_are_notes_there_and_do_not_come_back(room: WarRoom, pager: PagerDutySystem) -> None:
    _, there = await paged(room, pager)
    await types(room, "ada", "update rolling back")
    (note,) = pager.notes[there["id"]]
    assert note["content"].startswith("[INC-1 update] ")
    assert note["content"].endswith(" UTC by ada: rolling back")
    assert await hook(room, "/hooks/pagerduty", *pager.note_webhook(there, note, "PWARROOM")) == 202
    await polled(room, "pagerduty")
    assert await events(room, Reported) == []


async def test_of_a_private_incident_nothing_is_told_but_that_it_is_there(
    room: WarRoom, pager: PagerDutySystem
) -> None:
    incident = await room.declare("ada", f"{DECLARE} --private")
    await types(room, "ada", "update they are in the database")
    told = str(pager.incidents) + str(pager.notes)
    assert incident.private
    assert "private incident" in told
    assert "checkout" not in told.replace("'summary': 'checkout'", "")
    assert "database" not in told


async def test_an_incident_that_began_there_opens_a_room_and_is_acknowledged_there(
    room: WarRoom, pager: PagerDutySystem
) -> None:
    there = pager.open("srv01/disk", "disk full on srv01")
    assert await hook(room, "/hooks/pagerduty", *pager.webhook("incident.triggered", there, None)) == 202
    incident = await room.incident()
    assert incident.title == "disk full on srv01"
    assert pager.count("POST", "/v2/enqueue") == 0, "it pages there already"
    card = room.channel_of(incident).messages_by_bot()[0]
    await room.slack.click(room.slack.person("grace"), room.channel_of(incident), card, "Acknowledge")
    await room.settle()
    assert there["status"] == "acknowledged"
    pager.resolve(there, "PGRACE")
    assert await hook(room, "/hooks/pagerduty", *pager.webhook("incident.resolved", there, "PGRACE")) == 202
    incident = await room.incident()
    assert (incident.state, incident.resolved_by) == (State.RESOLVED, room.slack.person("grace").id)


async def test_strangers_and_nonsense_change_nothing(room: WarRoom, pager: PagerDutySystem) -> None:
    incident, there = await paged(room, pager)
    body, headers = pager.webhook("incident.acknowledged", there, "PGRACE")
    assert await hook(room, "/hooks/pagerduty", body, {}) == 401
    assert await hook(room, "/hooks/pagerduty", body + b" ", headers) == 401
    assert await hook(room, "/hooks/pagerduty", *signed({"event": {"event_type": "incident.acknowledged"}})) == 400
    unknown = pager.webhook("incident.workflow.started", there, None, {"type": "incident_workflow_instance"})
    assert await hook(room, "/hooks/pagerduty", *unknown) == 202
    assert (await room.bot.store.incident(incident.id)) == incident


async def test_without_the_routing_key_the_room_says_so(
    slack: Sandbox, pager: PagerDutySystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAGER_OF_PLATFORM")
    async with room_beside(slack, pager, tmp_path, policy_of(pagerduty=SECTION), **keys(pager)) as room:
        await room.declare("ada", DECLARE)
        assert any("PagerDuty pages nobody: PAGER_OF_PLATFORM is not set." in line for line in await said(room))
    assert pager.incidents == {}


async def test_check_asks_for_everything_that_the_policy_names(
    slack: Sandbox, pager: PagerDutySystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policy_of(pagerduty=SECTION)
    integrations = integrations_of(settings_of(slack, tmp_path, **keys(pager)), policy=policy)
    assert await problems(integrations, policy, SystemClock()) == []
    levels = [{"after": "0m", "notify": ["pagerduty:PSCHED", "pagerduty-policy:PGONE"]}]
    policy = policy_of(pagerduty=SECTION, teams={"platform": {"escalation": levels}})
    monkeypatch.delenv("PAGER_OF_PLATFORM")
    settings = settings_of(slack, tmp_path, **keys(pager, pagerduty_from="nobody@example.com"))
    found = await problems(integrations_of(settings, policy=policy), policy, SystemClock())
    assert found == [
        "The policy names env:PAGER_OF_PLATFORM, but the environment variable PAGER_OF_PLATFORM is not set",
        "PagerDuty: PAGERDUTY_FROM: no PagerDuty user has the email nobody@example.com",
        (
            "PagerDuty: Looking for the escalation policy PGONE: Not Found. "
            "Compare the id in the policy with the page's address in PagerDuty."
        ),
    ]


async def test_schedules_and_escalation_policies_know_who_is_on_call(
    slack: Sandbox, pager: PagerDutySystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source,) = [
        each for each in integrations_of(settings_of(slack, tmp_path, **keys(pager))) if isinstance(each, PagerDuty)
    ]
    await source.start(policy_of(), SystemClock())
    try:
        now = SystemClock().now() + timedelta(minutes=1)
        assert await source.on_call("pagerduty:", "PSCHED", now) == ("grace@example.com",)
        assert await source.on_call("pagerduty-policy:", "PPOLICY", now) == ("ada@example.com",)
        monkeypatch.setattr("integrations.pagerduty.integration.ASKED_WITHIN", 0.05)
        pager.fail("GET", "/oncalls", hang=True)
        with pytest.raises(Retryable, match="too long"):
            await source.on_call("pagerduty:", "PSCHED", now)
    finally:
        await source.stop()


def test_a_secret_in_the_policy_is_a_mistake_that_does_not_repeat_it() -> None:
    section = {"routing_keys": {"platform": ROUTING_KEY, "nowhere": "env:X"}, "page_on": ["SEV-1"]}
    mistakes = check({"teams": {"platform": {}}, "pagerduty": section}, policy_model()).mistakes
    assert {each.path for each in mistakes} == {"pagerduty.routing_keys.platform", "pagerduty.routing_keys.nowhere"}
    assert ROUTING_KEY not in str(mistakes)


async def test_a_level_that_names_its_schedule_pages_whoever_is_on_call_there(
    slack: Sandbox, pager: PagerDutySystem, tmp_path: Path
) -> None:
    levels = [{"after": "0m", "notify": ["pagerduty:PSCHED"]}, {"after": "15m", "notify": ["pagerduty:PSCHED"]}]
    policy = policy_of(teams={"platform": {"escalation": levels}})
    async with room_beside(slack, pager, tmp_path, policy, **keys(pager)) as room:
        incident = await room.declare("ada", DECLARE)
        assert incident.escalation.paged == (slack.person("grace").id,)
        for _ in range(9):
            pager.fail("GET", "/oncalls", status=503)
        await room.wait(minutes=15)
        timeline = await room.bot.store.timeline(incident.id)
        pages = [each.event for each in timeline if isinstance(each.event, PeoplePaged)]
        assert [(each.level, each.paged) for each in pages] == [
            (1, (slack.person("grace").id,)),
            (2, (slack.person("grace").id,)),
        ], "the last answer holds while it does not answer"
