"""What of an incident's life the status page is told or offered, and what follows from its answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from integrations.statuspage.model import PageIncident, Published, ending, prepared, remembered, state_of
from integrations.statuspage.policy import NAME, PublishMode, section
from warroom.incident import events
from warroom.incident.decision import Decision
from warroom.incident.events import Reported
from warroom.incident.model import Incident
from warroom.incident.notices import OFFER_SLOT, Offered
from warroom.incident.parts import Link
from warroom.incident.timeline import Entry
from warroom.integration import external_effect
from warroom.outbox.effects import Effect, Place, Post, PrivateReply
from warroom.policy import Policy

PUBLISH, LOOK = "publish", "look"
OPERATIONS = {
    PUBLISH: "The status page was not changed",
    LOOK: "The status page could not be read",
}
"""Every operation, and what a room is told when one failed for good."""
effect = partial(external_effect, NAME)
"""One of Statuspage's effects."""


def on_event(incident: Incident, entry: Entry, policy: Policy) -> Sequence[Effect]:
    """Offers, the beginning where the policy publishes it by itself, and the end."""
    said, state = section(policy), state_of(incident)
    mode = said.mode(policy, incident.severity)
    match entry.event:
        case events.RoomOpened() | events.SeverityChanged() if (
            incident.state.open and not state.id and not incident.private
        ):
            if mode is PublishMode.AUTO:
                return [effect(PUBLISH, "begin", incident, prepared(incident, said, policy))]
            if mode is PublishMode.ASK and incident.room.channel_id and incident.severity in said.publish:
                return [_offer(incident, "Customers know nothing of this yet.", "Status page…")]
        case events.UpdatePosted() if state.open and entry.by and mode is not PublishMode.NEVER:
            what = "Your update is in the room only."
            offered = Offered(integration=NAME, action="update", what=what, label="Also on the status page…")
            key = f"{incident.id}:{NAME}:also:{entry.key}"
            channel = incident.room.channel_id
            return [PrivateReply(incident_id=incident.id, key=key, user=entry.by, channel=channel, notice=offered)]
        case events.Resolved() | events.Cancelled() if state.open:
            return [effect(PUBLISH, entry.key, incident, ending(said))]
        case events.Reopened() if state.id and not state.open:
            return [_offer(incident, "The status page says that it is resolved.", "Status page…", entry.key)]
    return []


def _offer(incident: Incident, what: str, label: str, key: str = "begin") -> Post:
    notice = Offered(integration=NAME, action="publish", what=what, label=label)
    name = f"{incident.id}:post:{NAME}:{key}"
    return Post(incident_id=incident.id, key=name, place=Place.CARD_THREAD, notice=notice, slot=OFFER_SLOT)


def on_result(incident: Incident, result: Published, now: datetime, policy: Policy) -> Decision:
    """What is on the page now is remembered, linked and said; or why nothing was published."""
    page = result.page
    after = incident.with_external(NAME, remembered(page))
    if result.conflict:
        what = f"Nothing was published: the status page was changed meanwhile. It says now ({page.status}): {page.body}"
        offered = Offered(integration=NAME, action="publish", what=what, label="Status page…")
        return (
            Decision(after, quiet=True)
            .record(_changed(page), now, key=key_of(page))
            .say(offered, key=f"{NAME}:{page.latest}")
        )
    told = Reported(integration=NAME, what="status page", text=f"{page.status}: {page.body}")
    decision = Decision(after).record(told, now, by=result.by, link=page.url, key=key_of(page)).withdraw(OFFER_SLOT)
    if page.url:
        decision = decision.add_link(Link(title="Status page", url=page.url, emoji=":mega:"), NAME)
    if not incident.state.open and page.status != "resolved":
        # It was resolved here while it was being published.
        return decision.with_effects(effect(PUBLISH, f"late:{page.latest}", incident, ending(section(policy))))
    return decision


def _changed(page: PageIncident) -> Reported:
    return Reported(integration=NAME, what="status page changed there", text=f"{page.status}: {page.body}")


def key_of(page: PageIncident) -> str:
    """The timeline's key of an update, however it came to be known."""
    return f"{NAME}:{page.latest}"
