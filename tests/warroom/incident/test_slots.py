"""The bot's own messages in a channel: one of each kind, and none that is out of date."""

from __future__ import annotations

import pytest

from tests.warroom.conftest import Make, minutes
from warroom.incident import opening
from warroom.incident.model import State
from warroom.incident.parts import AlertSummary, Deadlines, Room
from warroom.outbox.effects import Effect, Withdraw
from warroom.outbox.results import ChannelCreated, Posted, TeamTold
from warroom.policy import Policy


def gone(effects: tuple[Effect, ...]) -> list[str]:
    """The messages that are removed."""
    return [effect.ts for effect in effects if isinstance(effect, Withdraw)]


def test_a_newer_message_takes_the_place_of_the_one_that_was_removed_for_it(make: Make) -> None:
    incident = make(room=Room(channel_id="C1", slots=(("page", "1.0"),)))
    decision = opening.posted(incident, Posted(slot="page", ts="2.0", replaced="1.0"))
    assert (decision.incident.room.slots, gone(decision.effects)) == ((("page", "2.0"),), [])


@pytest.mark.parametrize(("there", "comes"), [("1.0", "2.0"), ("10.0", "9.0")])
def test_of_two_that_were_posted_side_by_side_the_newer_one_stays(make: Make, there: str, comes: str) -> None:
    incident = make(room=Room(channel_id="C1", slots=(("page", there),)))
    decision = opening.posted(incident, Posted(slot="page", ts=comes))
    older, newer = sorted((there, comes), key=float)
    assert (decision.incident.room.slot("page"), gone(decision.effects)) == (newer, [older])


@pytest.mark.parametrize(
    ("slot", "changes", "stays"),
    [
        ("recovery", {"alerts": AlertSummary(firing=0)}, True),
        ("recovery", {"alerts": AlertSummary(firing=1)}, False),
        ("recovery", {"state": State.RESOLVED}, False),
        ("reminder", {"state": State.ACKNOWLEDGED}, True),
        ("reminder", {"deadlines": Deadlines()}, False),
        ("stale", {"state": State.CANCELLED}, False),
        ("page", {"state": State.ACKNOWLEDGED}, True),
    ],
)
def test_what_is_out_of_date_when_it_arrives_goes_at_once(
    make: Make, slot: str, changes: dict[str, object], stays: bool
) -> None:
    decision = opening.posted(make(**changes), Posted(slot=slot, ts="2.0"))
    assert (decision.incident.room.slot(slot) == "2.0") is stays
    assert gone(decision.effects) == ([] if stays else ["2.0"])


def test_the_teams_line_is_remembered(make: Make) -> None:
    after = opening.team_told(make(), TeamTold(channel_id="C9", ts="3.0")).incident
    assert (after.room.team_in, after.room.team_ts) == ("C9", "3.0")


def test_who_is_invited_at_the_opening_has_missed_nothing(make: Make, policy: Policy) -> None:
    opened = opening.opened(make(room=Room()), ChannelCreated(channel_id="C1", name="inc-12"), minutes(0), policy)
    assert opened.incident.participants.first == ("UDEC", "UADA")
