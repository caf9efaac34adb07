"""The weekly review: when it is due, that there is one of each week, what it says and does not say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from blocks.review import review_card
from storage import Database
from tests.clock import ManualClock
from tests.handlers.conftest import OneMessage
from tests.people import StoredPeople
from tests.stores import fresh_store
from warroom.incident.model import Incident, Origin, State
from warroom.incident.parts import ActionItem, AlertSummary, Participants
from warroom.metrics import weekly
from warroom.metrics.review import PatternKind, review_of
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import PostReview
from warroom.policy import Policy, check
from warroom.ports import World

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN).astimezone(UTC)


def policy(**workspace: Any) -> Policy:
    checked = check({"workspace": {"announce": "#incidents", "timezone": "Europe/Berlin", **workspace}})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.fixture
async def store() -> AsyncIterator[Database]:
    async with fresh_store() as found:
        yield found


def world_of(store: Database, now: datetime, rules: Policy | None = None) -> World:
    clock = ManualClock()
    clock.time = now
    return World(store, StoredPeople(store), rules or policy(), clock, OneMessage(), lambda: None)


def incident(number: int, declared: datetime, **fields: Any) -> Incident:
    usual: dict[str, Any] = {
        "id": f"w{number}",
        "number": number,
        "origin": Origin.COMMAND,
        "origin_key": f"week:{number}",
        "title": f"trouble {number}",
        "severity": "SEV-1",
        "state": State.RESOLVED,
        "declared_at": declared,
        "touched_at": declared,
        "resolved_at": declared + timedelta(minutes=40),
        "summary": "rolled back",
    }
    return Incident.model_validate(usual | fields)


async def keep(store: Database, *incidents: Incident) -> None:
    for each in incidents:
        await store.commit(Changeset(now=each.declared_at, incident=each))


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [
        (datetime(2026, 11, 23, 8, 0, tzinfo=UTC), "2026-11-23T08:00", "2026-11-30T08:00"),
        (datetime(2026, 11, 23, 7, 59, tzinfo=UTC), "2026-11-16T08:00", "2026-11-23T08:00"),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "2026-11-16T08:00", "2026-11-23T08:00"),
        # Clocks go back on 25 October: the Monday after is an hour later in UTC.
        (datetime(2026, 10, 20, 12, 0, tzinfo=UTC), "2026-10-19T07:00", "2026-10-26T08:00"),
    ],
)
def test_it_is_due_on_mondays_at_the_hour_of_the_workspace(now: datetime, last: str, following: str) -> None:
    assert f"{weekly.last_due(now, time(9), BERLIN):%Y-%m-%dT%H:%M}" == last
    assert f"{weekly.next_due(now, time(9), BERLIN):%Y-%m-%dT%H:%M}" == following
    since, until = weekly.week_before(weekly.last_due(now, time(9), BERLIN), BERLIN)
    assert {each.astimezone(BERLIN).strftime("%a %H:%M") for each in (since, until)} == {"Mon 00:00"}


async def reviews(store: Database, now: datetime) -> list[PostReview]:
    claims = await store.claim(now=now, limit=50, lease=timedelta(minutes=1))
    return [claim.effect for claim in claims if isinstance(claim.effect, PostReview)]


async def test_several_processes_ask_for_one_review_of_a_week(store: Database) -> None:
    await keep(store, incident(1, MONDAY - timedelta(days=30)))
    before = MONDAY - timedelta(days=3)
    for _ in range(3):
        await weekly.arm(world_of(store, before))
    assert await reviews(store, before) == []
    (claim,) = await store.claim(now=MONDAY, limit=50, lease=timedelta(minutes=1))
    assert claim.timer == weekly.TIMER
    # Another process starts at this very moment; the one that works the timer off loses its claim to it.
    await weekly.arm(world_of(store, MONDAY))
    with pytest.raises(Exception, match="taken over"):
        await weekly.fire(world_of(store, MONDAY), claim)
    asked = await reviews(store, MONDAY)
    assert [(each.week, each.until - each.since) for each in asked] == [("2026-11-23", timedelta(days=7))]
    assert await store.next_due() is not None
    (later,) = await store.claim(now=MONDAY + timedelta(days=7), limit=1, lease=timedelta(minutes=1))
    await weekly.fire(world_of(store, MONDAY + timedelta(days=7)), later)
    assert [each.week for each in await reviews(store, MONDAY + timedelta(days=7))] == ["2026-11-30"]


async def test_a_monday_without_a_process_is_made_up_for_until_wednesday_and_a_new_installation_is_silent(
    store: Database,
) -> None:
    await weekly.arm(world_of(store, MONDAY + timedelta(hours=3)))
    assert await reviews(store, MONDAY + timedelta(hours=3)) == [], "there was nothing then"
    await keep(store, incident(1, MONDAY - timedelta(days=4)))
    await weekly.arm(world_of(store, MONDAY + timedelta(hours=3)))
    assert len(await reviews(store, MONDAY + timedelta(hours=3))) == 1
    await weekly.arm(world_of(store, MONDAY + timedelta(days=9, hours=3)))
    later = [each.week for each in await reviews(store, MONDAY + timedelta(days=9, hours=3))]
    assert "2026-11-30" not in later, "that is too long ago"


@pytest.mark.parametrize("workspace", [{"review_at": None}, {"announce": None}])
async def test_it_can_be_switched_off(store: Database, workspace: dict[str, Any]) -> None:
    await keep(store, incident(1, MONDAY - timedelta(days=4)))
    await weekly.arm(world_of(store, MONDAY, policy(**workspace)))
    assert await store.next_due() is None


async def test_a_week_without_incidents_is_one_line(store: Database) -> None:
    review = await review_of(store, policy(), since=MONDAY - timedelta(days=7), until=MONDAY)
    card = review_card(review)
    assert card.text == "✅ Incidents from 16 to 23 November: none."
    assert len(card.blocks) == 1


async def test_it_says_what_happened_what_keeps_coming_back_and_what_is_late(store: Database) -> None:
    since, until = weekly.week_before(MONDAY, BERLIN)
    began = since + timedelta(days=1, hours=3)
    alerts = AlertSummary(count=1, monitors=1, monitor_id="7", last_title="High error rate")
    await keep(
        store,
        incident(1, since - timedelta(days=40), postmortem_required_by=since - timedelta(days=38)),
        incident(2, began, services=("api",), alerts=alerts),
        incident(3, began + timedelta(days=1), services=("api",), state=State.ACKNOWLEDGED, resolved_at=None),
        incident(
            4,
            began + timedelta(days=2),
            services=("api",),
            actions=(
                ActionItem(id="a1", text="raise the limit", owner="UADA", due_at=until, created_at=began),
                ActionItem(id="a2", text="done long ago", due_at=until, done_at=until, created_at=began),
            ),
        ),
        incident(5, began, private=True, participants=Participants(invitees=("UADA",), invited=("UADA",))),
    )
    review = await review_of(store, policy(), since=since, until=until)
    assert [view.incident.number for view in review.incidents] == [2, 3, 4]
    assert {(each.kind, each.incidents) for each in review.patterns} == {
        (PatternKind.SERVICE, (2, 3, 4)),
        (PatternKind.HOUR, (2, 3, 4)),
    }
    shown = str(review_card(review).blocks)
    for said in (
        "16 to 22 November",
        "*3* declared",
        "*INC-3* trouble 3",
        "raise the limit",
        "<@UADA>",
        "INC-1 trouble 1",
    ):
        assert said in shown
    assert "done long ago" not in shown
    assert "trouble 5" not in shown, "it is private"
    mine = await review_of(store, policy(), since=since, until=until, user="UADA")
    assert [view.incident.number for view in mine.incidents] == [2, 5, 3, 4]
