"""The timeline: what happened, when, by whom. Append-only: a correction is one more entry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from warroom.incident.events import EntryEdited, EntryRemoved, Event, MergeUndone, MessagePinned, NoteAdded
from warroom.value import Stored


class Entry(Stored):
    """One line of the timeline. The words are in `blocks.timeline`."""

    incident_id: str
    key: str
    """Unique within the incident: the same cause twice makes one entry."""
    at: datetime
    event: Event
    by: str | None = None
    """Who did it (a Slack user id); None when nobody did, or nobody known here."""
    link: str | None = None
    """Where it can be read."""
    source: str = ""
    """The other system in which it was done, as people call it."""
    name: str = ""
    """How that system calls whoever did it, where that is nobody known here."""


MERGED = "merged:"
"""What the key of an entry begins with that another incident brought."""


def merged_key(number: int, stamp: int, key: str) -> str:
    """The key of the copy of an entry of the incident with that number, which was merged at that version."""
    return f"{MERGED}{number}:{stamp}:{key}"


Written = NoteAdded | MessagePinned
"""What people put on a timeline themselves, and may change."""


def current(entries: Iterable[Entry]) -> list[Entry]:
    """The entries as they read now, in order of when they happened: edited ones with their new words, removed ones, the
    corrections themselves and what came by a merge that was undone left out.
    """
    entries = tuple(_numbered(entries))
    undone = tuple(
        merged_key(each.event.number, each.event.stamp, "") for each in entries if isinstance(each.event, MergeUndone)
    )
    corrections = [entry.event for entry in entries if isinstance(entry.event, EntryEdited | EntryRemoved)]
    edited = {each.number: each for each in corrections if isinstance(each, EntryEdited)}
    moved = {each.number: each.moved_to for each in corrections if isinstance(each, EntryEdited) and each.moved_to}
    removed = {each.number for each in corrections if isinstance(each, EntryRemoved)}
    shown = []
    for entry in entries:
        event = entry.event
        if isinstance(event, EntryEdited | EntryRemoved) or (undone and entry.key.startswith(undone)):
            continue
        if isinstance(event, Written) and event.number:
            if event.number in removed:
                continue
            if change := edited.get(event.number):
                entry = entry.copy_with(event=event.copy_with(text=change.after, edited=True))
            if at := moved.get(event.number):
                entry = entry.copy_with(at=at)
        shown.append(entry)
    return sorted(shown, key=lambda entry: entry.at)


EARLIER = 10_000
"""Notes of an earlier release have no number. They are counted from here, in order of when they were written: there are no
more of them, so each keeps its number.
"""


def _numbered(entries: Iterable[Entry]) -> list[Entry]:
    entries = list(entries)
    earlier = [each for each in entries if isinstance(each.event, Written) and not each.event.number]
    earlier.sort(key=lambda each: (each.at, each.key))
    numbers = {each.key: EARLIER + place for place, each in enumerate(earlier, 1)}
    return [
        each.copy_with(event=each.event.copy_with(number=numbers[each.key])) if each.key in numbers else each
        for each in entries
    ]


def own_entry(entries: Iterable[Entry], number: int) -> Entry | None:
    """The note or message with that number as it reads now, or None."""
    found = (each for each in current(entries) if isinstance(each.event, Written) and each.event.number == number)
    return next(found, None) if number > 0 else None


def written_by(entry: Entry) -> str | None:
    """Who put it on the timeline."""
    marked = entry.event.marked_by if isinstance(entry.event, MessagePinned) else None
    return marked or entry.by
