"""What the world answered when an effect was performed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from warroom.incident.parts import DirectPurpose, Participants
from warroom.investigation.model import Answer
from warroom.investigation.pictures import Picture
from warroom.investigation.prose import Item, Prose
from warroom.value import Value


class ChannelCreated(Value):
    """The channel exists. `name` is as Slack normalised it."""

    channel_id: str
    name: str


class ChannelRenamed(Value):
    """The channel has that name now, as Slack normalised it."""

    name: str


class ChannelArchived(Value):
    """The channel is archived."""


class ChannelUnarchived(Value):
    """The archived channel was asked for. `back`: it is open, and the bot is in it; else it cannot be opened by the bot."""

    back: bool


class CardShown(Value):
    """The card was posted."""

    ts: str


class Announced(Value):
    """The announcement was posted."""

    channel_id: str
    ts: str


class TeamTold(Value):
    """The line in the team's channel was posted."""

    channel_id: str
    ts: str


class Posted(Value):
    """A notice was posted in a slot. `replaced` is the message that was removed for it."""

    slot: str
    ts: str
    replaced: str | None = None


class DirectlySent(Value):
    """A direct message was sent."""

    user: str
    purpose: DirectPurpose
    channel_id: str
    ts: str


class CanvasShown(Value):
    """The post-mortem's canvas was created."""

    canvas_id: str


class PeopleAdded(Value):
    """Who is in the room now, and who could not be invited, with the reason in the words of the integration."""

    people: tuple[str, ...]
    failed: tuple[tuple[str, str], ...] = ()


class RoomMembers(Value):
    """Everybody who is in the room, without the bot. `before` is what was known when it was asked, at `asked_at`."""

    people: tuple[str, ...]
    before: Participants
    asked_at: datetime


class RoomActivity(Value):
    """When a person last wrote in the room since somebody was heard of; None where nobody did, or the room cannot be read."""

    last_at: datetime | None = None


class ExternalResult(Value):
    """What an integration's operation came to, for the incident that it is about. `payload` is read back by the integration's
    own model.
    """

    integration: str
    operation: str
    payload: dict[str, Any] = Field(default_factory=dict)


class InvestigationDone(Value):
    """What an investigation says, and the series that are to be drawn."""

    run: int
    answer: Answer
    pictures: tuple[Picture, ...] = ()
    material: tuple[Item, ...] = ()
    """What a language model is given to write about it; () where none is asked."""
    no_prose: str = ""
    """Why none is asked, where one could be."""


class Narrated(Value):
    """What a language model wrote about the answer of a run, or why it did not."""

    prose: Prose


class OverrideShown(Value):
    """A message about an override was posted."""

    override_id: str
    to: str
    channel_id: str
    ts: str


class UserGroupKept(Value):
    """The user group of a schedule was compared with who is on call."""

    schedule: str
    members: tuple[str, ...] | None = None
    """What it is now, where it is equal; None where it was left as it is."""
    by_hand: tuple[str, ...] | None = None
    """The members that somebody else had set."""
    problem: str = ""
    """Why it could not be set, in Slack's word."""
    error: str = ""
    advice: str = ""


AboutIncident = (
    ChannelCreated
    | ChannelRenamed
    | ChannelArchived
    | ChannelUnarchived
    | CardShown
    | Announced
    | TeamTold
    | Posted
    | DirectlySent
    | CanvasShown
    | PeopleAdded
    | RoomMembers
    | ExternalResult
    | InvestigationDone
    | Narrated
)
EffectResult = AboutIncident | RoomActivity | OverrideShown | UserGroupKept
