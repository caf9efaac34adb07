"""Afterwards: the post-mortem and action items."""

from __future__ import annotations

import pytest

from tests.warroom.conftest import Make, minutes
from warroom import followup
from warroom.effects import Post, ShareDocument
from warroom.errors import AlreadyDone, Refused
from warroom.incident import State
from warroom.notices import ActionDue, PostmortemDue
from warroom.policy import Policy

WRITTEN = {"summary": "s", "impact": "i", "root_cause": "r"}


def test_the_draft_is_shared_as_a_file_and_a_second_request_keeps_what_was_written(make: Make) -> None:
    first = followup.draft(make(state=State.RESOLVED), "UADA", minutes(60), "what happened", "12 minutes")
    assert [e.revision for e in first.effects if isinstance(e, ShareDocument)] == [1]
    second = followup.draft(first.incident, "UADA", minutes(61), "something else", "")
    assert second.incident.postmortem is not None
    assert second.incident.postmortem.summary == "what happened"
    assert [e.revision for e in second.effects if isinstance(e, ShareDocument)] == [2]


def test_publishing_needs_every_required_part_and_closes(make: Make) -> None:
    drafted = followup.draft(make(state=State.RESOLVED), "UADA", minutes(60), "what happened", "12 minutes").incident
    with pytest.raises(Refused, match="Root cause"):
        followup.publish(drafted, "UADA", minutes(61))
    written = followup.edit(drafted, "UADA", minutes(62), WRITTEN).incident
    published = followup.publish(written, "UADA", minutes(63)).incident
    assert published.state is State.CLOSED
    assert published.postmortem is not None
    assert published.postmortem.published_by == "UADA"
    with pytest.raises(AlreadyDone):
        followup.publish(published, "UBEN", minutes(64))


def test_an_open_incident_cannot_publish(make: Make) -> None:
    written = followup.edit(make(), "UADA", minutes(62), WRITTEN).incident
    with pytest.raises(Refused, match="Resolve it first"):
        followup.publish(written, "UADA", minutes(63))


def test_a_late_post_mortem_is_asked_for_again_the_next_day(make: Make, policy: Policy) -> None:
    late = make(state=State.RESOLVED, commander="UADA", postmortem_due_at=minutes(0), postmortem_required_by=minutes(0))
    decision = followup.chase(late, minutes(1), policy)
    assert decision.incident.postmortem_due_at == minutes(1 + 24 * 60)
    assert [e.notice for e in decision.effects if isinstance(e, Post)] == [
        PostmortemDue(people=("UADA",), required_by=minutes(0))
    ]


def test_an_action_item_reminds_its_owner_once(make: Make) -> None:
    incident = followup.add_action(make(), "UADA", minutes(1), "raise the limit", "UBEN", minutes(60)).incident
    decision = followup.action_due(incident, "a1", minutes(60))
    assert decision is not None
    assert [e.notice for e in decision.effects if isinstance(e, Post)] == [
        ActionDue(text="raise the limit", owner="UBEN", due_at=minutes(60))
    ]
    assert followup.action_due(decision.incident, "a1", minutes(61)) is None
