"""Everything the bot draws, drawn from one incident; and incidents nobody wishes for."""

from __future__ import annotations

from datetime import timedelta
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
from tests.blocks.every_kind import all_events, all_notices
from tests.blocks.incidents import CROWD, NIGHT, NOW, in_state, names
from tests.blocks.run_pictures import run_cards, run_forms
from warroom.alerts.model import AlertState
from warroom.incident import events
from warroom.incident.action_items import OwnedAction
from warroom.incident.model import State
from warroom.incident.parts import (
    ActionItem,
    AlertSummary,
    DirectPurpose,
    EscalationLevel,
    EscalationState,
    Link,
    Participants,
    Updates,
)
from warroom.incident.timeline import Entry
from warroom.incident.view import IncidentView, incident_view
from warroom.oncall.duty import Duty, OwnShift, Question
from warroom.oncall.load import OnCallHours, OnCallLoad
from warroom.oncall.model import FeedLink, Override, OverrideState
from warroom.outbox.changes import Firing
from warroom.people.model import Resolution
from warroom.policy import Policy
from warroom.postmortem.model import Postmortem


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


def entries(text: str) -> list[Entry]:
    """A long night."""
    return [
        Entry(incident_id="i1", key=str(i), at=NIGHT, event=event, by="UADA", link=text, source=text)
        for i, event in enumerate(all_events(text) * 5)
    ]


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
