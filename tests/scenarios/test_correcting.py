"""Whatever was said can be corrected: how it ended, what it is called, who may see it, what is on its timeline."""

from __future__ import annotations

import json

import pytest

from blocks import ids
from sandbox import SlackMessage
from tests.scenarios.conftest import COMPANY, WarRoom
from warroom.incident import events
from warroom.incident.model import Incident, State
from warroom.policy import Policy, check

SAID = "About 40 % of EU checkouts fail. Started right after deploy 2.3.1."


@pytest.fixture
def policy() -> Policy:
    """The company, which renames channels and asks two questions about security incidents."""
    written = COMPANY | {
        "workspace": COMPANY["workspace"] | {"rename_channel": True},
        "teams": COMPANY["teams"]
        | {"data": {"services": ["warehouse"], "escalation": [{"after": "0m", "notify": ["ben@example.com"]}]}},
    }
    checked = check(written)
    assert checked.policy is not None, checked.mistakes
    return checked.policy


async def answer(room: WarRoom, who: str, text: str, where: str | None = None) -> SlackMessage:
    """The private answer to `/incident text`."""
    slack, person = room.slack, room.slack.person(who)
    before = len(slack.ephemerals(person))
    await slack.slash(person, where or "general", "/incident", text)
    await room.settle()
    after = slack.ephemerals(person)[before:]
    assert after, f"nothing was said to {who} about {text!r}"
    return after[-1]


async def menu(room: WarRoom, who: str, incident: Incident, chosen: str) -> None:
    """An entry of the card's menu."""
    card = room.channel_of(incident).messages_by_bot()[0]
    option = {"value": ids.carry(incident.id, chosen)}
    pressed = {"type": "static_select", "action_id": ids.MENU, "block_id": "card", "selected_option": option}
    await room.slack.press(room.slack.person(who), card, pressed)


def home_of(room: WarRoom, who: str) -> str:
    return json.dumps(room.slack.home(room.slack.person(who)), ensure_ascii=False)


async def test_resolve_asks_what_fixed_it_and_the_answer_can_come_later(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 2")
    slack, channel = room.slack, room.channel_of(incident)
    await slack.click(slack.person("ada"), channel, channel.messages_by_bot()[0], "Resolve")
    form = await slack.modal(slack.person("ada"))
    assert "What fixed it?" in form.plain()
    assert (await room.incident()).state is State.DETECTED, "the form is the question"
    assert (await slack.submit(slack.person("ada"), form)).closed
    await room.settle()
    assert ((await room.incident()).state, (await room.incident()).summary) == (State.RESOLVED, "")
    said = await answer(room, "ben", "resolve it was the pool", channel.name)
    assert "INC-1 was resolved already. What fixed it: “it was the pool”" in said.plain()
    said = await answer(room, "ben", "resolve the pool was too small", channel.name)
    assert "(was “it was the pool”)" in said.plain()
    assert (await room.incident()).summary == "the pool was too small"
    timeline = (await answer(room, "ada", "timeline", channel.name)).plain()
    assert "What fixed it changed" in timeline
    assert "it was the pool" in timeline


async def test_an_incident_is_edited_by_form_and_the_timeline_keeps_what_it_was(room: WarRoom) -> None:
    incident = await room.declare("ada", "chekout down --sev 2")
    slack, ada = room.slack, room.slack.person("ada")
    await menu(room, "ada", incident, ids.MENU_EDIT)
    form = await slack.modal(ada)
    form.fill("Title", "checkout returns 500s")
    form.fill("Description", SAID)
    form.fill("Impact", "40 % of EU customers cannot buy")
    form.fill("Services", ["api", "checkout"])
    form.fill("Severity", "SEV-1 · Critical")
    assert (await slack.submit(ada, form)).closed
    await room.settle()
    after = await room.incident()
    assert (after.title, after.severity, after.services) == ("checkout returns 500s", "SEV-1", ("api", "checkout"))
    assert (after.description, after.impact) == (SAID, "40 % of EU customers cannot buy")
    channel = room.channel_of(after)
    assert channel.name == after.room.channel_name == "inc-1-checkout-returns-500s", "the policy says so"
    assert "checkout returns 500s" in channel.messages_by_bot()[0].plain()
    assert "checkout returns 500s" in slack.channel("incidents").messages_by_bot()[0].plain()
    assert "“checkout returns 500s” (was “chekout down”)" in (await answer(room, "ada", "timeline #1")).plain()
    await slack.slash(ada, channel, "/incident", "resolve rolled back")
    await slack.slash(ada, channel, "/incident", "postmortem")
    await room.settle()
    written = (await room.incident()).postmortem
    assert written is not None
    assert SAID in written.summary
    assert written.impact == "40 % of EU customers cannot buy"


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        ("edit title payments time out", "title", "payments time out"),
        ("edit description since the deploy", "description", "since the deploy"),
        ("edit impact nobody can pay", "impact", "nobody can pay"),
        ("edit services checkout, api", "services", ("checkout", "api")),
        ("edit severity 1", "severity", "SEV-1"),
    ],
)
async def test_one_thing_is_edited_by_command(room: WarRoom, typed: str, field: str, value: object) -> None:
    incident = await room.declare("ada", "checkout down --sev 3")
    said = (await answer(room, "ada", typed, room.channel_of(incident).name)).plain()
    after = await room.incident()
    assert getattr(after, field) == value
    assert "INC-1" in said


