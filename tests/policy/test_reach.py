"""A rule that can never act is reported; one that can is not."""

from __future__ import annotations

from typing import Any

import pytest

from warroom.policy import check


def warnings(*whens: dict[str, Any]) -> list[str]:
    """What `check` says about rules with these conditions."""
    checked = check({"rules": [{"when": when, "drop": True} for when in whens]})
    assert checked.policy is not None, checked.mistakes
    return [f"{warning.path} {warning.problem}" for warning in checked.warnings]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({}, {"state": "alert"}),
        ({"tags": "env:*"}, {"tags": ["env:prod", "tier:1"]}),
        ({"monitor": "*Memory*"}, {"monitor": ["High Memory*", "Low memory"]}),
        ({"monitor": ["*", "!Test*"]}, {"monitor": ["CPU*", "!Test*"]}),
        ({"state": ["alert", "warn"]}, {"state": "warn", "service": "api"}),
        ({"priority": ["P1", "P2"], "days": ["sat", "sun"]}, {"priority": "P1", "days": "sun"}),
        ({"hours": "22:00-06:00"}, {"hours": "22:00-06:00", "env": "prod"}),
        ({"hosts": "!db-*"}, {"hosts": "!db-*"}),
        ({"tags": ["!team:data"]}, {"tags": ["env:prod", "!team:data"]}),
    ],
)
def test_what_an_earlier_rule_takes_is_never_reached(wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    [said] = warnings(wide, {"source": "elsewhere"}, narrow) if wide else warnings(wide, narrow)
    assert said.startswith(f"rules[{2 if wide else 1}] is never reached: rules[0] takes every")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"state": "alert"}, {}),
        ({"tags": ["env:prod", "tier:1"]}, {"tags": "env:prod"}),
        ({"monitor": "?Memory"}, {"monitor": "*Memory"}),
        ({"monitor": "High*"}, {"monitor": "*"}),
        ({"monitor": ["*", "!Test*"]}, {"monitor": "Test*"}),
        ({"hosts": "!db-*"}, {"hosts": "web-*"}),
        ({"tags": "!team:data"}, {"tags": "env:prod"}),
        ({"hours": "22:00-06:00"}, {"hours": "08:00-18:00"}),
        ({"days": "sat"}, {"days": ["sat", "mon"]}),
    ],
)
def test_what_may_still_act_is_not_reported(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert warnings(first, second) == []
