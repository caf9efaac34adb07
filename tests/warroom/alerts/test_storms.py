"""When many alerts are a storm, and what the room is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from warroom.alerts import storms
from warroom.alerts.model import AlertState
from warroom.incident.decision import Decision
from warroom.incident.model import Incident, Origin, State
from warroom.incident.notices import Storm
from warroom.incident.parts import AlertSummary, Deadlines
from warroom.outbox.changes import Firing
from warroom.outbox.effects import Post

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def incident(**said: object) -> Incident:
    """An open one."""
    usual: dict[str, object] = {
        "id": "i",
        "number": 1,
        "origin": Origin.ALERT,
        "origin_key": "k",
        "title": "t",
        "severity": "SEV-1",
        "declared_at": NIGHT,
        "touched_at": NIGHT,
    }
    return Incident.model_validate(usual | said)


def after(count: int, gap: timedelta) -> Incident:
    """After so many alerts, one every `gap`."""
    decision = Decision(incident())
    for number in range(count):
        decision = storms.counted(decision, NIGHT + gap * number)
    return decision.incident


def firing(number: int) -> Firing:
    """The nth thing that fires, of one of three monitors."""
    at = NIGHT + timedelta(seconds=number)
    return Firing(
        incident_id="i",
        dedup_key=str(number),
        keys=(str(number),),
        title=f"Host {number}",
        monitor_id=str(number % 3),
        state=AlertState.ALERT if number % 4 else AlertState.OK,
        hosts=(f"api-{number:02}",),
        first_seen_at=at,
        last_seen_at=at,
        last_fired_at=at,
    )


def test_thirty_alerts_in_five_minutes_are_a_storm_and_slow_ones_are_none() -> None:
    assert not after(29, timedelta(seconds=1)).alerts.stormy
    fast = after(30, timedelta(seconds=1))
    assert fast.alerts.stormy
    assert fast.deadlines.storm == NIGHT + timedelta(seconds=29) + storms.TOLD_AFTER
    assert not after(200, timedelta(seconds=15)).alerts.stormy


def test_the_plan_to_tell_is_made_once_and_again_when_more_comes_after_it() -> None:
    later = after(100, timedelta(seconds=1))
    assert later.deadlines.storm == after(30, timedelta(seconds=1)).deadlines.storm
    assert later.alerts.burst == 100
    told = storms.announce(later, [], NIGHT).incident
    again = storms.counted(Decision(told), NIGHT)
    assert (again.incident.alerts.burst, again.incident.deadlines.storm) == (101, NIGHT + storms.GROWS_EVERY)


def test_what_is_told_is_by_monitor_and_names_the_hosts() -> None:
    stormy = incident(alerts=AlertSummary(burst=412, burst_from=NIGHT, stormy=True), deadlines=Deadlines(storm=NIGHT))
    [effect] = storms.announce(stormy, [firing(number) for number in range(60, 0, -1)], NIGHT).effects
    assert isinstance(effect, Post)
    assert (effect.slot, effect.in_place) == ("storm", True), "one message that grows"
    assert isinstance(effect.notice, Storm)
    assert (effect.notice.alerts, effect.notice.monitors, effect.notice.more) == (412, 3, 0)
    assert effect.notice.lasted == timedelta(seconds=60)
    first = effect.notice.groups[0]
    assert (first.firing, first.recovered, len(first.hosts), first.more) == (15, 5, 12, 3)
    assert first.hosts[0] == "api-01"


def test_nothing_is_told_where_it_is_over() -> None:
    over = incident(
        state=State.RESOLVED, alerts=AlertSummary(burst=40, burst_from=NIGHT), deadlines=Deadlines(storm=NIGHT)
    )
    decision = storms.announce(over, [firing(1)], NIGHT)
    assert (decision.effects, decision.incident.deadlines.storm) == ((), None)


def test_the_card_follows_a_burst_at_its_own_pace() -> None:
    busy = Decision(incident(alerts=AlertSummary(burst=storms.BUSY + 1)))
    slowed = storms.defer_redraw(busy, NIGHT)
    assert slowed.quiet
    assert slowed.incident.deadlines.redraw == NIGHT + storms.REDRAW
    assert (
        storms.defer_redraw(slowed, NIGHT + timedelta(seconds=1)).incident.deadlines.redraw
        == slowed.incident.deadlines.redraw
    )
    assert not storms.defer_redraw(Decision(incident(alerts=AlertSummary(burst=storms.BUSY))), NIGHT).quiet
