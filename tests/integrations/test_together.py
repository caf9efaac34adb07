"""PagerDuty, Jira, Statuspage and GitHub beside one room, through the whole life of an incident: each hears it once, each call is as
its vendor documents it, and trouble with all of them never reaches the room.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.integrations import integrations_of, problems
from bot.runtime.app import running
from integrations.jira.documents import plain
from sandbox import Sandbox
from sandbox.vendors import github as github_
from sandbox.vendors import jira as jira_
from sandbox.vendors import pagerduty as pagerduty_
from sandbox.vendors import statuspage as statuspage_
from sandbox.vendors.system import FakeSystem
from tests.integrations.contracts import GITHUB, JIRA, PAGERDUTY, STATUSPAGE, Operation, differences, operations
from tests.integrations.stories import entries, hook, policy_of, polled, said, settings_of, types
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import slack as slack
from warroom.incident import corrections
from warroom.incident.model import State

DECLARE = "checkout returns 500s --sev 1 --team platform --service checkout"
SECTIONS: dict[str, Any] = {
    "pagerduty": {
        "routing_keys": {"*": "env:PAGER_OF_ALL"},
        "page_on": ["SEV-1"],
        "alert_services": [pagerduty_.SERVICE],
    },
    "jira": {
        "project": "OPS",
        "issue_type": "Incident",
        "transitions": {"acknowledged": "In Progress", "resolved": "Done", "reopened": "To Do"},
    },
    "statuspage": {
        "page": statuspage_.PAGE,
        "components": {"checkout": "8kbf7d35c070"},
        "publish": {"SEV-1": "auto"},
    },
    "github": {"issues": github_.REPOSITORY, "services": {"example/shop": "checkout"}},
}


@dataclass
class Systems:
    """All four."""

    pager: pagerduty_.PagerDutySystem
    jira: jira_.JiraSystem
    page: statuspage_.StatuspageSystem
    github: github_.GitHubSystem

    @property
    def all(self) -> tuple[tuple[FakeSystem, Mapping[str, Operation]], ...]:
        """Each with what its vendor documents."""
        return ((self.pager, PAGERDUTY), (self.jira, JIRA), (self.page, STATUSPAGE), (self.github, GITHUB))

    @property
    def settings(self) -> dict[str, Any]:
        """Those that use all of them."""
        return {
            "pagerduty_api_url": self.pager.url,
            "pagerduty_events_url": self.pager.events_url,
            "pagerduty_api_token": SecretStr(pagerduty_.TOKEN),
            "pagerduty_webhook_secret": SecretStr(pagerduty_.SECRET),
            "pagerduty_from": pagerduty_.SENDER,
            "jira_url": self.jira.url,
            "jira_email": jira_.EMAIL,
            "jira_api_token": SecretStr(jira_.TOKEN),
            "jira_webhook_secret": SecretStr(jira_.SECRET),
            "statuspage_api_url": self.page.api_url,
            "statuspage_api_key": SecretStr(statuspage_.KEY),
            "github_api_url": self.github.url,
            "github_token": SecretStr(github_.TOKEN),
            "github_webhook_secret": SecretStr(github_.SECRET),
        }


@pytest.fixture
async def systems(slack: Sandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Systems]:
    """Four systems in which nothing is open."""
    monkeypatch.setenv("PAGER_OF_ALL", pagerduty_.ROUTING_KEY)
    made = Systems(
        pagerduty_.PagerDutySystem(),
        jira_.JiraSystem(),
        statuspage_.StatuspageSystem(),
        github_.GitHubSystem(),
    )
    made.pager.users["PWARROOM"] = pagerduty_.SENDER
    async with AsyncExitStack() as stack:
        for each, _ in made.all:
            each.today = lambda: slack.clock.now().isoformat()
            stack.push_async_callback(each.stop, await each.start())
        yield made


@pytest.fixture
async def room(slack: Sandbox, systems: Systems, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """A bot that uses all of them."""
    async with running(settings_of(slack, tmp_path, **systems.settings), policy_of(**SECTIONS), slack.clock) as bot:
        await slack.until_connected()
        await bot.idle()
        yield WarRoom(slack, bot)


async def life(room: WarRoom) -> None:
    """From the declaration to the end, with everything in between that others hear of."""
    await room.declare("ada", DECLARE)
    await types(room, "grace", "ack")
    await types(room, "grace", "update rolling back v2.4.1")
    await types(room, "ada", "action add raise the threshold @grace")
    await types(room, "grace", "resolve it was the deploy")
    await types(room, "ada", "reopen it is back")
    await types(room, "grace", "resolve it was the cache")
    await types(room, "grace", "action done 1")
    for name in ("pagerduty", "jira", "statuspage", "github"):
        await polled(room, name)


async def test_all_together_hear_it_once_and_as_their_vendors_document_it(room: WarRoom, systems: Systems) -> None:
    await life(room)
    (there,) = systems.pager.incidents.values()
    assert there["status"] == "resolved"
    assert [note["content"].rpartition(": ")[2] for note in systems.pager.notes[there["id"]]] == ["rolling back v2.4.1"]
    assert [each["status"] for each in systems.jira.issues.values()] == ["Done", "Done"]
    comments = [plain(each["body"]) for each in systems.jira.issues["OPS-1"]["comments"]]
    assert len([each for each in comments if "rolling back v2.4.1" in each]) == 1
    (shown,) = systems.page.incidents.values()
    assert shown["status"] == "resolved"
    assert systems.page.components["8kbf7d35c070"]["status"] == "operational"
    assert [each["state"] for each in systems.github.issues.values()] == ["closed"]
    for system, documented in systems.all:
        assert differences(system.exchanges, documented) == []
        assert operations(system.exchanges, documented)
    echoed = [each for name in ("PagerDuty", "Jira", "GitHub") for each in await entries(room, name)]
    assert echoed == [], "what we did there does not come back"


async def test_what_two_of_them_say_at_once_ends_in_one_state(room: WarRoom, systems: Systems) -> None:
    incident = await room.declare("ada", DECLARE)
    (there,) = systems.pager.incidents.values()
    systems.pager.acknowledge(there, "PGRACE")
    systems.jira.move("OPS-1", "In Progress", systems.jira.person("Ada", "ada@example.com"))
    told = systems.pager.webhook("incident.acknowledged", there, "PGRACE")
    assert await hook(room, "/hooks/jira", *systems.jira.webhook("jira:issue_updated", "OPS-1")) == 202
    assert await hook(room, "/hooks/pagerduty", *told) == 202
    for name in ("pagerduty", "jira"):
        await polled(room, name)
    after = await room.incident()
    assert after.state is State.ACKNOWLEDGED
    assert systems.jira.issues["OPS-1"]["status"] == "In Progress"
    assert there["status"] == "acknowledged"
    assert incident.id == after.id


@pytest.mark.parametrize("trouble", ["hang", "500", "429", "html", "lost"])
async def test_trouble_with_all_of_them_never_reaches_the_room(room: WarRoom, systems: Systems, trouble: str) -> None:
    for system, _ in systems.all:
        for method in ("GET", "POST", "PATCH"):
            match trouble:
                case "hang":
                    system.fail(method, "/", hang=True)
                case "lost":
                    system.fail(method, "/", drop=True, after=True)
                case "html":
                    system.fail(method, "/", 200, body=b"<html>maintenance</html>")
                case status:
                    system.fail(method, "/", int(status))
    answer = await room.slack.slash(
        room.slack.person("ada"), room.slack.channel("general"), "/incident", f"declare {DECLARE}"
    )
    assert answer.acked

    def opened() -> bool:
        rooms = [each for each in room.slack.channels() if each.name.startswith("inc-1-")]
        return any("Acknowledge" in str(each.blocks) for there in rooms for each in there.messages_by_bot())

    await room.slack.until(opened, timeout=10.0)
    assert (await room.incident()).state is State.DETECTED


async def test_a_delivery_that_was_recorded_is_not_taken_later(room: WarRoom, systems: Systems) -> None:
    await room.declare("ada", DECLARE)
    (there,) = systems.pager.incidents.values()
    pager, jira = (
        systems.pager.webhook("incident.resolved", there, "PGRACE"),
        systems.jira.webhook("jira:issue_updated", "OPS-1"),
    )
    await room.wait(minutes=121)
    assert await hook(room, "/hooks/pagerduty", *pager) == 401
    assert await hook(room, "/hooks/jira", *jira) == 401
    assert (await room.incident()).state is not State.RESOLVED


async def test_what_webhooks_missed_is_asked_for(room: WarRoom, systems: Systems) -> None:
    systems.pager.open("theirs", "basket is slow")
    systems.github.deploy("4f0c1a2b3c4d5e6f")
    systems.github.release("v2.4.1")
    for name in ("pagerduty", "github", "pagerduty", "github"):
        await polled(room, name)
    incident = await room.incident()
    assert "basket is slow" in incident.title
    now = room.slack.clock.now()
    known = await room.bot.store.service_changes(now - timedelta(days=1), now)
    assert sorted((each.kind, each.service) for each in known) == [("deployment", "checkout"), ("release", "checkout")]
    (there,) = systems.pager.incidents.values()
    systems.pager.resolve(there, "PGRACE")
    await polled(room, "pagerduty")
    assert "basket is slow" in " ".join(await said(room))
    assert (await room.incident()).state in (State.RESOLVED, State.CLOSED)


async def test_a_token_that_was_used_too_often_is_waited_for(room: WarRoom, systems: Systems) -> None:
    await room.declare("ada", DECLARE)
    systems.github.used_up = True
    await types(room, "ada", "action add raise the threshold")
    assert systems.github.issues == {}
    systems.github.used_up = False
    await room.wait(minutes=11)
    assert len(systems.github.issues) == 1, "GitHub says 403 for both; this one passes"
    assert not [each for each in await said(room) if "GitHub" in each]


async def test_what_becomes_private_hears_no_further_words(room: WarRoom, systems: Systems) -> None:
    await room.declare("ada", DECLARE)
    await types(room, "ada", "action add raise the threshold")
    incident, ada = await room.incident(), room.slack.person("ada").id
    await corrections.set_visibility(room.bot.world, incident.id, ada, private=True)
    await room.settle()
    before = [len(each["comments"]) for each in systems.jira.issues.values()]
    await types(room, "grace", "update the key was leaked by a contractor")
    await types(room, "ada", "action add talk to the contractor")
    await types(room, "ada", "resolve it was revoked")
    assert [len(each["comments"]) for each in systems.jira.issues.values()] == before
    assert len(systems.github.issues) == 1
    assert (
        "contractor" not in f"{systems.jira.issues}{systems.github.issues}{systems.pager.notes}{systems.page.incidents}"
    )
    words = await said(room)
    assert len([each for each in words if "nothing more is written to OPS-1, OPS-2 in Jira" in each]) == 1
    assert len([each for each in words if "nothing more is written to #1 on GitHub" in each]) == 1
    await corrections.set_visibility(room.bot.world, incident.id, ada, private=False)
    await room.settle()
    assert len(systems.github.issues) == 2, "what became public has its issues again"
    assert systems.jira.issues["OPS-1"]["status"] == "Done"


async def test_the_status_page_stands_in_the_cards_menu(room: WarRoom, systems: Systems) -> None:
    incident = await room.declare("ada", DECLARE)
    (card,) = [each for each in room.channel_of(incident).messages_by_bot() if "Acknowledge" in str(each.blocks)]
    ada = room.slack.person("ada")
    await room.slack.click(ada, room.channel_of(incident), card, "Status page…")
    form = await room.slack.modal("ada")
    assert "Status page" in str(form.view)
    assert systems.page.incidents


def _check(systems: Systems, slack: Sandbox, tmp_path: Path, **sections: Any) -> Any:
    policy, settings = policy_of(**(SECTIONS | sections)), settings_of(slack, tmp_path, **systems.settings)
    return problems(integrations_of(settings, policy=policy), policy, SystemClock())


async def test_check_finds_nothing_where_everything_is_there(slack: Sandbox, systems: Systems, tmp_path: Path) -> None:
    assert await _check(systems, slack, tmp_path) == []
    for system, documented in systems.all:
        assert differences(system.exchanges, documented) == []


async def test_check_says_what_is_missing_and_what_to_do(
    slack: Sandbox, systems: Systems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER_OF_ALL", "too-short")
    systems.jira.lacks, systems.jira.needs = {"TRANSITION_ISSUES"}, {"customfield_7": "Root cause"}
    pagerduty = SECTIONS["pagerduty"] | {"alert_services": ["PNONE"]}
    github = {"issues": github_.REPOSITORY, "services": {"example/gone": "checkout"}}
    found = await _check(systems, slack, tmp_path, pagerduty=pagerduty, github=github)
    for words in (
        "Looking for the service PNONE: Not Found. Compare the id",
        "env:PAGER_OF_ALL is no integration key, which has 32 characters. Copy it",
        "lacks the permission Transition issues in OPS; give it in the permission scheme",
        "needs Root cause; add customfield_7: … to jira.fields",
        "Looking for the repository example/gone: Not Found. Check its name",
    ):
        assert len([each for each in found if words in each]) == 1, (words, found)
    assert len(found) == 5


async def test_check_says_what_could_not_be_reached(slack: Sandbox, systems: Systems, tmp_path: Path) -> None:
    away = {"pagerduty_api_url", "jira_url", "statuspage_api_url", "github_api_url"}
    settings = settings_of(slack, tmp_path, **(systems.settings | dict.fromkeys(away, "http://127.0.0.1:9")))
    policy = policy_of(**SECTIONS)
    found = await problems(integrations_of(settings, policy=policy), policy, SystemClock())
    for title in ("PagerDuty", "Jira", "Statuspage", "GitHub"):
        assert len([each for each in found if f"{title} cannot be reached" in each]) == 1, found
    assert not [each for each in found if pagerduty_.TOKEN in each]
