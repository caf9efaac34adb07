"""What people and integrations put on the timeline themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from warroom.incident.events.base import EventBase


class MessagePinned(EventBase):
    """A message was marked as worth remembering. Its author stands in the entry."""

    kind: Literal["message_pinned"] = "message_pinned"
    text: str
    number: int = 0
    """As of a note."""
    marked_by: str | None = None
    """Who put it on the timeline, and may change or remove it."""
    edited: bool = False


class NoteAdded(EventBase):
    """Somebody wrote a line on the timeline."""

    kind: Literal["note_added"] = "note_added"
    text: str
    number: int = 0
    """By which people name it to change it: 1 for the first of the incident; 0 in entries of earlier releases."""
    written_at: datetime | None = None
    """When it was written, where that is later than when it happened."""
    edited: bool = False


class EntryEdited(EventBase):
    """A note or message of the timeline says something else now; `warroom.incident.timeline.current` shows it so."""

    kind: Literal["entry_edited"] = "entry_edited"
    number: int
    before: str
    after: str
    moved_to: datetime | None = None
    """When it happened, where that was corrected."""


class EntryRemoved(EventBase):
    """A note or message was taken off the timeline."""

    kind: Literal["entry_removed"] = "entry_removed"
    number: int
    before: str


class Reported(EventBase):
    """Something that an integration did or heard of, in its own words and in lower case: "monitor muted", "until 04:00 UTC"."""

    kind: Literal["reported"] = "reported"
    integration: str
    what: str = "note"
    text: str = ""

    @property
    def bookkeeping(self) -> bool:
        """Whether it tells what the bot filed elsewhere by itself, and nothing about the incident."""
        return self.what in BOOKKEEPING


BOOKKEEPING = ("paged", "issue created", "action item")
"""What integrations report of a page, an issue and an action item that they made there."""


class Recorded(EventBase):
    """An entry of an earlier release from which no other event can be made: shown as it was written then."""

    kind: Literal["recorded"] = "recorded"
    what: str
    text: str = ""


TimelineEvent = MessagePinned | NoteAdded | EntryEdited | EntryRemoved | Reported | Recorded
