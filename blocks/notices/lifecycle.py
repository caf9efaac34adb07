"""An incident begins, gets worse or better, is edited, merged and over; and its updates."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from blocks import ids, kit, labels, text
from blocks.incident_card import resolve_button
from blocks.kit import Block
from blocks.notices.phrases import by_whom, quoted, to_whom
from blocks.timeline import words
from warroom.incident import notices
from warroom.incident.model import Incident, State
from warroom.incident.notices import LifecycleNotice
from warroom.incident.parts import SimilarIncident
from warroom.incident.view import IncidentView


def lines(notice: LifecycleNotice, view: IncidentView, now: datetime) -> list[str]:
    """What is said, line by line; empty ones are left out."""
    tz = view.timezone
    match notice:
        case notices.DeclaredNotice():
            return _declared(notice, view)
        case notices.UpdateReminder():
            return [_reminder(notice, view, now)]
        case notices.UpdateSnoozed():
            return [f"💤 Snoozed by {text.mention(notice.by)} until {text.at_time(notice.until, now, tz)}"]
        case notices.UpdatePostedNotice():
            due = notice.next_due_at
            following = f"Next update by {text.at_time(due, now, tz)}" if due else ""
            return [f"📣 *Update* by {text.mention(notice.by)}", kit.quote(notice.text, 2500), following]
        case notices.SeverityChangedNotice():
            after = labels.severity(view) if view.incident.severity == notice.after else notice.after
            return [
                (
                    f"{labels.severity_sign(view)} Severity changed to *{kit.line(after, 80)}* "
                    f"(was {kit.line(notice.before, 80)}){by_whom(notice.by, ' by')}"
                ),
                _severity_reason(notice),
            ]
        case notices.StateChanged():
            return _state(notice, tz, now)
        case notices.MergedAway():
            where = f" → {text.channel_link(notice.channel_id)}" if notice.channel_id else ""
            title = kit.line(notice.title, 150)
            if notice.undone:
                return [f"🔀 Was merged into INC-{notice.number} {title}{where}. Undone{by_whom(notice.by, ' by')}."]
            return [f"🔀 *Merged into INC-{notice.number}* {title}{by_whom(notice.by, ' by')}. It goes on there{where}"]
        case notices.MergedHere():
            came = [text.count(notice.alerts, "alert")] if notice.alerts else []
            came += [text.count(notice.actions, "action item")] if notice.actions else []
            more = f": {', '.join(came)}, its people and its timeline" if came else ": its people and its timeline"
            return [
                f"🔀 INC-{notice.number} {kit.line(notice.title, 150)} was merged into this one{by_whom(notice.by, ' by')}{more} are here."
            ]
        case notices.MergeUndoneNotice():
            return [
                f"🔀 INC-{notice.number} {kit.line(notice.title, 150)} is an incident of its own again{by_whom(notice.by, ', by')}."
            ]
        case notices.SimilarOpen():
            return ["⚠️ Open and similar. The same trouble?", *(_similar(each, now) for each in notice.found)]
        case notices.SimilarBefore():
            return ["🔁 Like this before:", *(_similar(each, now) for each in notice.found)]
        case notices.Stale():
            return [
                f"💤 {to_whom(notice.people)}nothing has happened here for {text.duration(now - notice.since)}.",
                "Still going on? Post an update, or resolve it.",
            ]
        case notices.DetailsChanged():
            changed = [words(change) for change in notice.changes]
            shown = [f"*{kit.line(what.capitalize(), 80)}*: {kit.line(more, 300)}" for what, more in changed]
            return [f"✏️ Edited by {text.mention(notice.by)}", *shown]
        case notices.VisibilityNotice():
            return _visibility_changed(notice)
    assert_never(notice)


def buttons(notice: LifecycleNotice, view: IncidentView) -> list[Block | None]:
    """For what to do next."""
    incident = view.incident
    carried = ids.carry(incident.id, incident.state.value)
    update = kit.button("Post update", ids.POST_UPDATE, carried, style="primary")
    match notice:
        case notices.UpdateReminder():
            return [update, kit.button("Snooze 15 min", ids.SNOOZE, carried)]
        case notices.Stale():
            return [update, resolve_button(incident)]
        case notices.MergedAway() if incident.merged is not None:
            return [kit.button("Undo merge", ids.REOPEN, carried)]
        case notices.SimilarOpen() if incident.state.open:
            return [_merge_button(incident, each.number) for each in notice.found]
        case _:
            return []


def _declared(notice: notices.DeclaredNotice, view: IncidentView) -> list[str]:
    incident = view.incident
    where = text.channel_link(incident.room.channel_id)
    paged = f"Paged {text.mentions(notice.paged)}." if notice.paged else "Nobody else was paged."
    invited = f" Invited {text.mentions(notice.invited)}." if notice.invited else ""
    services = ", ".join(f"“{kit.line(each, 60)}”" for each in notice.unknown_services)
    return [
        f"Declared {incident.name} ({kit.line(incident.severity, 80)}) → {where}. {paged}{invited}",
        f"No team of the policy looks after {services}." if services else "",
    ]


def _severity_reason(notice: notices.SeverityChangedNotice) -> str:
    if not notice.why:
        return ""
    if notice.by:
        return quoted(notice.why)
    return f"Raised by an alert: {text.literal(notice.why, 200)}"


def _similar(each: SimilarIncident, now: datetime) -> str:
    """One line: which, when, by what it was known, what ended it."""
    where = f" {text.channel_link(each.channel_id)}" if each.channel_id else ""
    monitor = ", same monitor" if each.same_monitor else ""
    ended = f": {kit.line(each.summary, 200)}" if each.summary.strip() else ""
    return (
        f"• *INC-{each.number}* {kit.line(each.title, 120)}{where} ({text.ago(each.declared_at, now)}{monitor}){ended}"
    )


def _reminder(notice: notices.UpdateReminder, view: IncidentView, now: datetime) -> str:
    who = f"{text.mentions(notice.people)}, time" if notice.people else "Time"
    ago = text.ago(notice.since, now)
    last = f"The last one was {ago}." if view.incident.updates.last_at else f"No update since it was declared {ago}."
    missed = f" {text.count(notice.missed, 'update')} missed." if notice.missed > 1 else ""
    return f"🕑 {who} for an update. {last}{missed}"


def _state(notice: notices.StateChanged, tz: str, now: datetime) -> list[str]:
    by = by_whom(notice.by, " by")
    after = f" after {text.duration(notice.after)}" if notice.after is not None else ""
    due = f"The post-mortem is due {text.when(notice.postmortem_by, tz)}" if notice.postmortem_by else ""
    stopped = " Escalation stopped." if notice.stopped else ""
    if notice.reopened:
        apart = f". It is no longer merged into INC-{notice.unmerged}." if notice.unmerged else ""
        return [f"🔁 *Reopened*{by}{apart}", quoted(notice.text)]
    sign = labels.STATE_SIGN[notice.state]
    if notice.state is State.ACKNOWLEDGED:
        who = f"{text.mention(notice.by)} acknowledged" if notice.by else "Acknowledged"
        leads = " and is incident commander" if notice.leads else ""
        return [f"{sign} {who}{leads}.{stopped}", quoted(notice.text)]
    if notice.state is State.MITIGATED:
        return [f"{sign} *Mitigated*{by}{after}. Keep an eye on it and resolve once stable.{stopped}"]
    said = labels.RECOVERED if notice.automatic and not notice.text else notice.text
    return [f"{sign} *{labels.STATE[notice.state]}*{by}{after}", quoted(said), due]


def _merge_button(incident: Incident, number: int) -> Block:
    """Merge into that one, with the question before it."""
    return kit.button(
        f"Merge into INC-{number}",
        ids.nth(ids.MERGE, number),
        ids.carry(incident.id, str(number)),
        confirm=kit.confirm(
            f"Merge {incident.name} into INC-{number}?",
            f"Alerts, people, timeline and action items move to INC-{number}; {incident.name} is cancelled. You can undo this for an hour.",
            "Merge",
            "Cancel",
        ),
    )


def _visibility_changed(notice: notices.VisibilityNotice) -> list[str]:
    """Who made it private or public, and what of the channel an app cannot change."""
    by = text.mention(notice.by)
    if notice.private:
        lines = [f"🔒 {by} made this incident *private*. Only people in this channel see it from now on."]
        if not notice.channel_private:
            lines.append(
                "⚠️ The channel itself is still public, and an app cannot change that. To close it: channel name → "
                "Settings → Change to a private channel."
            )
        return lines
    lines = [f"🔓 {by} made this incident *public*. Everybody can see it in lists, search and the announcement."]
    if notice.channel_private:
        lines.append("The channel itself stays private: people still need an invitation to read it.")
    return lines
