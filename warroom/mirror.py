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

from warroom import escalation, lifecycle
from warroom.decision import Decision
from warroom.effects import AddBookmark, Place
from warroom.errors import Refused
from warroom.face import face, mark, mirror, our_severity
from warroom.facts import Mirrored
from warroom.incident import Face, Incident, Link
from warroom.notices import RoleAssigned
from warroom.policy import Policy
from warroom.policy.datadog import Mirroring
from warroom.severity import changed
from warroom.timeline import Happened

TITLE_LIMIT = 500
OVER = frozenset({"resolved", "completed"})
FIELDS = ("severity", "state", "commander")
"""What follows in both directions. A title is only followed from Datadog: rooms cannot be renamed here."""


def mirrored(
    incident: Incident,
    fact: Mirrored,
    now: datetime,
    policy: Policy,
    *,
    commander: str | None,
    people: Mapping[str, str],
) -> Decision:
    """The incident after both met. `commander` is the email of ours as it is now; `people` maps emails to our ids."""
    before = incident.datadog
    decision = Decision(incident.but(datadog=fact.link), quiet=True)
    if before is None:
        return _linked(decision, fact, now)
    if policy.datadog.incidents is not Mirroring.BOTH:
        return decision
    by, seen, mine = people.get(fact.changed_by or ""), fact.link.theirs, face(incident, policy, commander)
    known: dict[str, str | None] = {}
    for name in FIELDS:
        news = getattr(seen, name) != getattr(before.theirs, name) and name not in fact.pushed
        if news and getattr(mine, name) == getattr(before.ours, name):
            decision = _both(decision, _followed(decision.incident, name, seen, by, now, policy, people))
            known[name] = getattr(
                face(decision.incident, policy, _commander(decision.incident, mine, seen, people)), name
            )
    decision = _both(decision, _renamed(decision.incident, before.theirs.title, seen.title, by, now))
    # What was followed is known on both sides now; what could not be followed is not fought over.
    return decision.having(datadog=fact.link.but(ours=fact.link.ours.but(**known)))


def _commander(incident: Incident, mine: Face, seen: Face, people: Mapping[str, str]) -> str | None:
    theirs = people.get(seen.commander or "")
    return seen.commander if theirs and incident.commander == theirs else mine.commander


def _linked(decision: Decision, fact: Mirrored, now: datetime) -> Decision:
    incident, link = decision.incident, Link(title="Datadog incident", url=fact.page, emoji=":dog:")
    known = any(each.url == link.url for each in incident.links)
    linked = Decision(incident.but(links=incident.links if known else (*incident.links, link)))
    linked = linked.note(
        Happened.NOTE, now, text=f"Datadog incident {fact.link.public_id}", link=fact.page, key="datadog"
    )
    if not known:
        bookmark = f"{incident.id}:bookmark:datadog"
        linked = linked.ask(
            AddBookmark(incident_id=incident.id, key=bookmark, title=link.title, url=link.url, emoji=link.emoji)
        )
    # Once more, now that there is something to attach the channel and the action items to.
    return linked.ask(mirror(incident))


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
            case "state" if seen.state == "stable":
                decision = lifecycle.mitigate(incident, by, now)
                return decision.ask(*escalation.invite_new(incident, decision.incident))
            case "commander" if person := people.get(seen.commander or ""):
                return _commanded(incident, person, by, now)
    return Decision(incident, quiet=True)


def _commanded(incident: Incident, person: str, by: str | None, now: datetime) -> Decision:
    if incident.commander == person or not incident.state.open:
        return Decision(incident, quiet=True)
    after = incident.but(commander=person, wanted=tuple(dict.fromkeys((*incident.wanted, person))))
    decision = Decision(after).note(Happened.ROLE, now, by=by, text=f"commander: <@{person}>")
    decision = decision.ask(*escalation.invite_new(incident, after))
    return decision.say(RoleAssigned(by=by, role="commander", person=person), Place.CARD_THREAD)


def _renamed(incident: Incident, before: str, seen: str, by: str | None, now: datetime) -> Decision:
    title = " ".join(seen.removesuffix(mark(incident)).split())[:TITLE_LIMIT]
    if seen == before or not title or title == incident.title:
        return Decision(incident, quiet=True)
    return Decision(incident.but(title=title)).note(Happened.NOTE, now, by=by, text=f"renamed in Datadog: {title}")
