"""Paging, acknowledging, resolving and writing notes in PagerDuty."""

from __future__ import annotations

from datetime import timedelta

from integrations.pagerduty.client import PagerDutyClient
from integrations.pagerduty.policy import section
from integrations.pagerduty.rules import ACKNOWLEDGE, Done, Note, Trigger, Triggered
from integrations.pagerduty.state import PagerDutyState, Remote, dedup_key, state_of
from warroom.errors import Rejected, Retryable
from warroom.incident.model import Incident, State
from warroom.integration import Named, PerformContext
from warroom.policy import Policy
from warroom.text import cut

SUMMARY, DETAIL = 1024, 1000
"""Characters of a summary ("Send an alert event": the limit) and of each detail."""
SEVERITIES = ("critical", "error", "warning", "info")
"""The only ones that events know, by the rank of ours."""
NOTE_LIMIT = 2000
APPEARS_WITHIN = timedelta(minutes=10)
"""Events are worked off after they were accepted; an incident that is not there so long afterwards does not come."""
SET_KEY = "Set {name} to the integration key of an Events API v2 integration."


async def trigger(
    client: PagerDutyClient, wanted: Trigger, incident: Incident, context: PerformContext, named: Named
) -> Triggered | None:
    """The incident pages there. None when it need not any more. Raises Retryable or Rejected."""
    state = state_of(incident)
    late = not incident.state.open or (incident.state is not State.DETECTED and not wanted.asked)
    name = section(context.policy).route(incident.team)
    if state.open or late or name is None:
        return None
    await client.event(
        "Paging",
        _routing_key(name, named),
        "trigger",
        dedup_key(incident),
        payload={
            "summary": _summary(incident),
            "source": incident.services[0] if incident.services and not incident.private else "warroom",
            "severity": SEVERITIES[min(context.policy.rank(incident.severity), len(SEVERITIES) - 1)],
            "timestamp": incident.declared_at.isoformat(),
            "custom_details": _details(incident, context.policy),
        },
        client="Warroom",
        links=_links(incident),
    )
    return Triggered(route=name, asked=wanted.asked)


async def end(client: PagerDutyClient, operation: str, incident: Incident, named: Named) -> Done | None:
    """What is done here is done there: it is acknowledged or resolved. Raises Retryable or Rejected."""
    state, acknowledges = state_of(incident), operation == ACKNOWLEDGE
    if not state.open or (acknowledges and state.there != Remote.TRIGGERED):
        return None  # somebody did it there meanwhile
    what = "Acknowledging" if acknowledges else "Resolving"
    there = Remote.ACKNOWLEDGED if acknowledges else Remote.RESOLVED
    if state.adopted:
        await _end_adopted(client, what, state, there)
    else:
        await client.event(what, _routing_key(state.route, named), operation, dedup_key(incident))
    return Done(there=there)


async def _end_adopted(client: PagerDutyClient, what: str, state: PagerDutyState, there: Remote) -> None:
    """Looks first: acknowledging a resolved incident would reopen it ("Update an incident")."""
    if not client.writes:
        advice = "Set PAGERDUTY_FROM to the email of a PagerDuty user."
        raise Rejected("it began in PagerDuty, and nobody may write there", code="no_sender", advice=advice)
    status = (await client.incident(state.remote_id))["status"]
    if status != there and status != Remote.RESOLVED:
        await client.set_status(what, state.remote_id, there)


async def annotate(client: PagerDutyClient, note: Note, incident: Incident, context: PerformContext) -> None:
    """The update is a note there, once. Raises Retryable or Rejected."""
    if not client.writes or incident.private:
        return
    remote_id = state_of(incident).remote_id
    if not remote_id:
        found = await client.incident_with(dedup_key(incident))
        if found is None:
            if context.now - note.at > APPEARS_WITHIN:
                raise Rejected(f"there is no incident for {incident.name}", code="no_incident", advice="Look there.")
            raise Retryable("PagerDuty has not made the incident yet", after=5)
        remote_id = found["id"]
    person = await context.store.person(note.by) if note.by else None
    text = note_text(incident, note, person.display_name or person.real_name or person.name if person else "")
    if context.outcome_unknown:
        known = await client.rest.get("Looking for the note", "incidents", remote_id, "notes")
        if any(each["content"] == text for each in known["notes"]):
            return
    body = {"note": {"content": text}}
    await client.rest.post("Writing a note", "incidents", remote_id, "notes", json=body, headers=client.sender)


def note_text(incident: Incident, note: Note, who: str) -> str:
    """The note as it stands there. It says when, so that the same words twice are two notes."""
    return cut(
        f"{mark(incident)} {note.at:%Y-%m-%d %H:%M:%S} UTC{f' by {who}' if who else ''}: {note.text}", NOTE_LIMIT
    )


def mark(incident: Incident) -> str:
    """How our own notes begin."""
    return f"[{incident.name} update]"


def is_ours(note: str) -> bool:
    """Whether a note was written by us."""
    return note.startswith("[INC-") and " update] " in note[:40]


def _routing_key(name: str, named: Named) -> str:
    key = named(name)
    if not key or not key.strip():
        variable = name.removeprefix("env:")
        raise Rejected(f"{variable} is not set", code="not_set_up", advice=SET_KEY.format(name=variable))
    return key.strip()


def _summary(incident: Incident) -> str:
    """Of a private incident nothing is told but that it is there."""
    title = "private incident" if incident.private else incident.title
    return cut(f"{incident.name} {incident.severity}: {title}", SUMMARY)


def _details(incident: Incident, policy: Policy) -> dict[str, str]:
    told = {"incident": incident.name, "severity": incident.severity, "team": incident.team or ""}
    if not incident.private:
        told |= {"services": ", ".join(incident.services), "description": incident.description}
        told |= {"room": f"#{incident.room.channel_name}" if incident.room.channel_name else ""}
    return {name: cut(text, DETAIL) for name, text in told.items() if text}


def _links(incident: Incident) -> list[dict[str, str]]:
    links = [] if incident.private else [{"href": each.url, "text": each.title} for each in incident.links[:8]]
    if incident.room.channel_id:
        room = f"https://slack.com/app_redirect?channel={incident.room.channel_id}"
        links.insert(0, {"href": room, "text": "Slack channel"})
    return links
