"""Which alerts open an incident, which only attach, which are dropped, and what belongs together."""

from __future__ import annotations

import fnmatch
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warroom.alerts.model import Alert, AlertState, Transition
from warroom.alerts.rules import AttachOnly, AttachOrDeclare, Drop, OpenIncident, fits, group_key, match_rules, title_of
from warroom.policy import Policy, When, check
from warroom.policy.pattern import matches

RULES = [
    {
        "name": "prompt injection",
        "when": {"monitor": "*Prompt Injection*", "transition": ["triggered", "re-triggered"]},
        "declare": {"title": "Security: {monitor}", "severity": "SEV-1", "team": "security", "private": True},
    },
    {
        "name": "tier 1 services",
        "when": {"tags": ["tier:1"], "state": "alert"},
        "declare": {"severity": "SEV-1", "group_by": "service", "window": "10m"},
    },
    {"name": "staging is quiet", "when": {"tags": ["env:staging"]}, "drop": True},
    {"name": "noise", "when": {"monitor": "*Disk*"}, "attach_only": {"group_by": ["host"]}},
    {"name": "everything else", "when": {}, "attach_or_declare": {}},
]


@pytest.fixture
def policy() -> Policy:
    """A company with rules and two teams."""
    teams = {"security": {}, "commerce": {"services": ["check*"]}, "platform": {"services": ["api"]}}
    checked = check({"workspace": {"default_team": "platform"}, "teams": teams, "rules": RULES})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


def alert(title: str = "High Memory Usage", /, **said: object) -> Alert:
    """An alert that says this."""
    return Alert.model_validate({"delivery_id": "d", "dedup_key": "1:cycle:1", "title": title} | said)


def test_the_first_rule_that_matches_decides(policy: Policy) -> None:
    action = match_rules(alert("Prompt Injection seen", tags=("tier:1", "env:staging")), policy)
    assert isinstance(action, OpenIncident)
    assert (action.rule, action.title) == ("prompt injection", "Security: Prompt Injection seen")
    assert (action.severity, action.team, action.private) == ("SEV-1", "security", True)
    assert "by the rule" in action.why


def test_every_condition_must_hold(policy: Policy) -> None:
    recovered = alert("Prompt Injection seen", transition=Transition.RECOVER, state=AlertState.OK)
    assert match_rules(recovered, policy).rule == "everything else"
    assert match_rules(alert(tags=("tier:1",), state=AlertState.WARN), policy).rule == "everything else"


def test_staging_is_dropped_and_noise_only_attaches(policy: Policy) -> None:
    assert isinstance(match_rules(alert(env="staging"), policy), Drop)
    noise = match_rules(alert("Disk nearly full", hosts=("db-1",)), policy)
    assert isinstance(noise, AttachOnly)
    assert group_key(alert("Disk nearly full", hosts=("db-1",)), noise) == "1:public:host=db-1"


def test_without_rules_an_alert_joins_what_is_open_for_it_or_opens_an_incident() -> None:
    action = match_rules(alert(), Policy())
    assert isinstance(action, AttachOrDeclare)
    assert (action.rule, action.title, action.team) == ("", "High Memory Usage", None)


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ({"severity": "critical", "priority": "P4"}, "SEV-1"),
        ({"severity": "gibberish", "priority": "P4"}, "SEV-4"),
        ({"priority": "P1", "state": AlertState.WARN}, "SEV-1"),
        ({"state": AlertState.ALERT}, "SEV-2"),
        ({"state": AlertState.WARN}, "SEV-3"),
        ({"state": AlertState.NO_DATA}, "SEV-3"),
    ],
)
def test_the_severity_follows_the_alert_where_no_rule_says_it(said: dict[str, object], severity: str) -> None:
    action = match_rules(alert(**said), Policy())
    assert isinstance(action, AttachOrDeclare)
    assert action.severity == severity


@pytest.mark.parametrize(
    ("said", "team"),
    [
        ({"team": "Commerce", "service": "api"}, "commerce"),
        ({"tags": ("team:security",)}, "security"),
        ({"service": "checkout-eu"}, "commerce"),
        ({"tags": ("service:api",)}, "platform"),
        ({"service": "unheard of"}, "platform"),
    ],
)
def test_the_team_is_the_alert_s_own_or_its_service_s_or_the_default(
    policy: Policy, said: dict[str, object], team: str
) -> None:
    action = match_rules(alert(**said), policy)
    assert isinstance(action, AttachOrDeclare)
    assert action.team == team


def test_a_title_is_filled_from_the_alert_and_says_what_it_does_not_know() -> None:
    seen = alert(service="api", tags=("region:eu",), hosts=("a", "b"))
    assert title_of(seen, "{service} in {tag:region} on {host}, {env}") == "api in eu on a, b, unknown env"
    assert title_of(alert("{service}\n{host}", service="api"), "{monitor}") == "{service} {host}"


def test_alerts_of_one_service_belong_together_and_others_do_not(policy: Policy) -> None:
    def key(**said: object) -> str | None:
        each = alert(tags=("tier:1",), **said)
        return group_key(each, match_rules(each, policy))

    assert key(service="api") == key(service="API") == "1:public:service=api"
    assert key(service="checkout") != key(service="api")
    assert key() is None, "having nothing in common is no relation"
    action = match_rules(alert(tags=("tier:1",), service="api"), policy)
    assert isinstance(action, OpenIncident)
    assert action.window == timedelta(minutes=10)


def test_a_private_incident_has_a_group_of_its_own() -> None:
    def key(*, private: bool) -> str | None:
        rule = {"when": {}, "declare": {"group_by": "service", "private": private}}
        policy = check({"rules": [rule]}).policy
        assert policy is not None
        return group_key(alert(service="api"), match_rules(alert(service="api"), policy))

    assert key(private=True) == "1:private:service=api"
    assert key(private=False) == "1:public:service=api"


def test_an_exclamation_mark_excludes() -> None:
    when = When.model_validate({"env": ["prod*", "!prod-canary"]})
    assert fits(alert(env="prod-eu"), when)
    assert not fits(alert(env="prod-canary"), when)
    assert not fits(alert(), when)
    assert fits(alert(), When.model_validate({"tags": ["!env:staging"]}))


@given(st.text(max_size=60))
def test_a_text_matches_itself_and_a_star_matches_everything(text: str) -> None:
    assert matches("*", text)
    if not {"*", "?"} & set(text):
        assert matches(text, text)


@given(st.text(alphabet="ab[](.+*?", max_size=12), st.text(alphabet="ab[](.+", max_size=30))
def test_only_stars_and_question_marks_are_special(pattern: str, text: str) -> None:
    plain = pattern.replace("[", "[[]")
    assert matches(pattern, text) == fnmatch.fnmatchcase(text, plain)


def test_no_title_makes_a_pattern_slow() -> None:
    assert not matches("*a" * 30 + "b", "a" * 2_000)
