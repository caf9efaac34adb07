"""One incident in two places: ours and Datadog's Incident Management. Pure.

Both sides are remembered as they were when they last met (`DatadogLink`). What differs from that memory on our side is
told, what differs on theirs is followed; where both changed the same thing, the room wins. So nothing echoes, and a
change that cannot be followed is not fought over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from warroom.alerts.parsing.clean import clean
from warroom.errors import Refused
from warroom.escalation import rules as escalation
from warroom.face import SERVICES, TEAMS, face, mark, mirror, names, our_severity
from warroom.incident import lifecycle
from warroom.incident.decision import Decision
from warroom.incident.events import Reported, RoleAssigned
from warroom.incident.model import Face, Incident, Link, State
from warroom.incident.notices import Problem, RoleAssignedNotice
from warroom.incident.severity import changed
from warroom.outbox.effects import AddBookmark, Place
from warroom.outbox.results import Mirrored
from warroom.policy import Policy
from warroom.policy.datadog import Mirroring

TITLE_LIMIT = 500
OVER = frozenset({"resolved", "completed"})
MOST_VALUES = 20
"""Values of one field that are followed."""


def mirrored(
    incident: Incident,
    result: Mirrored,
    now: datetime,
    policy: Policy,
    *,
    commander: str | None,
    people: Mapping[str, str],
) -> Decision:
    """The incident after both met. `commander` is the email of ours as it is now; `people` maps emails to our ids."""
    before = incident.datadog
    decision = Decision(incident.copy_with(datadog=result.link), quiet=True)
    if before is None:
        return _linked(decision, result, now)
    if result.refused:
        what = f"Datadog did not take of this incident: {'; '.join(result.refused)}."
        decision = decision.say(Problem(what=what, advice="Compare `datadog.fields` of the policy with Datadog's."))
    if policy.datadog.incidents is not Mirroring.BOTH:
        return decision
    by, seen, mine = people.get(result.changed_by or ""), result.link.theirs, face(incident, policy, commander)
    known: dict[str, object] = {}
    for name in names(policy):
        news = seen.said(name) != before.theirs.said(name) and name not in result.pushed
        if news and mine.said(name) == before.ours.said(name):
            decision = _both(decision, _followed(decision.incident, name, seen, by, now, policy, people))
            after = face(decision.incident, policy, _commander(decision.incident, mine, seen, people))
            known[name] = after.said(name)
    decision = _both(decision, _renamed(decision.incident, before.theirs.title, seen.title, by, now))
    # What was followed is known on both sides now; what could not be followed is not fought over.
    return decision.with_changes(datadog=result.link.copy_with(ours=result.link.ours.saying(**known)))


def _commander(incident: Incident, mine: Face, seen: Face, people: Mapping[str, str]) -> str | None:
    theirs = people.get(seen.commander or "")
    return seen.commander if theirs and incident.commander == theirs else mine.commander


def _linked(decision: Decision, result: Mirrored, now: datetime) -> Decision:
    incident, link = decision.incident, Link(title="Datadog incident", url=result.page, emoji=":dog:")
    known = any(each.url == link.url for each in incident.links)
    linked = Decision(incident.copy_with(links=incident.links if known else (*incident.links, link)))
    event = Reported(integration="datadog", text=f"Datadog incident {result.link.public_id}")
    linked = linked.record(event, now, link=result.page, key="datadog")
    if not known:
        bookmark = f"{incident.id}:bookmark:datadog"
        linked = linked.with_effects(
            AddBookmark(incident_id=incident.id, key=bookmark, title=link.title, url=link.url, emoji=link.emoji)
        )
    # Once more, now that there is something to attach the channel and the action items to.
    return linked.with_effects(mirror(incident))


def _both(decision: Decision, later: Decision) -> Decision:
    """Quiet only if both are."""
    return replace(decision.and_then(later), quiet=decision.quiet and later.quiet)


def _followed(
    incident: Incident, name: str, seen: Face, by: str | None, now: datetime, policy: Policy, people: Mapping[str, str]
) -> Decision:
    """One change of Datadog's; nothing where it makes no sense here."""
    with contextlib.suppress(Refused):
        match name:
            case "severity" if severity := our_severity(seen.severity, policy):
                return changed(incident, by, severity, now, policy)
            case "state" if seen.state in OVER:
                return lifecycle.resolve(incident, by, now, policy, "resolved in Datadog")
            case "state" if seen.state in ("active", "stable"):
                return _going_on(incident, seen.state, by, now, policy)
            case "commander" if person := people.get(seen.commander or ""):
                return _commanded(incident, person, by, now)
            case "severity" | "state" | "commander":
                pass
            case _:
                return _filled(incident, name, seen, by, now, policy)
    return Decision(incident, quiet=True)


