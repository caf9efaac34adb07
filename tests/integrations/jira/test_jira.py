"""Jira through the whole bot: an issue per incident, kept equal from both sides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.integrations import integrations_of, problems
from integrations.jira.documents import document, plain
from integrations.jira.state import JiraState
from sandbox import Sandbox
from sandbox.vendors.jira import EMAIL, SECRET, TOKEN, JiraSystem, is_document
from sandbox.vendors.system import Body
from tests.integrations.stories import DECLARE, entries, hook, policy_of, polled, room_beside, said, settings_of, types
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import slack as slack
from warroom.incident.events import ActionDone, Reported
from warroom.incident.model import Incident, State

SECTION: dict[str, Any] = {
    "project": "OPS",
    "issue_type": "Incident",
    "create_on": ["SEV-1", "SEV-2"],
    "priority": {"critical": "Highest"},
    "action_priority": {"high": "High", "low": "Low"},
    "fields": {"customfield_10010": {"value": "production"}},
    "transitions": {"acknowledged": "In Progress", "resolved": "Finish", "reopened": "To Do"},
}


@pytest.fixture
async def jira() -> AsyncIterator[JiraSystem]:
    """A site without issues."""
    system = JiraSystem()
    runner = await system.start()
    yield system
    await system.stop(runner)


def keys(jira: JiraSystem) -> dict[str, Any]:
    """The settings that use it."""
    known = {"jira_url": jira.url, "jira_email": EMAIL, "jira_api_token": SecretStr(TOKEN)}
    return known | {"jira_webhook_secret": SecretStr(SECRET)}


@pytest.fixture
async def room(slack: Sandbox, jira: JiraSystem, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """A bot that keeps issues there."""
    async with room_beside(slack, jira, tmp_path, policy_of(jira=SECTION), **keys(jira)) as warroom:
        yield warroom


async def declared(room: WarRoom, jira: JiraSystem) -> tuple[Incident, Body]:
    """An incident, and its issue."""
    incident = await room.declare("ada", f"{DECLARE}")
    (issue,) = jira.issues.values()
    return incident, issue


async def test_an_incident_has_an_issue_that_follows_it(room: WarRoom, jira: JiraSystem) -> None:
    incident, issue = await declared(room, jira)
    assert (issue["summary"], issue["type"]) == ("INC-1: checkout returns 500s", "Incident")
    assert (issue["priority"], issue["customfield_10010"]) == ({"name": "Highest"}, {"value": "production"})
    assert "Severity: SEV-1" in plain(issue["description"])
    card = room.channel_of(incident).messages_by_bot()[0]
    assert f"{jira.url}/browse/OPS-1" in str(card.blocks)
    await types(room, "grace", "ack")
    assert issue["status"] == "In Progress"
    await types(room, "grace", "update rolling back")
    assert "rolling back" in plain(issue["comments"][0]["body"])
    await types(room, "grace", "resolve it was the deploy")
    assert issue["status"] == "Done"
    await types(room, "grace", "reopen")
    assert issue["status"] == "To Do"
    await polled(room, "jira")
    reported = [each.event for each in await entries(room, "Jira")]
    assert reported == [], "what we did does not come back"
    assert (await room.incident()).state is State.ACKNOWLEDGED


async def test_only_the_severities_of_the_policy_have_one_and_private_incidents_never(
    room: WarRoom, jira: JiraSystem
) -> None:
    await room.declare("ada", DECLARE.replace("--sev 1", "--sev 3"))
    await room.declare("ada", f"{DECLARE} --private")
    assert jira.issues == {}
    await types(room, "ada", "severity SEV-2")
    assert len(jira.issues) == 1


@pytest.mark.parametrize("way", ["webhook", "poll"])
async def test_what_people_do_there_is_done_here(room: WarRoom, jira: JiraSystem, way: str) -> None:
    _, issue = await declared(room, jira)
    grace = jira.person("Grace", "grace@example.com")

    async def told(event: str) -> None:
        if way == "webhook":
            assert await hook(room, "/hooks/jira", *jira.webhook(event, "OPS-1")) == 202
        else:
            await polled(room, "jira")

    jira.move("OPS-1", "In Progress", grace)
    await told("jira:issue_updated")
    incident = await room.incident()
    assert (incident.state, incident.commander) == (State.ACKNOWLEDGED, room.slack.person("grace").id)
    jira.say("OPS-1", "found it <!channel>", jira.person("Margaret"))
    await told("comment_created")
    (entry,) = [each for each in await entries(room, "Jira") if isinstance(each.event, Reported)]
    assert (entry.event.text, entry.name) == ("found it <!channel>", "Margaret")  # type: ignore[union-attr]
    jira.move("OPS-1", "Done", grace)
    await told("jira:issue_updated")
    assert (await room.incident()).state is State.RESOLVED
    jira.move("OPS-1", "In Progress", grace)
    await told("jira:issue_updated")
    await told("jira:issue_updated")
    assert (await room.incident()).state is State.ACKNOWLEDGED
    assert issue["status"] == "In Progress", "nothing is told back"
    assert len(await entries(room, "Jira")) == 4


async def test_the_priority_of_an_action_item_is_that_of_its_issue_or_stands_in_its_text(
    room: WarRoom, jira: JiraSystem
) -> None:
    await declared(room, jira)
    await types(room, "ada", "action add raise the threshold priority high")
    await types(room, "ada", "action add tidy the dashboards priority medium")
    await types(room, "ada", "action add thank the provider")
    high, medium, none = (jira.issues[key] for key in ("OPS-2", "OPS-3", "OPS-4"))
    assert high["priority"] == {"name": "High"}
    assert "Priority: high" in plain(high["description"])
    assert "priority" not in medium, "the policy names none for it"
    assert "Priority: medium" in plain(medium["description"])
    assert "priority" not in none
    assert "Priority" not in plain(none["description"])


async def test_action_items_are_linked_issues_that_follow_both_ways(room: WarRoom, jira: JiraSystem) -> None:
    await declared(room, jira)
    jira.person("Grace", "grace@example.com")
    await types(room, "ada", "action add raise the threshold @grace due 2026-12-01")
    issue = jira.issues["OPS-2"]
    assert (issue["summary"], issue["type"], issue["duedate"]) == ("raise the threshold", "Task", "2026-12-01")
    assert issue["assignee"]["accountId"] == jira.people[0]["accountId"]
    (link,) = jira.links
    assert (link["inwardIssue"]["key"], link["outwardIssue"]["key"]) == ("OPS-2", "OPS-1")
    jira.move("OPS-2", "Done", jira.people[0])
    assert await hook(room, "/hooks/jira", *jira.webhook("jira:issue_updated", "OPS-2")) == 202
    (item,) = (await room.incident()).actions
    assert item.done_at is not None
    assert [each.event for each in await entries(room, "Jira")] == [
        ActionDone(item_id="a1", text="raise the threshold")
    ]
    jira.move("OPS-2", "To Do", jira.people[0])
    await polled(room, "jira")
    (item,) = (await room.incident()).actions
    assert item.done_at is None
    assert len(issue["histories"]) == 2, "nothing is told back"


async def test_an_issue_whose_answer_was_lost_is_found_although_the_search_is_late(
    room: WarRoom, jira: JiraSystem
) -> None:
    jira.unindexed = 1
    jira.fail("POST", "/rest/api/3/issue", drop=True, after=True)
    await room.declare("ada", DECLARE)
    for _ in range(3):
        await room.wait(seconds=20)
    assert [*jira.issues] == ["OPS-1"]
    assert (await room.incident()).external_state("jira", JiraState).key == "OPS-1"


async def test_a_transition_that_is_not_there_is_said_with_those_that_are(
    slack: Sandbox, jira: JiraSystem, tmp_path: Path
) -> None:
    policy = policy_of(jira=SECTION | {"transitions": {"acknowledged": "Begin"}})
    async with room_beside(slack, jira, tmp_path, policy, **keys(jira)) as room:
        await declared(room, jira)
        await types(room, "grace", "ack")
        expected = (
            "The issue in Jira was not moved: there is no transition “Begin” for OPS-1. From “To Do” there are: “Start”"
        )
        assert any(expected in line for line in await said(room))


async def test_strangers_and_nonsense_change_nothing(room: WarRoom, jira: JiraSystem) -> None:
    await declared(room, jira)
    body, headers = jira.webhook("jira:issue_updated", "OPS-1")
    before = await room.incident()
    assert await hook(room, "/hooks/jira", body, {}) == 401
    assert await hook(room, "/hooks/jira", body + b" ", headers) == 401
    assert await hook(room, "/hooks/jira", *jira.webhook("sprint_started", "OPS-1")) == 202
    assert await room.incident() == before


async def test_check_asks_for_everything_that_the_policy_names(
    slack: Sandbox, jira: JiraSystem, tmp_path: Path
) -> None:
    settings = settings_of(slack, tmp_path, **keys(jira))
    policy = policy_of(jira=SECTION)
    assert await problems(integrations_of(settings), policy, SystemClock()) == []
    policy = policy_of(
        jira=SECTION
        | {"issue_type": "Bug", "priority": {"SEV-1": "P1"}, "action_priority": {"low": "P9"}, "link_type": "Causes"}
    )
    assert await problems(integrations_of(settings), policy, SystemClock()) == [
        "Jira: jira.issue_type: the project OPS has no issue type Bug; it has Incident, Task",
        "Jira: jira.priority: there is no priority P1; there are High, Highest, Low, Medium",
        "Jira: jira.action_priority: there is no priority P9; there are High, Highest, Low, Medium",
        "Jira: jira.link_type: there is no link type Causes; there are Relates",
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "a\nb", "x" * 40_000])
def test_any_text_is_a_document(text: str) -> None:
    made = document(text, ("Channel", "https://example.com/"), ("Alert", "https://example.com/2"))
    assert is_document(made)
    assert len(plain(made)) < 32_767
