"""A policy file with mistakes: all of them at once, each with its place and a way out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warroom.policy import Policy, check

BROKEN = {
    "workspce": {},
    "workspace": {"default_team": "platfrom", "timezone": "Europe/Berln", "channel_name": "inc-{nummer}"},
    "severities": {"SEV-1": {"acknowledge_within": 5, "aliases": ["high"]}},
    "teams": {
        "platform": {
            "escalation": [
                {"after": "15m", "notify": []},
                {"after": "5m", "notify": ["@ada"], "only": ["SEV1", "SEV-7"]},
            ]
        }
    },
    "rules": [
        {"name": "typo", "when": {"state": "alrt"}},
        {"when": {}, "declare": {"team": "plattform", "severity": "hgih"}, "drop": True},
    ],
    "links": {"runbooks": {"*Memory*": "javascript:alert(1)"}},
}


def test_every_mistake_is_reported_at_once_with_its_path() -> None:
    checked = check(BROKEN)
    assert checked.policy is None
    assert {mistake.path for mistake in checked.mistakes} == {
        "workspce",
        "workspace.default_team",
        "workspace.timezone",
        "workspace.channel_name",
        "severities.SEV-1.acknowledge_within",
        "severities.SEV-2.name",
        "teams.platform.escalation[0].notify",
        "teams.platform.escalation[1].after",
        "teams.platform.escalation[1].only[1]",
        "rules[0].when.state[0]",
        "rules[1]",
        "rules[1].declare.severity",
        "rules[1].declare.team",
        "links.runbooks.*Memory*",
    }


def test_a_mistake_says_what_to_write_instead() -> None:
    said = {mistake.path: str(mistake) for mistake in check(BROKEN).mistakes}
    assert "did you mean workspace?" in said["workspce"]
    assert "did you mean platform?" in said["workspace.default_team"]
    assert "did you mean high?" in said["rules[1].declare.severity"]
    assert "did you mean 5m or 5s?" in said["severities.SEV-1.acknowledge_within"]
    assert "“High” already means SEV-1" in said["severities.SEV-2.name"]
    assert "keep one, or make two rules" in said["rules[1]"]
    assert "not a web address" in said["links.runbooks.*Memory*"]


def test_a_channel_name_without_the_number_would_be_taken_by_the_second_incident() -> None:
    (mistake,) = check({"workspace": {"channel_name": "inc-{slug}"}}).mistakes
    assert (mistake.path, "two incidents" in mistake.problem) == ("workspace.channel_name", True)


def test_a_rule_after_the_rule_for_everything_is_never_reached() -> None:
    checked = check(
        {
            "rules": [
                {"when": {"tags": ["env:staging"]}, "drop": True},
                {"when": {}, "attach_or_declare": {}},
                {"when": {"monitor": "*Memory*"}, "declare": {"severity": "SEV-1"}},
            ]
        }
    )
    assert checked.policy is not None
    (warning,) = checked.warnings
    assert warning.path == "rules[2]"
    assert "rules[1] takes every alert before it" in warning.problem


def test_a_team_that_nobody_answers_for_is_worth_a_warning_and_no_mistake() -> None:
    checked = check({"teams": {"data": {"services": ["api"]}, "web": {"services": ["API"]}}})
    assert checked.policy is not None
    assert {warning.path for warning in checked.warnings} == {"teams.data", "teams.web", "teams.web.services"}


def test_an_empty_file_is_the_built_in_policy() -> None:
    assert check(None).policy == check({}).policy == Policy()
    assert check({"teams": None, "rules": None}).policy == Policy()


def test_a_file_that_is_no_mapping_is_told_how_to_begin() -> None:
    (mistake,) = check(["SEV-1"]).mistakes
    assert (mistake.path, mistake.suggestion) == ("", "begin with: workspace:")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)
SECTIONS = st.sampled_from([*Policy.model_fields, "unknown"])


@given(st.dictionaries(SECTIONS, JSON, max_size=4) | JSON)
def test_nothing_that_a_file_can_hold_makes_it_fall_over(data: object) -> None:
    checked = check(data)
    assert (checked.policy is None) == bool(checked.mistakes)
