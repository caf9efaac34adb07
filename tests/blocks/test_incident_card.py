"""The card: one picture in each state, with the buttons for what to do next."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from syrupy.assertion import SnapshotAssertion

from blocks import ids, lists
from blocks.announcement import announcement, team_line, topic
from blocks.card_menu import ENTRIES, GROUPS
from blocks.incident_card import incident_card
from handlers.menus import MENU as MENU_RUNS
from tests.blocks.incidents import NIGHT, NOW, in_state, quiet
from tests.blocks.reading import called, objects, pressable, texts
from warroom.alerts.model import AlertState
from warroom.incident.model import Incident, State
from warroom.incident.parts import AlertSummary, Deadlines, Link, Updates
from warroom.incident.view import incident_view
from warroom.outbox.changes import Firing
from warroom.people.model import Person
from warroom.policy import Policy
from warroom.postmortem.model import Postmortem

RECORD = ["Catch up", "Edit…", "Add to timeline…", "Action item…"]
MENU = ["Severity…", "Roles…", "Page someone…", "Run a runbook…", "Investigate", *RECORD, "Post-mortem", "Cancel…"]
PRESSABLE = {
    State.DETECTED: ["Acknowledge", "Escalate", "Resolve", "Post update", "Mitigated", *MENU],
    State.ACKNOWLEDGED: ["Post update", "Escalate", "Resolve", "Mitigated", *MENU],
    State.MITIGATED: ["Post update", "Escalate", "Resolve", "Not mitigated after all", *MENU],
    State.RESOLVED: ["Post-mortem", "Reopen"],
    State.CLOSED: ["Reopen"],
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
    assert pressable(card.blocks) == ["Post-mortem", "Reopen"]


def test_every_button_says_which_incident_it_is_of(policy: Policy) -> None:
    card = incident_card(incident_view(quiet(), policy), NOW)
    values = [part["value"] for part in objects(card.blocks) if "value" in part]
    assert values
    assert {ids.carried(value).incident_id for value in values} == {"i1"}


def test_posting_it_pages_those_told_until_somebody_has_it(policy: Policy) -> None:
    waiting = incident_card(incident_view(quiet(), policy), NOW)
    taken = incident_card(incident_view(in_state(State.ACKNOWLEDGED), policy), NOW)
    assert "Paged: <@UADA>" in " ".join(texts(waiting.blocks))
    assert "Paged:" not in " ".join(texts(taken.blocks))


def test_the_notification_calls_nobody_and_says_the_essential(policy: Policy) -> None:
    card = incident_card(incident_view(quiet(), policy), NOW)
    assert card.text == "🔴 INC-12 checkout returns 500s (SEV-1 Critical, not acknowledged)"
    assert called(card.text) == set()


def shown(incident: Incident, policy: Policy, **view: object) -> str:
    """All that the card says, without its buttons."""
    return "\n".join(texts(incident_card(incident_view(incident, policy).copy_with(**view), NOW).blocks))


def test_before_the_acknowledgement_it_says_until_when_and_who_is_next_and_asks_for_no_update(policy: Policy) -> None:
    said = shown(quiet(deadlines=Deadlines(ack=NOW + timedelta(minutes=5), page=NOW + timedelta(minutes=15))), policy)
    assert re.search(r"\*SEV-1 Critical\* · \*Not acknowledged\* · <!date\^\d+\^\{ago\}\|40 min ago>", said)
    assert "|03:45 UTC> · level 2 (Grace) at <!date^" in said
    assert "|03:55 UTC> (<!date^" in said
    assert "|in 15 min>)" in said
    assert "pdate" not in said
    assert "*Commander:* none" in said
    assert "Escalation: level 1 of 2" in said


def test_when_nobody_acknowledges_in_time_the_card_says_overdue(policy: Policy) -> None:
    assert "⚠️ *Unacknowledged for 40 min*, overdue" in shown(quiet(overdue=True), policy)


def test_a_late_update_is_overdue_by_so_long_and_no_calm_date_is_shown(policy: Policy) -> None:
    late = in_state(
        State.ACKNOWLEDGED,
        updates=Updates(missed=2, unanswered=2, overdue_since=NIGHT),
        deadlines=Deadlines(update=NOW + timedelta(minutes=5)),
    )
    for said in (shown(late, policy), "\n".join(texts(announcement(incident_view(late, policy), NOW).blocks))):
        assert "⚠️ *Update overdue by 40 min* (2 missed)" in said
        assert "Next update" not in said


def test_who_snoozed_and_until_when_is_on_the_card(policy: Policy) -> None:
    until = NOW + timedelta(minutes=15)
    snoozed = Updates(snoozes=1, snoozed_by="UADA", snoozed_until=until)
    said = shown(in_state(State.ACKNOWLEDGED, updates=snoozed, deadlines=Deadlines(update=until)), policy)
    assert "Next update by" in said
    assert "snoozed by <@UADA> until" in said


def test_a_paused_escalation_says_why(policy: Policy) -> None:
    state = quiet().escalation.copy_with(paused_at=NIGHT)
    assert "escalation paused: every alert has recovered" in shown(
        quiet(escalation=state, deadlines=Deadlines()), policy
    )


def test_escalate_asks_and_says_whom_it_calls(policy: Policy) -> None:
    def asked(**escalation: object) -> str:
        incident = quiet(escalation=quiet().escalation.copy_with(**escalation))
        grace = Person(id="UGRACE", name="grace", display_name="grace")
        card = incident_card(incident_view(incident, policy, called=(grace,)), NOW)
        button = next(part for part in objects(card.blocks) if part.get("action_id") == ids.ESCALATE)
        text: str = button["confirm"]["text"]["text"]
        return text

    assert asked() == "Page @grace (level 2)?"
    assert asked(reached=2) == (
        "Everyone on the escalation policy has been paged; nobody else is left. Page @grace (level 2) again?"
    )
    assert asked(levels=(), reached=0).startswith("Nobody is on the escalation policy")


def test_forty_hosts_of_one_monitor_are_counted_as_such(policy: Policy) -> None:
    firings = tuple(
        Firing(
            incident_id="i1",
            dedup_key=f"{number}",
            keys=(),
            title="High Memory Usage",
            monitor_id="7",
            state=AlertState.ALERT,
            hosts=(f"api-{number:02}",),
            first_seen_at=NIGHT,
            last_seen_at=NIGHT,
            last_fired_at=NIGHT,
        )
        for number in range(40)
    )
    alerts = AlertSummary(count=42, firing=40, monitors=40, last_title="High Memory Usage", last_state=AlertState.ALERT)
    assert "*Alerts:* 40 firing (1 monitor, 40 hosts), 42 in all" in shown(
        quiet(alerts=alerts), policy, firings=firings
    )


def test_a_long_title_is_cut_visibly_and_said_in_full_below(policy: Policy) -> None:
    incident = quiet(title="checkout " * 30)
    card = incident_card(incident_view(incident, policy), NOW)
    assert card.blocks[0]["text"]["text"].endswith("…")
    assert f"*Title:* {('checkout ' * 30).strip()}" in texts(card.blocks)


@pytest.mark.parametrize("title", ["*bold* and `code`", "_under_ ~struck~ ```fence```", "*", "a `b"])
def test_markdown_in_a_title_breaks_nothing(title: str, policy: Policy) -> None:
    view = incident_view(quiet(title=title), policy)
    lines = [lists.incident_line(view), topic(view), *texts(team_line(view, NOW).blocks), incident_card(view, NOW).text]
    for line in lines:
        rest = line.replace("*INC-12*", "").replace(ids.carry("i1"), "")
        assert not set("*`~") & set(rest), line
    assert "snake_case_name" in lists.incident_line(incident_view(quiet(title="snake_case_name"), policy))


def test_the_choice_in_the_menu_is_forgotten_when_the_card_is_redrawn_after_it(policy: Policy) -> None:
    def block_id(used: int) -> str:
        incident = quiet().with_room(menu_used=used)
        [row] = [b for b in incident_card(incident_view(incident, policy), NOW).blocks if b["type"] == "actions"]
        return str(row["block_id"])

    assert block_id(0) != block_id(1)


def test_every_entry_of_the_menu_does_something_and_stands_in_a_group() -> None:
    assert {entry.chosen for entry in ENTRIES} == set(MENU_RUNS)
    assert {entry.group for entry in ENTRIES} <= set(GROUPS)


def test_a_private_incident_says_so(policy: Policy) -> None:
    card = incident_card(incident_view(quiet(private=True), policy), NOW)
    assert card.text.startswith("🔒 ")
    assert "Private: only people in this channel see it" in " ".join(texts(card.blocks))
