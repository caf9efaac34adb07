"""The last rung: names that are nearly right, in an index that follows the directory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warroom.fuzzy import CLEAR, CUTOFF, FuzzyIndex
from warroom.people import Person, names_of, normal

ADA = Person(id="U1", name="ada", real_name="Ada Lovelace", email="ada.l@example.com")
ADAM = Person(id="U2", name="adam", real_name="Adam Loveless")


def index(*people: Person) -> FuzzyIndex:
    """An index of these people."""
    new = FuzzyIndex()
    new.replace(people)
    return new


def test_a_misspelling_is_near_and_the_nearest_comes_first() -> None:
    found = index(ADAM, ADA).candidates(normal("Ada Lovelase"), 5)
    assert [person for person, _, _ in found] == [ADA, ADAM]
    (_, kind, first), (_, _, second) = found
    assert kind == "real"
    assert first >= CLEAR > second >= CUTOFF


def test_part_of_a_name_is_enough_for_a_question_and_never_for_a_match() -> None:
    ((person, _, score),) = index(ADA).candidates("lovelace", 5)
    assert person == ADA
    assert CUTOFF <= score < CLEAR


def test_those_who_may_not_be_matched_are_not_in_it() -> None:
    people = (ADA.but(deleted=True), ADAM.but(is_bot=True), ADAM.but(id="U3", is_guest=True))
    assert len(index(*people)) == 0
    assert index(*people).candidates("adalovelace", 5) == []


def test_a_new_name_replaces_the_old_one_and_a_deactivation_takes_it_out() -> None:
    names = index(ADA)
    names.add(ADA.but(real_name="Ada King", name="king", email=None))
    assert names.candidates("adalovelace", 5) == []
    assert [person.real_name for person, _, _ in names.candidates("adaking", 5)] == ["Ada King"]
    names.add(ADA.but(deleted=True))
    assert (len(names), names.candidates("adaking", 5)) == (0, [])
    names.remove("UNOBODY")


def test_people_who_share_a_name_are_all_found_and_one_can_leave() -> None:
    twin = ADA.but(id="U9")
    names = index(ADA, twin)
    assert [person.id for person, _, _ in names.candidates("adalovelace", 5)] == ["U1", "U9"]
    names.remove("U1")
    assert [person.id for person, _, _ in names.candidates("adalovelace", 5)] == ["U9"]


PEOPLE = st.builds(
    Person,
    id=st.from_regex(r"U[A-Z0-9]{1,4}", fullmatch=True),
    name=st.text(alphabet="abc .é", max_size=6),
    real_name=st.text(alphabet="abc É-", max_size=10),
    deleted=st.booleans(),
)


@given(st.lists(PEOPLE, max_size=12))
def test_however_people_come_and_change_only_the_last_state_counts(people: list[Person]) -> None:
    followed = FuzzyIndex()
    for person in people:
        followed.add(person)
    last = {person.id: person for person in people}
    fresh = index(*last.values())
    assert len(followed) == len(fresh) == sum(not person.deleted for person in last.values())
    for person in last.values():
        for _, key in names_of(person):
            assert sorted(p.id for p, _, _ in followed.candidates(key, 50)) == sorted(
                p.id for p, _, _ in fresh.candidates(key, 50)
            )


@given(st.lists(PEOPLE, min_size=1, max_size=8, unique_by=lambda person: person.id))
def test_everybody_is_found_by_their_own_name_with_the_full_score(people: list[Person]) -> None:
    names = index(*people)
    for person in people:
        for _, key in [] if person.deleted else names_of(person):
            scores = {found.id: score for found, _, score in names.candidates(key, 50)}
            assert scores[person.id] == 100.0
