"""The words for every notice: short, literal, at most three lines, with the button for what to do next."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from blocks import ids, kit, labels, name_matches, text
from blocks.alerts import all_recovered, flapping, storm
from blocks.corrections import visibility_changed
from blocks.incident_card import acknowledge_button, on_it_button, resolve_button
from blocks.investigation import cause_buttons, cause_question
from blocks.kit import Block, Card
from blocks.paging import page_about, paged, unanswered
from blocks.runbooks import step_name
from blocks.timeline import failed_effect, words
from warroom.changes.model import Change
from warroom.incident import notices
from warroom.incident.events import PageReason
from warroom.incident.model import Incident, State
from warroom.incident.notices import Notice
from warroom.incident.parts import SimilarIncident
from warroom.incident.view import IncidentView

MOST_CHANGES = 5
"""So many changes are shown, in one line each."""


def notice_card(notice: Notice, view: IncidentView, now: datetime) -> Card:
    """What is said in the room or a thread. People it names are mentioned; posting it calls them."""
    lines = [each for each in _lines(notice, view, now) if each]
    shown = "\n".join(lines)
    asked: list[Block] = []
    if isinstance(notice, notices.DeclaredNotice) and (notice.ambiguous or notice.unknown):
        asked = name_matches.candidates(view.incident.id, notice.ambiguous, notice.unknown).blocks
    head = shown if isinstance(notice, notices.DeclaredNotice) else f"{view.incident.name}: {shown}"
    return kit.card(head, [kit.section(shown), *asked, kit.actions(_buttons(notice, view))])


def _lines(notice: Notice, view: IncidentView, now: datetime) -> list[str]:
    tz = view.timezone
    match notice:
        case notices.Paged():
            return [paged(notice, view, now), _quoted(notice.why), page_about(notice, view, now)]
        case notices.DeclaredNotice():
            return _declared(notice, view)
        case notices.UpdateReminder():
            return [_reminder(notice, view, now)]
        case notices.UpdateSnoozed():
            return [f"💤 Snoozed by {text.mention(notice.by)} until {text.at_time(notice.until, now, tz)}"]
        case notices.OnItNotice():
            return [f"👍 {text.mention(notice.by)} is on it."]
        case notices.UpdatePostedNotice():
            due = notice.next_due_at
            following = f"Next update by {text.at_time(due, now, tz)}" if due else ""
            return [f"📣 *Update* by {text.mention(notice.by)}", kit.quote(notice.text, 2500), following]
        case notices.SeverityChangedNotice():
            after = labels.severity(view) if view.incident.severity == notice.after else notice.after
            return [
                (
                    f"{labels.severity_sign(view)} Severity changed to *{kit.line(after, 80)}* "
                    f"(was {kit.line(notice.before, 80)}){_by(notice.by, ' by')}"
                ),
                _severity_reason(notice),
            ]
        case notices.WorseAlert():
            alert, severity = text.link(notice.link, kit.cut(notice.title, 150)), kit.line(notice.severity, 80)
            own = kit.line(view.incident.severity, 80)
            return [f"⬆️ {alert} would be *{severity}* by itself; this incident is {own}."]
        case notices.RoleAssignedNotice():
            by = _by(notice.by, ", assigned by") if notice.by != notice.person else ""
            what = labels.role_description(notice.role, view)
            doing = f": {kit.line(what, 150)}" if what else ""
            return [f"👤 {text.mention(notice.person)} is now *{kit.line(notice.role, 60)}*{by}{doing}"]
        case notices.RoleIsYours():
            incident = view.incident
            where = f" {text.channel_link(incident.room.channel_id)}" if incident.room.channel_id else ""
            head = f"*{incident.name}* {text.literal(labels.title(incident), 150)}{where}"
            what = labels.role_description(notice.role, view)
            return [
                f"👤 {text.mention(notice.by)} made you *{kit.line(notice.role, 60)}* of {head}",
                kit.line(what, 600),
                f"Not you? `/incident role #{incident.number} {kit.line(notice.role, 60)} @who`",
            ]
        case notices.StateChanged():
            return _state(notice, tz, now)
        case notices.MergedAway():
            where = f" → {text.channel_link(notice.channel_id)}" if notice.channel_id else ""
            title = kit.line(notice.title, 150)
            if notice.undone:
                return [f"🔀 Was merged into INC-{notice.number} {title}{where}. Undone{_by(notice.by, ' by')}."]
            return [f"🔀 *Merged into INC-{notice.number}* {title}{_by(notice.by, ' by')}. It goes on there{where}"]
        case notices.MergedHere():
            came = [text.count(notice.alerts, "alert")] if notice.alerts else []
            came += [text.count(notice.actions, "action item")] if notice.actions else []
            more = f": {', '.join(came)}, its people and its timeline" if came else ": its people and its timeline"
            return [
                f"🔀 INC-{notice.number} {kit.line(notice.title, 150)} was merged into this one{_by(notice.by, ' by')}{more} are here."
            ]
        case notices.MergeUndoneNotice():
            return [
                f"🔀 INC-{notice.number} {kit.line(notice.title, 150)} is an incident of its own again{_by(notice.by, ', by')}."
            ]
        case notices.SimilarOpen():
            return ["⚠️ Open and similar. The same trouble?", *(_similar(each, now) for each in notice.found)]
        case notices.Unanswered():
            return unanswered(notice, view, now)
        case notices.PageWaitsNotice():
            hour = f"at this hour for {kit.line(labels.severity(view), 80)}"
            until = f"paged {text.when(notice.until, tz)}"
            return [
                f"🌙 {text.mentions(notice.people)} is not paged {hour}, but {until}. To page now, press *Escalate* or raise the severity."
            ]
        case notices.HandedOver():
            return _handed_over(notice, view, now)
        case notices.SimilarBefore():
            return ["🔁 Like this before:", *(_similar(each, now) for each in notice.found)]
        case notices.AllRecovered():
            return [all_recovered(notice, now, tz)]
        case notices.Flapping():
            return [flapping(notice, view, now)]
        case notices.Storm():
            return storm(notice)
        case notices.Muted():
            by, only = text.mention(notice.by), kit.line("; ".join(notice.groups), 300)
            rest = f" for {only}" if only else ""
            others = ". Its other groups still call" if only else ""
            return [
                f"🔕 Monitor {kit.line(notice.monitor_id, 30)} is muted{rest} until {text.at_time(notice.until, now, tz)}, by {by}{others}"
            ]
        case notices.RunFailed():
            return _run_failed(notice)
        case notices.RunAsks():
            sign, what = ("🔒", "needs an approval for") if notice.approval else ("❓", "needs an answer for")
            name = f"*{kit.line(notice.runbook, 150)}*"
            step = f"the step {kit.line(step_name(notice.step), 60)}"
            return [f"{sign} {_to(notice.people)}{name} {what} {step}. The buttons are in its message."]
        case notices.RunSays():
            return [f"🛠️ {kit.line(notice.runbook, 100)}:", kit.quote(notice.text, 2500)]
        case notices.Stale():
            return [
                f"💤 {_to(notice.people)}nothing has happened here for {text.duration(now - notice.since)}.",
                "Still going on? Post an update, or resolve it.",
            ]
        case notices.ArchiveAhead():
            left = f" {text.count(notice.actions, 'action item')} still open." if notice.actions else ""
            when = text.when(notice.at, tz)
            show = f"`/incident show #{view.incident.number}`"
            return [f"🗄️ This channel will be archived {when}.{left} Everything stays readable, also with {show}"]
        case notices.ArchiveKept():
            return [f"🗄️ {text.mention(notice.by)} keeps this channel: it will not be archived."]
        case notices.NewRoom():
            return [
                f"🔁 *Reopened here*: {text.channel_link(notice.earlier)} is archived, and a bot may not unarchive a channel."
            ]
        case notices.LeadWanted():
            return [
                "🙋 Nobody is incident commander yet. Who can take it? The commander keeps the overview, decides and posts updates."
            ]
        case notices.PostmortemReady():
            return _postmortem(notice)
        case notices.PostmortemDue():
            late = notice.required_by < now
            required = (
                f"was due {text.ago(notice.required_by, now)}"
                if late
                else f"is due {text.when(notice.required_by, tz)}"
            )
            return [f"📝 {_to(notice.people)}the post-mortem of {view.incident.name} {required}."]
        case notices.ActionDue():
            owner = text.mention(notice.owner) if notice.owner else "Nobody owns it:"
            if notice.late:
                told = [person for person in notice.people if person != notice.owner]
                helpers = f" {text.mentions(told)}: help, or give it to somebody else." if told else ""
                return [
                    f"☑️ {owner} an action item is late; it was due {text.when(notice.due_at, tz)}.{helpers}",
                    _quoted(notice.text),
                ]
            verb = "is due tomorrow," if notice.soon else "is due"
            return [f"☑️ {owner} an action item {verb} {text.when(notice.due_at, tz)}.", _quoted(notice.text)]
        case notices.ActionAssigned():
            until = f", due {text.when(notice.due_at, tz)}" if notice.due_at else ""
            until += f", {labels.PRIORITY[notice.priority]}" if notice.priority else ""
            incident = view.incident
            head = f"*{incident.name}* {text.literal(labels.title(incident), 150)}"
            return [
                f"☑️ {text.mention(notice.by)} assigned you action item {notice.number} of {head}{until}.",
                _quoted(notice.text),
                f"When it is done: `/incident action done #{incident.number} {notice.number}`",
            ]
        case notices.DetailsChanged():
            changed = [words(change) for change in notice.changes]
            shown = [f"*{kit.line(what.capitalize(), 80)}*: {kit.line(more, 300)}" for what, more in changed]
            return [f"✏️ Edited by {text.mention(notice.by)}", *shown]
        case notices.VisibilityNotice():
            return visibility_changed(notice)
        case notices.NobodyFound():
            what = f"Nobody was found for: {', '.join(notice.names)}"
            return [_warning(what, "Invite them by mention: /incident invite @name")]
        case notices.CouldNotInvite():
            who, reason = text.mentions(notice.people), kit.line(notice.reason, 600).rstrip(".")
            return [f"⚠️ {who} could not be invited: {reason}. Invite somebody else with /incident invite."]
        case notices.EffectFailedNotice():
            what = failed_effect(notice.effect, notice.channel, notice.what)
            return [_warning(f"{what}: {notice.error}", notice.advice)]
        case notices.Offered():
            return [kit.line(notice.what, 600)]
        case notices.OpenElsewhere():
            left = "; ".join(f"{kit.line(each.what, 120)} ({kit.line(each.error, 160)})" for each in notice.left[:5])
            return [_warning(f"{view.incident.name} is over here, but not everywhere: {left}", notice.left[0].advice)]
        case notices.RecentChanges():
            return ["🚢 Changed lately:", *(_changed(each, view, now) for each in notice.changes[:MOST_CHANGES])]
        case notices.RoomNotOpened():
            what = f"{view.incident.name} is recorded, but its channel could not be opened: {notice.error}"
            return [_warning(what, notice.advice)]
        case notices.RoomLost(archived_by=str(person)):
            said = f"{text.mention(person)} archived the channel of {view.incident.name}, so nothing is said there any more"
            return [f"⚠️ {said}. Unarchive it in Slack and invite the bot again."]
        case notices.RoomLost():
            what = f"Nothing can be posted in the channel of {view.incident.name} any more: {notice.error}"
            return [_warning(what, notice.advice)]
        case notices.IntegrationFault():
            what = f"{notice.integration} did not hear of an event ({words(notice.event).what})"
            return [_warning(what, "This is a fault in Warroom; its log says more.")]
        case notices.CauseQuestion():
            return [cause_question(view)]
        case notices.Problem():
            who = f"{text.mentions(notice.people)} " if notice.people else ""
            what = kit.line(notice.what, 600).rstrip(".")
            return [f"⚠️ {who}{what}. {kit.line(notice.advice, 400)}".strip()]
    assert_never(notice)


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
        return _quoted(notice.why)
    return f"Raised by an alert: {text.literal(notice.why, 200)}"


def _changed(change: Change, view: IncidentView, now: datetime) -> str:
    name = kit.cut(" ".join(filter(None, (change.kind, "of", change.service, change.version))), 120)
    shown = text.link(change.url or None, name)
    where = f" in {kit.line(change.environment, 40)}" if change.environment else ""
    by = f" by {kit.line(change.author, 60)}" if change.author else ""
    said = f": {kit.line(change.text, 120)}" if change.text else ""
    return f"• {text.when(change.at, view.timezone)} {shown}{where}{by}{said}"


def _warning(what: str, advice: str) -> str:
    return f"⚠️ {kit.line(what, 600).rstrip('.')}. {kit.line(advice, 400)}".strip()


def _handed_over(notice: notices.HandedOver, view: IncidentView, now: datetime) -> list[str]:
    """Who, and where things stand: severity, state, alerts, the last update, what is still to be done."""
    incident = view.incident
    before = notice.before if notice.before and notice.before != notice.by else None
    who = f"🤝 {text.mention(notice.by)} hands over to {text.mention(notice.person)}, who is incident commander now"
    who += f" (before: {text.mention(before)})" if before else ""
    parts = [kit.line(labels.severity(view), 80), labels.STATE[incident.state], text.since(incident.declared_at, now)]
    if incident.alerts.count:
        parts.append(f"{incident.alerts.firing:,} of {text.count(incident.alerts.monitors, 'alert')} firing")
    if incident.deadlines.update:
        parts.append(f"next update due {text.when(incident.deadlines.update, view.timezone)}")
    said = incident.updates.last
    last = f"Last update, {text.ago(incident.updates.last_at, now)}:" if said and incident.updates.last_at else ""
    left = [item for item in incident.actions if item.done_at is None]
    todo = f"Action items: {'; '.join(kit.line(item.text, 80) for item in left[:3])}" if left else ""
    more = f" and {len(left) - 3:,} more" if len(left) > 3 else ""
    return [who, " · ".join(parts), last, kit.quote(said, 600) if last else "No update yet.", todo + more]


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
    by = _by(notice.by, " by")
    after = f" after {text.duration(notice.after)}" if notice.after is not None else ""
    due = f"The post-mortem is due {text.when(notice.postmortem_by, tz)}" if notice.postmortem_by else ""
    stopped = " Escalation stopped." if notice.stopped else ""
    if notice.reopened:
        apart = f". It is no longer merged into INC-{notice.unmerged}." if notice.unmerged else ""
        return [f"🔁 *Reopened*{by}{apart}", _quoted(notice.text)]
    sign = labels.STATE_SIGN[notice.state]
    if notice.state is State.ACKNOWLEDGED:
        who = f"{text.mention(notice.by)} acknowledged" if notice.by else "Acknowledged"
        leads = " and is incident commander" if notice.leads else ""
        return [f"{sign} {who}{leads}.{stopped}", _quoted(notice.text)]
    if notice.state is State.MITIGATED:
        return [f"{sign} *Mitigated*{by}{after}. Keep an eye on it and resolve once stable.{stopped}"]
    said = labels.RECOVERED if notice.automatic and not notice.text else notice.text
    return [f"{sign} *{labels.STATE[notice.state]}*{by}{after}", _quoted(said), due]


def _postmortem(notice: notices.PostmortemReady) -> list[str]:
    if notice.published_by:
        return [f"📝 {text.mention(notice.published_by)} published the post-mortem. Thank you, everybody."]
    if notice.missing:
        missing = kit.line(", ".join(map(labels.part, notice.missing)), 400)
        return [f"📝 The post-mortem is drafted (revision {notice.revision}).", f"Still to be written: *{missing}*"]
    return [f"📝 The post-mortem is complete (revision {notice.revision}) and can be published."]


def _to(people: tuple[str, ...]) -> str:
    return f"{text.mentions(people)} " if people else ""


def _by(user_id: str | None, how: str) -> str:
    return f"{how} {text.mention(user_id)}" if user_id else ""


def _quoted(words_of_somebody: str) -> str:
    return kit.quote(words_of_somebody, 1500) if words_of_somebody.strip() else ""


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


def _buttons(notice: Notice, view: IncidentView) -> list[Block | None]:
    incident = view.incident
    carried = ids.carry(incident.id, incident.state.value)
    update = kit.button("Post update", ids.POST_UPDATE, carried, style="primary")
    match notice:
        case notices.Paged() if incident.state is State.DETECTED:
            return [acknowledge_button(incident)]
        case notices.Paged(reason=PageReason.SILENCE) if incident.escalation.silent:
            return [on_it_button(incident), kit.button("Post update", ids.POST_UPDATE, carried)]
        case notices.Flapping() if incident.state.open and not incident.alerts.firing:
            return [resolve_button(incident)]
        case notices.UpdateReminder():
            return [update, kit.button("Snooze 15 min", ids.SNOOZE, carried)]
        case notices.AllRecovered():
            return [resolve_button(incident)]
        case notices.WorseAlert():
            label, seen = f"Raise to {notice.severity}", ids.carry(incident.id, notice.severity)
            return [kit.button(label, ids.RAISE, seen)]
        case notices.EffectFailedNotice() if notice.retry:
            return [kit.button("Try again", ids.TRY_AGAIN, ids.carry(incident.id, notice.retry))]
        case notices.OpenElsewhere():
            return [kit.button("Try again", ids.TRY_AGAIN, ids.carry(incident.id, ids.EVERYTHING_LEFT))]
        case notices.Offered():
            chosen = ids.carry(incident.id, f"{notice.integration}:{notice.action}")
            return [kit.button(notice.label, ids.INTEGRATION, chosen)]
        case notices.Stale():
            return [update, resolve_button(incident)]
        case notices.CauseQuestion():
            return cause_buttons(incident)
        case notices.MergedAway() if incident.merged is not None:
            return [kit.button("Undo merge", ids.REOPEN, carried)]
        case notices.SimilarOpen() if incident.state.open:
            return [_merge_button(incident, each.number) for each in notice.found]
        case notices.ArchiveAhead():
            return [kit.button("Keep channel", ids.KEEP_CHANNEL, carried)]
        case notices.LeadWanted() if incident.commander is None:
            return [kit.button("Take command", ids.TAKE_COMMAND, carried, style="primary")]
        case notices.PostmortemReady(published_by=None):
            seen = ids.carry(incident.id, str(notice.revision))
            return [
                kit.button("Edit post-mortem", ids.EDIT_POSTMORTEM, seen),
                kit.button("Publish", ids.PUBLISH_POSTMORTEM, seen, style=None if notice.missing else "primary"),
            ]
        case notices.PostmortemDue():
            return [kit.button("Write post-mortem", ids.EDIT_POSTMORTEM, carried, style="primary")]
        case _:
            return []


def _run_failed(notice: notices.RunFailed) -> list[str]:
    name = f"*{kit.line(notice.runbook, 150)}*"
    why = kit.line(notice.why, 600)
    if not notice.begun:
        return [f"❌ {name} should have begun by itself, and did not: {why}"]
    by_itself = ", which began by itself," if notice.automatic else ""
    tried = (
        f"Done before that: {kit.line(', '.join(notice.tried), 300)}."
        if notice.tried
        else "Nothing was done before that."
    )
    return [f"❌ {name}{by_itself} failed at the step {step_name(why)}", tried]
