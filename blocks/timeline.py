"""The words for everything that can stand on a timeline. Plain text: whoever shows it escapes and cuts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, assert_never

from blocks import labels, text
from warroom.incident import events
from warroom.incident.events import Event, PageReason, Step


class Words(NamedTuple):
    """A line of the timeline: what happened in lower case ("severity changed"), and more about it ("SEV-2 to SEV-1") or ""."""

    what: str
    more: str = ""


def words(event: Event, person: Callable[[str], str] = text.mention) -> Words:
    """The words for an event. `person` turns a user id into how people are shown there; by default they are mentioned."""
    match event:
        case events.Declared():
            return Words("declared", event.title)
        case events.RoomOpened():
            return Words("room opened", f"#{event.name}")
        case events.PeoplePaged():
            escalated = event.reason in (PageReason.BUTTON, PageReason.NO_UPDATE)
            return Words("escalated" if escalated else "paged", _paged(event))
        case events.AcknowledgementOverdue():
            return Words("acknowledgement overdue")
        case events.Acknowledged():
            return Words("acknowledged")
        case events.UpdatePosted():
            return Words("update", event.text)
        case events.UpdateMissed():
            return Words("update missed")
        case events.Snoozed():
            return Words("snoozed")
        case events.SeverityChanged():
            return Words("severity changed", severity_change(event))
        case events.RoleAssigned():
            return Words("role assigned", f"{event.role}: {person(event.person)}")
        case events.PeopleInvited():
            return Words("invited", ", ".join(map(person, event.invited)))
        case events.Mitigated():
            return Words("mitigated")
        case events.Resolved():
            return Words("resolved", event.summary or (labels.RECOVERED if event.automatic else ""))
        case events.Reopened():
            return Words("reopened")
        case events.Cancelled():
            return Words("cancelled", event.why)
        case events.Closed():
            return Words("closed")
        case events.AlertAttached():
            return Words("alert", event.title)
        case events.AlertFired():
            return Words("alert", f"{event.title} (again)")
        case events.AlertRecovered():
            return Words("alert recovered", event.title)
        case events.AlertsRecovered():
            return Words("all alerts recovered", text.count(event.count, "alert"))
        case events.MessagePinned():
            return Words("pinned message", event.text)
        case events.NoteAdded():
            return Words("note", event.text)
        case events.ActionAdded():
            return Words("action item", event.text)
        case events.ActionDone():
            return Words("action item done", event.text)
        case events.PostmortemDrafted():
            return Words("post-mortem", "draft written")
        case events.PostmortemEdited():
            return Words("post-mortem", "edited")
        case events.PostmortemPublished():
            return Words("post-mortem", "published")
        case events.PostmortemLate():
            return Words("post-mortem", "late")
        case events.EffectFailed():
            return Words("problem", f"{failed_step(event.step, event.channel, event.what)}: {event.error}")
        case events.Reported() | events.Recorded():
            return Words(event.what, event.text)
    assert_never(event)


def _paged(event: events.PeoplePaged) -> str:
    names = ", ".join(event.names)
    if event.level == 0 and not event.again:
        return f"{names}: {event.why or 'asked for'}"
    level = "the last level again" if event.again else f"level {event.level}"
    shown = f"{level} ({names})" if names else level
    because = event.why or _because(event.reason)
    return f"{shown}: {because}" if because else shown


def _because(reason: PageReason) -> str:
    match reason:
        case PageReason.DECLARED:
            return ""
        case PageReason.ESCALATION | PageReason.REPEAT:
            return "nobody has acknowledged"
        case PageReason.OVERDUE:
            return "acknowledgement is overdue"
        case PageReason.NO_UPDATE:
            return "two updates were missed"
        case PageReason.BUTTON | PageReason.TEAM:
            return "asked for"
    assert_never(reason)


def severity_change(event: events.SeverityChanged) -> str:
    """ "SEV-2 to SEV-1, because of High error rate"."""
    why = f", because of {event.why}" if event.why else ""
    return f"{event.before} to {event.after}{why}"


def failed_step(step: Step, channel: str = "", what: str = "") -> str:
    """What did not happen, as the beginning of a sentence. `channel` is where, as the policy names it; `what` are the words of the
    integration whose operation it was.
    """
    match step:
        case Step.OPEN_ROOM:
            return "The room could not be opened"
        case Step.SHOW_CARD:
            return "The card could not be shown"
        case Step.PIN_CARD:
            return "The card could not be pinned"
        case Step.INVITE:
            return "An invitation failed"
        case Step.SET_TOPIC:
            return "The topic could not be set"
        case Step.SET_PURPOSE:
            return "The purpose could not be set"
        case Step.ADD_BOOKMARK:
            return "A bookmark could not be added"
        case Step.ANNOUNCE:
            return f"The announcement in {channel} failed" if channel else "The announcement failed"
        case Step.TELL_TEAM:
            return "The team's channel could not be told"
        case Step.POST:
            return "A message could not be posted"
        case Step.POST_UNDER_ANNOUNCEMENT:
            return "A line under the announcement failed"
        case Step.WITHDRAW:
            return "An old message could not be removed"
        case Step.SHARE_DOCUMENT:
            return "The post-mortem could not be shared as a file"
        case Step.EXTERNAL:
            return what or "Something could not be done in another system"
    assert_never(step)
