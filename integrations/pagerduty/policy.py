"""PagerDuty's settings and its section of the policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from warroom.policy import Policy
from warroom.policy.kinds import SecretName, Text, Texts
from warroom.policy.mistake import Mistake
from warroom.policy.section import KnownNames, Section

NAME = "pagerduty"
TITLE = "PagerDuty"
ANY_TEAM = "*"
"""In `routing_keys`: every team without an entry of its own, and incidents without a team."""
URL = r"^https?://[^\s/]+(/\S*)?$"


class PagerDutySettings(BaseModel):
    """Paging needs only the routing keys that the policy names; everything that is read needs the token."""

    pagerduty_api_token: SecretStr | None = None
    pagerduty_from: str | None = None
    """The email of the PagerDuty user in whose name notes are written (the header From of the REST API)."""
    pagerduty_webhook_secret: SecretStr | None = None
    pagerduty_api_url: str = Field(default="https://api.pagerduty.com", pattern=URL)
    pagerduty_events_url: str = Field(default="https://events.pagerduty.com/v2", pattern=URL)


class PagerDutyPolicy(Section):
    """Which incidents page through PagerDuty."""

    severity_fields = ("page_on",)

    routing_keys: dict[Text, SecretName] = Field(default_factory=dict)
    """The integration key of an Events API v2 integration, by team; `*` for every other one."""
    page_on: Texts = ()
    """Severities that page. None: no incident does."""
    alert_services: Texts = ()
    """Ids of services whose incidents are alerts here. What their webhook missed is asked for; none given: nothing is."""

    @classmethod
    def mistakes(cls, written: Mapping[Any, Any], known: KnownNames) -> Iterator[Mistake]:
        """Also routing keys of teams that do not exist."""
        yield from super().mistakes(written, known)
        keys = written.get("routing_keys")
        for team in keys if isinstance(keys, Mapping) else ():
            if team != ANY_TEAM:
                yield from known.unknown_team(f"routing_keys.{team}", team)

    def warnings(self, policy: Policy) -> Iterator[Mistake]:
        """Severities that page, but through no routing key."""
        if self.page_on and not self.routing_keys:
            hint = "add routing_keys: {TEAM: env:NAME}"
            yield Mistake(path="page_on", problem="nothing pages without a routing key", suggestion=hint)

    def route(self, team: str | None) -> str | None:
        """The name of the team's routing key; None where it has none."""
        return self.routing_keys.get(team or ANY_TEAM) or self.routing_keys.get(ANY_TEAM)


def section(policy: Policy) -> PagerDutyPolicy:
    """What the policy says of PagerDuty."""
    return policy.section(NAME, PagerDutyPolicy)


def pages(policy: Policy, severity: str) -> bool:
    """Whether incidents of that severity page."""
    return severity in {policy.severity_named(word) for word in section(policy).page_on}
