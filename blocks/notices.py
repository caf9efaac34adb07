"""The words for every notice: short, kind, at most three lines, with the button for what to do next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from blocks import ids, kit, labels, text
from blocks.incident_card import acknowledge_button, resolve_button
from blocks.kit import Block, Card
from blocks.timeline import failed_effect, words
from warroom.changes.model import Change
from warroom.incident import notices
from warroom.incident.events import PageReason
from warroom.incident.model import State
from warroom.incident.notices import Notice
from warroom.incident.view import IncidentView

MOST_CHANGES = 5
"""So many changes are shown, in one line each."""
TITLE_IN_A_LIST, LINK_IN_A_LIST = 80, 160
"""Characters; ten of them fit into one section."""


def notice_card(notice: Notice, view: IncidentView, now: datetime) -> Card:
    """What is said in the room or a thread. People it names are mentioned; posting it calls them."""
    lines = [each for each in _lines(notice, view, now) if each]
    shown = "\n".join(lines)
    return kit.card(f"{view.incident.name}: {shown}", [kit.section(shown), kit.actions(_buttons(notice, view))])


def _lines(notice: Notice, view: IncidentView, now: datetime) -> list[str]:
    tz = view.timezone
    match notice:
        case notices.Paged():
            return [_paged(notice), _quoted(notice.why)]
        case notices.UpdateReminder():
            missed = f" {text.count(notice.missed, 'update')} missed so far." if notice.missed > 1 else ""
            last = "The last one was" if view.incident.updates.last_at else "There is none yet; it was declared"
            return [f"🕑 {_to(notice.people)}an update is due. {last} {text.ago(notice.since, now)}.{missed}"]
        case notices.UpdatePostedNotice():
            following = f"Next update by {text.when(notice.next_due_at, tz)}" if notice.next_due_at else ""
            return [f"📣 *Update* by {text.mention(notice.by)}", kit.quote(notice.text, 2500), following]
        case notices.SeverityChangedNotice():
            after = labels.severity(view) if view.incident.severity == notice.after else notice.after
            return [
                (
                    f"{labels.severity_sign(view)} The severity is now *{kit.line(after, 80)}* "
                    f"(was {kit.line(notice.before, 80)}){_by(notice.by, ', set by')}"
                ),
                f"Nobody has it yet, and an alert is that severe: {kit.line(notice.why, 200)}" if notice.why else "",
            ]
        case notices.WorseAlert():
            alert, severity = text.link(notice.link, kit.cut(notice.title, 150)), kit.line(notice.severity, 80)
            own = kit.line(view.incident.severity, 80)
            return [f"⬆️ {alert} would be *{severity}* by itself; this incident is {own}."]
        case notices.RoleAssignedNotice():
            by = _by(notice.by, ", assigned by") if notice.by != notice.person else ""
            return [f"👤 {text.mention(notice.person)} is now *{kit.line(notice.role, 60)}*{by}"]
        case notices.StateChanged():
            return _state(notice, tz)
        case notices.Unanswered():
            return _unanswered(notice, view, now)
        case notices.AllRecovered():
            return [_recovered(notice, tz)]
        case notices.Flapping():
            return [
                f"〰️ {kit.line(notice.title, 200)} is flapping: it changed {text.count(notice.changes, 'time')}.",
                "Further changes show on the card only.",
            ]
        case notices.Storm():
            return _storm(notice)
        case notices.Muted():
            by, only = text.mention(notice.by), kit.line("; ".join(notice.groups), 300)
            rest = f" for {only}" if only else ""
            others = ". Its other groups still call" if only else ""
            return [
                f"🔕 Monitor {kit.line(notice.monitor_id, 30)} is muted{rest} until {text.when(notice.until, tz)}, by {by}{others}"
            ]
        case notices.Stale():
            return [
                f"💤 {_to(notice.people)}nothing has happened here for {text.duration(now - notice.since)}.",
                "Is it still going on? Post an update, or resolve it.",
            ]
        case notices.PostmortemReady():
            return _postmortem(notice)
        case notices.PostmortemDue():
            late = notice.required_by < now
            due = (
                f"was due {text.ago(notice.required_by, now)}"
                if late
                else f"is due {text.when(notice.required_by, tz)}"
            )
            return [f"📝 {_to(notice.people)}the post-mortem of {view.incident.name} {due}."]
        case notices.ActionDue():
            owner = text.mention(notice.owner) if notice.owner else "Nobody owns it:"
            return [f"☑️ {owner} an action item is due {text.when(notice.due_at, tz)}.", _quoted(notice.text)]
        case notices.ActionAssigned():
            due = f", due {text.when(notice.due_at, tz)}" if notice.due_at else ""
            incident = view.incident
            head = f"*{incident.name} {kit.line(labels.title(incident), 150)}*"
            return [
                f"☑️ {text.mention(notice.by)} assigned you action item {notice.number} of {head}{due}.",
                _quoted(notice.text),
                f"When it is done: `/incident action done #{incident.number} {notice.number}`",
            ]
        case notices.DetailsChanged():
            changed = [words(change) for change in notice.changes]
            shown = [f"*{kit.line(what.capitalize(), 80)}*: {kit.line(more, 300)}" for what, more in changed]
            return [f"✏️ Edited by {text.mention(notice.by)}", *shown]
        case notices.VisibilityNotice():
            return _visibility(notice)
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
            what = f"{view.incident.name} is recorded, but its room could not be opened: {notice.error}"
            return [_warning(what, notice.advice)]
        case notices.RoomLost():
            what = f"Nothing can be said in the room of {view.incident.name} any more: {notice.error}"
            return [_warning(what, notice.advice)]
        case notices.IntegrationFault():
            what = f"{notice.integration} did not hear of an event ({words(notice.event).what})"
            return [_warning(what, "This is a fault in Warroom; its log says more.")]
        case notices.Problem():
            who = f"{text.mentions(notice.people)} " if notice.people else ""
            what = kit.line(notice.what, 600).rstrip(".")
            return [f"⚠️ {who}{what}. {kit.line(notice.advice, 400)}".strip()]
    assert_never(notice)


def _changed(change: Change, view: IncidentView, now: datetime) -> str:
    name = kit.cut(" ".join(filter(None, (change.kind, "of", change.service, change.version))), 120)
    shown = text.link(change.url or None, name)
    where = f" in {kit.line(change.environment, 40)}" if change.environment else ""
    by = f" by {kit.line(change.author, 60)}" if change.author else ""
    said = f": {kit.line(change.text, 120)}" if change.text else ""
    return f"• {text.when(change.at, view.timezone)} {shown}{where}{by}{said}"


def _warning(what: str, advice: str) -> str:
    return f"⚠️ {kit.line(what, 600).rstrip('.')}. {kit.line(advice, 400)}".strip()


def _paged(notice: notices.Paged) -> str:
    who = text.mentions(notice.people) or "Nobody could be found"
    level = f" (level {notice.level})" if notice.level else ""
    by = text.mention(notice.by) if notice.by else "Somebody"
    match notice.reason:
        case PageReason.DECLARED:
            return f"📟 {who} you are paged{level}: this was declared just now."
        case PageReason.ESCALATION:
            return f"📟 {who} you are paged{level}: nobody has acknowledged yet."
        case PageReason.BUTTON:
            return f"📟 {who} you are paged{level}: {by} escalated."
        case PageReason.OVERDUE:
            return f"⏰ {who} *overdue*: nobody has acknowledged in time. Whoever can, please press *Acknowledge*."
        case PageReason.NO_UPDATE:
            return f"📟 {who} you are paged{level}: updates were missed, so this goes to the next level."
        case PageReason.REPEAT:
            return f"📟 {who} you are paged again{level}: still nobody has acknowledged."
        case PageReason.TEAM:
            return f"📟 {who}: {by} asks for your help here."
    assert_never(notice.reason)


def _storm(notice: notices.Storm) -> list[str]:
    alerts, monitors = text.count(notice.alerts, "alert"), text.count(notice.monitors, "monitor")
    lasted = f" in {text.duration(notice.lasted)}" if notice.lasted >= timedelta(seconds=1) else ""
    lines = [f"⛈️ *{alerts} from {monitors}{lasted}*, newest first:"]
    for each in notice.newest:
        short = each.link if each.link and len(each.link) <= LINK_IN_A_LIST else None
        title = text.link(short, kit.cut(each.title, TITLE_IN_A_LIST))
        often = f" ×{each.count:,}" if each.count > 1 else ""
        lines.append(f"• {title}{often}{' (recovered)' if each.recovered else ''}")
    return [*lines, f"… and {notice.more:,} more; the card counts them all." if notice.more else ""]


def _state(notice: notices.StateChanged, tz: str) -> list[str]:
    by = _by(notice.by, " by")
    after = f" after {text.duration(notice.after)}" if notice.after is not None else ""
    due = f"The post-mortem is due {text.when(notice.postmortem_by, tz)}" if notice.postmortem_by else ""
    if notice.reopened:
        return [f"🔁 *Reopened*{by}: it was not over.", _quoted(notice.text)]
    said = labels.RECOVERED if notice.automatic and not notice.text else notice.text
    return [f"{labels.STATE_SIGN[notice.state]} *{labels.STATE[notice.state]}*{by}{after}", _quoted(said), due]


def _visibility(notice: notices.VisibilityNotice) -> list[str]:
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


def _unanswered(notice: notices.Unanswered, view: IncidentView, now: datetime) -> list[str]:
    title = kit.line(labels.title(view.incident), 200)
    again = f", and the last level was paged again {text.count(notice.rounds, 'time')}" if notice.rounds else ""
    return [
        (
            f"🚨 *{view.incident.name} {title}*: nobody has acknowledged for {text.duration(now - notice.since)}. "
            f"The whole escalation policy was paged{again}."
        ),
        f"If you can help, go to {text.channel_link(view.incident.room.channel_id)} and press *Acknowledge*.",
    ]


def _recovered(notice: notices.AllRecovered, tz: str) -> str:
    alerts = "The alert has" if notice.count == 1 else f"All {notice.count:,} alerts have"
    if notice.auto_resolve_at:
        return f"🟢 {alerts} recovered. It resolves by itself at {text.when(notice.auto_resolve_at, tz)}."
    return f"🟢 {alerts} recovered. Is it over?"


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


def _buttons(notice: Notice, view: IncidentView) -> list[Block | None]:
    incident = view.incident
    carried = ids.carry(incident.id, incident.state.value)
    update = kit.button("Post update", ids.POST_UPDATE, carried, style="primary")
    match notice:
        case notices.Paged() if incident.state is State.DETECTED:
            return [acknowledge_button(incident)]
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
