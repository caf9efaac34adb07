"""The card: one picture in each state, with the buttons for what to do next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from syrupy.assertion import SnapshotAssertion

from blocks import ids
from blocks.incident_card import incident_card
from tests.blocks.pictures import NIGHT, NOW, in_state, quiet
from tests.blocks.reading import called, objects, pressable, texts
from warroom.alerts.model import AlertState
from warroom.incident.model import AlertSummary, Deadlines, Link, State, Updates
from warroom.incident.view import incident_view
from warroom.policy import Policy
from warroom.postmortem.model import Postmortem

OPEN = ["Escalate", "Resolve", "Post update", "Severity…", "Roles…", "Page someone…"]
PRESSABLE = {
    State.DETECTED: ["Acknowledge", *OPEN, "Mitigated", "Post-mortem"],
    State.ACKNOWLEDGED: [*OPEN, "Mitigated", "Post-mortem"],
    State.MITIGATED: [*OPEN, "Not mitigated after all", "Post-mortem"],
    State.RESOLVED: ["Reopen", "Post-mortem"],
    State.CLOSED: [],
    State.CANCELLED: [],
}


@pytest.mark.parametrize("state", State)
def test_the_card_in_each_state(state: State, policy: Policy, snapshot: SnapshotAssertion) -> None:
    incident = in_state(
        state,
        description="Since the deploy of 1.4.2",
        impact="12 % of orders fail",
        roles=(("scribe", "UGRACE"),),
        links=(Link(title="Runbook", url="https://runbooks.example.com/checkout"),),
        alerts=AlertSummary(count=3, firing=1, monitors=2, last_title="High errors", last_state=AlertState.ALERT),
        updates=Updates(last="Rolling back", last_at=NIGHT + timedelta(minutes=20), last_by="UADA"),
    )
    card = incident_card(incident_view(incident, policy), NOW)
    assert {"text": card.text, "blocks": card.blocks} == snapshot


@pytest.mark.parametrize("state", State)
def test_the_buttons_follow_the_state(state: State, policy: Policy) -> None:
    card = incident_card(incident_view(in_state(state), policy), NOW)
    assert pressable(card.blocks) == PRESSABLE[state]


def test_a_closed_incident_still_leads_to_its_post_mortem(policy: Policy) -> None:
    written = Postmortem(created_at=NIGHT, published_at=NOW)
    card = incident_card(incident_view(in_state(State.CLOSED, postmortem=written), policy), NOW)
    assert pressable(card.blocks) == ["Post-mortem"]


def test_every_button_says_which_incident_it_is_of(policy: Policy) -> None:
    card = incident_card(incident_view(quiet(), policy), NOW)
    values = [part["value"] for part in objects(card.blocks) if "value" in part]
    assert values
    assert {ids.carried(value).incident_id for value in values} == {"i1"}


def test_posting_it_pages_those_told_until_somebody_has_it(policy: Policy) -> None:
    waiting = incident_card(incident_view(quiet(), policy), NOW)
    taken = incident_card(incident_view(in_state(State.ACKNOWLEDGED), policy), NOW)
    assert "Paged: <@UADA>" in texts(waiting.blocks)[0]
    assert "Paged:" not in " ".join(texts(taken.blocks))


def test_the_notification_calls_nobody_and_says_the_essential(policy: Policy) -> None:
    card = incident_card(incident_view(quiet(), policy), NOW)
    assert card.text == "🔴 INC-12 checkout returns 500s (SEV-1 · Critical, detected)"
    assert called(card.text) == set()


def test_what_is_overdue_is_said(policy: Policy) -> None:
    late = quiet(overdue=True, deadlines=Deadlines(update=NIGHT + timedelta(minutes=15)))
    shown = texts(incident_card(incident_view(late, policy), NOW).blocks)[0]
    assert "*Overdue:* nobody has acknowledged" in shown
    assert "*Update overdue*" in shown


def test_the_level_of_the_chain_is_shown(policy: Policy) -> None:
    shown = texts(incident_card(incident_view(quiet(), policy), NOW).blocks)[0]
    assert "Escalation: level 1 of 2" in shown


def test_a_private_incident_says_so(policy: Policy) -> None:
    card = incident_card(incident_view(quiet(private=True), policy), NOW)
    assert card.text.startswith("🔒 ")
    assert "Private: only people in this room see it" in " ".join(texts(card.blocks))
