"""What the API server's refusals mean, as sentences with a way on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from integrations.http import LONGEST_REASON, retry_after
from integrations.kubernetes.policy import TITLE
from warroom.errors import Rejected, Retryable, WarroomError
from warroom.ports import Clock

CREDENTIALS = "Check K8S_TOKEN, or the user in the file of KUBECONFIG: the API server does not know it."
ROLE = "Give the bot's role that right: docs/kubernetes.md has the smallest role."
QUOTA = "Raise the ResourceQuota of the namespace, or ask for fewer pods or less memory and CPU."
AGAIN = "Look at it with kubernetes.status, then run the step again."
ADMISSION = "A rule of the cluster forbids it. Ask whoever keeps its admission webhooks and policies."
BUDGET = "Wait until its pods are healthy again, or ask who owns the PodDisruptionBudget."

_RIGHT = re.compile(
    r'cannot (?P<verb>\w+) resource "(?P<what>[\w/]+)"(?: in API group "[^"]*")?(?: in the namespace "(?P<where>[^"]+)")?'
)


def failure(
    what: str, status: int, headers: Mapping[str, str], body: bytes, clock: Clock, *, reads: bool
) -> WarroomError:
    """Retryable or Rejected for an answer that is not 2xx. `what` says in words what was tried."""
    said = _message(body)
    if status == 429:
        if "disruption budget" in said:
            return Rejected(f"{what}: a PodDisruptionBudget does not allow it now", code="budget", advice=BUDGET)
        wait = retry_after(headers, clock.now())
        return Retryable(f"{what}: {TITLE} asks to wait {wait:g} s", after=wait, outcome_unknown=False)
    if status >= 500 or status == 408:
        wait_or_none = retry_after(headers, clock.now()) if "Retry-After" in headers else None
        why = f"{what}: the API server is in trouble (HTTP {status})"
        return Retryable(why, after=wait_or_none, outcome_unknown=not reads)
    if status == 401:
        return Rejected(f"{what}: the API server does not accept our token", code="401", advice=CREDENTIALS)
    if status == 403 and "exceeded quota" in said:
        return Rejected(f"{what}: the namespace's quota is used up ({said})", code="quota", advice=QUOTA)
    if status in (400, 403, 422) and ("denied the request" in said or "violates PodSecurity" in said):
        return Rejected(f"{what}: {said}", code="admission", advice=ADMISSION)
    if status == 403:
        return Rejected(f"{what}: {_right(said)}", code="403", advice=ROLE if _RIGHT.search(said) else ADMISSION)
    if status == 404:
        return Rejected(f"{what}: it does not exist", code="404", advice="Compare the namespace and the name.")
    if status == 409:
        return Retryable(f"{what}: somebody else changed it at the same moment", after=1.0, outcome_unknown=False)
    if 300 <= status < 400:
        advice = "Correct the address of the API server."
        return Rejected(f"{what}: the API server has moved (HTTP {status})", code=str(status), advice=advice)
    return Rejected(f"{what}: {said or f'{TITLE} said no (HTTP {status})'}", code=str(status), advice=AGAIN)


def _message(body: bytes) -> str:
    """The message of a Status object, shortened; "" where there is none."""
    try:
        answer: Any = json.loads(body or b"null")
    except (ValueError, RecursionError):
        return ""
    text = " ".join(str(answer.get("message") or "").split()) if isinstance(answer, dict) else ""
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"


def _right(said: str) -> str:
    """Which right is missing, such as "the bot may not patch deployments in prod"."""
    found = _RIGHT.search(said)
    if found is None:
        return said or "the bot may not do that"
    where = f" in {found['where']}" if found["where"] else ""
    return f"the bot may not {found['verb']} {found['what']}{where}"
