"""Alerts out of files: what the webhook would make of them, and what the policy's rules would do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from warroom.alerts.model import Alert, Transition
from warroom.alerts.parsing import row
from warroom.alerts.parsing.parse import COLUMNS
from warroom.alerts.rules import (
    AttachOnly,
    AttachOrDeclare,
    OpenIncident,
    RuleAction,
    match_rules,
    passed_over,
    severity_of,
)
from warroom.policy import Policy
from warroom.webhook import Webhook, WebhookBody

JSON = "application/json"
NO_ALERT = "There is no alert in the body."
FORM = "application/x-www-form-urlencoded"
AS_OLD_AS_MONITORING = timedelta(days=20 * 365)
"""So far back the times in a file are believed: it may have been captured long ago."""


@dataclass(frozen=True, slots=True)
class ReadAlert:
    """One alert of a file, or the reason why there is none."""

    file: str
    alert: Alert | None = None
    reason: str | None = None
    at: datetime | None = None
    """When it arrived; None: decide on it by the sender's time."""


def read(name: str, source: Webhook, now: datetime, content_type: str | None = None) -> list[ReadAlert]:
    """What the source makes of the body in that file ("-": standard input). Raises OSError when it cannot be read."""
    body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    found = source.read(WebhookBody(body, content_type or guessed(body), now, AS_OLD_AS_MONITORING))
    accepted = [ReadAlert(name, alert=alert) for alert in found.alerts]
    refused = found.refused if found.alerts or found.refused else (NO_ALERT,)
    return [*accepted, *(ReadAlert(name, reason=reason) for reason in refused)]


def guessed(body: bytes) -> str:
    """The content type of a body that came without one: JSON unless its first line looks like a form."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
    is_form = start[:1] not in b'{["' and b"=" in start and b" " not in start.partition(b"=")[0]
    return FORM if is_form else JSON


def line(item: ReadAlert, policy: Policy, now: datetime) -> dict[str, Any]:
    """One line of `alerts parse --json`: `warroom.alerts.parsing.row`, between what it is and what the rules make of it."""
    alert = item.alert
    head: dict[str, Any] = {"file": item.file, "accepted": alert is not None, "reason": item.reason}
    if alert is None:
        return head | dict.fromkeys((*COLUMNS, "rule", "opens", "resolves"))
    action = match_rules(alert, policy, alert.occurred_at or now)
    recovers = alert.transition is Transition.RECOVER
    opening = isinstance(action, OpenIncident | AttachOrDeclare)
    severity = action.severity if isinstance(action, OpenIncident | AttachOrDeclare) else severity_of(alert, policy)
    outcome = {"rule": action.rule or None, "opens": opening and not recovers, "resolves": recovers}
    return head | row(alert) | {"severity": severity} | outcome


def explained(item: ReadAlert, policy: Policy, now: datetime) -> Iterator[str]:
    """Which rule acts on it and what follows, in lines for people."""
    alert = item.alert
    if alert is None:
        yield f"{item.file}: refused. {item.reason}"
        return
    at = item.at or alert.occurred_at or now
    action = match_rules(alert, policy, at)
    yield f"{item.file}: {alert.title} ({alert.transition}, {alert.state})"
    for name, reason in passed_over(alert, policy, at):
        yield f"    – {name}: {reason}"
    yield f"    ✓ {action.why}: {_what_follows(action, alert)}"


def _what_follows(action: RuleAction, alert: Alert) -> str:
    if isinstance(action, AttachOnly):
        return "joins what is open for it, opens nothing"
    if not isinstance(action, OpenIncident | AttachOrDeclare):
        return "dropped"
    if alert.transition is Transition.RECOVER:
        return "recovers what is open for it, opens nothing"
    parts = [f"“{action.title}”", action.severity, f"team {action.team}" if action.team else "no team"]
    parts += ["private"] if action.private else []
    parts += [f"commander {action.commander}"] if action.commander else []
    parts += [f"notified: {', '.join(action.people)}"] if action.people else []
    parts += [f"grouped by {', '.join(action.group_by)}"] if action.group_by else []
    return f"opens {', '.join(parts)}, unless its incident is open"


def beginning(body: bytes, limit: int = 160) -> str:
    """The first characters of a body in one line, with what a terminal would act on made visible."""
    text = body[: 4 * limit].decode("utf-8", "backslashreplace")[:limit]
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)
