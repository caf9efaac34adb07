"""Every operation of Jira for the matrix of tests/reliability."""

from __future__ import annotations

from pydantic import SecretStr

from integrations.jira import Jira
from integrations.jira.rules import ACTION_STATE, FIND, LOOK, Issue, Item, effect
from integrations.jira.state import label, state_of
from sandbox.vendors.jira import EMAIL, SECRET, TOKEN, JiraSystem
from tests.reliability.effect_case import EffectCase, Run
from tests.reliability.effect_triggers import declare, opened
from tests.reliability.external import ExternalCases
from warroom.incident.events import Acknowledged, ActionDone
from warroom.incident.timeline import Entry
from warroom.outbox.changes import Changeset

API = "/rest/api/3"


def site(run: Run) -> JiraSystem:
    assert isinstance(run.house.system, JiraSystem)
    return run.house.system


def keys(run: Run, item: str = "") -> list[str]:
    """The issues of the incident, or of its action item."""
    return [key for key, issue in site(run).issues.items() if label(run.known, item) in issue["labels"]]


async def acknowledge(run: Run) -> None:
    await run.house.type("ada", "ack", run.house.room(run.known))


async def update(run: Run) -> None:
    await run.house.type("ada", "update rolling back", run.house.room(run.known))


async def add_action(run: Run) -> None:
    await run.house.type("ada", "action add raise the threshold", run.house.room(run.known))


async def with_action(run: Run) -> None:
    await opened(run)
    await add_action(run)
    await run.house.settle()
    run.incident = await run.house.last()


async def finish_action(run: Run) -> None:
    """As a command would: the item is done, and Jira hears of it."""
    before = await run.house.last()
    done = tuple(each.copy_with(done_at=run.house.slack.clock.now()) for each in before.actions)
    entry = Entry(
        incident_id=before.id,
        key="done",
        at=run.house.slack.clock.now(),
        event=ActionDone(item_id="a1", text="raise the threshold"),
    )
    after = before.copy_with(actions=done)
    effects = (effect(ACTION_STATE, "action:a1:state", after, Item(item="a1"), coalescing=True),)
    now = run.house.slack.clock.now()
    await run.house.process.commit(Changeset(now=now, incident=after, entries=(entry,), effects=effects))


async def link(run: Run) -> None:
    await run.house.ask(effect("link", "postmortem", run.known))


async def acknowledged_there(run: Run) -> None:
    """Somebody starts work, and the webhook does not tell."""
    await opened(run)
    site(run).move(keys(run)[0], "In Progress", site(run).person("Grace", "grace@example.com"))


async def look(run: Run) -> None:
    await run.house.ask(effect(LOOK, "look", run.known, coalescing=True))


async def find(run: Run) -> None:
    key = keys(run)[0]
    await run.house.ask(effect(FIND, f"find:{key}", payload=Issue(key=key), coalescing=True))


async def issues(run: Run) -> int:
    assert state_of(await run.house.last()).key == keys(run)[0]
    return len(keys(run))


async def action_issues(run: Run) -> int:
    return len(keys(run, "a1"))


async def moved(run: Run) -> int:
    return len(site(run).issues[keys(run)[0]]["histories"])


async def finished(run: Run) -> int:
    return len(site(run).issues[keys(run, "a1")[0]]["histories"])


async def comments(run: Run) -> int:
    return len(site(run).issues[keys(run)[0]]["comments"])


async def links(run: Run) -> int:
    return sum(each["outwardIssue"]["key"] == keys(run)[0] for each in site(run).links)


async def postmortems(run: Run) -> int:
    return sum(each["issue"] == keys(run)[0] for each in site(run).remote_links.values())


async def acknowledged(run: Run) -> int:
    timeline = await run.house.store.timeline(run.known.id)
    return sum(isinstance(entry.event, Acknowledged) and entry.source == "Jira" for entry in timeline)


CASES = ExternalCases(
    integration=Jira,
    system=JiraSystem,
    settings=lambda system: {
        "jira_url": system.url,
        "jira_email": EMAIL,
        "jira_api_token": SecretStr(TOKEN),
        "jira_webhook_secret": SecretStr(SECRET),
    },
    policy={
        "project": "OPS",
        "transitions": {"acknowledged": "In Progress", "resolved": "Finish", "reopened": "To Do"},
    },
    cases=(
        EffectCase("create the issue", "create", f"POST {API}/issue", declare, issues),
        EffectCase("move the issue", "move", f"POST {API}/issue/", acknowledge, moved, prepare=opened),
        EffectCase("comment", "comment", f"POST {API}/issue/", update, comments, prepare=opened),
        EffectCase(
            "create an action item's issue", "action", f"POST {API}/issue", add_action, action_issues, prepare=opened
        ),
        EffectCase("link an action item", "relate", f"POST {API}/issueLink", add_action, links, prepare=opened),
        EffectCase(
            "finish an action item", "action_state", f"POST {API}/issue/", finish_action, finished, prepare=with_action
        ),
        EffectCase("link the post-mortem", "link", f"POST {API}/issue/", link, postmortems, prepare=opened),
        EffectCase("look", "look", f"GET {API}/issue/", look, acknowledged, prepare=acknowledged_there),
        EffectCase("find", "find", f"GET {API}/issue/", find, acknowledged, prepare=acknowledged_there),
    ),
)
