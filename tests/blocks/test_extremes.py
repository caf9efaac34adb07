"""Whatever arrives from outside, every picture is one that Slack takes, and it calls only those we mean to call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import pytest

from blocks.announcement import announcement, purpose, topic
from blocks.declare_form import DeclareInput, Forecast, declare_form
from blocks.incident_card import incident_card
from blocks.kit import Card
from sandbox.blockkit import MESSAGE_TEXT, problems, text_length, view_problems
from tests.blocks.every_kind import all_notices
from tests.blocks.incidents import CROWD, EVIL, EXTREMES, NOW
from tests.blocks.pictures import cards, crowded, forms_of, homes
from tests.blocks.reading import called, links, objects, texts
from warroom.incident.model import State
from warroom.incident.notices import Notice
from warroom.incident.view import IncidentView
from warroom.people.model import Match, MatchKind, Person, Resolution
from warroom.policy import Policy
from warroom.policy.model import FieldType, Template, TemplateField
from warroom.policy.team import Team

OURS = {*CROWD, "UDEC", "UADA", "UBEN", "UGRACE", "C1", *(f"U{i}" for i in range(20))}
SPOKEN = ("timeline", "briefing")
"""Pictures that one person sees; mentions in them are shown by name and call nobody."""


@dataclass(frozen=True)
class Album:
    """Every picture of one extreme incident."""

    text: str
    view: IncidentView
    cards: dict[str, Card]
    homes: dict[str, dict[str, Any]]


def album_of(text: str, policy: Policy) -> Album:
    view = crowded(text, State.DETECTED, policy)
    return Album(text, view, cards(view, text), homes(view))


@pytest.fixture(scope="module", params=EXTREMES.values(), ids=list(EXTREMES))
def album(request: pytest.FixtureRequest, policy: Policy) -> Album:
    """One for each extreme."""
    return album_of(request.param, policy)


@pytest.fixture(scope="module")
def evil(policy: Policy) -> Album:
    """The one full of mentions, links and markup."""
    return album_of(EVIL, policy)


def test_every_kind_of_notice_is_drawn() -> None:
    union = get_args(get_args(Notice)[0])
    assert {type(notice) for notice in all_notices("x")} == set(union)


def test_slack_takes_every_message(album: Album) -> None:
    for name, card in album.cards.items():
        assert problems(card.blocks, "message") == [], name
        assert text_length(card.blocks) <= MESSAGE_TEXT, name
        assert card.text.strip(), name
        assert len(card.text) <= 4_000, name


@pytest.mark.parametrize("state", State)
def test_slack_takes_the_card_in_every_state(album: Album, state: State) -> None:
    view = album.view.copy_with(
        incident=album.view.incident.copy_with(state=state, resolved_at=NOW, resolved_by="UADA")
    )
    for card in (incident_card(view, NOW), announcement(view, NOW)):
        assert problems(card.blocks, "message") == []


def test_slack_takes_every_home_tab(album: Album) -> None:
    for name, view in album.homes.items():
        assert view_problems(view) == [], name


def test_slack_takes_every_form(album: Album, policy: Policy) -> None:
    for name, view in forms_of(album.view, album.text, policy).items():
        assert view_problems(view) == [], name


def test_topic_and_purpose_fit(album: Album) -> None:
    for shown in (topic(album.view), purpose(album.view)):
        assert 0 < len(shown) <= 250
        assert called(shown) == set()


def test_nobody_is_called_by_what_others_wrote(album: Album) -> None:
    for name, card in album.cards.items():
        for shown in (card.text, *texts(card.blocks)):
            assert name in SPOKEN or called(shown) <= OURS, name
    for name, home in album.homes.items():
        assert called(" ".join(texts(home))) <= OURS, name


def test_what_one_person_sees_names_people_but_calls_no_channel(evil: Album) -> None:
    for name in SPOKEN:
        for shown in (evil.cards[name].text, *texts(evil.cards[name].blocks)):
            assert not {each for each in called(shown) if each.startswith(("!", "@"))}, name


def test_plain_text_carries_no_live_mention_either(evil: Album) -> None:
    for name, card in evil.cards.items():
        for shown in texts(card.blocks, "plain_text"):
            assert called(shown) == set(), name


def test_a_link_never_claims_to_lead_elsewhere(evil: Album) -> None:
    for name, card in evil.cards.items():
        for address, label in (link for shown in texts(card.blocks) for link in links(shown)):
            assert address.startswith("https://"), name
            assert address.startswith("https://bank.example") or not label.startswith("https://bank.example"), name


def test_mrkdwn_is_verbatim_so_that_slack_looks_for_no_names(evil: Album) -> None:
    for name, card in evil.cards.items():
        for part in objects(card.blocks):
            assert part.get("type") != "mrkdwn" or part.get("verbatim") is True, name


def test_direction_overrides_are_gone(album: Album) -> None:
    for name, card in album.cards.items():
        for shown in (card.text, *texts(card.blocks), *texts(card.blocks, "plain_text")):
            assert not {"\u202e", "\u2066"} & set(shown), name


def test_the_buttons_survive_the_longest_story(album: Album) -> None:
    assert [block for block in album.cards["card"].blocks if block["type"] == "actions"]


def test_slack_takes_the_declare_form_of_any_policy() -> None:
    for text in EXTREMES.values():
        name = "".join(char for char in text if char.isalnum())[:140] or "x"
        teams = {f"{name[:60]} {n}": Team(services=tuple(f"{name} {n} {k}" for k in range(120))) for n in range(120)}
        questions = tuple(
            TemplateField(name=f"{name} {kind}", type=kind, options=("a", f"{name} b")) for kind in FieldType
        )
        policy = Policy(teams=teams, templates={"any": Template(fields=questions, severities=("SEV-1",))})
        crowd = tuple(Match(person=Person(id=person), said=text, matched_by=MatchKind.USER) for person in CROWD)
        filled = DeclareInput(
            title=text, severity="SEV-1", description=text, services=(text, f"{name} 0 0"), private=True
        )
        similar = (crowded(text, State.DETECTED, policy).incident,) * 9
        forecast = Forecast(called=Resolution(found=crowd), team=f"{name[:60]} 0", similar=similar, by="UADA")
        assert view_problems(declare_form(policy, filled, forecast)) == [], text[:40]
