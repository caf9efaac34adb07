"""One incident in two places: here and in Datadog's Incident Management. Pure.

Both sides are remembered as they were when they were last synced (`IncidentLink`). What differs from that memory here is told,
what differs there is followed; where both changed the same thing, the room wins. So nothing echoes, and a change that cannot be
followed is not fought over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from integrations.datadog.effects import SyncResult, sync_incident
from integrations.datadog.policy import NAME, SyncMode, section
from integrations.datadog.snapshot import SERVICES, TEAMS, IncidentSnapshot, local_severity, mark, names, snapshot
from integrations.datadog.state import state_of, with_state
from warroom.alerts.parsing.values import clean
from warroom.errors import Refused
from warroom.escalation import rules as escalation
from warroom.incident import lifecycle
from warroom.incident.decision import Decision
from warroom.incident.events import Reported, RoleAssigned
from warroom.incident.lifecycle import change_severity
from warroom.incident.model import Incident, State
from warroom.incident.notices import Problem, RoleAssignedNotice
from warroom.incident.parts import Link
from warroom.outbox.effects import Place
from warroom.policy import Policy

TITLE_LIMIT = 500
OVER = frozenset({"resolved", "completed"})
MOST_VALUES = 20
"""Values of one field that are followed."""
SOMEBODY_ELSE = "\0"
"""Stands for the email of a commander who was named after Datadog was asked."""


def reconcile(incident: Incident, result: SyncResult, now: datetime, policy: Policy) -> Decision:
    """The incident after a sync: linked the first time, later with what changed in Datadog."""
    before = state_of(incident).link
    decision = Decision(with_state(incident, link=result.link), quiet=True)
    if before is None:
        return _linked(decision, result, now)
    if result.refused:
        what = f"Datadog did not take of this incident: {'; '.join(result.refused)}."
        decision = decision.say(Problem(what=what, advice="Compare `datadog.fields` of the policy with Datadog's."))
    if section(policy).incidents is not SyncMode.BOTH:
        return decision
    people, remote = result.people, result.link.remote
    by = people.get(result.changed_by or "")
    email = result.link.local.commander if incident.commander == result.commander else SOMEBODY_ELSE
    local = snapshot(incident, policy, email)
    known: dict[str, object] = {}
    for name in names(policy):
        news = remote.value(name) != before.remote.value(name) and name not in result.pushed
        if news and local.value(name) == before.local.value(name):
            decision = _both(decision, _followed(decision.incident, name, remote, by, now, policy, people))
            after = snapshot(decision.incident, policy, _commander(decision.incident, local, remote, people))
            known[name] = after.value(name)
    decision = _both(decision, _renamed(decision.incident, before.remote.title, remote.title, by, now))
    # What was followed is known on both sides now; what could not be followed is not fought over.
    link = result.link.copy_with(local=result.link.local.with_values(**known))
    return replace(decision, incident=with_state(decision.incident, link=link))


def _commander(
    incident: Incident, local: IncidentSnapshot, remote: IncidentSnapshot, people: Mapping[str, str]
) -> str | None:
    person = people.get(remote.commander or "")
    return remote.commander if person and incident.commander == person else local.commander


def _linked(decision: Decision, result: SyncResult, now: datetime) -> Decision:
    event = Reported(integration=NAME, text=f"Datadog incident {result.link.public_id}")
    linked = Decision(decision.incident).record(event, now, link=result.page, key="datadog")
    linked = linked.add_link(Link(title="Datadog incident", url=result.page, emoji=":dog:"), "datadog")
    # Once more, now that there is something to attach the channel and the action items to.
    return linked.with_effects(sync_incident(linked.incident))


def _both(decision: Decision, later: Decision) -> Decision:
    """Quiet only if both are."""
    return replace(decision.and_then(later), quiet=decision.quiet and later.quiet)


def _followed(
    incident: Incident,
    name: str,
    remote: IncidentSnapshot,
    by: str | None,
    now: datetime,
    policy: Policy,
    people: Mapping[str, str],
) -> Decision:
    """One change of Datadog's; nothing where it makes no sense here."""
    with contextlib.suppress(Refused):
        match name:
            case "severity" if severity := local_severity(remote.severity, policy):
                return change_severity(incident, by, severity, now, policy)
            case "state" if remote.state in OVER:
                return lifecycle.resolve(incident, by, now, policy, "resolved in Datadog")
            case "state" if remote.state in ("active", "stable"):
                return _reopen_from_remote(incident, remote.state, by, now, policy)
            case "commander" if person := people.get(remote.commander or ""):
                return _commanded(incident, person, by, now)
            case "severity" | "state" | "commander":
                pass
            case _:
                return _filled(incident, name, remote, by, now, policy)
    return Decision(incident, quiet=True)


