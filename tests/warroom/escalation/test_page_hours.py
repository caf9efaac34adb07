"""Hours in which people are paged, and an escalation that waits for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.warroom.conftest import Make
from warroom.escalation import page_hours
from warroom.escalation import rules as escalation
from warroom.incident.decision import changeset
from warroom.incident.events import PageReason, PageWaits, PeoplePaged
from warroom.outbox.effects import SendDirect, TellMorning
from warroom.people.model import Person
from warroom.policy import Policy, check

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def hours_of(*spans: str) -> Policy:
    policy = check({"severities": {"SEV-1": {"page_hours": list(spans)}}, "workspace": {"timezone": "UTC"}}).policy
    assert policy is not None
    return policy


@pytest.mark.parametrize(
    ("spans", "tz", "now", "begins"),
    [
        (["08:00-20:00"], "UTC", "2026-11-21T03:00", "2026-11-21T08:00"),
        (["08:00-20:00"], "UTC", "2026-11-21T08:00", None),
        (["08:00-20:00"], "UTC", "2026-11-21T19:59", None),
        (["08:00-20:00"], "UTC", "2026-11-21T20:00", "2026-11-22T08:00"),
        (["08:00-20:00"], "Asia/Tokyo", "2026-11-21T03:00", None),
        (["08:00-20:00"], "America/New_York", "2026-11-21T03:00", "2026-11-21T13:00"),
        (["22:00-06:00"], "UTC", "2026-11-21T12:00", "2026-11-21T22:00"),
        (["12:00-13:00", "08:00-09:00"], "UTC", "2026-11-21T10:00", "2026-11-21T12:00"),
        (["02:30-03:30"], "Europe/Berlin", "2026-03-29T00:00", "2026-03-29T01:30"),  # 02:30 is missing that night
        (["08:00-20:00"], "Nowhere/AtAll", "2026-11-21T03:00", "2026-11-21T08:00"),
    ],
)
def test_when_the_hours_begin_on_a_clock(spans: list[str], tz: str, now: str, begins: str | None) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = page_hours.next_hours(hours_of(*spans).severities["SEV-1"].page_hours, tz, at)
    assert found == (datetime.fromisoformat(begins).replace(tzinfo=UTC) if begins else None)


def test_each_person_sleeps_by_their_own_clock() -> None:
    people = (Person(id="UADA", tz="Europe/Berlin"), Person(id="UAKI", tz="Asia/Tokyo"), Person(id="UBEN"))
    policy = hours_of("08:00-20:00")
    assert page_hours.asleep(people, "SEV-1", policy, NIGHT) == {
        "UADA": NIGHT + timedelta(hours=4),
        "UBEN": NIGHT + timedelta(hours=5),
    }
    assert page_hours.asleep(people, "SEV-2", policy, NIGHT) == {}, "it has no hours"
    assert page_hours.asleep(people, "SEV-9", policy, NIGHT) == {}


def test_what_waits_is_paged_in_the_morning_and_told_as_one(make: Make, policy: Policy) -> None:
    incident, morning = make(), NIGHT + timedelta(hours=5)
    decision = escalation.put_off(incident, ("UGRACE",), morning, NIGHT + timedelta(minutes=15), policy)
    waits = decision.incident
    assert [entry.event for entry in decision.entries] == [PageWaits(waiting=("UGRACE",), until=morning)]
    assert (waits.deadlines.page, waits.escalation.reached) == (morning, incident.escalation.reached)
    assert waits.escalation.paused_for == timedelta(hours=4, minutes=45)
    paged = escalation.page_next(waits, ("UGRACE",), morning, policy, reason=PageReason.ESCALATION)
    (event,) = [entry.event for entry in paged.entries if isinstance(entry.event, PeoplePaged)]
    assert (event.paged, event.waited, event.waited_until) == (("UGRACE",), ("UGRACE",), morning)
    written = changeset(waits, paged, now=morning, policy=policy)
    assert [each.key for each in written.effects if isinstance(each, TellMorning)] == ["morning:UGRACE:20261121T0800"]
    assert not [each for each in written.effects if isinstance(each, SendDirect)]
    following = incident.escalation.levels[2].after + timedelta(hours=4, minutes=45)
    assert paged.incident.deadlines.page == incident.declared_at + following, "the next level waits as long as before"


def test_who_would_not_wait_pages_at_once(make: Make, policy: Policy) -> None:
    morning, early = NIGHT + timedelta(hours=5), NIGHT + timedelta(hours=1)
    waits = escalation.put_off(make(), ("UGRACE",), morning, NIGHT + timedelta(minutes=15), policy).incident
    paged = escalation.page_next(waits, ("UGRACE",), early, policy, reason=PageReason.BUTTON, by="UADA")
    assert (paged.incident.escalation.waiting, paged.incident.escalation.paused_for) == ((), timedelta(minutes=45))
    written = changeset(waits, paged, now=early, policy=policy)
    assert [each.user for each in written.effects if isinstance(each, SendDirect)] == ["UGRACE"]
    assert not [each for each in written.effects if isinstance(each, TellMorning)]
    assert escalation.released(waits, early).deadlines.page == early
    assert escalation.released(make(), early) == make(), "nothing waits"
