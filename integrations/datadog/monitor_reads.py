"""Reading monitors: which fire, and how one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from integrations.datadog.client import Answer
from integrations.datadog.context import DatadogContext
from integrations.datadog.failures import DatadogDeclined
from integrations.datadog.monitors import GroupState
from warroom.alerts.model import AlertState
from warroom.errors import UNEXPECTED_SHAPE_ERRORS
from warroom.value import Value

log = structlog.get_logger(__name__)

PAGE = 100
LAST_SECOND = 253_402_300_799
"""Of the year 9999."""
STATES = {
    "alert": AlertState.ALERT,
    "warn": AlertState.WARN,
    "no data": AlertState.NO_DATA,
    "ok": AlertState.OK,
}
"""Other words (Ignored, Skipped, Unknown) say nothing."""
WHOLE = frozenset({"*", "total", "@SYNTHETICS_OVERALL@"})
"""Names of the group that is the monitor as a whole."""
OVERALL = "@SYNTHETICS_OVERALL@"
"""A synthetic test has one, beside a group for each location; it is the one that notifies."""


class MonitorReading(Value):
    """One monitor as a whole and with all its groups; `overall` None when its state says nothing."""

    asked_at: datetime
    overall: GroupState | None
    groups: tuple[GroupState, ...] = ()


async def page_of_monitors(context: DatadogContext[Any], page: int) -> tuple[tuple[GroupState, ...], bool]:
    """(the groups that are not OK of one page of monitors, whether there are more pages)."""
    tags = ",".join(context.section.monitor_tags)
    # The page is always said: without it Datadog sends all monitors, and the library's own pagination sends them twice.
    found: list[Answer] = await context.datadog.call(
        "Reading monitors",
        "list_monitors",
        page=page,
        page_size=PAGE,
        group_states="alert,warn,no data",
        with_downtimes=True,
        **({"monitor_tags": tags} if tags else {}),
    )
    groups = tuple(group for monitor in found for group in _readable(monitor, context.datadog.page))
    return groups, len(found) >= PAGE


def _readable(monitor: Any, pages: str) -> tuple[GroupState, ...]:
    """The groups of one of many monitors: one that is not understood keeps no other away."""
    try:
        return tuple(groups_of(monitor, pages))
    except UNEXPECTED_SHAPE_ERRORS as error:
        log.warning("a monitor of Datadog's is not understood and left out", error=repr(error))
        return ()


async def one_monitor(context: DatadogContext[Any], monitor_id: str) -> MonitorReading | None:
    """One monitor with all its groups; None when Datadog knows no such monitor."""
    asked_at = context.now
    try:
        found: Answer = await context.datadog.call(
            "Reading a monitor", "get_monitor", int(monitor_id), group_states="all"
        )
    except DatadogDeclined as refusal:
        if refusal.status != 404:
            raise
        return None
    overall = STATES.get(str(found.get("overall_state")).casefold())
    return MonitorReading(
        asked_at=asked_at,
        overall=_state(found, context.datadog.page, "", overall, {}) if overall else None,
        groups=tuple(groups_of(found, context.datadog.page)),
    )


def groups_of(monitor: Answer, pages: str) -> Iterator[GroupState]:
    """The groups that Datadog names; of a synthetic test only the whole; the monitor itself where it names none."""
    groups: Mapping[str, Any] = (monitor.get("state") or {}).get("groups") or {}
    groups = {name: group for name, group in groups.items() if isinstance(group, Mapping)}
    if OVERALL in groups:
        groups = {OVERALL: groups[OVERALL]}
    for name, group in groups.items():
        state = STATES.get(str(group.get("status")).casefold())
        if state:
            yield _state(monitor, pages, name, state, group)
    overall = STATES.get(str(monitor.get("overall_state")).casefold())
    if not groups and overall:
        yield _state(monitor, pages, "", overall, {})


def _state(monitor: Answer, pages: str, group: str, state: AlertState, said: Mapping[str, Any]) -> GroupState:
    name = "" if group in WHOLE else group
    return GroupState(
        monitor_id=str(monitor["id"]),
        name=str(monitor.get("name") or ""),
        group=name,
        state=state,
        since=_since(state, said) or (None if said else _modified(monitor)),
        priority=monitor.get("priority") or None,
        tags=tuple(str(tag) for tag in monitor.get("tags") or ()),
        query=str(monitor.get("query") or ""),
        muted=any(_covers(downtime, name) for downtime in monitor.get("matching_downtimes") or ()),
        page=f"{pages}/monitors/{monitor['id']}",
    )


def _since(state: AlertState, said: Mapping[str, Any]) -> datetime | None:
    names = {AlertState.OK: ("last_resolved_ts",), AlertState.NO_DATA: ("last_nodata_ts", "last_triggered_ts")}
    for name in names.get(state, ("last_triggered_ts",)):
        seconds = said.get(name)
        if isinstance(seconds, int | float) and 0 < seconds <= LAST_SECOND:
            return datetime.fromtimestamp(seconds, UTC)
    return None


def _modified(monitor: Answer) -> datetime | None:
    """When the monitor as a whole came into its state."""
    try:
        at = datetime.fromisoformat(str(monitor.get("overall_state_modified")))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _covers(downtime: Mapping[str, Any], group: str) -> bool:
    """Whether a downtime surely silences the group: it is for all, or each of its tags is one of the group's."""
    if downtime.get("active") is False:
        return False
    scope = [tag for tag in downtime.get("scope") or () if tag != "*"]
    return set(scope) <= set(group.split(","))
