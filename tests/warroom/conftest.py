"""An incident to decide about, and the times of the night it happens in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from warroom.incident.model import Incident, Origin
from warroom.incident.parts import Deadlines, EscalationLevel, EscalationState, Participants, Room
from warroom.policy import Policy, check

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

Make = Callable[..., Incident]


def minutes(count: float) -> datetime:
    """So many minutes into the night."""
    return NIGHT + timedelta(minutes=count)


CHAIN = EscalationState(
    team="platform",
    levels=(
        EscalationLevel(after=timedelta(0), notify=("@sre-oncall",)),
        EscalationLevel(after=timedelta(minutes=15), notify=("grace@example.com",)),
        EscalationLevel(after=timedelta(minutes=30), notify=("VP Engineering",), only=("SEV-1",)),
    ),
    reached=1,
    paged=("UADA",),
)


@pytest.fixture
def policy() -> Policy:
    """The built-in policy with one team and a broadcast channel."""
    checked = check({"workspace": {"announce": "#incidents"}, "teams": {"platform": {"channel": "#sre-alerts"}}})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.fixture
def make() -> Make:
    """An open SEV-1 with a furnished room; keyword arguments change it."""

    def incident(**changes: object) -> Incident:
        first = Incident(
            id="i1",
            number=12,
            version=3,
            origin=Origin.COMMAND,
            origin_key="command:1",
            title="checkout returns 500s",
            severity="SEV-1",
            team="platform",
            declared_by="UDEC",
            declared_at=NIGHT,
            touched_at=NIGHT,
            escalation=CHAIN,
            participants=Participants(invitees=("UDEC", "UADA"), invited=("UDEC", "UADA")),
            room=Room(channel_id="C1", channel_name="inc-12-checkout-returns-500s", card_ts="100.1"),
            deadlines=Deadlines(page=minutes(15), ack=minutes(5), update=minutes(15)),
        )
        return first.copy_with(**changes)

    return incident
