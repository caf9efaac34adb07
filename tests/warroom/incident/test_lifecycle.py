"""The life of an incident, step by step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.refusals import refuses
from tests.warroom.conftest import Make, minutes
from warroom.errors import AlreadyDone, Refused
from warroom.incident import events, lifecycle
from warroom.incident.decision import Decision, changeset, timers_of
from warroom.incident.model import Incident, State
from warroom.outbox.effects import Announce, Place, Post, SetTopic, SharePicture, ShowCard, TellTeam
from warroom.policy import Policy
from warroom.postmortem.model import Postmortem


def test_whoever_acknowledges_has_it_and_the_paging_stops(make: Make, policy: Policy) -> None:
    decision = lifecycle.acknowledge(make(), "UADA", minutes(3), policy)
    after = decision.incident
    assert (after.state, after.acknowledged_by, after.commander) == (State.ACKNOWLEDGED, "UADA", "UADA")
    assert after.acknowledged_at == minutes(3)
    assert "page" not in timers_of(after)
    assert "ack" not in timers_of(after)
    assert [entry.event for entry in decision.entries] == [events.Acknowledged()]


def test_a_commander_named_before_stays_commander(make: Make, policy: Policy) -> None:
    assert lifecycle.acknowledge(make(commander="UBOSS"), "UADA", minutes(3), policy).incident.commander == "UBOSS"


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.MITIGATED, State.RESOLVED])
def test_a_second_acknowledgement_changes_nothing_and_names_the_first(make: Make, policy: Policy, state: State) -> None:
    with refuses(AlreadyDone, match="UADA"):
        lifecycle.acknowledge(make(state=state, acknowledged_by="UADA"), "UBEN", minutes(4), policy)


def test_resolving_stops_reminders_and_asks_for_the_required_post_mortem(make: Make, policy: Policy) -> None:
    decision = lifecycle.resolve(make(), "UADA", minutes(42), policy, "rolled back 1.4.2")
    after = decision.incident
    assert after.state is State.RESOLVED
    assert after.summary == "rolled back 1.4.2"
    assert after.postmortem_required_by == minutes(42 + 48 * 60)
    assert set(timers_of(after)) == {"postmortem"}
    places = [effect.place for effect in decision.effects if isinstance(effect, Post)]
    assert places == [Place.ROOM, Place.ANNOUNCEMENT]


def test_an_optional_post_mortem_lets_the_incident_close_by_itself(make: Make, policy: Policy) -> None:
    after = lifecycle.resolve(make(severity="SEV-3"), "UADA", minutes(42), policy).incident
    assert after.postmortem_required_by is None
    assert set(timers_of(after)) == {"close"}
    assert lifecycle.close(after, None, minutes(2000)).incident.state is State.CLOSED


def test_reopening_gives_it_to_whoever_does_and_forgets_the_post_mortem_date(make: Make, policy: Policy) -> None:
    resolved = lifecycle.resolve(make(), "UADA", minutes(42), policy).incident
    after = lifecycle.reopen(resolved, "UBEN", minutes(50), policy).incident
    assert after.state is State.ACKNOWLEDGED
    assert after.resolved_at is None
    assert after.deadlines.update == minutes(65)
    assert "postmortem" not in timers_of(after)


def test_a_mitigation_that_did_not_hold_is_taken_back(make: Make, policy: Policy) -> None:
    mitigated = lifecycle.mitigate(make(), "UADA", minutes(20), policy).incident
    after = lifecycle.reopen(mitigated, "UBEN", minutes(50), policy).incident
    assert (after.state, after.mitigated_at, after.acknowledged_by) == (State.ACKNOWLEDGED, None, "UADA")
    with refuses(AlreadyDone, match="is open"):
        lifecycle.reopen(after, "UBEN", minutes(51), policy)


def test_a_closed_incident_goes_on_with_its_rhythm_and_its_post_mortem_is_a_draft_again(
    make: Make, policy: Policy
) -> None:
    written = Postmortem(summary="rolled back", created_at=minutes(60), published_at=minutes(90), published_by="UADA")
    resolved = lifecycle.resolve(make(postmortem=written), "UADA", minutes(42), policy).incident
    closed = lifecycle.close(resolved, "UADA", minutes(90)).incident
    after = lifecycle.reopen(closed, "UBEN", minutes(2000), policy).incident
    assert (after.state, after.closed_at, after.resolved_at) == (State.ACKNOWLEDGED, None, None)
    assert after.deadlines.update == minutes(2015)
    assert after.postmortem is not None
    assert (after.postmortem.summary, after.postmortem.published_at) == ("rolled back", None)


def test_what_is_closed_is_neither_acknowledged_nor_reopened_from_elsewhere(make: Make, policy: Policy) -> None:
    with refuses(Refused, match="nothing to acknowledge"):
        lifecycle.acknowledge(make(state=State.CLOSED), "UBEN", minutes(50), policy)
    with refuses(Refused, match="Declare a new incident"):
        lifecycle.reopen_from_elsewhere(make(state=State.CLOSED), "UBEN", minutes(50), policy)


def test_what_was_cancelled_for_good_is_not_reopened(make: Make, policy: Policy) -> None:
    with refuses(Refused, match="Declare a new incident"):
        lifecycle.reopen(make(state=State.CANCELLED), "UBEN", minutes(50), policy)


def test_cancelling_needs_a_reason(make: Make) -> None:
    with refuses(Refused, match="Say why"):
        lifecycle.cancel(make(), "UADA", minutes(2), "  ")
    after = lifecycle.cancel(make(), "UADA", minutes(2), "the monitor was wrong").incident
    assert after.state is State.CANCELLED
    assert timers_of(after) == {"undo": minutes(62)}


def test_a_cancel_is_taken_back_within_an_hour_and_paging_goes_on(make: Make, policy: Policy) -> None:
    before = make()
    cancelled = lifecycle.cancel(before, "UADA", minutes(2), "the monitor was wrong").incident
    after = lifecycle.reopen(cancelled, "UADA", minutes(20), policy).incident
    assert (after.state, after.summary, after.acknowledged_by) == (State.DETECTED, "", None)
    assert timers_of(after) == {"page": minutes(15), "ack": minutes(5)}, "what came due meanwhile is due now"
    with refuses(Refused, match="Declare a new incident"):
        lifecycle.reopen(cancelled, "UADA", minutes(63), policy)


def test_every_pair_of_states_is_allowed_or_refused_as_the_table_says(make: Make, policy: Policy) -> None:
    steps: dict[State, Callable[[Incident], Decision]] = {
        State.ACKNOWLEDGED: lambda i: lifecycle.acknowledge(i, "U", minutes(1), policy),
        State.MITIGATED: lambda i: lifecycle.mitigate(i, "U", minutes(1), policy),
        State.RESOLVED: lambda i: lifecycle.resolve(i, "U", minutes(1), policy),
        State.CANCELLED: lambda i: lifecycle.cancel(i, "U", minutes(1), "why"),
        State.CLOSED: lambda i: lifecycle.close(i, "U", minutes(1)),
    }
    for before in State:
        for target, step in steps.items():
            reopening = target is State.ACKNOWLEDGED and before in (
                State.MITIGATED,
                State.RESOLVED,
                State.CLOSED,
            )
            if target in lifecycle.STEPS[before] and not reopening:
                assert step(make(state=before)).incident.state is target
            else:
                with pytest.raises(Refused):
                    step(make(state=before))


def test_one_commit_redraws_the_card_and_only_what_else_has_changed(make: Make, policy: Policy) -> None:
    before = make()
    kinds = {
        type(e)
        for e in changeset(
            before, lifecycle.acknowledge(before, "UADA", minutes(3), policy), now=minutes(3), policy=policy
        ).effects
    }
    assert kinds == {ShowCard, Announce, TellTeam, Post}
    resolved = lifecycle.resolve(before, "UADA", minutes(3), policy)
    kinds = {type(e) for e in changeset(before, resolved, now=minutes(3), policy=policy).effects}
    assert kinds == {ShowCard, Announce, TellTeam, SetTopic, Post, SharePicture}


def test_a_private_incident_is_never_announced(make: Make, policy: Policy) -> None:
    before = make(private=True)
    wanted = changeset(before, lifecycle.resolve(before, "UADA", minutes(3), policy), now=minutes(3), policy=policy)
    assert not [e for e in wanted.effects if isinstance(e, Announce)]


def test_timers_that_did_not_move_are_not_written_again(make: Make, policy: Policy) -> None:
    before = make()
    wanted = changeset(before, lifecycle.acknowledge(before, "UADA", minutes(3), policy), now=minutes(3), policy=policy)
    assert {timer.kind: timer.due_at for timer in wanted.timers} == {
        "page": None,
        "ack": None,
        "update": minutes(18),
        "stale": wanted.incident.deadlines.stale if wanted.incident else None,
    }
