"""Why the timeline, action items or the post-mortem stay as they are."""

from __future__ import annotations

from typing import assert_never

from blocks import labels
from blocks.refusals.medium import Medium
from warroom import refusals
from warroom.refusals import PostmortemRefusal


def words(reason: PostmortemRefusal, medium: Medium) -> str:
    """Why, and what to do next."""
    match reason:
        case refusals.NoSuchAction():
            known = ", ".join(map(str, reason.known)) or "none"
            return f"{reason.incident} has no action item {reason.number}. Action items: {known}."
        case refusals.ActionMarkedBefore():
            state = "done already" if reason.done else "not done, so there is nothing to reopen"
            return f"Action item {reason.number} of {reason.incident} is {state}."
        case refusals.NoSuchEntry():
            return (
                f"The timeline of {reason.incident} has no entry {reason.number} that can be changed. "
                "/incident timeline shows the numbers."
            )
        case refusals.NotYourEntry():
            who = medium.person(reason.by) if reason.by else "somebody else"
            return f"Entry {reason.number} is from {who}. Only they can change or remove it, and the scribe."
        case refusals.EntryInFuture():
            return "A timeline entry is about something that happened; this time is in the future."
        case refusals.NoteEmpty():
            return "Write what happened, for example: timeline add deployed 1.4.2 to production"
        case refusals.ActionEmpty():
            return "An action item needs text. For example: action add raise the memory alert threshold @ada due 2026-12-01."
        case refusals.NothingToLearn():
            return f"{reason.incident} was cancelled, so it has no post-mortem."
        case refusals.PostmortemUnchanged():
            return "Nothing was changed in the post-mortem."
        case refusals.SavedMeanwhile():
            return "Somebody saved the same part at this moment. Your text is still here: press Save again to see both."
        case refusals.PostmortemMissing():
            return f"{reason.incident} has no post-mortem yet. Write the draft: /incident postmortem"
        case refusals.PostmortemPublishedBefore():
            return f"The post-mortem of {reason.incident} was published already."
        case refusals.PartsMissing():
            parts = ", ".join(map(labels.part, reason.parts))
            return f"The post-mortem needs these parts before it is published: {parts}. Press Edit post-mortem."
    assert_never(reason)
