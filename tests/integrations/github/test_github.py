"""GitHub through the whole bot: what was changed is shown where it matters; action items are issues."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.integrations import integrations_of, problems
from sandbox import Sandbox
from sandbox.vendors.github import REPOSITORY, SECRET, TOKEN, GitHubSystem, repository, webhook
from tests.integrations.stories import DECLARE, entries, hook, policy_of, polled, room_beside, settings_of, types
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import slack as slack
from warroom.incident.events import ActionDone, ServiceChanged

SECTION: dict[str, Any] = {"issues": REPOSITORY, "services": {"example/shop": "checkout"}}


@pytest.fixture
async def github() -> AsyncIterator[GitHubSystem]:
    """A repository without issues."""
    system = GitHubSystem()
    runner = await system.start()
    yield system
    await system.stop(runner)


def keys(github: GitHubSystem) -> dict[str, Any]:
    """The settings that use it."""
    known = {"github_api_url": github.url, "github_token": SecretStr(TOKEN)}
    return known | {"github_webhook_secret": SecretStr(SECRET)}


@pytest.fixture
async def room(slack: Sandbox, github: GitHubSystem, tmp_path: Path) -> AsyncIterator[WarRoom]:
    """A bot that uses it."""
    async with room_beside(slack, github, tmp_path, policy_of(github=SECTION), **keys(github)) as warroom:
        yield warroom


def deployment(room: WarRoom, **more: Any) -> dict[str, Any]:
    at = room.slack.clock.now().isoformat()
    found = {"id": 7, "sha": "4f0c1a2b3c4d5e6f", "ref": "main", "environment": "production", "created_at": at}
    found |= {"description": "rolling out", "creator": {"login": "grace"}}
    return {"action": "created", "deployment": found, "repository": repository("example/shop")} | more


async def test_changes_are_stored_once_and_shown_in_rooms_of_the_service(room: WarRoom) -> None:
    assert await hook(room, "/hooks/github", *webhook("deployment", deployment(room))) == 202
    status = {"state": "success", "log_url": "https://ci.example.com/7"}
    told = deployment(room, deployment_status=status)
    assert await hook(room, "/hooks/github", *webhook("deployment_status", told)) == 202
    await room.wait(minutes=5)
    incident = await room.declare("ada", f"{DECLARE} --service checkout")
    timeline = await room.bot.store.timeline(incident.id)
    (event,) = [each.event for each in timeline if isinstance(each.event, ServiceChanged)]
    assert (event.service, event.version, event.author, event.environment) == (
        "checkout",
        "4f0c1a2",
        "grace",
        "production",
    )
    said = [each.plain() for each in room.channel_of(incident).log if "Changed lately" in each.plain()]
    assert len(said) == 1
    assert "deployment of checkout 4f0c1a2" in said[0]
    push = {
        "ref": "refs/heads/main",
        "after": "9" * 40,
        "deleted": False,
        "pusher": {"name": "ada"},
        "head_commit": {"message": "fix the basket\n\nmore", "timestamp": room.slack.clock.now().isoformat()},
        "compare": "https://github.example.com/compare",
        "repository": repository("example/shop") | {"pushed_at": int(room.slack.clock.now().timestamp())},
    }
    assert await hook(room, "/hooks/github", *webhook("push", push)) == 202
    assert await hook(room, "/hooks/github", *webhook("push", push | {"ref": "refs/heads/feature"})) == 202
    timeline = await room.bot.store.timeline(incident.id)
    assert [each.event.what for each in timeline if isinstance(each.event, ServiceChanged)] == ["deployment", "push"]


async def test_other_events_and_strangers_say_nothing(room: WarRoom) -> None:
    body, headers = webhook("ping", {"zen": "Keep it simple.", "hook_id": 1})
    assert await hook(room, "/hooks/github", body, headers) == 202
    assert await hook(room, "/hooks/github", body, {}) == 401
    job = {"action": "in_progress", "workflow_job": {"id": 1}, "deployment": {"id": 8, "sha": "a" * 40}}
    assert await hook(room, "/hooks/github", *webhook("workflow_job", job | {"repository": repository()})) == 202
    joined = {"action": "member_added", "organization": {"id": 1, "login": "example"}}
    assert await hook(room, "/hooks/github", *webhook("organization", joined)) == 202
    assert await hook(room, "/hooks/github", *webhook("star", {"action": "created", "repository": repository()})) == 202
    release = {"action": "published", "repository": repository()}
    release["release"] = {"id": 3, "tag_name": "v2", "name": "Two", "published_at": room.slack.clock.now().isoformat()}
    assert await hook(room, "/hooks/github", *webhook("release", release)) == 202
    now = room.slack.clock.now()
    (found,) = await room.bot.store.service_changes(now.replace(year=now.year - 1), now)
    assert (found.kind, found.service, found.version) == ("release", "checkout", "v2")


async def test_an_issue_that_names_an_incident_which_is_not_ours_leaves_nothing_behind(room: WarRoom) -> None:
    """Anybody may write an issue of a public repository."""
    issue = {"number": 7, "body": f"<!-- warroom {'ab' * 16} a1 -->", "updated_at": "2026-11-21T22:00:00Z"}
    event = {"action": "closed", "issue": issue, "repository": repository(REPOSITORY)}
    assert await hook(room, "/hooks/github", *webhook("issues", event)) == 202
    await room.settle()
    assert await room.bot.store.dead_letters() == []


async def test_the_priority_of_an_action_item_stands_in_its_issue(room: WarRoom, github: GitHubSystem) -> None:
    await room.declare("ada", DECLARE)
    await types(room, "ada", "action add raise the threshold priority high")
    await types(room, "ada", "action add thank the provider")
    first, second = github.issues.values()
    assert "\n\nPriority: high\n\n" in first["body"]
    assert "Priority" not in second["body"]


@pytest.mark.parametrize("way", ["webhook", "poll"])
async def test_action_items_are_issues_that_follow_both_ways(room: WarRoom, github: GitHubSystem, way: str) -> None:
    await room.declare("ada", DECLARE)
    await types(room, "ada", "action add raise the threshold due 2026-12-01")
    (issue,) = github.issues.values()
    assert (issue["title"], issue["labels"]) == ("raise the threshold", [{"name": "incident"}])
    github.close(1, "grace")
    for _ in range(2):
        if way == "webhook":
            event = {"action": "closed", "issue": issue, "repository": repository(REPOSITORY)}
            assert await hook(room, "/hooks/github", *webhook("issues", event)) == 202
        else:
            await polled(room, "github")
    assert [each.event for each in await entries(room, "GitHub")] == [
        ActionDone(item_id="a1", text="raise the threshold")
    ]
    assert not [path for method, path, _ in github.asked if method == "PATCH"], "nothing is told back"
    github.close(1, "grace", "open")
    await polled(room, "github")
    (item,) = (await room.incident()).actions
    assert item.done_at is None


async def test_check_asks_for_the_repositories(slack: Sandbox, github: GitHubSystem, tmp_path: Path) -> None:
    integrations = integrations_of(settings_of(slack, tmp_path, **keys(github)))
    assert await problems(integrations, policy_of(github={"issues": REPOSITORY}), SystemClock()) == []
    (problem,) = await problems(integrations, policy_of(github={"issues": "example/gone"}), SystemClock())
    assert problem.startswith("GitHub: Looking for the repository example/gone: Not Found.")
