"""The section `schedules`: what it means, and every mistake in it with a way out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.policy_file import effective_yaml, json_schema
from warroom.policy import Policy, check
from warroom.policy.schedule import Reference

LAYERS = [
    {"people": ["ada@example.com", "@ben", "grace"], "every": "1w", "handoff": "mon 09:00", "from": date(2026, 1, 5)},
    {"people": "tokyo.sre@example.com", "every": "1d", "hours": "22:00-06:00", "days": ["mon", "tue"]},
    {"people": [["ada", "ben"], "grace"], "every": "2 months", "handoff": "31 09:00", "until": "2027-01-01"},
]


def of(layer: object, **more: object) -> dict[str, Any]:
    """A policy file with one schedule of one layer."""
    return {"schedules": {"platform": {"layers": [layer]}}, **more}


def test_the_schedule_of_the_guide_is_understood_and_written_back() -> None:
    written = {"workspace": {"timezone": "Asia/Tokyo"}, "schedules": {"platform": {"layers": LAYERS}}}
    policy = check(written).policy
    assert policy is not None
    weekly, nights, months = policy.schedules["platform"].layers
    assert policy.schedules["platform"].timezone == "Asia/Tokyo"
    assert (str(weekly.every), str(weekly.handed_over), weekly.from_) == ("1w", "mon 09:00", date(2026, 1, 5))
    assert (nights.people, str(nights.handed_over)) == ((("tokyo.sre@example.com",),), "22:00")
    assert (months.people, str(months.every), str(months.handed_over)) == (
        (("ada", "ben"), ("grace",)),
        "2mo",
        "31 09:00",
    )
    import yaml

    effective = yaml.safe_load(effective_yaml(policy))
    again = check(effective).policy
    assert again == policy
    assert not list(Draft202012Validator(json_schema(Policy)).iter_errors(effective))


def test_user_group_channel_calendar_and_hours_to_page_are_understood_and_written_back() -> None:
    platform = {
        "timezone": "Europe/Berlin",
        "layers": LAYERS,
        "user_group": "@platform-oncall",
        "announce": "#platform",
    }
    written = {
        "schedules": {"platform": platform, "mobile": {"ical": "env:MOBILE_ICAL"}},
        "severities": {"SEV-3": {"page_hours": "08:00-20:00"}},
        "teams": {"sre": {"escalation": [{"after": "0m", "notify": ["schedule:platform+1", "schedule:mobile"]}]}},
    }
    checked = check(written)
    assert checked.policy is not None, checked.mistakes
    schedules = checked.policy.schedules
    assert (schedules["platform"].user_group, schedules["platform"].announce) == ("@platform-oncall", "#platform")
    assert (schedules["mobile"].ical, schedules["mobile"].layers) == ("env:MOBILE_ICAL", ())
    moderate = checked.policy.severities["SEV-3"]
    assert [str(span) for span in moderate.page_hours] == ["08:00-20:00"]
    assert checked.policy.severities["SEV-1"].page_hours == (), "an urgent one pages at any time"
    import yaml

    effective = yaml.safe_load(effective_yaml(checked.policy))
    assert check(effective).policy == checked.policy
    assert not list(Draft202012Validator(json_schema(Policy)).iter_errors(effective))


@pytest.mark.parametrize(
    ("schedule", "hint"),
    [
        ({}, "add layers"),
        ({"timezone": "UTC"}, "or ical: env:NAME"),
        ({"layers": [{"people": "a"}], "ical": "env:CALENDAR"}, "keep one of the two"),
        ({"ical": "https://calendar.example.com/secret.ics"}, "write env:NAME"),
        ({"layers": [{"people": "a"}], "user_group": ""}, "empty"),
    ],
)
def test_a_schedule_says_once_who_is_on_call(schedule: dict[str, Any], hint: str) -> None:
    checked = check({"schedules": {"platform": schedule}})
    assert checked.policy is None
    assert any(hint in str(mistake) for mistake in checked.mistakes), checked.mistakes
    assert "secret.ics" not in str(checked.mistakes)


@pytest.mark.parametrize(
    ("layer", "path", "hint"),
    [
        ({"people": []}, "people", "must not be empty"),
        ({}, "people", "is missing"),
        ({"people": "a", "form": "2026-01-01"}, "form", "did you mean from?"),
        ({"people": "a", "every": "1m"}, "every", "did you mean 1mo?"),
        ({"people": "a", "every": "0d"}, "every", "no time at all"),
        ({"people": "a", "every": "60w"}, "every", "longer than a year"),
        ({"people": "a", "handoff": "mno 09:00"}, "handoff", "did you mean mon?"),
        ({"people": "a", "handoff": "mon 25:00"}, "handoff", "no time for a hand-over"),
        ({"people": "a", "every": "1mo", "handoff": "32 09:00"}, "handoff", "no time for a hand-over"),
        ({"people": "a", "every": "1d", "handoff": "mon 09:00"}, "", 'write "09:00"'),
        ({"people": "a", "handoff": "15 09:00"}, "", 'write "09:00"'),
        ({"people": "a", "from": "5.1.2026"}, "from", "write it as in 2026-01-31"),
        ({"people": "a", "from": "2026-02-01", "until": "2026-02-01"}, "", "before it begins"),
        ({"people": "a", "hours": "22-6"}, "hours[0]", "no time of day"),
        ({"people": "a", "days": "nom"}, "days", "there is no day"),
        ({"people": ["a", "schedule:other"]}, "people", "name the people themselves"),
    ],
)
def test_a_mistake_in_a_layer_has_its_path_and_a_way_out(layer: dict[str, Any], path: str, hint: str) -> None:
    found = check(of(layer)).mistakes
    whole = "schedules.platform.layers[0]" + (f".{path}" if path else "")
    told = [str(mistake) for mistake in found if mistake.path in (whole, f"{whole}[0]")]
    assert any(hint in each for each in told), found


def test_a_name_that_means_no_schedule_is_a_mistake_where_it_stands() -> None:
    level = {"after": "0m", "notify": ["schedule:platform+1", "Schedule: Plat-Form", "schedule:platfrm+2"]}
    rule = {"when": {}, "declare": {"people": ["schedule:web"], "commander": "schedule:platform"}}
    checked = check(of({"people": "a"}, teams={"sre": {"escalation": [level]}}, rules=[rule]))
    assert [(each.path, each.suggestion) for each in checked.mistakes] == [
        ("teams.sre.escalation[0].notify[2]", "did you mean platform?"),
        ("rules[0].declare.people[0]", "known: platform"),
    ]


def test_two_schedules_whose_names_cannot_be_told_apart_are_a_mistake() -> None:
    twice = {"schedules": {"Sre": {"layers": [{"people": "a"}]}, "s-r-e": {"layers": [{"people": "a"}]}}}
    (mistake,) = check(twice).mistakes
    assert (mistake.path, "same name" in mistake.problem) == ("schedules.s-r-e", True)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("schedule:platform", Reference(schedule="platform")),
        ("Schedule: PLATFORM +2", Reference(schedule="platform", ahead=2)),
        ("schedule:c++", Reference(schedule="c++")),
        ("schedule:c+++1", Reference(schedule="c++", ahead=1)),
        ("schedule:elsewhere+1", Reference(schedule="elsewhere", ahead=1)),
        ("platform", None),
        ("schedule:", None),
    ],
)
def test_names_of_schedules(said: str, meant: Reference | None) -> None:
    layers = {"layers": [{"people": "a"}]}
    policy = check({"schedules": {"platform": layers, "c++": layers}}).policy
    assert policy is not None
    assert policy.schedule_meant(said) == meant
