"""The review of an incident against the policy: every outcome that a drill can expect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.demo.demo_company import company_policy
from bot.demo.drills.review import review
from warroom.incident import events
from warroom.incident.model import Incident, Origin, State
from warroom.incident.timeline import Entry
from warroom.postmortem.model import Postmortem

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SEV_1 = Incident(
    id="i1", number=1, origin=Origin.COMMAND, origin_key="k", title="t", severity="SEV-1",
    declared_at=START, touched_at=START,
)  # fmt: skip


def words(incident: Incident, *happened: events.Event, after: timedelta = timedelta(hours=1)) -> list[str]:
    timeline = [Entry(incident_id="i1", key=str(n), at=START, event=event) for n, event in enumerate(happened)]
    return [line.outcome for line in review(incident, timeline, company_policy(), START + after)]


def test_review_of_an_incident_without_any_action() -> None:
    assert words(SEV_1, events.UpdateMissed()) == ["never", "late", "0", "open"]


def test_acknowledgement_after_five_minutes_is_in_time_and_after_six_late() -> None:
    def taken(minutes: int) -> str:
        return words(SEV_1.copy_with(acknowledged_at=START + timedelta(minutes=minutes)))[0]

    assert (taken(5), taken(6)) == ("in time", "late")


def test_cancelled_incident_needs_nothing() -> None:
    off = SEV_1.copy_with(state=State.CANCELLED, cancelled_at=START)
    assert words(off) == ["not needed", "in time", "0", "not needed"]


def test_post_mortem_is_late_when_it_is_published_after_its_time_or_not_at_all() -> None:
    over = SEV_1.copy_with(state=State.RESOLVED, resolved_at=START)
    assert words(over, after=timedelta(hours=47))[3] == "open"
    assert words(over, after=timedelta(hours=49))[3] == "late"
    document = Postmortem(created_at=START, published_at=START + timedelta(hours=49))
    assert words(over.copy_with(postmortem=document))[3] == "late"
    assert words(over.copy_with(postmortem=document.copy_with(published_at=START + timedelta(hours=1))))[3] == "in time"


def test_low_severity_needs_neither_updates_nor_a_post_mortem() -> None:
    assert words(SEV_1.copy_with(severity="SEV-4"))[1::2] == ["not needed", "not needed"]
