"""Direct messages about an incident: to whoever is paged, and to whoever follows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from warroom.incident.events import (
    AcknowledgementOverdue,
    Cancelled,
    Mitigated,
    PeoplePaged,
    Reopened,
    Resolved,
    UpdatePosted,
)
from warroom.incident.model import Incident
from warroom.incident.parts import DirectPurpose
from warroom.incident.timeline import Entry
from warroom.outbox.effects import Effect, RedrawDirect, SendDirect, TellMorning
from warroom.policy import Policy
from warroom.policy.model import PageBy

TOLD_ANEW = (UpdatePosted, Mitigated, Resolved, Reopened, Cancelled)
"""Events for which subscribers get a new message in the place of the last; everything else redraws that one."""


def send_direct(
    incident: Incident,
    people: Iterable[str],
    purpose: DirectPurpose,
    policy: Policy,
    *,
    key: str,
    by: str | None = None,
    why: str = "",
) -> list[Effect]:
    """A new message to each of them who may know of the incident; none of those who are paged where the policy says so."""
    if purpose is DirectPurpose.PAGE and PageBy.DIRECT_MESSAGE not in policy.workspace.page_by:
        return []
    return [
        SendDirect(
            incident_id=incident.id,
            key=f"{incident.id}:{purpose.value}:{person}:{key}",
            user=person,
            purpose=purpose,
            by=by,
            why=why,
        )
        for person in people
        if incident.shown_to(person) or (purpose is DirectPurpose.PAGE and let_in_soon(incident, person))
    ]


def let_in_soon(incident: Incident, person: str) -> bool:
    """Whether somebody is to be let into the room of a private incident and was not yet: until then they hear nothing of it."""
    there = incident.participants
    return person in there.invitees and person not in there.left


def direct_effects(
    before: Incident | None, after: Incident, entries: tuple[Entry, ...], policy: Policy
) -> list[Effect]:
    """What people are written to directly because of a change. Nothing before there is a channel: its opening tells them."""
    if before is None or before.room.channel_id is None:
        return []
    effects: list[Effect] = []
    anew: set[tuple[str, DirectPurpose]] = set()
    for entry in entries:
        event = entry.event
        people: tuple[str, ...] = ()
        purpose, why = DirectPurpose.PAGE, ""
        if isinstance(event, PeoplePaged):
            people, why = tuple(person for person in event.paged if person not in event.waited), event.why
            effects += _this_morning(event, policy)
        elif isinstance(event, AcknowledgementOverdue):
            people = event.paged
        elif isinstance(event, TOLD_ANEW):
            people, purpose = tuple(p for p in after.subscribers if p != entry.by), DirectPurpose.SUBSCRIPTION
        effects += send_direct(after, people, purpose, policy, key=entry.key, by=entry.by, why=why)
        anew |= {(person, purpose) for person in people}
    new = set(after.subscribers) - set(before.subscribers)
    effects += send_direct(after, sorted(new), DirectPurpose.SUBSCRIPTION, policy, key=f"v{before.version}")
    anew |= {(person, DirectPurpose.SUBSCRIPTION) for person in new}
    if _shown(before) != _shown(after):
        effects += [
            RedrawDirect(
                incident_id=after.id,
                key=f"{after.id}:{each.purpose.value}:{each.user}",
                user=each.user,
                purpose=each.purpose,
            )
            for each in after.direct_messages
            if (each.user, each.purpose) not in anew
            and (each.purpose is DirectPurpose.PAGE or each.user in before.subscribers)
        ]
    return effects


def _this_morning(event: PeoplePaged, policy: Policy) -> list[Effect]:
    """One message for all pages of a person that waited until the same moment: its key is the same for each of them."""
    if event.waited_until is None or PageBy.DIRECT_MESSAGE not in policy.workspace.page_by:
        return []
    at = event.waited_until
    return [TellMorning(key=f"morning:{each}:{at:%Y%m%dT%H%M}", user=each, morning=at) for each in event.waited]


def _shown(incident: Incident) -> tuple[object, ...]:
    return (
        incident.title,
        incident.severity,
        incident.state,
        incident.acknowledged_by,
        incident.commander,
        incident.escalation.silent,
        incident.updates.last,
        incident.updates.last_at,
        incident.subscribers,
        incident.private,
        incident.participants.left if incident.private else (),
    )
