"""Names that are nearly right, in an index that follows the directory."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warroom.people.fuzzy import CLEAR, COMMON, CUTOFF, FuzzyIndex, _in_at_least, _places
from warroom.people.model import Person, names_of, normal

ADA = Person(id="U1", name="ada", real_name="Ada Lovelace", email="ada.l@example.com")
ADAM = Person(id="U2", name="adam", real_name="Adam Loveless")


def index(*people: Person) -> FuzzyIndex:
    """An index of these people."""
    return FuzzyIndex(people).seal()


def test_a_misspelling_is_near_and_the_nearest_comes_first() -> None:
    found = index(ADAM, ADA).candidates(normal("Ada Lovelase"), 5)
    assert [person for person, _, _ in found] == ["U1", "U2"]
    (_, kind, first), (_, _, second) = found
    assert kind == "real"
    assert first >= CLEAR > second >= CUTOFF


def test_part_of_a_name_is_enough_for_a_question_and_never_for_a_match() -> None:
    ((person, _, score),) = index(ADA).candidates("lovelace", 5)
    assert person == "U1"
    assert CUTOFF <= score < CLEAR


def test_those_who_may_not_be_matched_are_not_in_it() -> None:
    people = (ADA.copy_with(deleted=True), ADAM.copy_with(is_bot=True), ADAM.copy_with(id="U3", is_guest=True))
    assert len(index(*people)) == 0
    assert index(*people).candidates("adalovelace", 5) == []


def test_people_who_share_a_name_are_all_found() -> None:
    names = index(ADA, ADA.copy_with(id="U9"))
    assert [person for person, _, _ in names.candidates("adalovelace", 5)] == ["U1", "U9"]


@pytest.mark.parametrize("typed", ["Ada Lovelasce", "Ada Lovlace", "Lovelace Ada", "ada lovelcae", "adalovelac"])
def test_one_is_found_among_thousands_of_others(typed: str) -> None:
    crowd = (Person(id=f"U{n:05}", name=f"user{n}", real_name=f"{n:05} Crowd {n % 97} Member") for n in range(5000))
    found = index(*crowd, ADA).candidates(normal(typed), 5)
    assert "U1" in [person for person, _, _ in found]


PEOPLE = st.builds(
    Person,
    id=st.from_regex(r"U[A-Z0-9]{1,4}", fullmatch=True),
    name=st.text(alphabet="abc .é", max_size=6),
    real_name=st.text(alphabet="abc É-", max_size=10),
    deleted=st.booleans(),
)


@given(st.lists(PEOPLE, min_size=1, max_size=8, unique_by=lambda person: person.id))
def test_everybody_is_found_by_their_own_name_with_the_full_score(people: list[Person]) -> None:
    names = index(*people)
    for person in people:
        for _, key in [] if person.deleted else names_of(person):
            scores = {found: score for found, _, score in names.candidates(key, 50)}
            assert scores[person.id] == 100.0


@given(st.lists(st.sets(st.integers(0, 200)), max_size=12), st.integers(1, 5))
def test_sets_counted_at_once_are_counted_right(sets: list[set[int]], enough: int) -> None:
    counted = Counter(member for each in sets for member in each)
    bits = [sum(1 << member for member in each) for each in sets]
    expected = sorted(member for member, times in counted.items() if times >= enough)
    assert _places(_in_at_least(bits, enough)) == expected


def test_names_that_many_share_parts_of_are_found_before_and_after_it_is_sealed() -> None:
    crowd = [Person(id=f"U{n:05}", name=f"user{n}", real_name=f"Ada Crowd {n:05}") for n in range(2 * COMMON)]
    open_still, sealed = FuzzyIndex(crowd), FuzzyIndex(crowd).seal()
    for typed in ("adacrowd00777", "adacrwod00777", "acrowd01"):
        found = sealed.candidates(typed, 5)
        assert found
        assert found == open_still.candidates(typed, 5)
