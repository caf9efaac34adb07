"""The timeline, action items and the post-mortem."""

from __future__ import annotations

from warroom.errors import Reason


class NoSuchAction(Reason):
    """The incident has no action item with that number."""

    incident: str
    number: int
    known: tuple[int, ...]


class ActionMarkedBefore(Reason):
    """The action item is done already, or not done where it should be reopened."""

    incident: str
    number: int
    done: bool


class NoSuchEntry(Reason):
    """No note or message of the timeline has that number."""

    incident: str
    number: int


class NotYourEntry(Reason):
    """Somebody else put it on the timeline; `by` is who."""

    number: int
    by: str | None


class EntryInFuture(Reason):
    """A line of the timeline about a time to come."""


class NoteEmpty(Reason):
    """A line for the timeline without words."""


class ActionEmpty(Reason):
    """An action item without words."""


class NothingToLearn(Reason):
    """A cancelled incident has no post-mortem."""

    incident: str


class PostmortemUnchanged(Reason):
    """The form was sent as it was opened."""


class SavedMeanwhile(Reason):
    """Somebody else saved the same part of the post-mortem at the same moment."""


class PostmortemMissing(Reason):
    """There is no draft that could be published."""

    incident: str


class PostmortemPublishedBefore(Reason):
    """It was published already."""

    incident: str


class PartsMissing(Reason):
    """Required parts of the post-mortem are empty; their keys."""

    parts: tuple[str, ...]


PostmortemRefusal = (
    NoSuchEntry
    | NotYourEntry
    | EntryInFuture
    | NoteEmpty
    | NoSuchAction
    | ActionMarkedBefore
    | ActionEmpty
    | NothingToLearn
    | PostmortemUnchanged
    | SavedMeanwhile
    | PostmortemMissing
    | PostmortemPublishedBefore
    | PartsMissing
)
