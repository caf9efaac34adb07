"""Afterwards: the post-mortem and action items."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.refusals import refuses
from tests.warroom.conftest import Make, minutes
from warroom.errors import AlreadyDone, Refused
from warroom.incident import action_items as actions
from warroom.incident.model import State
from warroom.incident.notices import ActionDue, PostmortemDue
from warroom.incident.parts import ActionItem, Deadlines
from warroom.outbox.effects import Post, PrivateReply, ShareDocument
from warroom.policy import Policy
from warroom.postmortem import reminders

WRITTEN = {"summary": "s", "impact": "i", "root_cause": "r"}


def test_the_draft_is_shared_as_a_file_and_a_second_request_shares_it_again(make: Make) -> None:
    first = reminders.draft(make(state=State.RESOLVED), "UADA", minutes(60), "what happened", "12 minutes")
    assert [e.revision for e in first.effects if isinstance(e, ShareDocument)] == [1]
    second = reminders.draft(first.incident, "UADA", minutes(61), "something else", "")
    assert [e.revision for e in second.effects if isinstance(e, ShareDocument)] == [2]


def test_what_nobody_has_written_says_what_the_record_says_by_then(make: Make) -> None:
    first = reminders.draft(make(state=State.RESOLVED), "UADA", minutes(60), "1 alert, 1 still firing", "").incident
    edited = reminders.edit(first, "UADA", minutes(61), {"impact": "nobody could pay", "root_cause": "r"}).incident
    second = reminders.draft(edited, "UADA", minutes(62), "1 alert, all recovered", "something else").incident
    assert second.postmortem is not None
    assert (second.postmortem.summary, second.postmortem.impact) == ("1 alert, all recovered", "nobody could pay")
    published = reminders.publish(second, "UADA", minutes(63)).incident.postmortem
    assert published is not None
    assert published.renewed("something later", "") == published


def test_publishing_needs_every_required_part_and_closes(make: Make) -> None:
    drafted = reminders.draft(make(state=State.RESOLVED), "UADA", minutes(60), "what happened", "12 minutes").incident
    with refuses(Refused, match="Root cause"):
        reminders.publish(drafted, "UADA", minutes(61))
    written = reminders.edit(drafted, "UADA", minutes(62), WRITTEN).incident
    published = reminders.publish(written, "UADA", minutes(63)).incident
    assert published.state is State.CLOSED
    assert published.postmortem is not None
    assert published.postmortem.published_by == "UADA"
    with pytest.raises(AlreadyDone):
        reminders.publish(published, "UBEN", minutes(64))


def test_an_open_incident_cannot_publish(make: Make) -> None:
    written = reminders.edit(make(), "UADA", minutes(62), WRITTEN).incident
    with refuses(Refused, match="Resolve it first"):
        reminders.publish(written, "UADA", minutes(63))


def test_a_late_post_mortem_is_asked_for_again_the_next_day(make: Make, policy: Policy) -> None:
    late = make(
        state=State.RESOLVED,
        commander="UADA",
        postmortem_required_by=minutes(0),
        deadlines=Deadlines(postmortem=minutes(0)),
    )
    decision = reminders.chase(late, minutes(1), policy)
    assert decision.incident.deadlines.postmortem == minutes(1 + 24 * 60)
    assert [e.notice for e in decision.effects if isinstance(e, Post)] == [
        PostmortemDue(people=("UADA",), required_by=minutes(0))
    ]


def test_an_action_item_reminds_its_owner_once(make: Make) -> None:
    incident = actions.add(make(), "UADA", minutes(1), "raise the limit", "UBEN", minutes(60)).incident
    decision = reminders.action_due(incident, "a1", minutes(60))
    assert decision is not None
    assert [(e.user, e.notice) for e in decision.effects if isinstance(e, PrivateReply)] == [
        ("UBEN", ActionDue(text="raise the limit", owner="UBEN", due_at=minutes(60)))
    ]
    assert reminders.action_due(decision.incident, "a1", minutes(61)) is None


def test_an_action_item_is_told_of_the_day_before_when_due_and_when_late(make: Make) -> None:
    due = minutes(60 * 48)
    item = ActionItem(id="a1", text="raise the limit", owner="UGRACE", due_at=due, created_at=minutes(0))
    incident = make(actions=(item,), commander="UADA")
    day = timedelta(days=1)
    assert item.next_reminder() == due - day
    warned = reminders.action_due(incident, "a1", due - day)
    assert warned is not None
    (effect,) = warned.effects
    assert isinstance(effect, PrivateReply)
    assert effect.user == "UGRACE"
    assert warned.incident.actions[0].next_reminder() == due
    reminded = reminders.action_due(warned.incident, "a1", due)
    assert reminded is not None
    assert reminded.incident.actions[0].next_reminder() == due + day
    late = reminders.action_due(reminded.incident, "a1", due + day)
    assert late is not None
    (effect,) = late.effects
    assert isinstance(effect, Post)
    assert isinstance(effect.notice, ActionDue)
    assert effect.notice.people == ("UADA",)
    assert late.incident.actions[0].next_reminder() is None


def test_what_is_due_within_a_day_is_not_told_of_twice() -> None:
    item = ActionItem(id="a1", text="raise the limit", due_at=minutes(60), created_at=minutes(0))
    assert item.next_reminder() == minutes(60)
