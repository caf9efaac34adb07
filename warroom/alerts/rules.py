"""What becomes of an alert: the policy's rules, the first that matches. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from warroom.alerts.conditions import fits, unmet, values
from warroom.alerts.model import Alert, AlertState
from warroom.incident.parts import Link
from warroom.policy.kinds import PLACE
from warroom.policy.model import Policy
from warroom.policy.rule import Opening, Rule
from warroom.value import Value

__all__ = ["fits", "match_rules", "passed_over", "severity_of", "values"]


class _Outcome(Value):
    rule: str = ""
    """The name of the rule that decided; "" when none did."""
    why: str
    """For people: which rule, and where the severity comes from."""


class _Joins(_Outcome):
    group_by: tuple[str, ...] = ()
    private: bool = False


class _Opens(_Joins):
    """What the incident is like if this alert opens one."""

    title: str
    severity: str
    """A key of the policy."""
    team: str | None = None
    """A key of the policy."""
    template: str | None = None
    window: timedelta | None = None
    commander: str | None = None
    """A name as the policy wrote it."""
    people: tuple[str, ...] = ()
    """Names as the policy wrote them."""
    links: tuple[Link, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    auto_resolve_after: timedelta | None = None


class OpenIncident(_Opens):
    """The alert opens an incident, unless its own or one of its group is open."""


class AttachOrDeclare(_Opens):
    """The alert joins what is open for it, else opens an incident."""


class AttachOnly(_Joins):
    """The alert joins what is open for it, and opens nothing."""


class Drop(_Outcome):
    """The alert is of no interest."""


RuleAction = OpenIncident | AttachOrDeclare | AttachOnly | Drop


def match_rules(alert: Alert, policy: Policy, at: datetime | None = None) -> RuleAction:
    """What the first matching rule says; without one the alert joins what is open for it, else opens an incident.

    `at` is when it arrived, for rules that look at the clock; None takes the sender's time.
    """
    local = _local(alert, policy, at)
    for index, rule in enumerate(policy.rules):
        if fits(alert, rule.when, local):
            return _action(alert, rule, name_of(rule, index), policy)
    opening = Opening()
    severity, because = _severity(alert, opening, policy)
    return AttachOrDeclare(why=f"no rule matches; {severity} {because}", **_opens(alert, opening, severity, policy))


def passed_over(alert: Alert, policy: Policy, at: datetime | None = None) -> tuple[tuple[str, str], ...]:
    """(name of the rule, the condition that does not hold) for each rule before the one that decides."""
    local = _local(alert, policy, at)
    reasons = []
    for index, rule in enumerate(policy.rules):
        reason = unmet(alert, rule.when, local)
        if reason is None:
            break
        reasons.append((name_of(rule, index), reason))
    return tuple(reasons)


def name_of(rule: Rule, index: int) -> str:
    """How people call it: its name, else "rule 3"."""
    return rule.name or f"rule {index + 1}"


def _local(alert: Alert, policy: Policy, at: datetime | None) -> datetime | None:
    at = at or alert.occurred_at
    return at.astimezone(ZoneInfo(policy.workspace.timezone)) if at else None


def severity_of(alert: Alert, policy: Policy) -> str:
    """The policy's severity of an alert that no rule says anything about."""
    return _severity(alert, Opening(), policy)[0]


def _action(alert: Alert, rule: Rule, name: str, policy: Policy) -> RuleAction:
    why, opening = f"rule “{name}”", rule.opening
    if opening is not None:
        severity, because = _severity(alert, opening, policy)
        action = OpenIncident if rule.declare is not None else AttachOrDeclare
        return action(rule=name, why=f"{why}; {severity} {because}", **_opens(alert, opening, severity, policy))
    if rule.attach_only is not None:
        return AttachOnly(rule=name, why=why, group_by=rule.attach_only.group_by)
    return Drop(rule=name, why=why)


def _opens(alert: Alert, opening: Opening, severity: str, policy: Policy) -> dict[str, Any]:
    return {
        "group_by": opening.group_by,
        "private": opening.private,
        "title": title_of(alert, opening.title),
        "severity": severity,
        "team": _team(alert, opening, policy),
        "template": opening.template,
        "window": opening.window,
        "commander": opening.commander,
        "people": opening.people,
        "links": tuple(Link(title=title, url=url) for title, url in opening.links.items()),
        "fields": tuple(opening.fields.items()),
        "auto_resolve_after": opening.auto_resolve_after,
    }


def title_of(alert: Alert, template: str | None) -> str:
    """The title, with each placeholder filled from the alert; what the alert does not say becomes "unknown service"."""
    if template is None:
        return alert.title

    def fill(place: str) -> str:
        return ", ".join(values(alert, place)) or f"unknown {place.removeprefix('tag:')}"

    return " ".join(PLACE.sub(lambda found: fill(found.group(1)), template).split())


def _severity(alert: Alert, opening: Opening, policy: Policy) -> tuple[str, str]:
    """(a key of the policy, where it comes from)."""
    said = (
        (opening.severity, "by the rule"),
        (alert.severity, "by the alert's own severity"),
        (alert.priority, "by the alert's priority"),
    )
    for word, because in said:
        if word and (known := policy.severity_named(word)):
            return known, because
    built_in, rank = ("SEV-2", 1) if alert.state is AlertState.ALERT else ("SEV-3", 2)
    return policy.severity_named(built_in) or policy.severity_at(rank), f"by the alert's state, {alert.state}"


def _team(alert: Alert, opening: Opening, policy: Policy) -> str | None:
    if opening.team and (known := policy.team_named(opening.team)):
        return known
    for team in values(alert, "team"):
        if known := policy.team_named(team):
            return known
    for service in values(alert, "service"):
        if known := policy.team_for_service(service):
            return known
    return policy.workspace.default_team


def group_key(alert: Alert, action: RuleAction) -> str | None:
    """What alerts that belong together have in common, versioned; None when the rule does not group, or when the alert
    lacks one of the values: having nothing in common is no relation.

    Private incidents have keys of their own, so that a security alert never lands in a public room.
    """
    if isinstance(action, Drop) or not action.group_by:
        return None
    parts = ["1", "private" if action.private else "public"]
    for name in action.group_by:
        said = sorted({value.casefold() for value in values(alert, name)})
        if not said:
            return None
        parts.append(f"{name.casefold().removeprefix('tag:')}={','.join(said)}")
    return ":".join(parts)
