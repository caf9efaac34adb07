"""The words for everything that can stand on a timeline. Plain text: whoever shows it escapes and cuts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, assert_never

from blocks import labels, text
from warroom.incident import events
from warroom.incident.events import Detail, EffectKind, Event, PageReason

NAMED = 10
"""So many people of one page are named on a line."""


class EventWords(NamedTuple):
    """A line of the timeline: what happened in lower case ("severity changed"), and more about it ("SEV-2 to SEV-1") or ""."""

    what: str
    more: str = ""


def words(event: Event, person: Callable[[str], str] = text.mention) -> EventWords:
    """The words for an event. `person` turns a user id into how people are shown there; by default they are mentioned."""
    if isinstance(event, events.LifecycleEvent):
        return _lifecycle(event, person)
    if isinstance(event, events.PeopleEvent):
        return _people(event, person)
    if isinstance(event, events.RoomEvent):
        return _room(event)
    if isinstance(event, events.AlertEvent):
        return _alerts(event)
    if isinstance(event, events.TimelineEvent):
        return _entry(event)
    if isinstance(event, events.PostmortemEvent):
        return _postmortem(event, person)
    if isinstance(event, events.RunEvent):
        return _runbooks(event)
    assert_never(event)


def _lifecycle(event: events.LifecycleEvent, person: Callable[[str], str]) -> EventWords:
    match event:
        case events.Declared():
            return EventWords("declared", event.title)
        case events.UpdatePosted():
            return EventWords("update", event.text)
        case events.UpdateMissed():
            return EventWords("update missed", f"{event.missed} in a row" if event.missed > 1 else "")
        case events.Snoozed():
            return EventWords("update snoozed")
        case events.SeverityChanged():
            return EventWords("severity changed", severity_change(event))
        case events.Mitigated():
            return EventWords("mitigated")
        case events.Resolved():
            return EventWords("resolved", event.summary or (labels.RECOVERED if event.automatic else ""))
        case events.Reopened():
            return EventWords("reopened")
        case events.Cancelled():
            return EventWords("cancelled", event.why)
        case events.MergedIn():
            alerts = f", {text.count(event.alerts, 'alert')}" if event.alerts else ""
            return EventWords("merged", f"INC-{event.number} {event.title}{alerts}")
        case events.MergeUndone():
            return EventWords("merge undone", f"INC-{event.number}")
        case events.DetailChanged():
            return _detail(event)
        case events.VisibilityChanged():
            seen = ", ".join(map(person, event.seen_by)) or "nobody"
            where = " and everybody in the broadcast channel" if event.announced else ""
            return EventWords("made private" if event.private else "made public", f"seen until then by {seen}{where}")
        case events.Closed():
            return EventWords("closed")
    assert_never(event)


DETAILS = {
    Detail.TITLE: "title",
    Detail.DESCRIPTION: "description",
    Detail.IMPACT: "impact",
    Detail.SERVICES: "services",
    Detail.TEAM: "team",
    Detail.SUMMARY: "what fixed it",
}
"""How people call what can be edited."""


def _detail(event: events.DetailChanged) -> EventWords:
    name = event.name if event.detail is Detail.FIELD else DETAILS[event.detail]
    if not event.before:
        return EventWords(f"{name} set", event.after)
    if not event.after:
        return EventWords(f"{name} removed", f"was “{event.before}”")
    return EventWords(f"{name} changed", f"“{event.after}” (was “{event.before}”)")


def severity_change(event: events.SeverityChanged) -> str:
    """ "SEV-2 to SEV-1, because of High error rate"."""
    why = f", because of {event.why}" if event.why else ""
    return f"{event.before} to {event.after}{why}"


def _people(event: events.PeopleEvent, person: Callable[[str], str]) -> EventWords:
    match event:
        case events.PeoplePaged():
            escalated = event.reason in (PageReason.BUTTON, PageReason.NO_UPDATE)
            return EventWords("escalated" if escalated else "paged", _paged(event, person))
        case events.PageWaits():
            return EventWords("page waits for the morning")
        case events.AcknowledgementOverdue():
            return EventWords("acknowledgement overdue")
        case events.Acknowledged():
            return EventWords("acknowledged")
        case events.OnIt():
            return EventWords("on it")
        case events.RoleAssigned():
            return EventWords("role assigned", f"{event.role}: {person(event.person)}")
        case events.PeopleInvited():
            return EventWords("invited", ", ".join(map(person, event.invited)))
    assert_never(event)


def _paged(event: events.PeoplePaged, person: Callable[[str], str]) -> str:
    more = f" and {len(event.people) - NAMED} more" if len(event.people) > NAMED else ""
    names = ", ".join(map(person, event.people[:NAMED])) + more or ", ".join(event.names)
    if event.level == 0 and not event.again:
        why = event.why or (_because(event.reason) if event.reason is PageReason.SILENCE else "")
        return f"{names}: {why}" if why else names
    level = f"level {event.level} again" if event.again else f"level {event.level}"
    shown = f"{level} ({names})" if names else level
    because = event.why or _because(event.reason)
    return f"{shown}: {because}" if because else shown


def _because(reason: PageReason) -> str:
    match reason:
        case PageReason.ESCALATION | PageReason.REPEAT:
            return "nobody has acknowledged"
        case PageReason.OVERDUE:
            return "acknowledgement is overdue"
        case PageReason.NO_UPDATE:
            return "two updates were missed"
        case PageReason.SILENCE:
            return "nobody had posted an update or written"
        case PageReason.DECLARED | PageReason.BUTTON | PageReason.TEAM:
            return ""
    assert_never(reason)


def _room(event: events.RoomEvent) -> EventWords:
    match event:
        case events.RoomOpened():
            return EventWords("channel opened", f"#{event.name}")
        case events.RoomArchived():
            return EventWords("channel archived")
        case events.RoomUnarchived():
            return EventWords("channel unarchived")
        case events.EffectFailed():
            what = failed_effect(event.effect, event.channel, event.what)
            return EventWords("problem", f"{what}: {event.error}")
    assert_never(event)


_FAILED = {
    EffectKind.OPEN_ROOM: "The channel could not be opened",
    EffectKind.RENAME_ROOM: "The channel could not be renamed",
    EffectKind.ARCHIVE_ROOM: "The channel could not be archived",
    EffectKind.UNARCHIVE_ROOM: "The channel could not be unarchived",
    EffectKind.SHOW_CARD: "The card could not be shown",
    EffectKind.PIN_CARD: "The card could not be pinned",
    EffectKind.INVITE: "An invitation failed",
    EffectKind.SET_TOPIC: "The topic could not be set",
    EffectKind.SET_PURPOSE: "The purpose could not be set",
    EffectKind.ADD_BOOKMARK: "A bookmark could not be added",
    EffectKind.TELL_TEAM: "The message to the team's channel could not be posted",
    EffectKind.POST: "A message could not be posted",
    EffectKind.POST_UNDER_ANNOUNCEMENT: "A line under the announcement failed",
    EffectKind.WITHDRAW: "An old message could not be removed",
    EffectKind.SEND_DIRECT: "A direct message could not be sent",
    EffectKind.REDRAW_DIRECT: "A direct message could not be updated",
    EffectKind.REPLY_TO_SOURCE: "The thread of the message it was declared from could not be told",
    EffectKind.SHARE_DOCUMENT: "The post-mortem could not be shared as a file",
    EffectKind.SHARE_CANVAS: "The post-mortem could not be shared as a canvas",
    EffectKind.SHARE_PICTURE: "The picture of the timeline could not be shared",
    EffectKind.RUN_STEP: "A step of a runbook could not be done",
    EffectKind.LOOK_AT_RUN: "A runbook could not go on",
    EffectKind.BEGIN_RUNBOOKS: "The runbooks that begin by themselves could not be looked for",
    EffectKind.SHOW_RUN: "The message of a runbook could not be shown",
    EffectKind.INVESTIGATE: "It could not be looked into",
    EffectKind.NARRATE: "The investigation could not be put into words",
    EffectKind.SHOW_INVESTIGATION: "The investigation could not be shown",
    EffectKind.SHARE_FINDINGS: "The picture of what was found could not be shared",
    EffectKind.ANNOUNCE: "The announcement failed",
    EffectKind.EXTERNAL: "Something could not be done in another system",
}
"""What did not happen, of every effect."""


def failed_effect(effect: EffectKind, channel: str = "", what: str = "") -> str:
    """What did not happen, as the beginning of a sentence. `channel` is where, as the policy names it; `what` are the words of the
    integration whose operation it was.
    """
    if effect is EffectKind.ANNOUNCE and channel:
        return f"The announcement in {channel} failed"
    return what if effect is EffectKind.EXTERNAL and what else _FAILED[effect]


def _alerts(event: events.AlertEvent) -> EventWords:
    match event:
        case events.AlertAttached():
            return EventWords("alert", event.title)
        case events.AlertFired():
            return EventWords("alert", f"{event.title} (again)")
        case events.AlertRecovered():
            return EventWords("alert recovered", event.title)
        case events.AlertsRecovered():
            return EventWords("all alerts recovered", text.count(event.count, "alert"))
    assert_never(event)


def _entry(event: events.TimelineEvent) -> EventWords:
    match event:
        case events.MessagePinned():
            return EventWords("message", event.text + _edited(event.edited))
        case events.NoteAdded():
            return EventWords("note", event.text + _edited(event.edited))
        case events.EntryEdited():
            return EventWords("timeline corrected", f"“{event.before}” to “{event.after}”")
        case events.EntryRemoved():
            return EventWords("timeline entry removed", event.before)
        case events.Reported() | events.Recorded():
            return EventWords(event.what, event.text)
    assert_never(event)


def _edited(edited: bool) -> str:
    return " (edited)" if edited else ""


def _postmortem(event: events.PostmortemEvent, person: Callable[[str], str]) -> EventWords:
    match event:
        case events.ActionAdded():
            return EventWords("action item", event.text + (f" ({event.priority} priority)" if event.priority else ""))
        case events.ActionDone():
            return EventWords("action item done", event.text)
        case events.ActionReopened():
            return EventWords("action item reopened", event.text)
        case events.ActionEdited():
            was = f" (was: {event.before})" if event.before != event.text else ""
            owner = person(event.owner) if event.owner else "nobody"
            priority = f", priority: {event.priority}" if event.priority else ""
            return EventWords("action item changed", f"{event.text}{was}, owner: {owner}{priority}")
        case events.ActionRemoved():
            return EventWords("action item deleted", event.text)
        case events.PostmortemDrafted():
            return EventWords("post-mortem", "draft written")
        case events.PostmortemEdited():
            parts = ", ".join(labels.part(each.part).lower() for each in event.changes)
            return EventWords("post-mortem", f"edited: {parts}" if parts else "edited")
        case events.PostmortemPublished():
            return EventWords("post-mortem", "published")
        case events.PostmortemLate():
            return EventWords("post-mortem", "late")
    assert_never(event)


def _runbooks(event: events.RunEvent) -> EventWords:
    match event:
        case events.ServiceChanged():
            return EventWords("change", _service_changed(event))
        case events.RunbookBegun() if event.undo:
            return EventWords("runbook undo", f"{event.runbook}: what it did before it was stopped is taken back")
        case events.RunbookBegun():
            by_itself = " (by itself)" if event.automatic else ""
            given = ", ".join(f"{name} = {value}" for name, value in event.inputs.items())
            given += "".join(f", {said.removeprefix('note:')}" for said in event.why if said.startswith("note:"))
            return EventWords("runbook begun", f"{event.runbook}{by_itself}{f', {given}' if given else ''}")
        case events.RunbookStep():
            state = "not known whether it was done" if event.state == "unclear" else event.state
            return EventWords(
                "runbook step", f"{event.runbook}, {event.step}: {state}{f', {event.text}' if event.text else ''}"
            )
        case events.RunbookApproval():
            words = {"asked": "approval asked for", "expired": "approval expired"}.get(event.what, event.what)
            plan = f": {'; '.join(event.plan)}" if event.plan else ""
            return EventWords("runbook approval", f"{event.runbook}, {event.step}: {words}{plan}")
        case events.RunbookAnswered():
            return EventWords("runbook answer", f"{event.runbook}, {event.step}: {event.question} {event.answer}")
        case events.BoxTicked():
            return EventWords("checklist", f"{event.text}{'' if event.done else ' (tick taken back)'}")
        case events.RunbookEnded():
            return EventWords("runbook ended", _run_ended(event))
        case events.Investigated():
            return EventWords("investigated", _investigated(event))
        case events.CauseAnswered():
            return EventWords("cause judged", f"{event.cause}: {'right' if event.right else 'wrong'}")
    assert_never(event)


def _run_ended(event: events.RunbookEnded) -> str:
    outcome = event.outcome
    if outcome == "succeeded":
        outcome = "done and verified" if event.verified else "done, not verified"
    parts = [f"{event.runbook}: {outcome}{f', {event.why}' if event.why else ''}"]
    if event.outcome != "succeeded":
        parts.append(f"done: {', '.join(event.done) or 'nothing'}")
        parts.append(f"not done: {', '.join(event.not_done) or 'nothing'}")
    if event.unclear:
        parts.append(f"not known: {', '.join(event.unclear)}")
    return "; ".join(parts)


def _investigated(event: events.Investigated) -> str:
    missed = f"; {text.count(event.missed, 'source')} not looked at" if event.missed else ""
    if not event.cause:
        return f"inconclusive{missed}"
    signal = f" ({event.signal})" if event.signal else ""
    change = f"; {event.change}" if event.change else ""
    return f"probable cause {event.cause}{signal}, {round(event.confidence * 100)} %{change}{missed}"


def _service_changed(event: events.ServiceChanged) -> str:
    version = f" {event.version}" if event.version else ""
    where = f" in {event.environment}" if event.environment else ""
    by = f" by {event.author}" if event.author else ""
    said = f": {event.text}" if event.text else ""
    return f"{event.what} of {event.service}{version}{where}{by} at {event.at:%H:%M} UTC{said}"
