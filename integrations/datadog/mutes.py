"""Muting a monitor: a downtime that is looked for before it is made."""

from __future__ import annotations

import hashlib
from datetime import datetime

from integrations.datadog.act import Act
from integrations.datadog.client import Answer
from warroom.effects import MuteMonitor
from warroom.errors import Rejected
from warroom.facts import MonitorMuted

PAGE = 100


async def mute_monitor(act: Act[MuteMonitor]) -> MonitorMuted:
    """The monitor has a downtime of ours until then. An attempt that comes too late makes none."""
    effect = act.effect
    if effect.until <= act.now:
        raise Rejected(
            f"the time to mute monitor {effect.monitor_id} was over before Datadog could be reached",
            code="too_late",
            advice="Mute it again if it is still needed.",
        )
    mark = marked(effect.key)
    if not await _ours(act, mark):
        body = {"data": {"type": "downtime", "attributes": _downtime(act, mark)}}
        await act.datadog.call("Muting", "create_downtime", body=body)
    return MonitorMuted(monitor_id=effect.monitor_id, until=effect.until, by=effect.by)


def marked(key: str) -> str:
    """The words by which the downtime of an effect is known."""
    return f"warroom-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _downtime(act: Act[MuteMonitor], mark: str) -> Answer:
    return {
        "message": f"Muted from an incident's room. {mark}",
        "monitor_identifier": {"monitor_id": int(act.effect.monitor_id)},
        "scope": "*",
        "schedule": {"start": None, "end": _whole_seconds(act.effect.until)},
        "mute_first_recovery_notification": False,
    }


def _whole_seconds(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat()


async def _ours(act: Act[MuteMonitor], mark: str) -> bool:
    """Whether an earlier try made it. Always asked: Datadog would make a second one without a word."""
    offset = 0
    while True:
        answer = await act.datadog.call(
            "Looking for downtimes", "list_downtimes", current_only=True, page_offset=offset, page_limit=PAGE
        )
        page: list[Answer] = answer.get("data") or []
        if any(mark in str((each.get("attributes") or {}).get("message") or "") for each in page):
            return True
        if len(page) < PAGE:
            return False
        offset += PAGE
