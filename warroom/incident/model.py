"""The incident: everything the war room knows about it, in one value."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypeVar

from pydantic import BaseModel, Field

from warroom.incident.parts import (
    ActionItem,
    AlertGroup,
    AlertSummary,
    Deadlines,
    DirectMessage,
    DirectPurpose,
    EscalationState,
    LeftOpen,
    Link,
    Merged,
    Participants,
    ReplyTo,
    Room,
    SimilarIncident,
    Updates,
)
from warroom.investigation.state import Investigation
from warroom.postmortem.model import Postmortem
from warroom.value import Stored

M = TypeVar("M", bound=BaseModel)


class State(StrEnum):
    """The life of an incident; `lifecycle` says which steps are allowed."""

    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def open(self) -> bool:
        """True while somebody has to do something about the outage itself."""
        return self in (State.DETECTED, State.ACKNOWLEDGED, State.MITIGATED)


class Origin(StrEnum):
    """What declared the incident."""

    FORM = "form"
    COMMAND = "command"
    SHORTCUT = "shortcut"
    ALERT = "alert"
    CLI = "cli"
    EXTERNAL = "external"
    """Created in another system that an integration reads; `origin_key` begins with the integration's name."""


class Incident(Stored):
    """One incident. Times are aware UTC; people are Slack user ids; `severity` is a key of the policy."""

    id: str
    number: int
    version: int = 0
    """0 until it is stored; every commit adds one."""
    origin: Origin
    origin_key: str
    """What caused it, unique: the same gesture or alert twice makes one incident."""
    title: str
    description: str = ""
    severity: str
    state: State = State.DETECTED
    private: bool = False
    team: str | None = None
    services: tuple[str, ...] = ()
    impact: str = ""
    summary: str = ""
    """What ended it, in the words of whoever resolved or cancelled it."""
    fields: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()
    declared_by: str | None = None
    commander: str | None = None
    lead_asked: bool = False
    """The room was asked who commands."""
    roles: tuple[tuple[str, str], ...] = ()
    """(role, user id); the commander is not repeated here."""
    participants: Participants = Participants()

    declared_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolved_automatically: bool = False
    """Because every alert had recovered for as long as the policy waits."""
    closed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_from: State | None = None
    """The state in which it was cancelled, to which it returns when that is taken back."""
    looked_at: dict[str, datetime] = Field(default_factory=dict)
    """When each person last caught up; those who did so last."""
    merged: Merged | None = None
    """Set while it is cancelled because it was merged into another one."""
    touched_at: datetime
    """The last time anything happened."""

    updates: Updates = Updates()
    subscribers: tuple[str, ...] = ()
    """Ids of people who get updates and changes of state as direct messages."""
    direct_messages: tuple[DirectMessage, ...] = ()
    reply_to: ReplyTo | None = None
    """Set until the channel exists."""
    template: str | None = None
    """The policy's template whose fields were asked for."""

    escalation: EscalationState = EscalationState()
    overdue: bool = False
    """Nobody acknowledged within the severity's time."""
    alerts: AlertSummary = AlertSummary()
    alert_group: AlertGroup = AlertGroup()
    external: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By integration: what it remembers of this incident, as a model of its own wrote it. See `external_state`."""
    left_open: tuple[LeftOpen, ...] = ()
    """What is still open in other systems although it is over here."""
    actions: tuple[ActionItem, ...] = ()
    similar: tuple[SimilarIncident, ...] = ()
    """Found when it was declared, most alike first. None of them is private."""
    actions_added: int = 0
    """How many action items there ever were; a number is not given twice."""
    notes: int = 0
    """How many notes and messages were put on the timeline, removed ones too."""
    postmortem: Postmortem | None = None
    investigation: Investigation = Investigation()

    deadlines: Deadlines = Deadlines()
    postmortem_required_by: datetime | None = None
    room: Room = Room()
    source_message: str | None = None
    """Permalink of the message this was declared from."""
    source_channel: str | None = None
    source_ts: str | None = None
    """That message."""

    @property
    def name(self) -> str:
        """How people call it: "INC-12"."""
        return f"INC-{self.number}"

    def concerns(self, user: str) -> bool:
        """Whether the person has a part in it: is in its room, or was called or given a role."""
        roles = (person for _, person in self.roles)
        return user in (
            self.declared_by,
            self.commander,
            *roles,
            *self.participants.invitees,
            *self.participants.invited,
        )

    def shown_to(self, user: str) -> bool:
        """Whether the person may know of it: a private incident shows itself only to the people in its room, and to whoever
        declared it until the room lets them in. Every list, card, answer and message for one person asks this.
        """
        if not self.private:
            return True
        there = self.participants
        if user in there.left:
            return False
        return user in there.invited or (user == self.declared_by and user not in there.uninvited)

    def kept_out(self, user: str) -> bool:
        """Whether the person left the room of a private incident, or was removed from it. Only a person brings them back."""
        return self.private and user in self.participants.left

    def direct_message(self, user: str, purpose: DirectPurpose) -> DirectMessage | None:
        """The last one to that person, or None."""
        return next((each for each in self.direct_messages if (each.user, each.purpose) == (user, purpose)), None)

    def with_direct_message(self, message: DirectMessage) -> Incident:
        """The same incident with that message instead of the one before it."""
        others = tuple(
            each for each in self.direct_messages if (each.user, each.purpose) != (message.user, message.purpose)
        )
        return self.copy_with(direct_messages=(*others, message))

    def with_invitees(self, *people: str) -> Incident:
        """The same incident with these people invited to its channel; nobody who is kept out of it."""
        return self._with_invitees(tuple(person for person in people if not self.kept_out(person)))

    def with_asked_back(self, *people: str) -> Incident:
        """The same incident with these people invited to its channel because somebody named them, whoever they are."""
        return self._with_invitees(people)

    def _with_invitees(self, people: tuple[str, ...]) -> Incident:
        invitees = tuple(dict.fromkeys((*self.participants.invitees, *people)))
        left = tuple(person for person in self.participants.left if person not in people)
        return self.with_participants(invitees=invitees, left=left)

    def external_state(self, name: str, model: type[M]) -> M:
        """What the integration of that name remembers of this incident; the model's defaults before it remembers anything."""
        return model.model_validate(self.external.get(name, {}))

    def with_external(self, name: str, state: BaseModel) -> Self:
        """The same incident, of which the integration of that name remembers this."""
        return self.copy_with(external=self.external | {name: state.model_dump(mode="json")})

    def with_participants(self, **changes: Any) -> Incident:
        """With `changes` to the fields of `participants`."""
        return self.copy_with(participants=self.participants.copy_with(**changes))

    def with_deadlines(self, **due: datetime | None) -> Incident:
        """With these timers set, or disarmed where None is given."""
        return self.copy_with(deadlines=self.deadlines.copy_with(**due))

    def with_room(self, **changes: Any) -> Incident:
        """With `changes` to the fields of `room`."""
        return self.copy_with(room=self.room.copy_with(**changes))

    def with_updates(self, **changes: Any) -> Incident:
        """With `changes` to the fields of `updates`."""
        return self.copy_with(updates=self.updates.copy_with(**changes))
