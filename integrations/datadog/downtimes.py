"""Muting a monitor, or what of it fires: a downtime that is looked for before it is made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from integrations.datadog.client import Answer
from integrations.datadog.context import DatadogContext
from integrations.datadog.effects import MuteRequest, MuteResult
from integrations.datadog.failures import DatadogDeclined
from warroom.errors import Rejected

PAGE = 100
ALL = "*"
MOST_GROUPS = 20
WORDS = frozenset({"AND", "OR", "NOT", "TO", "N/A"})
"""Values that mean something else in a query; N/A is Datadog's for a tag that is not there."""
_PLAIN = r"[A-Za-z0-9][A-Za-z0-9_./-]*"
"""What needs no quotes in a query and has no meaning of its own there."""
_TAG = re.compile(rf"([A-Za-z][A-Za-z0-9_./-]*):({_PLAIN})")
_GROUP = re.compile(rf"{_TAG.pattern}(?:,{_TAG.pattern})*")


async def make_downtime(context: DatadogContext[MuteRequest]) -> MuteResult:
    """The monitor has a downtime of ours until then. An attempt that comes too late makes none."""
    request = context.payload
    if request.until <= context.now:
        raise Rejected(
            f"the time to mute monitor {request.monitor_id} was over before Datadog could be reached",
            code="too_late",
            advice="Mute it again if it is still needed.",
        )
    mark = marked(context.effect.key)
    made = await _ours(context, mark)
    scope = str((made.get("attributes") or {}).get("scope") or ALL) if made else await _scope(context)
    if made is None:
        body = {"data": {"type": "downtime", "attributes": _downtime(context, mark, scope)}}
        await context.datadog.call("Muting", "create_downtime", body=body)
    groups = request.groups if scope != ALL else ()
    return MuteResult(monitor_id=request.monitor_id, groups=groups, until=request.until, by=request.by)


async def _scope(context: DatadogContext[MuteRequest]) -> str:
    """The query for the groups that are to be silent; the whole monitor where they are not its own, or no query says them."""
    query = scope_of(context.payload.groups)
    if query is None:
        return ALL
    try:
        monitor: Answer = await context.datadog.call(
            "Reading its groups", "get_monitor", int(context.payload.monitor_id), group_states="all"
        )
    except DatadogDeclined:
        return ALL
    known = {frozenset(name.split(",")) for name in (monitor.get("state") or {}).get("groups") or ()}
    return query if {frozenset(group.split(",")) for group in context.payload.groups} <= known else ALL


def scope_of(groups: Sequence[str]) -> str | None:
    """The query that means exactly these groups, None where there is none.

    Rules: docs.datadoghq.com, "Downtimes", on scopes: tags need a key, and OR may stand only between values of one key. So
    the groups may differ in one key only.
    """
    said = [_TAG.findall(group) for group in groups if _GROUP.fullmatch(group)]
    if not groups or len(said) < len(groups) or len(groups) > MOST_GROUPS:
        return None
    if any(value.upper() in WORDS for tags in said for _, value in tags):
        return None
    keys = [tuple(sorted(key for key, _ in tags)) for tags in said]
    if len(set(keys)) > 1 or len(set(keys[0])) < len(keys[0]):
        return None
    values = {key: list(dict.fromkeys(dict(tags)[key] for tags in said)) for key in keys[0]}
    if sum(len(each) > 1 for each in values.values()) > 1:
        return None
    return " AND ".join(
        f"{key}:{each[0]}" if len(each) == 1 else f"{key}:({' OR '.join(each)})" for key, each in values.items()
    )


def marked(key: str) -> str:
    """The words by which the downtime of an effect is known."""
    return f"warroom-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _downtime(context: DatadogContext[MuteRequest], mark: str, scope: str) -> Answer:
    return {
        "message": f"Muted from an incident's room. {mark}",
        "monitor_identifier": {"monitor_id": int(context.payload.monitor_id)},
        "scope": scope,
        "schedule": {"start": None, "end": _whole_seconds(context.payload.until)},
        "mute_first_recovery_notification": False,
    }


def _whole_seconds(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat()


async def _ours(context: DatadogContext[MuteRequest], mark: str) -> Answer | None:
    """What an earlier try made. Always asked: Datadog would make a second one without a word."""
    offset = 0
    while True:
        answer = await context.datadog.call(
            "Looking for downtimes", "list_downtimes", current_only=True, page_offset=offset, page_limit=PAGE
        )
        page: list[Answer] = answer.get("data") or []
        for each in page:
            if mark in str((each.get("attributes") or {}).get("message") or ""):
                return each
        if len(page) < PAGE:
            return None
        offset += PAGE
