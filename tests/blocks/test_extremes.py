"""Whatever arrives from outside, every picture is one that Slack takes, and it calls only those we mean to call."""

from __future__ import annotations

from typing import get_args

import pytest

from blocks.topic import purpose, topic
from sandbox.blockkit import MESSAGE_TEXT, problems, text_length, view_problems
from tests.blocks.pictures import CROWD, EVIL, EXTREMES, all_notices, cards, crowded, homes
from tests.blocks.reading import called, links, objects, texts
from warroom.incident import State
from warroom.notices import Notice
from warroom.policy import Policy

OURS = {*CROWD, "UDEC", "UADA", "UGRACE", "C1", *(f"U{i}" for i in range(20))}
INPUTS = pytest.mark.parametrize("text", EXTREMES.values(), ids=EXTREMES.keys())
SPOKEN = ("timeline", "briefing")
"""Pictures that one person sees; mentions in them are shown by name and call nobody."""


def test_every_kind_of_notice_is_drawn() -> None:
    union = get_args(get_args(Notice)[0])
    assert {type(notice) for notice in all_notices("x")} == set(union)


@INPUTS
def test_slack_takes_every_message(text: str, policy: Policy) -> None:
    for name, card in cards(crowded(text, State.DETECTED, policy), text).items():
        assert problems(card.blocks, "message") == [], name
        assert text_length(card.blocks) <= MESSAGE_TEXT, name
        assert card.text.strip(), name
        assert len(card.text) <= 4_000, name


@INPUTS
@pytest.mark.parametrize("state", State)
def test_slack_takes_the_card_in_every_state(text: str, state: State, policy: Policy) -> None:
    view = crowded(text, state, policy)
    for name in ("card", "announcement", "show", "briefing"):
        assert problems(cards(view, "x")[name].blocks, "message") == [], name


@INPUTS
def test_slack_takes_every_home_tab(text: str, policy: Policy) -> None:
    for name, view in homes(crowded(text, State.ACKNOWLEDGED, policy)).items():
        assert view_problems(view) == [], name


@INPUTS
def test_topic_and_purpose_fit(text: str, policy: Policy) -> None:
    view = crowded(text, State.DETECTED, policy)
    for shown in (topic(view), purpose(view)):
        assert 0 < len(shown) <= 250
        assert called(shown) == set()


@INPUTS
def test_nobody_is_called_by_what_others_wrote(text: str, policy: Policy) -> None:
    view = crowded(text, State.DETECTED, policy)
    pictures = cards(view, text)
    for name, card in pictures.items():
        if name in SPOKEN:
            continue
        for shown in (card.text, *texts(card.blocks)):
            assert called(shown) <= OURS, name
    for name, home in homes(view).items():
        assert called(" ".join(texts(home))) <= OURS, name


def test_what_one_person_sees_names_people_but_no_channel_at_large(policy: Policy) -> None:
    for name, card in cards(crowded(EVIL, State.DETECTED, policy), EVIL).items():
        for shown in (card.text, *texts(card.blocks)):
            assert not {each for each in called(shown) if each.startswith(("!", "@"))}, name


def test_plain_text_carries_no_live_mention_either(policy: Policy) -> None:
    for name, card in cards(crowded(EVIL, State.DETECTED, policy), EVIL).items():
        for shown in texts(card.blocks, "plain_text"):
            assert called(shown) == set(), name


def test_a_link_never_claims_to_lead_elsewhere(policy: Policy) -> None:
    for name, card in cards(crowded(EVIL, State.DETECTED, policy), EVIL).items():
        for shown in texts(card.blocks):
            for address, label in links(shown):
                assert address.startswith("https://"), name
                assert "bank.example" not in label or "evil.example" in label or "bank.example" in address, name


def test_mrkdwn_is_verbatim_so_that_slack_looks_for_no_names(policy: Policy) -> None:
    for name, card in cards(crowded(EVIL, State.DETECTED, policy), EVIL).items():
        for part in objects(card.blocks):
            assert part.get("type") != "mrkdwn" or part.get("verbatim") is True, name


def test_direction_overrides_are_gone(policy: Policy) -> None:
    text = EXTREMES["right to left"]
    for name, card in cards(crowded(text, State.DETECTED, policy), text).items():
        for shown in (card.text, *texts(card.blocks), *texts(card.blocks, "plain_text")):
            assert "\u202e" not in shown, name
            assert "\u2066" not in shown, name


def test_the_buttons_survive_the_longest_story(policy: Policy) -> None:
    card = cards(crowded("t" * 100_000, State.DETECTED, policy), "x")["card"]
    assert card.blocks[-1]["type"] == "actions"
