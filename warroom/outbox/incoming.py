"""What comes in from another system, by webhook or because it was asked: alerts, changes of incidents, new incidents."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from warroom.alerts.model import Alert
from warroom.changes.model import Change
from warroom.incident.declaration import Declare
from warroom.incident.parts import Link
from warroom.outbox.effects import ExternalEffect
from warroom.value import Value


class RemoteAct(StrEnum):
    """What somebody did to an incident in another system."""

    ACKNOWLEDGE = "acknowledge"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    NOTE = "note"
    """Only a line on the timeline."""
    ACTION_DONE = "action done"
    """The action item `item` was done."""
    ACTION_REOPENED = "action reopened"
    """It was not done after all."""
    REMEMBER = "remember"
    """Nothing that people see but links: only what the integration remembers is new."""


class RemoteChange(Value):
    """A change that was made in another system and is to be made here. What makes no sense any more is left."""

    integration: str
    incident_id: str
    act: RemoteAct
    key: str
    """The same change sent again (by webhook and by poll) has the same key."""
    email: str | None = None
    """Of whoever did it; somebody who is unknown here did it all the same, under `name`."""
    name: str = ""
    """How the other system calls whoever did it; shown where nobody here has the email."""
    source: str
    """The other system, as people call it; the timeline says that it was done there."""
    text: str = ""
    """In their words: a note, or what ended the incident."""
    item: str = ""
    """The id of the action item that is meant."""
    what: str = "note"
    """What a note is, in lower case: "escalated"."""
    links: tuple[Link, ...] = ()
    """Put on the card, each address once."""
    link: str | None = None
    remember: dict[str, Any] = Field(default_factory=dict)
    """Laid over what the integration remembers of the incident, in the same commit. So its rules see that the other side knows
    already, and tell it nothing back."""


class Incoming(Value):
    """Everything that one webhook or one look at another system brought."""

    alerts: tuple[Alert, ...] = ()
    refused: tuple[str, ...] = ()
    """Why parts of a webhook's body could not be used."""
    changes: tuple[RemoteChange, ...] = ()
    declares: tuple[Declare, ...] = ()
    service_changes: tuple[Change, ...] = ()
    """What was changed in what runs."""
    effects: tuple[ExternalEffect, ...] = ()
    """What is to be asked next, for example the following page, or who it was."""
