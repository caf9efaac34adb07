"""GitHub's webhooks: what was changed in what runs, and issues of action items.

Outside source: docs.github.com "Webhook events and payloads" (deployment, deployment_status, release, push, issues, ping) and
"Validating webhook deliveries". The event is told by a header that is not kept with a body; the body says the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.github.policy import NAME, TITLE, GitHubPolicy
from warroom.alerts.parsing.values import clean, occurred, safe_link
from warroom.changes.model import Change
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.incoming import Incoming, RemoteAct, RemoteChange
from warroom.webhook import WebhookBody

LINE = 200
MARK = re.compile(r"<!-- warroom ([0-9a-f]{32}) (a\d+) -->")
"""In an issue's text: whose action item it is."""


def parse(posted: WebhookBody, said: GitHubPolicy) -> Incoming:
    """What one event says; most events say nothing here. Raises what a strange body raises."""
    event = json.loads(posted.body)
    if not isinstance(event, Mapping):
        return Incoming(refused=("An event is an object.",))
    if "repository" not in event:
        return Incoming()  # a ping, or an event of the organisation
    if "issue" in event and "comment" not in event:
        # What is remembered of the issue is not known here, so it is looked at.
        found = issue_change(event["issue"], str(event.get("action")))
        return Incoming(effects=(look_at(found.incident_id),) if found else ())
    found_change = change_in(event, posted, said)
    return Incoming(service_changes=(found_change,) if found_change else ())


def change_in(event: Mapping[str, Any], posted: WebhookBody, said: GitHubPolicy) -> Change | None:
    """What the event changed in what runs; None where nothing. Raises what a strange event raises."""
    found = _deployment(event) or _release(event) or _push(event)
    return _of(found, event, posted, said) if found else None


def mark(incident_id: str, item: str) -> str:
    """What `MARK` finds."""
    return f"<!-- warroom {incident_id} {item} -->"


def issue_change(issue: Mapping[str, Any], action: str) -> RemoteChange | None:
    """An action item's issue was closed or opened again. None for other issues and other events."""
    known = MARK.search(str(issue.get("body") or ""))
    acts = {"closed": RemoteAct.ACTION_DONE, "reopened": RemoteAct.ACTION_REOPENED}
    if known is None or action not in acts:
        return None
    who = issue.get("closed_by") or {}
    return RemoteChange(
        integration=NAME,
        incident_id=known[1],
        item=known[2],
        act=acts[action],
        key=f"{issue['number']}:{issue.get('updated_at')}",
        name=str(who.get("login") or ""),
        source=TITLE,
        link=safe_link(str(issue.get("html_url") or "")),
    )


def look_at(incident_id: str) -> ExternalEffect:
    """Ask for the issues of the incident's action items."""
    key = f"{incident_id}:{NAME}:look"
    return ExternalEffect(integration=NAME, operation="look", incident_id=incident_id, key=key, coalescing=True)


def _deployment(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """A deployment, when it begins, and again when it succeeded; both have its id. Events about jobs and reviews name a deployment
    too, with other actions.
    """
    found, status = event.get("deployment"), event.get("deployment_status")
    if not isinstance(found, Mapping) or event.get("action", "created") != "created":
        return None
    if status and status.get("state") not in ("in_progress", "success"):
        return None
    return {
        "id": f"deployment:{found['id']}",
        "kind": "deployment",
        "at": found.get("created_at"),
        "version": str(found.get("sha") or "")[:7] or found.get("ref"),
        "environment": found.get("environment"),
        "author": (found.get("creator") or {}).get("login"),
        "text": found.get("description"),
        "url": (status or {}).get("log_url") or (status or {}).get("target_url"),
    }


def _release(event: Mapping[str, Any]) -> dict[str, Any] | None:
    found = event.get("release")
    if not isinstance(found, Mapping) or event.get("action") != "published":
        return None
    return {
        "id": f"release:{found['id']}",
        "kind": "release",
        "at": found.get("published_at"),
        "version": found["tag_name"],
        "author": (found.get("author") or {}).get("login"),
        "text": found.get("name"),
        "url": found.get("html_url"),
    }


def _push(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """A push to the default branch."""
    repository = event["repository"]
    branch = f"refs/heads/{repository.get('default_branch') or repository.get('master_branch')}"
    if "pusher" not in event or event.get("ref") != branch or event.get("deleted"):
        return None
    head, pushed = event.get("head_commit") or {}, repository.get("pushed_at")
    at = datetime.fromtimestamp(pushed, UTC).isoformat() if isinstance(pushed, int) else head.get("timestamp")
    return {
        "id": f"push:{event['after']}",
        "kind": "push",
        "at": at,
        "version": str(event["after"])[:7],
        "author": event["pusher"].get("name"),
        "text": str(head.get("message") or "").partition("\n")[0],
        "url": event.get("compare"),
    }


def _of(found: Mapping[str, Any], event: Mapping[str, Any], posted: WebhookBody, said: GitHubPolicy) -> Change:
    repository = event["repository"]
    at = occurred(clean(found["at"], LINE), posted.received_at, posted.oldest) or posted.received_at
    words = {name: clean(found.get(name), LINE) or "" for name in ("kind", "version", "environment", "author", "text")}
    return Change(
        id=f"github:{repository['id']}:{found['id']}",
        at=at,
        service=said.services.get(str(repository["full_name"])) or str(repository["name"]),
        url=safe_link(clean(found.get("url"), 2000)) or safe_link(str(repository.get("html_url") or "")) or "",
        source=TITLE,
        **words,
    )
