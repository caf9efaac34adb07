"""What notices, announcements, lists and the Home tab say, and what can be pressed in them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from blocks import announcement, home, ids, lists, name_matches, timeline_list
from blocks.notices import notice_card
from tests.blocks.incidents import NIGHT, NOW, in_state, quiet
from tests.blocks.pictures import entries
from tests.blocks.reading import called, objects, pressable, texts
from warroom.incident import notices
from warroom.incident.events import PageReason
from warroom.incident.model import State
from warroom.incident.notices import Notice
from warroom.incident.parts import Deadlines, Participants
from warroom.incident.view import incident_view
from warroom.people.model import Ambiguity, Person, Unknown, Why
from warroom.policy import Policy

PAGED = notices.Paged(people=("UADA",), level=1, reason=PageReason.ESCALATION)


@pytest.mark.parametrize(
    ("notice", "labels"),
    [
        (PAGED, ["Acknowledge"]),
        (notices.UpdateSnoozed(by="UADA", until=NOW), []),
        (notices.OnItNotice(by="UADA"), []),
        (notices.Flapping(title="High errors", changes=7), ["Resolve"]),
        (notices.UpdateReminder(people=("UADA",), missed=0, since=NIGHT), ["Post update", "Snooze 15 min"]),
        (notices.AllRecovered(count=2), ["Resolve"]),
        (notices.Stale(people=("UADA",), since=NIGHT), ["Post update", "Resolve"]),
        (notices.PostmortemReady(), ["Edit post-mortem", "Publish"]),
        (notices.PostmortemReady(published_by="UADA"), []),
        (notices.PostmortemDue(people=("UADA",), required_by=NIGHT), ["Write post-mortem"]),
        (notices.UpdatePostedNotice(by="UADA", text="rolling back"), []),
    ],
)
def test_a_notice_carries_the_button_for_what_is_next(notice: Notice, labels: list[str], policy: Policy) -> None:
    assert pressable(notice_card(notice, incident_view(quiet(), policy), NOW).blocks) == labels


def test_a_page_loses_its_button_once_somebody_has_the_incident(policy: Policy) -> None:
    card = notice_card(PAGED, incident_view(in_state(State.ACKNOWLEDGED), policy), NOW)
    assert pressable(card.blocks) == []
    assert called(card.text) == {"UADA"}


def test_an_update_is_quoted_whole_lines_inside_the_quotation(policy: Policy) -> None:
    update = notices.UpdatePostedNotice(by="UADA", text="first\n*Resolved* by nobody")
    shown = texts(notice_card(update, incident_view(quiet(), policy), NOW).blocks)[0]
    assert "> first\n> *Resolved* by nobody" in shown


def test_the_announcement_offers_to_join_and_to_follow_and_names_the_room(policy: Policy) -> None:
    card = announcement.announcement(incident_view(quiet(impact="12 % of orders fail"), policy), NOW)
    shown = "\n".join(texts(card.blocks))
    assert pressable(card.blocks) == ["Join", "Subscribe"]
    assert "*Channel:* <#C1>" in shown
    assert "*Impact:* 12 % of orders fail" in shown


def test_home_shows_mine_first_and_private_ones_only_to_those_concerned(policy: Policy) -> None:
    theirs = incident_view(
        quiet(id="i2", number=13, title="theirs", declared_by="UX", participants=Participants(invitees=(), invited=())),
        policy,
    )
    secret = theirs.copy_with(incident=theirs.incident.copy_with(private=True, number=14, title="secret"))
    mine = incident_view(quiet(title="mine"), policy)
    shown = "\n".join(texts(home.home([theirs, secret, mine], "UADA", NOW)))
    assert shown.index("INC-12") < shown.index("INC-13")
    assert "INC-14" not in shown


def test_home_puts_what_is_overdue_on_top(policy: Policy) -> None:
    calm = incident_view(quiet(number=20, severity="SEV-1"), policy)
    late = incident_view(
        in_state(State.ACKNOWLEDGED, number=21, severity="SEV-4", deadlines=Deadlines(update=NIGHT)), policy
    )
    shown = "\n".join(texts(home.home([calm, late], "UADA", NOW)))
    assert shown.index("INC-21") < shown.index("INC-20")
    assert "*Update overdue by 40 min*" in shown


def test_show_is_the_card_without_its_buttons(policy: Policy) -> None:
    card = lists.show(incident_view(quiet(description="since 1.4.2"), policy), NOW)
    shown = "\n".join(texts(card.blocks))
    assert pressable(card.blocks) == ["Catch up"]
    assert "*Commander:* none" in shown
    assert "> since 1.4.2" in shown


def test_a_refusal_gives_back_what_was_typed(policy: Policy) -> None:
    card = lists.refusal("There is no such severity.", "severity SEV-9 <!channel>")
    assert "> severity SEV-9" in texts(card.blocks)[-1]
    assert called(card.text + texts(card.blocks)[-1]) == set()


def test_the_timeline_says_how_much_came_before(policy: Policy) -> None:
    written = entries("note")
    card = timeline_list.timeline(incident_view(quiet(), policy), written)
    assert f"{len(written) - timeline_list.SHOWN} earlier are in the post-mortem" in "\n".join(texts(card.blocks))


def test_the_briefing_says_what_is_next(policy: Policy) -> None:
    shown = "\n".join(texts(timeline_list.briefing(incident_view(quiet(), policy), entries("note"), NOW).blocks))
    assert "Acknowledge: nobody has yet" in shown
    assert "*Commander:* none" in shown


def test_a_name_that_could_be_two_people_is_asked_about(policy: Policy) -> None:
    lovelace = Person(id="U1", name="ada.l", display_name="Ada", email="ada@example.com")
    byron = Person(id="U2", name="ada.b", display_name="Ada", email="ada@example.org")
    card = name_matches.candidates(
        "i1",
        [Ambiguity(said="ada", candidates=(lovelace, byron))],
        [Unknown(said="<!channel>", why=Why.NOT_FOUND)],
    )
    assert pressable(card.blocks) == ["Ada (@ada.l · example.com)", "Ada (@ada.b · example.org)"]
    assert [ids.carried(part["value"]).seen for part in objects(card.blocks) if "value" in part] == ["U1", "U2"]
    assert "Which “ada” do you mean?" in texts(card.blocks)


def test_how_long_it_lasted_does_not_grow_after_the_end(policy: Policy) -> None:
    view = incident_view(in_state(State.RESOLVED), policy)
    assert "lasted 35 min" in lists.status_line(view, NOW + timedelta(days=9))


def test_an_update_that_is_due_now_is_not_overdue_by_nothing(policy: Policy) -> None:
    due = in_state(State.ACKNOWLEDGED, deadlines=Deadlines(update=NOW))
    shown = "\n".join(texts(announcement.announcement(incident_view(due, policy), NOW).blocks))
    assert "⚠️ *Update due now*" in shown
    later = "\n".join(texts(announcement.announcement(incident_view(due, policy), NOW + timedelta(minutes=5)).blocks))
    assert "⚠️ *Update overdue by 5 min*" in later


@pytest.mark.parametrize("reason", [PageReason.BUTTON, PageReason.NO_UPDATE])
def test_whoever_was_paged_before_is_paged_again(reason: PageReason, policy: Policy) -> None:
    view = incident_view(in_state(State.ACKNOWLEDGED), policy)
    first = notices.Paged(people=("UGRACE",), level=2, reason=reason, by="UADA")
    assert "again" not in notice_card(first, view, NOW).text
    assert "again (level 2)" in notice_card(first.copy_with(again=True), view, NOW).text
