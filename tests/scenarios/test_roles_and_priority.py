"""Roles of the policy with what they are for; action items with a priority, told to their owner."""

from __future__ import annotations

import pytest

from tests.scenarios.conftest import COMPANY, WarRoom
from tests.scenarios.test_correcting import answer
from warroom.incident.parts import ActionPriority
from warroom.policy import Policy, check

SAYS = "says when a failover is safe"
ROLES = {"database lead": {"description": SAYS, "aliases": ["dba", "DB owner"]}}


@pytest.fixture
def policy() -> Policy:
    """The company's, with a role of its own."""
    checked = check(COMPANY | {"roles": ROLES})
    assert checked.policy is not None, checked.mistakes
    return checked.policy


async def test_a_role_of_the_policy_is_offered_with_what_it_is_for_and_told_to_whoever_gets_it(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    slack, channel = room.slack, room.channel_of(incident)
    ben = slack.person("ben")
    given = (await answer(room, "ada", "role dba @ben", channel.name)).plain()
    assert "database lead" in given
    assert SAYS in given
    assert (await room.incident()).roles == (("database lead", ben.id),)
    (told,) = [each for each in slack.direct(ben) if "made you" in each.plain()]
    assert SAYS in told.plain()
    assert "INC-1" in told.plain()
    await answer(room, "ben", "role db owner grace", channel.name)
    assert (await room.incident()).roles == (("database lead", slack.person("grace").id),)
    listed = (await answer(room, "ada", "role", channel.name)).plain()
    assert f"<@{slack.person('grace').id}>" in listed
    assert "keeps the timeline" in listed
    card = next(each for each in channel.log if each.ts == (incident.room.card_ts))
    assert "Database lead" in card.plain()
    await slack.click(slack.person("ada"), channel, card, "Roles…")
    form = await slack.modal(slack.person("ada"))
    assert SAYS in str(form.view.body)


def test_two_roles_of_one_name_are_a_warning() -> None:
    checked = check(
        {"roles": {"dba": {"description": "one"}, "database lead": {"description": "x", "aliases": ["DBA"]}}}
    )
    assert any("means dba already" in each.problem for each in checked.warnings)


async def test_an_action_item_has_a_priority_by_word_form_and_edit(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    slack, channel, ada = room.slack, room.channel_of(incident), room.slack.person("ada")
    said = (await answer(room, "ada", "action add raise the limit @ben due friday priority high", channel.name)).plain()
    assert "high priority" in said
    await answer(room, "ada", "action add write it down !low @ben", channel.name)
    await answer(room, "ada", "action add lower the alert's priority", channel.name)
    first, second, third = (await room.incident()).actions
    assert (first.text, first.priority, first.owner) == ("raise the limit", ActionPriority.HIGH, slack.person("ben").id)
    assert (second.text, second.priority) == ("write it down", ActionPriority.LOW)
    assert (third.text, third.priority) == ("lower the alert's priority", None)
    assert any("high priority" in each.plain() for each in slack.direct(slack.person("ben")))
    await answer(room, "ada", "action priority 3 P2", channel.name)
    await answer(room, "ada", "action priority 2 none", channel.name)
    assert [each.priority for each in (await room.incident()).actions] == [
        ActionPriority.HIGH,
        None,
        ActionPriority.MEDIUM,
    ]
    listed = await answer(room, "ada", "action list", channel.name)
    assert "🔺 high priority" in listed.plain()
    await slack.click(ada, channel, listed, "Edit…")
    form = await slack.modal(ada)
    form.fill("Priority", "Low")
    assert (await slack.submit(ada, form)).closed
    await room.settle()
    assert (await room.incident()).actions[0].priority is ActionPriority.LOW


async def test_the_owner_is_told_directly_when_it_is_due_and_the_room_a_day_later(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow --sev 4 @ben")
    slack, channel = room.slack, room.channel_of(incident)
    await answer(room, "ada", "action add raise the limit @ben due 3d", channel.name)
    await answer(room, "ada", "resolve done", channel.name)

    def direct() -> int:
        return sum("raise the limit" in each.plain() for each in slack.direct(slack.person("ben")))

    def said() -> int:
        return sum("raise the limit" in each.plain() for each in channel.log if each.by_app and not each.thread_ts)

    began, there = direct(), said()
    due = (await room.incident()).actions[0].due_at
    assert due is not None
    left = (due - slack.clock.now()).total_seconds()
    await room.wait(seconds=left, days=-1, minutes=1)
    assert (direct(), said()) == (began + 1, there), "the day before"
    await room.wait(days=1)
    assert (direct(), said()) == (began + 2, there), "when it is due"
    await room.wait(days=1, hours=2)
    assert (direct(), said()) == (began + 2, there + 1), "a day late"


async def test_the_impact_is_corrected_in_the_form(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    slack, channel, ada = room.slack, room.channel_of(incident), room.slack.person("ada")
    await room.wait(minutes=30)
    await answer(room, "ada", "resolve failed over", channel.name)
    await answer(room, "ada", "postmortem", channel.name)
    shared = next(each for each in channel.log if "post-mortem is drafted" in each.plain())
    await slack.click(ada, channel, shared, "Edit post-mortem")
    form = await slack.modal(ada)
    assert form.value("Impact began").startswith(f"{incident.declared_at:%Y-%m-%d %H:%M}")
    form.fill("Impact began", "tomorrow morning")
    assert "A time that is over" in str((await slack.submit(ada, form)).errors)
    early = incident.declared_at.replace(second=0, microsecond=0)
    early = early.replace(day=early.day - 1) if early.day > 1 else early
    form.fill("Impact began", f"{early:%Y-%m-%d %H:%M}")
    assert (await slack.submit(ada, form)).closed
    await room.settle()
    written = (await room.incident()).postmortem
    assert written is not None
    assert written.impact_began == early.isoformat()
    (document,) = [each for each in channel.files if each.name.endswith(".md")]
    assert f"**Began:** {early.day} {early:%b %Y}" in (document.content or b"").decode()
