"""One of every kind of event and of notice, with a text in every place for one."""

from __future__ import annotations

from datetime import timedelta

from tests.blocks.incidents import CHANGE, CROWD, NIGHT, NOW, names
from warroom.incident import events
from warroom.incident import notices as said
from warroom.incident.events import EffectKind, Event, PageReason
from warroom.incident.model import State
from warroom.incident.notices import Notice
from warroom.incident.parts import (
    LeftOpen,
    SimilarIncident,
)


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
