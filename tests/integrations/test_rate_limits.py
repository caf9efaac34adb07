"""Slack's limits are kept before Slack has to say so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.slack.rate_limits import BURST_SHARE, CHANNEL_BURST, PER_MINUTE, RESPONSE_URL, Budget
from tests.clock import ManualClock


def spend(budget: Budget, method: str, channel: str | None = None) -> int:
    """How many calls go at once."""
    count = 0
    while budget.take(method, channel) == 0:
        count += 1
    return count


def test_a_burst_goes_at_once_and_the_next_call_waits_its_share_of_the_minute(clock: ManualClock) -> None:
    budget = Budget(clock)
    assert spend(budget, "users.list") == 20 / BURST_SHARE
    clock.advance(2.9)
    assert budget.take("users.list") > 0
    clock.advance(0.2)
    assert budget.take("users.list") == 0


@pytest.mark.parametrize("method", sorted(PER_MINUTE))
def test_who_waited_as_long_as_told_need_not_wait_again(clock: ManualClock, method: str) -> None:
    budget = Budget(clock)
    spend(budget, method)
    for pause in range(50):
        if wait := budget.take(method):
            clock.advance(wait)
            assert budget.take(method) == 0
        clock.advance(pause % 7 / 10)


def test_one_channel_s_flood_does_not_keep_the_others_waiting(clock: ManualClock) -> None:
    budget = Budget(clock)
    assert spend(budget, "chat.postMessage", "C1") == CHANNEL_BURST
    assert budget.take("chat.postMessage", "C2") == 0
    assert budget.take("chat.update", "C1") == 0, "redrawing is not posting"


@pytest.mark.parametrize("method", ["chat.postEphemeral", RESPONSE_URL])
def test_what_one_person_sees_does_not_use_up_the_channel(clock: ManualClock, method: str) -> None:
    budget = Budget(clock)
    assert [budget.take(method, "C1") for _ in range(20)] == [0.0] * 20
    assert spend(budget, "chat.postMessage", "C1") == CHANNEL_BURST


def test_one_method_s_limit_does_not_stop_another(clock: ManualClock) -> None:
    budget = Budget(clock)
    budget.block("conversations.create", 30)
    assert budget.take("conversations.create") == 30
    assert budget.take("conversations.invite") == 0
    clock.advance(30)
    assert budget.take("conversations.create") == 0


def test_who_is_more_urgent_waits_less_than_who_came_first(clock: ManualClock) -> None:
    budget = Budget(clock)
    spend(budget, "chat.postMessage", "C1")
    patient = [budget.take("chat.postMessage", "C1", priority=50) for _ in range(3)]
    assert patient == sorted(patient)
    assert budget.take("chat.postMessage", "C1", priority=0) < patient[0]


def test_a_clock_that_is_set_back_blocks_nobody_for_longer_than_slack_said(clock: ManualClock) -> None:
    budget = Budget(clock)
    budget.block("chat.update", 5)
    spend(budget, "users.info")
    clock.advance(-3600)
    assert budget.take("chat.update") <= 5
    assert budget.take("users.info") <= 60
    clock.advance(5)
    assert budget.take("chat.update") == 0
    clock.advance(55)
    assert budget.take("users.info") == 0


def test_processes_side_by_side_divide_what_slack_allows(clock: ManualClock) -> None:
    alone, three = Budget(clock), [Budget(clock) for _ in range(3)]
    for each in three:
        each.share(3)
    spend(alone, "chat.update")
    for each in three:
        spend(each, "chat.update")
    clock.advance(60)
    rate, most = PER_MINUTE["chat.update"], PER_MINUTE["chat.update"] / BURST_SHARE
    assert most - 3 < sum(spend(each, "chat.update") for each in three) <= most
    assert spend(alone, "chat.update") == int(most)
    clock.advance(60 / rate)
    assert alone.take("chat.update") == 0
    assert three[0].take("chat.update") > 0, "its turn comes a third as often"


def test_who_joins_begins_with_one_call_and_the_others_give_up_what_is_not_theirs_any_more(clock: ManualClock) -> None:
    old, new = Budget(clock), Budget(clock)
    assert old.take("users.list") == 0
    new.share(2)
    assert spend(new, "users.list") == 1
    old.share(2)
    assert spend(old, "users.list") == int(20 / BURST_SHARE / 2)
    old.share(1)
    clock.advance(60)
    assert spend(old, "users.list") == 20 / BURST_SHARE, "left alone, everything is its own again"


def test_among_very_many_there_is_still_one_call(clock: ManualClock) -> None:
    budget = Budget(clock)
    budget.share(40)
    assert spend(budget, "conversations.create") == 1
    clock.advance(budget.take("conversations.create"))
    assert budget.take("conversations.create") == 0


def test_what_slack_told_one_the_other_heeds(clock: ManualClock) -> None:
    told = []
    first, second = Budget(clock, lambda: told.append(True)), Budget(clock)
    first.block("chat.update", 30)
    assert told, "the others are told at once"
    second.apply_limits(first.limited)
    assert second.take("chat.update") == 30
    assert second.take("pins.add") == 0
    second.block("chat.update", 40)
    second.apply_limits(first.limited)
    assert second.take("chat.update") == 40, "the longer one counts"
    clock.advance(40)
    assert (first.limited, second.limited, second.take("chat.update")) == ({}, {}, 0)


STEPS = st.lists(st.floats(0, 20), max_size=40)


@given(st.sampled_from(sorted(PER_MINUTE)), STEPS)
def test_never_more_than_the_tier_and_one_burst_however_time_passes(method: str, steps: list[float]) -> None:
    clock = ManualClock()
    budget = Budget(clock)
    made = spend(budget, method)
    for seconds in steps:
        clock.advance(seconds)
        made += spend(budget, method)
    assert made <= PER_MINUTE[method] * (clock.passed / 60 + 1 / BURST_SHARE) + 1e-6


@given(st.sampled_from(sorted(PER_MINUTE)))
def test_who_comes_back_when_told_is_served(method: str) -> None:
    clock = ManualClock()
    budget = Budget(clock)
    spend(budget, method)
    clock.advance(budget.take(method) + 0.001)
    assert budget.take(method) == 0
