"""How sure an answer is: never surer than what was seen allows."""

from __future__ import annotations

import numpy as np
import pytest

from warroom.investigation.confidence import MOST, MOST_UNMAPPED, MOST_UNMEASURED, SPEAKS, confidences
from warroom.investigation.rank import WEIGHTS, Candidate
from warroom.investigation.services import Symptom

FELT = Symptom((), 30.0, np.ones(10), None)
NOTHING = Symptom((), 0.0, np.zeros(10), None)


def candidate(
    service: str, much: float, *, mapped: bool = True, unmeasured: str | None = None, distance: int | None = 1
) -> Candidate:
    """One of which everything speaks that much."""
    features = dict.fromkeys(WEIGHTS, much)
    return Candidate(service, features, (), 30.0, None, distance, None, unmeasured=unmeasured, mapped=mapped)


def first(*candidates: Candidate, symptom: Symptom = FELT) -> float:
    return confidences(symptom, candidates)[0]


def test_where_everything_speaks_for_one_it_is_nearly_certain() -> None:
    assert first(candidate("db", 1.0), candidate("api", 0.0)) == MOST


def test_where_nobody_said_who_calls_whom_it_is_less() -> None:
    assert first(candidate("db", 1.0, mapped=False), candidate("api", 0.0, mapped=False)) == MOST_UNMAPPED < MOST


def test_where_something_that_it_calls_was_not_measured_it_is_less_still() -> None:
    assert first(candidate("db", 1.0, unmeasured="disk")) == MOST_UNMEASURED < MOST_UNMAPPED


def test_where_nothing_is_felt_and_little_speaks_nobody_is_named() -> None:
    assert first(candidate("db", 0.3), candidate("api", 0.3), symptom=NOTHING) < SPEAKS


def test_two_alike_are_less_certain_than_one_that_leads() -> None:
    alike = first(candidate("db", 0.6), candidate("api", 0.6), symptom=NOTHING)
    assert alike < first(candidate("db", 0.6), candidate("api", 0.4), symptom=NOTHING)


def test_what_nobody_calls_is_less_certain() -> None:
    far, near = candidate("db", 0.5, distance=None), candidate("db", 0.5)
    assert first(far, symptom=NOTHING) < first(near, symptom=NOTHING)


@pytest.mark.parametrize("count", [1, 2, 3, 40])
@pytest.mark.parametrize("much", [0.0, 0.2, 0.5, 1.0])
def test_all_together_are_less_than_certain_and_none_passes_the_first(count: int, much: float) -> None:
    found = confidences(FELT, [candidate(f"s{n}", much) for n in range(count)])
    assert len(found) == count
    assert sum(found) < 1
    assert max(found) == found[0]
    assert min(found) > 0


def test_without_candidates_there_is_nothing_to_say() -> None:
    assert confidences(FELT, []) == []
