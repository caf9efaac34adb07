"""Who is called when, and what happens when nobody answers."""

from __future__ import annotations

from tests.refusals import refuses
from tests.warroom.conftest import CHAIN, Make, minutes
from warroom.errors import AlreadyDone, Refused
from warroom.escalation import cadence
from warroom.escalation import rules as escalation
from warroom.incident import events
from warroom.incident.events import PageReason
from warroom.incident.lifecycle import change_severity as changed
from warroom.incident.model import Incident, Origin, State
from warroom.incident.notices import Paged, Stale, Unanswered, UpdateReminder, UpdateSnoozed
from warroom.incident.parts import Deadlines, Room, Updates
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
    incident = make(
        state=State.ACKNOWLEDGED,
        room=Room(slots=(("reminder", "7.7"),)),
        updates=Updates(missed=1, unanswered=1, overdue_since=minutes(15), snoozes=2),
    )
    decision = cadence.post_update(incident, "UADA", "rolling back", minutes(20), policy)
    assert decision.incident.deadlines.update == minutes(35)
    assert decision.incident.updates == Updates(last="rolling back", last_at=minutes(20), last_by="UADA")
    assert decision.incident.room.slot("reminder") is None
    assert [e.kind for e in decision.effects] == ["withdraw", "post", "post"]


def reminded(make: Make, policy: Policy, at: float = 15, **changes: object) -> Incident:
    """Somebody has it and was just reminded of an update."""
    usual: dict[str, object] = {"state": State.ACKNOWLEDGED, "commander": "UADA", "acknowledged_at": minutes(0)}
    return cadence.missed(make(**(usual | changes)), minutes(at), policy).incident


def test_snoozing_moves_the_reminder_by_a_quarter_of_an_hour_and_nothing_was_missed(make: Make, policy: Policy) -> None:
    decision = cadence.snooze(reminded(make, policy), "UADA", minutes(16))
    after = decision.incident
    assert after.deadlines.update == minutes(31)
    assert (after.updates.missed, after.updates.overdue_since, after.updates.unanswered) == (0, None, 0)
    assert [e.notice for e in decision.effects if isinstance(e, Post)] == [UpdateSnoozed(by="UADA", until=minutes(31))]


def test_a_second_press_of_the_same_reminder_changes_nothing(make: Make, policy: Policy) -> None:
    snoozed = cadence.snooze(reminded(make, policy), "UADA", minutes(16)).incident
    with refuses(AlreadyDone, match="snoozed or answered"):
        cadence.snooze(snoozed, "UBEN", minutes(17))


def test_a_snoozed_reminder_escalates_nothing_and_two_that_nobody_answers_do(make: Make, policy: Policy) -> None:
    again = cadence.missed(cadence.snooze(reminded(make, policy), "UADA", minutes(16)).incident, minutes(31), policy)
    assert (again.incident.updates.missed, again.incident.updates.overdue_since) == (1, minutes(31))
    assert not cadence.calls_for_help(again.incident, minutes(31), policy)
    ignored = cadence.missed(again.incident, minutes(46), policy).incident
    assert cadence.calls_for_help(ignored, minutes(46), policy)


def test_the_fourth_snooze_in_a_row_is_refused_kindly_and_an_update_allows_it_again(make: Make, policy: Policy) -> None:
    incident, at = reminded(make, policy), 15.0
    for _ in range(3):
        incident = cadence.snooze(incident, "UADA", minutes(at)).incident
        at += 15
        incident = cadence.missed(incident, minutes(at), policy).incident
    with refuses(Refused, match="3 times in a row"):
        cadence.snooze(incident, "UADA", minutes(at))
    updated = cadence.post_update(incident, "UADA", "still investigating", minutes(at), policy).incident
    again = cadence.missed(updated, minutes(at + 15), policy).incident
    assert cadence.snooze(again, "UADA", minutes(at + 15)).incident.updates.snoozes == 1


def test_a_changed_severity_makes_no_update_missed(make: Make, policy: Policy) -> None:
    calm = make(
        state=State.ACKNOWLEDGED, severity="SEV-3", acknowledged_at=minutes(1), deadlines=Deadlines(update=minutes(61))
    )
    worse = changed(calm, "UADA", "SEV-1", minutes(40), policy).incident
    assert worse.deadlines.update == minutes(55), "an interval from now, for one since the acknowledgement is over"
    soon = changed(calm, "UADA", "SEV-1", minutes(6), policy).incident
    assert soon.deadlines.update == minutes(16)
    none = changed(worse, "UADA", "SEV-4", minutes(41), policy).incident
    assert none.deadlines.update is None
    assert changed(make(severity="SEV-4"), "UADA", "SEV-1", minutes(40), policy).incident.deadlines.update is None


def test_an_overdue_update_stays_overdue_when_the_severity_changes(make: Make, policy: Policy) -> None:
    late = reminded(make, policy)
    after = changed(late, "UADA", "SEV-2", minutes(20), policy).incident
    assert after.updates.overdue_since == minutes(15)
    assert after.deadlines.update == late.deadlines.update


class TestAnAlertThatRecovered:
    """Nobody is paged further for it."""

    def test_pauses_the_escalation_and_fired_again_it_goes_on_where_it_was(self, make: Make, policy: Policy) -> None:
        waiting = make(origin=Origin.ALERT)
        paused = escalation.paused(waiting, minutes(4), policy)
        assert (paused.deadlines.page, paused.deadlines.ack) == (None, None)
        again = escalation.resumed(paused, minutes(44), policy)
        assert (again.deadlines.page, again.deadlines.ack) == (minutes(15 + 40), minutes(5 + 40))
        assert again.escalation.paused_at is None

    def test_pauses_nothing_where_the_policy_says_so_or_a_person_declared(self, make: Make, policy: Policy) -> None:
        strict = policy.copy_with(workspace=policy.workspace.copy_with(page_after_recovery=True))
        assert escalation.paused(make(origin=Origin.ALERT), minutes(4), strict).deadlines.page == minutes(15)
        assert escalation.paused(make(), minutes(4), policy).deadlines.page == minutes(15)

    def test_lets_escalate_call_the_next_level_without_planning_another(self, make: Make, policy: Policy) -> None:
        paused = escalation.paused(make(origin=Origin.ALERT), minutes(4), policy)
        decision = escalation.page_next(paused, ("UGRACE",), minutes(6), policy, reason=PageReason.BUTTON, by="UADA")
        assert decision.incident.deadlines.page is None

    def test_keeps_the_missed_acknowledgement_overdue(self, make: Make, policy: Policy) -> None:
        late = escalation.overdue(make(origin=Origin.ALERT), minutes(5)).incident
        again = escalation.resumed(escalation.paused(late, minutes(6), policy), minutes(9), policy)
        assert (again.overdue, again.deadlines.ack) == (True, None)


def test_silence_asks_the_commander_whether_it_is_over(make: Make) -> None:
    decision = cadence.stale(make(commander="UADA"), minutes(24 * 60))
    assert decision.effects[0].kind == "post"
    assert any(isinstance(e, Post) and isinstance(e.notice, Stale) for e in decision.effects)