def _reopen_from_remote(incident: Incident, state: str, by: str | None, now: datetime, policy: Policy) -> Decision:
    """It is not over in Datadog: reopened where it was here, and mitigated where Datadog calls it stable."""
    decision = Decision(incident, quiet=True)
    if state == "active" or not incident.state.open:
        decision = lifecycle.reopen_from_elsewhere(incident, by, now, policy)
    if state == "stable" and incident.state is not State.MITIGATED:
        decision = decision.and_then(lifecycle.mitigate(decision.incident, by, now, policy))
    return decision.with_effects(*escalation.invite_new(incident, decision.incident))


def values(remote: IncidentSnapshot, name: str) -> tuple[str, ...]:
    """What Datadog says in the field, fit to be shown."""
    cleaned = (clean(value) for value in (remote.value(name) or ())[:MOST_VALUES])
    return tuple(dict.fromkeys(value for value in cleaned if value))


def team_in(remote: IncidentSnapshot, policy: Policy) -> str | None:
    """The first of Datadog's teams that is one of ours."""
    return next((known for value in values(remote, TEAMS) if (known := policy.team_named(value))), None)


def _filled(
    incident: Incident, name: str, remote: IncidentSnapshot, by: str | None, now: datetime, policy: Policy
) -> Decision:
    """Services, team or a field as Datadog has them. The escalation policy stays as it started."""
    written = values(remote, name)
    after, shown = incident, ", ".join(written) or "none"
    if name == SERVICES:
        after, label = incident.copy_with(services=written), "Affected"
    elif name == TEAMS:
        label = "Team"
        if team := team_in(remote, policy):
            after, shown = incident.copy_with(team=team), team
    else:
        label = section(policy).fields[name]
        fields = {key: value for key, value in incident.fields if key != label}
        after = incident.copy_with(fields=tuple((fields | ({label: shown} if written else {})).items()))
    if after == incident:
        return Decision(incident, quiet=True)
    key = f"v{incident.version}:datadog:{name}"  # several fields may change at once
    event = Reported(integration=NAME, text=f"{label} in Datadog: {shown}")
    return Decision(after).record(event, now, by=by, key=key)


def _commanded(incident: Incident, person: str, by: str | None, now: datetime) -> Decision:
    if incident.commander == person or not incident.state.open:
        return Decision(incident, quiet=True)
    after = incident.with_invitees(person).copy_with(commander=person)
    decision = Decision(after).record(RoleAssigned(role="commander", person=person), now, by=by)
    decision = decision.with_effects(*escalation.invite_new(incident, after))
    return decision.say(RoleAssignedNotice(by=by, role="commander", person=person), Place.CARD_THREAD)


def _renamed(incident: Incident, before: str, remote: str, by: str | None, now: datetime) -> Decision:
    title = clean(remote.removesuffix(mark(incident)), TITLE_LIMIT)
    if remote == before or not title or title == incident.title:
        return Decision(incident, quiet=True)
    event = Reported(integration=NAME, text=f"renamed in Datadog: {title}")
    return Decision(incident.copy_with(title=title)).record(event, now, by=by)
