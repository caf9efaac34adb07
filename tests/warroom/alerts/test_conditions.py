"""Rules that look at the clock, and why a rule did not act."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from warroom.alerts.model import Alert
from warroom.alerts.rules import match_rules, passed_over
from warroom.policy import Policy, check

FRIDAY_NIGHT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
"""Saturday 00:30 in Berlin."""


def policy(*whens: dict[str, Any]) -> Policy:
    """Rules with these conditions, on a clock in Berlin."""
    rules = [{"when": when, "drop": True} for when in whens]
    checked = check({"workspace": {"timezone": "Europe/Berlin"}, "rules": rules})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


def alert(**said: object) -> Alert:
    """An alert that says this."""
    usual = {"delivery_id": "d", "dedup_key": "1:cycle:1", "title": "High Memory", "tags": ("env:prod", "tier:1")}
    return Alert.model_validate(usual | said)


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({"hours": "22:00-06:00"}, True),
        ({"hours": "00:30 - 00:31"}, True),
        ({"hours": "00:00-00:30"}, False),
        ({"hours": ["08:00-12:00", "00:00-24:00"]}, True),
        ({"hours": "23:00-00:30"}, False),
        ({"days": "Saturday"}, True),
        ({"days": ["mon", "fri"]}, False),
        ({"days": ["sat", "sun"], "hours": "22:00-06:00"}, True),
    ],
)
def test_hours_and_days_are_those_of_the_workspaces_clock(when: dict[str, Any], fits: bool) -> None:
    assert (match_rules(alert(), policy(when), FRIDAY_NIGHT).rule != "") is fits


def test_without_a_time_of_arrival_the_senders_counts_and_without_any_no_clock_fits() -> None:
    night = policy({"hours": "22:00-06:00"})
    assert match_rules(alert(occurred_at=FRIDAY_NIGHT), night).rule == "rule 1"
    assert match_rules(alert(), night).rule == ""


def test_why_the_rules_before_did_not_act() -> None:
    rules = policy({"tags": ["env:staging"]}, {"state": "warn"}, {"days": "mon"}, {"service": "api"}, {}, {"env": "x"})
    assert passed_over(alert(), rules, FRIDAY_NIGHT) == (
        ("rule 1", "tags is env:prod, tier:1, wanted env:staging"),
        ("rule 2", "state is alert, wanted warn"),
        ("rule 3", "days is sat, wanted mon"),
        ("rule 4", "service is not said, wanted api"),
    )


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"hours": "25:00-06:00"}, "'25:00-06:00' is no time of day"),
        ({"hours": 22}, "'22' is no time of day"),
        ({"days": "someday"}, "there is no day 'someday'"),
    ],
)
def test_what_is_no_time_is_said(said: dict[str, Any], problem: str) -> None:
    checked = check({"rules": [{"when": said, "drop": True}]})
    assert problem in str([mistake.problem.replace("“", "'").replace("”", "'") for mistake in checked.mistakes])
