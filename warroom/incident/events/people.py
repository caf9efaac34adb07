"""People are paged, acknowledge, have roles and are invited."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from warroom.incident.events.base import EventBase


class PageReason(StrEnum):
    """Why people are paged."""

    DECLARED = "declared"
    """Their level of the escalation policy is due at once."""
    ESCALATION = "escalation"
    """Their level is due and nobody has acknowledged."""
    BUTTON = "button"
    """Somebody escalated."""
    OVERDUE = "overdue"
    """The time to acknowledge has passed."""
    NO_UPDATE = "no update"
    """Updates were missed."""
    REPEAT = "repeat"
    """The escalation policy is exhausted and its last level is paged again."""
    TEAM = "team"
    """Somebody named them."""
    SILENCE = "silence"
    """It is acknowledged, and nobody has done or written anything for long."""


class PeoplePaged(EventBase):
    """People are called to the incident. `level` counts from 1; 0 when no level of the escalation policy is meant."""

    kind: Literal["people_paged"] = "people_paged"
    paged: tuple[str, ...]
    level: int = 0
    names: tuple[str, ...] = ()
    """What led to these people, as the policy or a person wrote it."""
    reason: PageReason
    why: str = ""
    """In the words of whoever paged."""
    again: bool = False
    """They are the last level, which was paged before."""
    waited: tuple[str, ...] = ()
    """Those of them whose page waited for their morning; they are told of all that waited in one message."""
    waited_until: datetime | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who is paged."""
        return self.paged


class PageWaits(EventBase):
    """Nobody of the next level is paged at this hour for this severity: it waits until `until`."""

    kind: Literal["page_waits"] = "page_waits"
    waiting: tuple[str, ...]
    until: datetime

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who is paged then."""
        return self.waiting


class AcknowledgementOverdue(EventBase):
    """Nobody acknowledged in time. Everybody in `paged`, which is everybody paged so far, is called again."""

    kind: Literal["acknowledgement_overdue"] = "acknowledgement_overdue"
    paged: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who is called again."""
        return self.paged


class Acknowledged(EventBase):
    """Somebody took it."""

    kind: Literal["acknowledged"] = "acknowledged"


class OnIt(EventBase):
    """Somebody who was paged because of silence says that they are on it."""

    kind: Literal["on_it"] = "on_it"


class RoleAssigned(EventBase):
    """Somebody has a role now."""

    kind: Literal["role_assigned"] = "role_assigned"
    role: str
    person: str

    @property
    def people(self) -> tuple[str, ...]:
        """The id of whoever has the role."""
        return (self.person,)


class PeopleInvited(EventBase):
    """Somebody invited people to the room."""

    kind: Literal["people_invited"] = "people_invited"
    invited: tuple[str, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody who was invited."""
        return self.invited


PeopleEvent = PeoplePaged | PageWaits | AcknowledgementOverdue | Acknowledged | OnIt | RoleAssigned | PeopleInvited
