"""Who is called when, and what happens when nobody answers."""

from __future__ import annotations

from tests.warroom.conftest import CHAIN, Make, minutes
from warroom.escalation import cadence
from warroom.escalation import rules as escalation
from warroom.incident import events
from warroom.incident.events import PageReason
from warroom.incident.model import Deadlines, Room, State, Updates
from warroom.incident.notices import Paged, Stale, Unanswered, UpdateReminder
from warroom.outbox.effects import Announce, Invite, Place, Post
from warroom.policy import Policy


def test_the_next_level_is_invited_and_called_and_the_one_after_is_set(make: Make, policy: Policy) -> None:
    decision = escalation.page_next(make(), ("UGRACE",), minutes(15), policy, reason=PageReason.ESCALATION)
    after = decision.incident
    assert after.escalation.reached == 2
    assert after.escalation.paged == ("UADA", "UGRACE")
    assert after.deadlines.page == minutes(30)
    assert [e.people for e in decision.effects if isinstance(e, Invite)] == [("UGRACE",)]
    posts = [e.notice for e in decision.effects if isinstance(e, Post)]
    assert posts == [Paged(people=("UGRACE",), level=2, reason=PageReason.ESCALATION)]


def test_a_level_for_sev_1_is_left_out_of_a_sev_2(make: Make, policy: Policy) -> None:
    incident = make(severity="SEV-2", escalation=CHAIN.copy_with(reached=2))
    assert escalation.next_level(incident) is None
    assert escalation.next_level(make(escalation=CHAIN.copy_with(reached=2))) == 2


def test_exhausted_it_calls_the_last_level_again_and_tells_everybody(make: Make, policy: Policy) -> None:
    incident = make(escalation=CHAIN.copy_with(reached=3, paged=("UADA", "UGRACE", "UVP")))
    decision = escalation.page_next(incident, ("UVP",), minutes(45), policy, reason=PageReason.ESCALATION)
    assert decision.incident.escalation.rounds == 1
    assert decision.incident.deadlines.page == minutes(60)
    assert [e.place for e in decision.effects if isinstance(e, Post)] == [Place.ROOM, Place.ANNOUNCEMENT]
    assert any(isinstance(e, Post) and isinstance(e.notice, Unanswered) for e in decision.effects)
    assert any(isinstance(e, Announce) for e in decision.effects)


def test_the_button_calls_the_next_level_although_somebody_has_it(make: Make, policy: Policy) -> None:
    incident = make(state=State.ACKNOWLEDGED, deadlines=Deadlines(page=None))
    decision = escalation.page_next(
        incident, ("UGRACE",), minutes(7), policy, reason=PageReason.BUTTON, by="UADA", why="I need a DBA"
    )
    assert decision.incident.deadlines.page is None
    assert decision.entries[0].event == events.PeoplePaged(
        paged=("UGRACE",), level=2, names=("grace@example.com",), reason=PageReason.BUTTON, why="I need a DBA"
    )


def test_overdue_calls_those_told_so_far_once(make: Make) -> None:
    decision = escalation.overdue(make(), minutes(5))
    assert decision.incident.overdue
    assert decision.incident.deadlines.ack is None
    assert [e.notice for e in decision.effects if isinstance(e, Post)] == [
        Paged(people=("UADA",), level=0, reason=PageReason.OVERDUE)
    ]


def test_people_who_are_wanted_already_are_not_invited_twice(make: Make, policy: Policy) -> None:
    decision = escalation.page_next(make(), ("UADA",), minutes(15), policy, reason=PageReason.ESCALATION)
    assert not [e for e in decision.effects if isinstance(e, Invite)]


def test_a_missed_update_asks_the_commander_and_counts_from_now(make: Make, policy: Policy) -> None:
    decision = cadence.missed(make(commander="UADA"), minutes(15), policy)
    assert decision.incident.updates.missed == 1
    assert decision.incident.deadlines.update == minutes(30)
    notice = next(e.notice for e in decision.effects if isinstance(e, Post))
    assert notice == UpdateReminder(people=("UADA",), missed=1, since=minutes(0))


def test_an_update_goes_to_room_and_announcement_and_takes_the_reminder_away(make: Make, policy: Policy) -> None:
    incident = make(room=Room(slots=(("reminder", "7.7"),)), updates=Updates(missed=1))
    decision = cadence.post_update(incident, "UADA", "rolling back", minutes(20), policy)
    assert decision.incident.deadlines.update == minutes(35)
    assert decision.incident.updates.missed == 0
    assert decision.incident.room.slot("reminder") is None
    assert [e.kind for e in decision.effects] == ["withdraw", "post", "post"]


def test_snoozing_moves_the_reminder_by_a_quarter_of_an_hour(make: Make) -> None:
    assert cadence.snooze(make(), "UADA", minutes(16)).incident.deadlines.update == minutes(31)


def test_silence_asks_the_commander_whether_it_is_over(make: Make) -> None:
    decision = cadence.stale(make(commander="UADA"), minutes(24 * 60))
    assert decision.effects[0].kind == "post"
    assert any(isinstance(e, Post) and isinstance(e.notice, Stale) for e in decision.effects)
