"""When it is looked for runbooks that begin by themselves."""

from __future__ import annotations

from warroom.incident.decision import Decision
from warroom.outbox.effects import BeginRunbooks
from warroom.runbooks.library import Library


def with_automatic_runbooks(decision: Decision, library: Library) -> Decision:
    """The decision with a look for runbooks that begin by themselves, where there are any and the room is there: what they do is shown
    in it.
    """
    incident = decision.incident
    if not incident.state.open or incident.room.channel_id is None or not any(each.auto for each in library.runbooks):
        return decision
    return decision.with_effects(BeginRunbooks(incident_id=incident.id, key=f"{incident.id}:runbooks"))
