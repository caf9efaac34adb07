"""Words that mean a severity, and how a file's severities lie over the built-in ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from warroom.policy import Policy, check


def policy(severities: object) -> Policy:
    """The policy with these severities in its file."""
    checked = check({"severities": severities})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@pytest.mark.parametrize("word", ["critical", "P1", "sev1", "SEV-1", "emergency", "1", 1, "Sev 1", "severity 1"])
def test_many_words_mean_sev_1(word: str | int) -> None:
    assert Policy().severity_named(word) == "SEV-1"


@pytest.mark.parametrize(
    ("word", "means"),
    [("high", "SEV-2"), ("Moderate", "SEV-3"), ("warning", "SEV-3"), ("P5", "SEV-4"), ("tired", None), ("", None)],
)
def test_other_words_mean_the_others_or_nothing(word: str, means: str | None) -> None:
    assert Policy().severity_named(word) == means


def test_the_built_in_table_is_the_product_s() -> None:
    table = {
        key: (each.acknowledge_within, each.update_every, each.postmortem_within)
        for key, each in Policy().severities.items()
    }
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    assert table == {
        "SEV-1": (5 * minute, 15 * minute, 48 * hour),
        "SEV-2": (15 * minute, 30 * minute, 48 * hour),
        "SEV-3": (1 * hour, 60 * minute, None),
        "SEV-4": (4 * hour, None, None),
    }


def test_a_file_changes_one_number_and_the_rest_stays() -> None:
    ours = policy({"SEV-1": {"acknowledge_within": "30s"}}).severities["SEV-1"]
    assert (ours.name, ours.acknowledge_within, ours.update_every) == (
        "Critical",
        timedelta(seconds=30),
        timedelta(minutes=15),
    )


def test_null_takes_a_severity_out_and_a_new_one_stands_where_the_file_has_it() -> None:
    ours = policy({"SEV-0": {"name": "Catastrophe", "acknowledge_within": "1m"}, "SEV-1": {}, "SEV-4": None})
    assert list(ours.severities) == ["SEV-0", "SEV-1", "SEV-2", "SEV-3"]
    assert ours.more_severe("SEV-0", "SEV-1")
    assert ours.severity_named("low") is None


def test_a_new_one_whose_place_is_not_said_comes_last_and_that_is_worth_a_warning() -> None:
    checked = check({"severities": {"SEV-0": {"name": "Catastrophe", "acknowledge_within": "1m"}}})
    assert checked.policy is not None
    assert checked.policy.severity_at(99) == "SEV-0"
    (warning,) = checked.warnings
    assert (warning.path, warning.suggestion) == (
        "severities.SEV-0",
        "severities are ordered as written; write SEV-4 after it",
    )


def test_a_word_of_the_file_wins_over_the_same_built_in_alias() -> None:
    ours = policy({"SEV-1": {"aliases": ["major"]}})
    assert ours.severity_named("major") == "SEV-1"
    assert ours.severity_named("high") == "SEV-2"


def test_the_words_that_alerts_write_mean_the_same_beside_the_words_of_the_file() -> None:
    ours = policy({"SEV-1": {"aliases": ["warn"]}, "SEV-3": {"aliases": ["medium", "moderate"]}})
    assert (ours.severity_named("warning"), ours.severity_named("P3")) == ("SEV-3", "SEV-3")
    assert ours.severity_named("warn") == "SEV-1"


def test_lower_stops_at_the_end() -> None:
    built_in = Policy()
    assert [built_in.lower("SEV-3"), built_in.lower("SEV-4")] == ["SEV-4", "SEV-4"]
