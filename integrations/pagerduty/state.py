"""What is remembered of an incident: its counterpart in PagerDuty, and what state that is in as far as is known."""

from __future__ import annotations

from enum import StrEnum

from integrations.pagerduty.policy import NAME
from warroom.incident.model import Incident
from warroom.value import Stored

OURS = "warroom-"
"""How the dedup keys of our incidents begin."""


class Remote(StrEnum):
    """The states of PagerDuty's incidents."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class PagerDutyState(Stored):
    """What `Incident.external` holds under PagerDuty's name."""

    there: str = ""
    """As `Remote` has it; "" before it was ever triggered."""
    route: str = ""
    """The name of the routing key by which it was triggered. The same one acknowledges and resolves it."""
    triggers: int = 0
    """How often it was triggered: again after it was resolved there."""
    remote_id: str = ""
    adopted: bool = False
    """PagerDuty had it first, and told of it by webhook."""

    @property
    def open(self) -> bool:
        """Whether it is open there, as far as is known."""
        return self.there in (Remote.TRIGGERED, Remote.ACKNOWLEDGED)


def dedup_key(incident: Incident) -> str:
    """The one dedup key of the incident: PagerDuty makes one incident of all events that have it."""
    return f"{OURS}{incident.id}"


def local_id(key: str | None) -> str | None:
    """The id of our incident whose dedup key that is; None when it is nobody's here."""
    return key.removeprefix(OURS) if key and key.startswith(OURS) else None


def alert_key(remote_id: str) -> str:
    """By which the firing of an incident that PagerDuty had first is known; see `warroom.alerts.parsing.keys`."""
    return f"1:id:{NAME}:{remote_id}"


def state_of(incident: Incident) -> PagerDutyState:
    """What is remembered. An incident that was opened by an alert of PagerDuty's is open there from the start."""
    if NAME in incident.external or not incident.origin_key.startswith(begin := f"alert:{alert_key('')}"):
        return incident.external_state(NAME, PagerDutyState)
    remote_id = incident.origin_key.removeprefix(begin).partition(":")[0]
    return PagerDutyState(there=Remote.TRIGGERED, remote_id=remote_id, adopted=True)


def with_state(incident: Incident, **changes: object) -> Incident:
    """The incident with other things remembered."""
    return incident.with_external(NAME, state_of(incident).copy_with(**changes))