def _going_on(incident: Incident, state: str, by: str | None, now: datetime, policy: Policy) -> Decision:
    """It is not over in Datadog: reopened where it was here, and mitigated where Datadog calls it stable."""
    decision = Decision(incident, quiet=True)
    if state == "active" or not incident.state.open:
        decision = lifecycle.reopen(incident, by, now, policy)
    if state == "stable" and incident.state is not State.MITIGATED:
        decision = decision.and_then(lifecycle.mitigate(decision.incident, by, now))
    return decision.with_effects(*escalation.invite_new(incident, decision.incident))


def values(seen: Face, name: str) -> tuple[str, ...]:
    """What Datadog says in the field, fit to be shown."""
    said = (clean(value) for value in (seen.said(name) or ())[:MOST_VALUES])
    return tuple(dict.fromkeys(value for value in said if value))


def team_in(seen: Face, policy: Policy) -> str | None:
    """The first of Datadog's teams that is one of ours."""
    return next((known for value in values(seen, TEAMS) if (known := policy.team_named(value))), None)


def _filled(incident: Incident, name: str, seen: Face, by: str | None, now: datetime, policy: Policy) -> Decision:
    """Services, team or a field as Datadog has them. The chain that calls people stays as it started."""
    said = values(seen, name)
    after, shown = incident, ", ".join(said) or "none"
    if name == SERVICES:
        after, label = incident.copy_with(services=said), "Affected"
    elif name == TEAMS:
        label = "Team"
        if team := team_in(seen, policy):
            after, shown = incident.copy_with(team=team), team
    else:
        label = policy.datadog.fields[name]
        fields = {key: value for key, value in incident.fields if key != label}
        after = incident.copy_with(fields=tuple((fields | ({label: shown} if said else {})).items()))
    if after == incident:
        return Decision(incident, quiet=True)
    key = f"v{incident.version}:datadog:{name}"  # several fields may change at once
    event = Reported(integration="datadog", text=f"{label} in Datadog: {shown}")
    return Decision(after).record(event, now, by=by, key=key)


def _commanded(incident: Incident, person: str, by: str | None, now: datetime) -> Decision:
    if incident.commander == person or not incident.state.open:
        return Decision(incident, quiet=True)
    after = incident.with_invitees(person).copy_with(commander=person)
    decision = Decision(after).record(RoleAssigned(role="commander", person=person), now, by=by)
    decision = decision.with_effects(*escalation.invite_new(incident, after))
    return decision.say(RoleAssignedNotice(by=by, role="commander", person=person), Place.CARD_THREAD)


def _renamed(incident: Incident, before: str, seen: str, by: str | None, now: datetime) -> Decision:
    title = clean(seen.removesuffix(mark(incident)), TITLE_LIMIT)
    if seen == before or not title or title == incident.title:
        return Decision(incident, quiet=True)
    event = Reported(integration="datadog", text=f"renamed in Datadog: {title}")
    return Decision(incident.copy_with(title=title)).record(event, now, by=by)
