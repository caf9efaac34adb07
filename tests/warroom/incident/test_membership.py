"""Who is in a room: what is heard may be late or missing, what is read counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.clock import NIGHT
from tests.warroom.conftest import Make
from warroom.incident import membership, opening
from warroom.incident.model import Incident
from warroom.incident.parts import Participants
from warroom.outbox.results import PeopleAdded, RoomMembers

PEOPLE = ("UADA", "UBEN", "UCAT")


def at(seconds: float) -> datetime:
    return NIGHT + timedelta(seconds=seconds)


def room(make: Make, *inside: str, **there: Any) -> Incident:
    """A private incident of Ada's with these people in its room."""
    participants = Participants(invitees=inside, invited=inside, **there)
    return make(private=True, declared_by="UADA").copy_with(participants=participants)


def read(incident: Incident, *people: str, before: Incident | None = None, when: float = 100) -> Incident:
    """After Slack said who is in the room; `before` is the incident when it was asked."""
    result = RoomMembers(people=people, before=(before or incident).participants, asked_at=at(when))
    decision = opening.members_read(incident, result)
    return decision.incident if decision else incident


def test_what_happened_first_counts_less_whenever_it_is_heard(make: Make) -> None:
    gone = membership.went(room(make, *PEOPLE), "UBEN", at(10))
    assert gone is not None
    assert not gone.shown_to("UBEN")
    assert membership.came(gone, "UBEN", at(9)) is None
    back = membership.came(gone, "UBEN", at(11))
    assert back is not None
    assert back.shown_to("UBEN")
    assert membership.went(back, "UBEN", at(10)) is None


def test_who_is_read_in_the_room_is_in_it_and_nobody_else(make: Make) -> None:
    after = read(room(make, *PEOPLE), "UADA", "UDAN")
    assert [user for user in (*PEOPLE, "UDAN") if after.shown_to(user)] == ["UADA", "UDAN"]
    assert read(after, "UADA", "UDAN") is after, "nothing new is no change"


def test_who_moved_while_it_was_read_is_left_as_they_are(make: Make) -> None:
    before = room(make, *PEOPLE)
    now = membership.went(before, "UBEN", at(101))
    assert now is not None
    came = membership.came(now, "UDAN", at(102))
    assert came is not None
    after = read(came, *PEOPLE, before=before)
    assert not after.shown_to("UBEN")
    assert after.shown_to("UDAN")


def test_slack_s_clock_may_be_ahead_of_ours(make: Make) -> None:
    ahead = membership.came(room(make, "UADA"), "UBEN", at(500))
    assert ahead is not None
    after = read(ahead, "UADA", when=100)
    assert not after.shown_to("UBEN")
    assert membership.came(after, "UBEN", at(500)) is None, "the same event once more"


def test_who_could_not_be_let_in_does_not_see_it_and_whoever_declared_it_does_until_then(make: Make) -> None:
    incident = room(make).copy_with(participants=Participants(invitees=PEOPLE))
    assert [user for user in PEOPLE if incident.shown_to(user)] == ["UADA"]
    added = opening.invited(incident, PeopleAdded(people=("UBEN",), failed=(("UADA", "a guest"), ("UCAT", "a guest"))))
    assert [user for user in PEOPLE if added.incident.shown_to(user)] == ["UBEN"]
    later = opening.invited(added.incident, PeopleAdded(people=("UCAT",))).incident
    assert later.shown_to("UCAT")


def test_only_who_is_named_by_a_person_comes_back(make: Make) -> None:
    gone = membership.went(room(make, *PEOPLE), "UBEN", at(10))
    assert gone is not None
    assert gone.with_invitees("UBEN") == gone
    assert gone.with_asked_back("UBEN").participants.left == ()
    public = gone.copy_with(private=False)
    assert public.with_invitees("UBEN").participants.left == ()


MOVES = st.lists(
    st.tuples(st.sampled_from(("came", "went")), st.sampled_from(PEOPLE[1:]), st.integers(1, 50)), max_size=12
)


@given(MOVES, st.randoms())
def test_in_whatever_order_it_is_heard_the_last_that_happened_counts(
    moves: list[tuple[str, str, int]], chance: Any
) -> None:
    moves = list({(user, when): (kind, user, when) for kind, user, when in moves}.values())
    inside = {"UADA"}
    for kind, user, _ in sorted(moves, key=lambda move: move[2]):
        inside = inside | {user} if kind == "came" else inside - {user}
    heard = list(moves)
    chance.shuffle(heard)
    incident = Incident(
        id="i",
        number=1,
        origin="command",
        origin_key="k",
        title="t",
        severity="SEV-1",
        private=True,
        declared_at=NIGHT,
        touched_at=NIGHT,
        participants=Participants(invitees=("UADA",), invited=("UADA",)),
    )
    for kind, user, when in heard:
        move = membership.came if kind == "came" else membership.went
        incident = move(incident, user, at(when)) or incident
    assert {user for user in PEOPLE if incident.shown_to(user)} == inside
