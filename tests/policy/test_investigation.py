"""The sections `services` and `investigate`: strict, with teaching mistakes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.integrations import INTEGRATIONS, policy_model
from warroom.capabilities import LogSource, MetricSource
from warroom.policy import check

SIGNAL = {"source": "prometheus", "query": "errors"}


def mistakes(**policy: Any) -> dict[str, str]:
    checked = check(policy, policy_model())
    return {each.path: f"{each.problem} ({each.suggestion})" for each in checked.mistakes}


def test_everything_that_the_product_describes_is_a_policy() -> None:
    checked = check(
        {
            "teams": {"platform": None},
            "services": {
                "checkout": {
                    "team": "platform",
                    "depends_on": ["payments", "db-main"],
                    "tags": {"env": "prod"},
                    "health": "https://checkout.internal/healthz",
                }
            },
            "investigate": {
                "auto": ["SEV-1", "high"],
                "window": "30m",
                "baseline": "1d",
                "step": "1m",
                "signals": {
                    "latency": {"source": "prometheus", "query": "latency", "label": "service", "bad": "up"},
                    "errors": {"source": "datadog", "query": "sum:errors{env:prod} by {service}.as_rate()"},
                },
                "logs": {"source": "loki", "query": '{service="{service}"} |= "error"'},
            },
        },
        policy_model(),
    )
    policy = checked.policy
    assert policy is not None, checked.mistakes
    assert policy.investigate.baseline == timedelta(days=1)
    assert policy.team_for_service("Checkout") == "platform"
    assert policy.services_by_team() == {"platform": ("checkout",)}


@pytest.mark.parametrize(
    ("policy", "path", "said"),
    [
        ({"services": {"a": {"team": "nobody"}}, "teams": {"platform": {}}}, "services.a.team", "there is no team “nobody”"),
        ({"services": {"a": {"depends_on": ["a"]}}}, "services.a.depends_on[0]", "is the service itself"),
        ({"services": {"a": {"health": "ftp://x"}}}, "services.a.health", "tcp://host:port"),
        ({"services": {"a": {"health": "tcp://x"}}}, "services.a.health", "cannot be checked"),
        ({"services": {"a": {"health": "https://x:99999/"}}}, "services.a.health", "cannot be checked"),
        ({"services": {"a": {"health": "https://u:p@x/"}}}, "services.a.health", "holds a password"),
        ({"services": {"a": {"helth": "https://x/"}}}, "services.a.helth", "did you mean health?"),
        ({"investigate": {"auto": ["SEV-9"]}}, "investigate.auto[0]", "there is no severity “SEV-9”"),
        ({"investigate": {"signals": {"x": SIGNAL | {"source": "promethus"}}}}, "investigate.signals.x.source", "did you mean prometheus?"),
        ({"investigate": {"signals": {"x": SIGNAL | {"source": "loki"}}}}, "investigate.signals.x.source", "“loki” has no metrics"),
        ({"investigate": {"signals": {"x": SIGNAL | {"bad": "sideways"}}}}, "investigate.signals.x.bad", "is not one of its values"),
        ({"investigate": {"signals": {"x": SIGNAL | {"label": "a b"}}}}, "investigate.signals.x.label", "is no label"),
        ({"investigate": {"logs": {"source": "loki", "query": "{}"}}}, "investigate.logs.query", "lacks {service}"),
        ({"investigate": {"logs": {"source": "pagerduty", "query": "{service}"}}}, "investigate.logs.source", "there is no source"),
        ({"investigate": {"step": "10m"}}, "investigate.step", "fewer than 5 samples"),
        ({"investigate": {"baseline": "10m"}}, "investigate.baseline", "shorter than the window"),
        ({"investigate": {"baseline": "30d", "step": "1m"}}, "investigate.step", "more than 11,000 samples"),
    ],
)  # fmt: skip
def test_every_mistake_says_what_to_write(policy: dict[str, Any], path: str, said: str) -> None:
    assert said in mistakes(**policy).get(path, ""), mistakes(**policy)


def test_what_looks_like_an_oversight_is_a_warning() -> None:
    checked = check(
        {
            "teams": {"platform": {"services": ["cart"]}, "money": {}},
            "services": {"cart": {"team": "money", "depends_on": ["paymnts"]}, "payments": None},
            "investigate": {"auto": ["SEV-1"]},
        },
        policy_model(),
    )
    warned = {each.path: each.suggestion for each in checked.warnings}
    assert warned["services.cart.depends_on[0]"] == "did you mean payments?"
    assert "services.cart.team" in warned
    assert "investigate.auto" in warned
    assert checked.policy is not None
    assert checked.policy.team_for_service("cart") == "money"


def test_names_of_services_may_differ_by_nothing_but_case() -> None:
    checked = check(
        {"services": {"Api": {"team": "a"}, "api": {"team": "b"}}, "teams": {"a": {}, "b": {}}}, policy_model()
    )
    assert checked.policy is not None
    assert (checked.policy.team_for_service("Api"), checked.policy.team_for_service("api")) == ("a", "b")


def test_a_section_says_what_can_be_read_exactly_where_its_integration_can() -> None:
    for kind in INTEGRATIONS:
        able = [
            name
            for name, what in (("metrics", MetricSource), ("logs", LogSource))
            if isinstance(kind(kind.settings()), what)
        ]
        assert list(kind.policy.reads) == able, kind.name
