"""Hours by kind, counted by the minute; pages and times to acknowledge from timelines; what `check` finds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warroom.oncall.test_rules import ZONES
from warroom.incident.events import Acknowledged, AcknowledgementOverdue, PageReason, PeoplePaged
from warroom.incident.timeline import Entry
from warroom.oncall.load import at_night, hours_of, pages_in
from warroom.oncall.model import Shift

MINUTE = timedelta(minutes=1)
HOLIDAYS = frozenset({date(2026, 3, 29), date(2026, 10, 26)})


@given(
    after=st.integers(0, 12 * 1440),
    minutes=st.integers(1, 4000),
    zone=st.sampled_from(ZONES),
)
def test_hours_are_those_of_a_clock_that_is_read_every_minute(after: int, minutes: int, zone: str) -> None:
    begin = datetime(2026, 3, 25, tzinfo=UTC) + after * MINUTE
    found = hours_of(Shift(start=begin, end=begin + minutes * MINUTE, people=("ada",)), zone, HOLIDAYS)
    clocks = [(begin + n * MINUTE).astimezone(ZoneInfo(zone)) for n in range(minutes)]
    assert found.total == minutes * MINUTE
    assert found.nights == sum(clock.hour >= 22 or clock.hour < 6 for clock in clocks) * MINUTE
    assert found.weekends == sum(clock.isoweekday() > 5 for clock in clocks) * MINUTE
    assert found.holidays == sum(clock.date() in HOLIDAYS for clock in clocks) * MINUTE


@pytest.mark.parametrize(("hour", "night"), [(20, False), (21, True), (4, True), (5, False)])
def test_night_is_by_the_clock_of_the_place(hour: int, night: bool) -> None:
    assert at_night(datetime(2026, 1, 5, hour, tzinfo=UTC), "Europe/Berlin") is night


def test_the_time_to_acknowledge_runs_from_the_persons_own_first_page() -> None:
    begin = datetime(2026, 1, 5, 3, tzinfo=UTC)

    def entry(minute: int, event: PeoplePaged | AcknowledgementOverdue | Acknowledged, by: str | None = None) -> Entry:
        return Entry(incident_id="i", key=str(minute), at=begin + minute * MINUTE, event=event, by=by)

    timeline = [
        entry(0, PeoplePaged(paged=("UADA",), reason=PageReason.DECLARED)),
        entry(5, AcknowledgementOverdue(paged=("UADA",))),
        entry(15, PeoplePaged(paged=("UBEN", "UADA"), reason=PageReason.ESCALATION)),
        entry(18, Acknowledged(), by="UBEN"),
        entry(20, Acknowledged(), by="UNEVER"),
    ]
    found = [(page.person, page.took) for page in pages_in(timeline)]
    assert found == [("UADA", None), ("UADA", None), ("UBEN", None), ("UADA", None), ("UBEN", 3 * MINUTE)]