async def test_what_cannot_be_edited_says_what_can(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout down --sev 3")
    said = (await answer(room, "ada", "edit colour blue", room.channel_of(incident).name)).plain()
    assert "“colour” cannot be edited. Use one of: title, description, impact" in said


async def test_another_team_is_paged_from_now_and_nobody_for_time_that_has_passed(room: WarRoom) -> None:
    incident = await room.declare("ada", "reports are empty --sev 1")
    channel, ben = room.channel_of(incident), room.slack.person("ben")
    await room.wait(minutes=4)
    said = await answer(room, "ada", "edit team data", channel.name)
    assert "The escalation policy of data applies from now" in said.plain()
    assert "“data” (was “platform”)" in said.plain()
    after = await room.incident()
    assert (after.team, after.escalation.team) == ("data", "data")
    assert ben.id in after.escalation.paged
    await room.wait(minutes=8)
    assert room.slack.person("grace").id not in channel.members, "the old policy pages nobody any more"


async def test_private_to_public_says_what_becomes_visible_and_asks(room: WarRoom) -> None:
    incident = await room.declare("ada", "credentials leaked --sev 2 --private")
    slack, channel, ada = room.slack, room.channel_of(incident), room.slack.person("ada")
    asked = await answer(room, "ada", "edit public", channel.name)
    assert "So far only people in its channel know of it" in asked.plain()
    assert f"<@{ada.id}>" in str(asked.blocks)
    assert "Messages in its channel stay private" in asked.plain()
    assert (await room.incident()).private, "it was only asked"
    assert slack.channel("incidents").messages_by_bot() == []
    await slack.click(ada, channel, asked, "Make it public")
    await room.settle()
    assert not (await room.incident()).private
    assert "credentials leaked" in slack.channel("incidents").messages_by_bot()[0].plain()
    assert "credentials leaked" in (await answer(room, "kwame", "list")).plain()


async def test_public_to_private_says_who_has_seen_it_and_takes_the_announcement_away(room: WarRoom) -> None:
    incident = await room.declare("ada", "odd logins --sev 2")
    slack, channel, ada = room.slack, room.channel_of(incident), room.slack.person("ada")
    await slack.slash(ada, channel, "/incident", "update three accounts so far")
    await room.settle()
    (announced,) = slack.channel("incidents").messages_by_bot()
    (told,) = slack.channel("sre-alerts").messages_by_bot()
    asked = await answer(room, "ada", "edit private", channel.name)
    assert "Already seen by:" in asked.plain()
    assert "anybody may have read the announcement" in asked.plain()
    assert "The channel itself stays public" in asked.plain()
    await slack.click(ada, channel, asked, "Make it private")
    await room.settle()
    assert (await room.incident()).private
    assert announced.deleted
    assert told.deleted, "the team's line too"
    assert [each for each in announced.replies if not each.deleted] == []
    assert "odd logins" not in (await answer(room, "kwame", "list")).plain()
    happened = [e.event for e in await room.bot.store.timeline(incident.id)]
    (event,) = [each for each in happened if isinstance(each, events.VisibilityChanged)]
    assert ada.id in event.seen_by
    assert event.announced


async def test_cancel_confirms_by_name_and_can_be_taken_back_within_an_hour(room: WarRoom) -> None:
    first = await room.declare("ada", "db down --sev 1")
    await room.declare("ada", "load test --sev 4")
    slack, ada = room.slack, room.slack.person("ada")
    asked = await answer(room, "ada", "cancel #1 only a load test")
    assert "Cancel INC-1 db down?" in asked.plain().replace("*", "")
    assert (await room.incident(1)).state is State.DETECTED
    await slack.click(ada, "general", asked, "Cancel INC-1")
    await room.settle()
    assert (await room.incident(1)).state is State.CANCELLED
    undo = slack.ephemerals(ada)[-1]
    assert "You can undo this for an hour" in undo.plain()
    await room.wait(minutes=20)
    await slack.click(ada, "general", undo, "Undo")
    await room.settle()
    after = await room.incident(1)
    assert (after.state, after.acknowledged_by) == (State.DETECTED, None)
    assert slack.person("grace").id in room.channel_of(first).members, "escalation went on: level 2 was due"
    await slack.slash(ada, room.channel_of(first), "/incident", "cancel the monitor was wrong")
    await room.settle()
    assert (await room.incident(1)).state is State.CANCELLED
    card = room.channel_of(first).messages_by_bot()[0]
    assert "Undo cancel" in card.labels()
    await room.wait(minutes=61)
    assert "Undo cancel" not in card.labels()
    assert "stays so" in (await answer(room, "ada", "reopen #1")).plain()


async def test_the_menu_cancels_through_a_form_with_the_name(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 1")
    slack, ada = room.slack, room.slack.person("ada")
    await menu(room, "ada", incident, ids.MENU_CANCEL)
    form = await slack.modal(ada)
    assert "INC-1" in form.title
    assert "db down" in form.plain()
    form.fill("Why", "the monitor was wrong")
    assert (await slack.submit(ada, form)).closed
    await room.settle()
    assert (await room.incident()).summary == "the monitor was wrong"


async def test_an_update_opens_with_what_happened_and_changes_state_severity_and_impact(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    slack, channel, ada = room.slack, room.channel_of(incident), room.slack.person("ada")
    await slack.click(ada, channel, channel.messages_by_bot()[0], "Acknowledge")
    found = await slack.say(slack.person("ben"), channel.name, "the pool is exhausted")
    await slack.react(ada, found, "pushpin")
    await slack.slash(ada, channel, "/incident", "invite @kwame")
    await room.settle()
    before = len(channel.messages_by_bot())
    await slack.click(ada, channel, channel.messages_by_bot()[0], "Post update")
    form = await slack.modal(ada)
    draft = form.value("Update")
    assert "Acknowledged by" in draft
    assert "the pool is exhausted" in draft
    assert "Joined: " in draft
    assert len(channel.messages_by_bot()) == before, "a draft is never posted by itself"
    form.fill("Update", "pool doubled, errors are falling")
    form.fill("State", "Mitigated")
    form.fill("Severity", "SEV-2 · High")
    form.fill("Impact", "5 % of checkouts fail")
    form.fill("Next update", "in 45 min")
    assert (await slack.submit(ada, form)).closed
    await room.settle()
    after = await room.incident()
    assert (after.state, after.severity, after.impact) == (State.MITIGATED, "SEV-2", "5 % of checkouts fail")
    assert after.updates.last == "pool doubled, errors are falling"
    assert after.deadlines.update is not None
    assert 44 <= (after.deadlines.update - room.bot.clock.now()).total_seconds() / 60 <= 45
    thread = slack.channel("incidents").messages_by_bot()[0].replies
    assert any("pool doubled" in each.plain() for each in thread)


async def test_a_too_long_update_is_refused_and_comes_back_whole(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    long = " ".join(f"word{number}" for number in range(600))
    said = await answer(room, "ada", f"update {long}", room.channel_of(incident).name)
    assert "An update may have 2,400 characters" in said.plain()
    assert "word0 " in said.plain()
    assert "word599" in said.plain()
    assert (await room.incident()).updates.last == ""


async def test_roles_by_their_other_names_are_one_role(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    where = room.channel_of(incident).name
    grace, ben = room.slack.person("grace"), room.slack.person("ben")
    for typed in (
        "role IC @grace",
        "role incident commander @grace",
        "role comms lead @ben",
        "role communications @grace",
    ):
        await room.slack.slash(room.slack.person("ada"), where, "/incident", typed)
        await room.settle()
    after = await room.incident()
    assert after.commander == grace.id
    assert after.roles == (("communications", grace.id),)
    await answer(room, "ada", "role comms @ben", where)
    assert (await room.incident()).roles == (("communications", ben.id),)
    card = room.channel_of(incident).messages_by_bot()[0].plain()
    assert "ic:" not in card.casefold().replace("public:", "")


async def test_mitigate_says_why(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    await answer(room, "ada", "mitigate failed over to the replica", room.channel_of(incident).name)
    after = await room.incident()
    assert (after.state, after.updates.last) == (State.MITIGATED, "failed over to the replica")
