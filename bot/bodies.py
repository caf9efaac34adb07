"""Alerts out of files: what the webhook would make of them, and what the policy's rules would do."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from warroom.alert import Alert, Transition
from warroom.normalise import parse, row
from warroom.normalise.row import COLUMNS
from warroom.policy import Policy
from warroom.rules import AttachOrDeclare, Declare, judge, severity_of

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
AS_OLD_AS_DATADOG = timedelta(days=20 * 365)
"""So far back the times in a file are believed: it may have been captured long ago."""


@dataclass(frozen=True, slots=True)
class Item:
    """One alert of a file, or the reason why there is none."""

    file: str
    alert: Alert | None = None
    reason: str | None = None


def read(name: str, now: datetime, content_type: str | None = None) -> list[Item]:
    """What becomes of the body in that file ("-": standard input). Raises OSError when it cannot be read."""
    body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    parsed = parse(body, content_type or guessed(body), now, AS_OLD_AS_DATADOG)
    accepted = [Item(name, alert=alert) for alert in parsed.alerts]
    return [*accepted, *(Item(name, reason=reason) for reason in parsed.refused)]


def guessed(body: bytes) -> str:
    """The content type of a body that came without one: JSON unless its first line looks like a form."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
    is_form = start[:1] not in b'{["' and b"=" in start and b" " not in start.partition(b"=")[0]
    return FORM if is_form else JSON


def line(item: Item, policy: Policy, now: datetime) -> dict[str, Any]:
    """One line of `alerts parse --json`: `warroom.normalise.row`, between what it is and what the rules make of it."""
    alert = item.alert
    head: dict[str, Any] = {"file": item.file, "accepted": alert is not None, "reason": item.reason}
    if alert is None:
        return head | dict.fromkeys((*COLUMNS, "rule", "opens", "resolves"))
    verdict = judge(alert, policy, alert.occurred_at or now)
    recovers = alert.transition is Transition.RECOVER
    opening = isinstance(verdict, Declare | AttachOrDeclare)
    severity = verdict.severity if isinstance(verdict, Declare | AttachOrDeclare) else severity_of(alert, policy)
    judged = {"rule": verdict.rule or None, "opens": opening and not recovers, "resolves": recovers}
    return head | row(alert) | {"severity": severity} | judged
