"""Everything the bot draws, drawn from one incident; and incidents nobody wishes for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from blocks import (
    action_items,
    announcement,
    answers,
    correction_forms,
    corrections,
    declare_form,
    direct_messages,
    done,
    forms,
    home,
    ids,
    incident_card,
    lists,
    name_matches,
    notices,
    timeline_list,
    update_form,
)
from blocks.kit import Card
from blocks.oncall import feed_known, feed_view
from blocks.oncall_report import on_call_report
from tests.blocks.run_pictures import run_cards, run_forms
from warroom.alerts.model import AlertState
from warroom.changes.model import Change
from warroom.incident import events
from warroom.incident import notices as said
from warroom.incident.action_items import OwnedAction
from warroom.incident.events import EffectKind, Event, PageReason
from warroom.incident.model import Incident, Origin, State
from warroom.incident.notices import Notice
from warroom.incident.parts import (
    ActionItem,
    AlertSummary,
    Deadlines,
    DirectPurpose,
    EscalationLevel,
    EscalationState,
    LeftOpen,
    Link,
    Participants,
    Room,
    SimilarIncident,
    Updates,
)
from warroom.incident.timeline import Entry
from warroom.incident.view import IncidentView, incident_view
from warroom.oncall.duty import Duty, OwnShift, Question
from warroom.oncall.load import OnCallHours, OnCallLoad
from warroom.oncall.model import FeedLink, Override, OverrideState
from warroom.outbox.changes import Firing
from warroom.people.model import Ambiguity, Match, MatchKind, Person, Resolution, Unknown, Why
from warroom.policy import Policy
from warroom.postmortem.model import Postmortem

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
NOW = NIGHT + timedelta(minutes=40)
CROWD = tuple(f"U{number:08}" for number in range(1500))
CHANGE = Change(id="c1", at=NIGHT, service="checkout", url="https://ci.example.com/7")

EVIL = (
    "<!channel> <!here|x> <@UEVIL> <@UEVIL|ada> <!subteam^SEVIL> <#CEVIL> @channel @here @everyone "
    "<<@UEVIL>> <<!channel>> <<#CEVIL>> <! channel> <!date^1^{date}|x <!channel>> <subteam^SEVIL> "
    "<https://evil.example|https://bank.example> *b* _i_ ~s~ `c` ```pre``` > quote & &lt;!channel&gt;"
)
EXTREMES = {
    "nothing": "",
    "blanks": " \n\t\n ",
    "very long": "t" * 100_000,
    "very long, in words": "word " * 5_000,
    "very many lines": "line\n" * 5_000,
    "mentions": EVIL,
    "very many mentions": EVIL * 100,
    "ampersands": "&" * 10_000,
    "angles": "<>" * 5_000,
    "open angle": "<" + "@" * 5_000,
    "emoji": "👩‍👩‍👧‍👦🚨" * 1_000,
    "right to left": "\u202eלא עובד מערכת התשלומים\u202c \u2066x" * 500,
    "control characters": "a\x00\x07\u2028b\ud800c" * 500,
    "links": "https://a.example/" + "x" * 5_000 + " " + "https://a.example/?a=1&b=<2> " * 500,
    "backticks": "`" * 10_000,
}


def quiet(**changes: object) -> Incident:
    """An incident that was just declared."""
    first = Incident(
        id="i1",
        number=12,
        version=3,
        origin=Origin.COMMAND,
        origin_key="command:1",
        title="checkout returns 500s",
        severity="SEV-1",
        team="platform",
        services=("checkout",),
        declared_by="UDEC",
        declared_at=NIGHT,
        touched_at=NIGHT,
        escalation=EscalationState(
            team="platform",
            reached=1,
            paged=("UADA",),
            levels=(
                EscalationLevel(after=timedelta(0), notify=("@sre",)),
                EscalationLevel(after=timedelta(minutes=15), notify=("Grace",)),
            ),
        ),
        participants=Participants(invitees=("UDEC", "UADA"), invited=("UDEC", "UADA")),
        room=Room(channel_id="C1", card_ts="100.1", channel_name="inc-12-checkout-returns-500s"),
        deadlines=Deadlines(
            page=NIGHT + timedelta(minutes=45), ack=NIGHT + timedelta(minutes=50), update=NIGHT + timedelta(minutes=55)
        ),
    )
    return first.copy_with(**changes)


def in_state(state: State, **changes: object) -> Incident:
    """The incident some steps into its life."""
    running = quiet().deadlines
    steps: dict[str, object] = {
        "state": state,
        "commander": "UADA",
        "deadlines": Deadlines(update=running.update if state.open else None),
    }
    if state is State.DETECTED:
        return quiet(**changes)
    if state is not State.CANCELLED:
        steps |= {"acknowledged_at": NIGHT + timedelta(minutes=4), "acknowledged_by": "UADA"}
    if state in (State.RESOLVED, State.CLOSED):
        over = NIGHT + timedelta(minutes=35)
        steps |= {"resolved_at": over, "resolved_by": "UADA", "summary": "rolled back"}
    if state is State.CANCELLED:
        steps |= {"cancelled_at": NIGHT + timedelta(minutes=9), "summary": "a test"}
    return quiet(**(steps | changes))


def crowded(text: str, state: State, policy: Policy) -> IncidentView:
    """An incident full of `text` from outside, with more of everything than a message can show."""
    items = tuple(
        ActionItem(id=f"a{i}", text=text, owner=CROWD[i], due_at=NIGHT, created_at=NIGHT, created_by="UDEC")
        for i in range(60)
    )
    incident = in_state(
        state,
        title=text,
        description=text,
        impact=text,
        summary=text,
        team=text,
        services=(text,) * 30,
        fields=((text, text),) * 30,
        links=(Link(title=text, url=text), Link(title=text, url="https://a.example")) * 15,
        roles=tuple((text + str(i), CROWD[i]) for i in range(30)),
        overdue=True,
        private=True,
        escalation=EscalationState(
            team=text, paged=CROWD, reached=1, rounds=3, levels=(EscalationLevel(after=timedelta(0), notify=(text,)),)
        ),
        alerts=AlertSummary(
            count=10_000, firing=50, monitors=50, last_title=text, last_link=text, last_seen_at=NIGHT, flapping=True
        ),
        actions=items,
        postmortem=Postmortem(summary=text, created_at=NIGHT),
        source_message="https://a.example/m",
        postmortem_required_by=NIGHT,
        participants=Participants(invitees=CROWD, invited=CROWD),
        updates=Updates(last=text, last_at=NIGHT, last_by="UADA", missed=2),
    )
    firings = tuple(
        Firing(
            incident_id="i1",
            dedup_key=str(i),
            keys=(str(i),),
            title=text,
            link=text,
            state=AlertState.ALERT,
            first_seen_at=NIGHT,
            last_seen_at=NIGHT,
            last_fired_at=NIGHT,
            hosts=(text,) * 50,
        )
        for i in range(60)
    )
    return incident_view(incident, policy, firings).copy_with(severity_name=text)


def all_notices(text: str) -> list[Notice]:
    """Every kind of notice, in every shape that matters."""
    return [
        *(said.Paged(people=CROWD, level=2, reason=reason, by="UADA", why=text) for reason in PageReason),
        said.Paged(people=(), level=0, reason=PageReason.TEAM, by=None),
        said.PageWaitsNotice(people=CROWD, until=NOW),
        said.DeclaredNotice(
            paged=CROWD,
            invited=CROWD,
            unknown_services=(text,) * 5,
            ambiguous=tuple(names(text)[1]),
            unknown=tuple(names(text)[2]),
        ),
        said.DeclaredNotice(),
        said.UpdateReminder(people=CROWD, missed=2, since=NIGHT),
        said.Muted(monitor_id="42", until=NOW, by="UADA"),
        said.UpdatePostedNotice(by="UADA", text=text, next_due_at=NOW),
        said.SeverityChangedNotice(by="UADA", before=text, after=text),
        said.SeverityChangedNotice(by=None, before=text, after=text, why=text),
        said.WorseAlert(severity=text, title=text, link="https://monitors.example.com/7"),
        said.RoleAssignedNotice(by="UADA", role=text, person="UGRACE"),
        said.RoleIsYours(by="UADA", role=text),
        said.HandedOver(by="UADA", person="UGRACE", before="UGRACE"),
        said.SimilarBefore(found=(SimilarIncident(number=7, title=text, summary=text, declared_at=NOW),)),
        said.SimilarOpen(found=(SimilarIncident(number=7, title=text, summary=text, declared_at=NOW),)),
        said.MergedAway(by="UADA", number=7, title=text, channel_id="C1"),
        said.MergedHere(by="UADA", number=7, title=text, alerts=3, actions=2),
        said.MergeUndoneNotice(by="UADA", number=7, title=text),
        *(
            said.StateChanged(state=state, by="UADA", text=text, after=timedelta(minutes=9), postmortem_by=NOW)
            for state in State
        ),
        said.StateChanged(state=State.ACKNOWLEDGED, by="UADA", text=text, reopened=True),
        said.StateChanged(state=State.RESOLVED, by=None),
        said.StateChanged(state=State.ACKNOWLEDGED, by="UADA", leads=True, stopped=True),
        said.Unanswered(rounds=2, since=NIGHT),
        said.AllRecovered(count=1),
        said.AllRecovered(count=10_000, auto_resolve_at=NOW),
        said.Flapping(title=text, changes=40),
        said.UpdateSnoozed(by="UADA", until=NOW),
        said.OnItNotice(by="UADA"),
        said.Storm(
            alerts=412,
            monitors=40,
            lasted=timedelta(minutes=3),
            groups=tuple(
                said.StormGroup(
                    title=text,
                    link="https://monitors.example.com/7",
                    firing=40,
                    recovered=2,
                    hosts=(text,) * 12,
                    more=28,
                )
                for _ in range(10)
            ),
            more=30,
        ),
        said.Storm(
            alerts=412,
            monitors=9,
            lasted=timedelta(minutes=3),
            newest=tuple(said.Shower(title=text, link="https://monitors.example.com/7", count=4) for _ in range(10)),
            more=31,
        ),
        said.Stale(people=CROWD, since=NIGHT),
        said.ArchiveAhead(at=NOW, actions=3),
        said.ArchiveKept(by="UADA"),
        said.NewRoom(earlier="C1"),
        said.LeadWanted(since=NIGHT),
        said.PostmortemReady(missing=("Summary", text)),
        said.PostmortemReady(),
        said.PostmortemReady(published_by="UADA"),
        said.PostmortemDue(people=CROWD, required_by=NIGHT),
        said.PostmortemDue(people=(), required_by=NOW + timedelta(hours=1)),
        said.ActionDue(text=text, owner="UADA", due_at=NIGHT),
        said.ActionDue(text=text, owner=None, due_at=NIGHT),
        said.ActionAssigned(by="UADA", text=text, number=1, due_at=NOW),
        said.DetailsChanged(
            by="UADA",
            changes=(events.DetailChanged(detail=events.Detail.FIELD, name=text, before=text, after=text),) * 30,
        ),
        said.VisibilityNotice(by="UADA", private=True, channel_private=False),
        said.VisibilityNotice(by="UADA", private=False, channel_private=True),
        said.NobodyFound(names=(text,) * 30),
        said.CouldNotInvite(people=CROWD, reason=text),
        *(said.EffectFailedNotice(effect=kind, channel=text, error=text, advice=text) for kind in EffectKind),
        said.OpenElsewhere(left=(LeftOpen(key="k", what=text, error=text, advice=text),) * 9),
        said.Offered(integration="pager", action="publish", what=text, label=text),
        said.RecentChanges(changes=(CHANGE.copy_with(text=text, author=text, version=text, environment=text),) * 9),
        said.RoomNotOpened(error=text, advice=text),
        said.RoomLost(error=text, advice=text),
        said.RoomLost(archived_by="UADA"),
        said.IntegrationFault(integration=text, event=events.Acknowledged()),
        said.RunFailed(runbook=text, automatic=True, why=text, tried=(text, text)),
        said.RunFailed(runbook=text, begun=False, why=text),
        said.RunAsks(runbook=text, step="restart", people=CROWD),
        said.RunAsks(runbook=text, step="where", approval=False),
        said.RunSays(runbook=text, text=text),
        said.CauseQuestion(),
        said.Problem(what=text, advice=text, people=CROWD),
    ]


def entries(text: str) -> list[Entry]:
    """A long night."""
    return [
        Entry(incident_id="i1", key=str(i), at=NIGHT, event=event, by="UADA", link=text, source=text)
        for i, event in enumerate(all_events(text) * 5)
    ]


def all_events(text: str) -> list[Event]:
    """Every kind of event, in every shape that matters."""
    return [
        events.Declared(title=text),
        events.RoomOpened(name=text),
        *(events.PeoplePaged(paged=CROWD, level=2, names=(text,), reason=reason, why=text) for reason in PageReason),
        events.PeoplePaged(paged=(), level=2, reason=PageReason.ESCALATION, again=True),
        events.PeoplePaged(paged=CROWD, names=(text, text), reason=PageReason.TEAM),
        events.PageWaits(waiting=CROWD, until=NOW),
        events.AcknowledgementOverdue(paged=CROWD),
        events.Acknowledged(),
        events.UpdatePosted(text=text),
        events.UpdateMissed(missed=2),
        events.Snoozed(until=NOW),
        events.OnIt(),
        events.SeverityChanged(before=text, after=text, why=text),
        events.RoleAssigned(role=text, person="UGRACE"),
        events.PeopleInvited(invited=CROWD),
        events.Mitigated(),
        events.Resolved(summary=text),
        events.Resolved(automatic=True),
        events.Reopened(),
        events.Cancelled(why=text),
        events.MergedIn(number=12, title=text, alerts=3),
        events.MergeUndone(number=12, stamp=4),
        events.Closed(),
        events.RoomArchived(),
        events.RoomUnarchived(),
        events.AlertAttached(title=text),
        events.AlertFired(title=text),
        events.AlertRecovered(title=text),
        events.AlertsRecovered(count=3),
        *(
            events.DetailChanged(detail=detail, name=text, before=before, after=after)
            for detail in events.Detail
            for before, after in (("", text), (text, text), (text, ""))
        ),
        events.VisibilityChanged(private=True, seen_by=CROWD, announced=True),
        events.VisibilityChanged(private=False),
        events.MessagePinned(text=text),
        events.NoteAdded(text=text, edited=True),
        events.EntryEdited(number=1, before=text, after=text),
        events.EntryRemoved(number=1, before=text),
        events.ActionAdded(text=text, owner="UADA"),
        events.ActionDone(item_id="a1", text=text),
        events.ServiceChanged(change="1", service=text, what=text, version=text, author=text, text=text, at=NIGHT),
        events.ActionReopened(item_id="a1", text=text),
        events.ActionEdited(item_id="a1", before=text, text=text, owner="UADA"),
        events.ActionEdited(item_id="a1", before="before", text=text),
        events.ActionRemoved(item_id="a1", text=text),
        events.PostmortemDrafted(),
        events.PostmortemEdited(revision=2),
        events.PostmortemPublished(revision=3),
        events.PostmortemLate(required_by=NIGHT),
        *(events.EffectFailed(effect=kind, channel=text, error=text, advice=text) for kind in EffectKind),
        events.RunbookBegun(run=1, runbook=text, why=("service:checkout",), automatic=True, inputs={"queue": text}),
        events.RunbookStep(run=1, runbook=text, step="restart", state="failed", text=text),
        events.RunbookStep(run=1, runbook=text, step="restart", state="unclear", text=text),
        events.RunbookApproval(run=1, runbook=text, step="restart", what="asked", plan=(text, text)),
        events.RunbookAnswered(run=1, runbook=text, step="where", question=text, answer=text),
        events.BoxTicked(run=1, runbook=text, text=text),
        events.RunbookEnded(run=1, runbook=text, outcome="succeeded", verified=True),
        events.RunbookEnded(
            run=1, runbook=text, outcome="failed", why=text, done=(text,), not_done=(text,), unclear=(text,)
        ),
        events.Investigated(service=text, cause=text, signal=text, confidence=0.82, missed=2),
        events.Investigated(service=text, automatic=True),
        events.CauseAnswered(cause=text, right=True),
        events.Reported(integration="vendor", what=text, text=text),
        events.Recorded(what=text, text=text),
    ]


def names(text: str) -> tuple[list[Match], list[Ambiguity], list[Unknown]]:
    """People found, people who could be meant, and names that led nowhere."""
    people = tuple(
        Person(id=f"U{i}", name=text, real_name=text, display_name=text, email=f"{text}@{text}") for i in range(20)
    )
    found = [
        Match(person=person, said=text, matched_by=matched_by, via=(text,))
        for person, matched_by in zip(people, MatchKind, strict=False)
    ]
    unclear = [Ambiguity(said=text, candidates=people, via=(text,))] * 20 + [Ambiguity(said=text, candidates=())]
    return found, unclear, [Unknown(said=text, why=why, via=(text,)) for why in Why]


def loads(text: str) -> list[OnCallLoad]:
    """More people than one message shows, of whom one has more than the others."""
    hours = OnCallHours(
        total=timedelta(hours=90), nights=timedelta(hours=30), weekends=timedelta(hours=24), holidays=timedelta(hours=8)
    )
    usual = OnCallLoad(person="UADA", name=text, hours=hours, pages=2, pages_at_night=1)
    more = usual.copy_with(
        hours=hours.copy_with(total=timedelta(hours=190)), acknowledged=2, time_to_acknowledge=timedelta(minutes=4)
    )
    return [more, *[usual] * 40]


def cards(view: IncidentView, text: str) -> dict[str, Card]:
    """Everything that is posted as a message, by name."""
    found, unclear, unknown = names(text)
    drawn = {
        "card": incident_card.incident_card(view, NOW),
        "announcement": announcement.announcement(view, NOW),
        "team line": announcement.team_line(view, NOW),
        "list": lists.incident_list([view] * 60, NOW),
        "page of a list": lists.incident_list([view] * 30, NOW, lists.ListQuery(said=text[:1_000], offset=30), 90),
        "action items": action_items.action_items(view, NOW),
        "all action items": action_items.all_action_items(
            [OwnedAction(incident=view.incident, item=item) for item in view.incident.actions],
            "UTC",
            NOW,
            team=text,
        ),
        "cancel?": corrections.cancel_question(view.incident, text[: corrections.WHY_LIMIT]),
        "cancelled": corrections.cancelled(view.incident),
        "make private?": corrections.visibility_question(view.incident, True),
        "make public?": corrections.visibility_question(view.incident, False),
        "edited": corrections.edited(
            view.incident, [events.DetailChanged(detail=events.Detail.TITLE, before=text, after=text)] * 30, text
        ),
        "no list": lists.incident_list([], NOW),
        "calendar link there": feed_known(FeedLink(id="a", person="UADA", schedule=text, digest="d", made_at=NIGHT)),
        "own calendar link there": feed_known(FeedLink(id="a", person="UADA", digest="d", made_at=NIGHT)),
        "on-call report": on_call_report(loads(text), NIGHT, NOW, "UTC", chart=True),
        "no on-call report": on_call_report([], NIGHT, NOW, "UTC", chart=False),
        "found": lists.found(text, [view] * 60, NOW),
        "nothing found": lists.found(text, [], NOW),
        "show": lists.show(view, NOW),
        "alerts": lists.alerts(view),
        "no alerts": lists.alerts(view.copy_with(firings=())),
        "help": lists.help_card([(text, [(text, text)] * 30)] * 2),
        "timeline": timeline_list.timeline(view, entries(text), "UADA"),
        "no timeline": timeline_list.timeline(view, []),
        "briefing": timeline_list.briefing(view, entries(text), NOW),
        "candidates": name_matches.candidates("i1", unclear, unknown),
        "nobody to choose from": name_matches.candidates("i1", [], unknown),
    }
    drawn |= {
        f"direct {purpose.value}": direct_messages.direct_message(purpose, "UADA", view, NOW, by="UBEN", why=text)
        for purpose in DirectPurpose
    }
    resolution = Resolution(found=tuple(found), ambiguous=tuple(unclear), unknown=tuple(unknown))
    drawn |= run_cards(view, text)
    drawn |= {f"done: {name}": card for name, card in _done(view, text).items()}
    drawn["named"] = answers.named(view.incident, resolution, "Paged", ids.PAGE_CANDIDATE, text)
    drawn["reply to the source"] = direct_messages.source_reply(view)
    drawn |= {
        f"{number}: {notice.kind}": notices.notice_card(notice, view, NOW)
        for number, notice in enumerate(all_notices(text))
    }
    return drawn


def _done(view: IncidentView, text: str) -> dict[str, Card]:
    """What one person is told after something was done."""
    incident = view.incident
    item = (*incident.actions, ActionItem(id="a7", text=text, owner="UADA", due_at=NIGHT, created_at=NIGHT))[-1]
    return {
        "acknowledged": done.acknowledged(incident),
        "escalated": done.escalated(incident, view.next_page),
        "escalated, nobody knows whom": done.escalated(incident, None),
        "update": done.update_posted(incident, announced=True),
        "update, private": done.update_posted(incident, announced=False),
        "severity": done.severity_set(incident),
        "mitigated": done.mitigated(incident),
        "resolved": done.resolved(incident),
        "summary": done.summary_replaced(incident.copy_with(summary=text), text),
        "reopened": done.reopened(incident),
        "visibility": done.visibility_set(incident),
        "tried again": done.tried_again(incident),
        "declared before": done.declared_before(incident),
        "similar": done.similar_to(incident, [incident.copy_with(title=text)] * 5),
        "from message": done.declared_from_message(incident),
        "for alert": done.open_for_alert(incident),
        "someone": done.someone_is_on_it(),
        "role": done.role_given(incident_view(incident, Policy()), text, "UADA"),
        "handed over": done.handed_over(incident, "UADA"),
        "joining": done.joining(incident),
        "following": done.following(incident),
        "following a team": done.following_all(text, None),
        "following a severity": done.following_all(None, text),
        "not following": done.not_following(incident),
        "not following a team": done.not_following_all(text, None),
        "cover asked": done.cover_asked(text, "UADA", NIGHT, NOW, "UTC"),
        "cover asked of the team": done.cover_asked(text, None, NIGHT, NOW, "UTC"),
        "overridden": done.overridden(text, "UADA", NIGHT, NOW, "UTC"),
        "swap": done.swap_asked(text, "UADA"),
        "taken": done.cover_taken(text, "UADA"),
        "undone": done.cover_undone(text),
        "links revoked": done.feeds_revoked(2),
        "no link": done.feeds_revoked(0),
        "entry": done.entry_added(incident, NIGHT, "UTC"),
        "message": done.message_added(incident),
        "entry changed": done.entry_changed(incident, 3, NIGHT, "UTC"),
        "entry removed": done.entry_removed(incident, 3),
        "action added": done.action_added(incident, item.copy_with(text=text), "UTC"),
        "action changed": done.action_changed(incident, item.copy_with(text=text, owner=None, due_at=None), "UTC"),
        "action done": done.action_settled(incident, item.copy_with(done_at=NOW)),
        "action open again": done.action_settled(incident, item.copy_with(done_at=None)),
        "action deleted": done.action_deleted(incident, item),
        "post-mortem": done.postmortem_shared(incident),
        "too late": done.form_too_late(text),
    }


def homes(view: IncidentView) -> dict[str, dict[str, Any]]:
    """Home tabs by name."""
    mine, shared = (
        view,
        view.copy_with(incident=view.incident.copy_with(private=False).with_participants(invitees=(), invited=())),
    )
    return {
        "everybody's": home.home([shared] * 60, "UNOBODY", NOW),
        "mine": home.home([mine, shared] * 30, "UDEC", NOW),
        "all quiet": home.home([], "UDEC", NOW),
        "full": home.home(
            [mine, shared] * 30,
            "UDEC",
            NOW,
            [mine, shared] * 30,
            [OwnedAction(incident=mine.incident, item=item) for item in mine.incident.actions],
            duty(view.incident.title),
        ),
        "on call": home.home([], "UDEC", NOW, duty=duty(view.incident.title)),
        "not on call": home.home([], "UDEC", NOW, duty=Duty(member=True)),
    }


def duty(text: str) -> Duty:
    """On call in five schedules, with shifts to come and more questions for cover than are shown."""
    shift = OwnShift(schedule=text, timezone="UTC", start=NIGHT, end=NOW, cover=True)
    asked = Override(id="o1", schedule=text, start=NIGHT, end=NOW, state=OverrideState.ASKED, by="UADA", made_at=NIGHT)
    swap = asked.copy_with(id="o2", swapped_with="o3", person="UADA")
    return Duty(
        member=True,
        now=(shift, shift.copy_with(endless=True)) * 3,
        coming=(shift, shift.copy_with(endless=True), shift),
        asked=(Question(override=asked, timezone="UTC"), Question(override=swap, other=swap, timezone="UTC")) * 4,
    )


def forms_of(view: IncidentView, text: str, policy: Policy) -> dict[str, dict[str, Any]]:
    """Forms by name."""
    drafted = update_form.draft(view.incident, entries(text), dict.fromkeys(CROWD, text), "UTC")
    item = view.incident.actions[0]
    found, unclear, unknown = names(text)
    called = Resolution(found=tuple(found), ambiguous=tuple(unclear), unknown=tuple(unknown))
    forecast = declare_form.Forecast(called=called, similar=(view.incident,) * 3, by="UADA")
    filled = declare_form.DeclareInput(title=text, severity="SEV-1", private=view.incident.private)
    return {
        "declare": declare_form.declare_form(policy, filled, forecast),
        "severity": forms.severity_form(view, policy),
        "roles": forms.roles_form(view),
        "page": forms.page_form(view, policy, called),
        "update": update_form.update_form(view, policy, drafted),
        "resolve": correction_forms.resolve_form(view),
        "cancel": correction_forms.cancel_form(view),
        "edit": correction_forms.edit_form(view, policy),
        "calendar link": feed_view(text[:100], "UADA", "0" * 16 + "." + "x" * 43, None),
        "own calendar link": feed_view(None, "UADA", "0" * 16 + "." + "x" * 43, "https://warroom.example.com"),
        "note": correction_forms.note_form([view], "C1", text),
        "note of one of many": correction_forms.note_form([view] * 3, "C1", text),
        "action item": action_items.action_form([view], "C1", said=text, now=NOW),
        "change of an action item": action_items.action_form([view], "C1", item=item, now=NOW),
        **run_forms(view, text),
    }
