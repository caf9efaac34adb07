"""Nights as they happen: nobody answers, updates are forgotten, it ends, it is written down."""

from __future__ import annotations

from tests.scenarios.conftest import WarRoom
from warroom.incident import events
from warroom.incident.model import State


async def test_nobody_acknowledges_a_sev_1(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    slack = room.slack
    channel = room.channel_of(incident)
    await room.wait(minutes=5)
    assert (await room.incident()).overdue
    assert "overdue" in channel.messages_by_bot()[0].plain().casefold()
    await room.wait(minutes=10)
    grace = slack.person("grace")
    assert grace.id in channel.members
    assert any(f"<@{grace.id}>" in str(m.blocks) + m.text for m in channel.messages_by_bot()[1:])
    await room.wait(minutes=15)
    await room.wait(minutes=15)
    assert (await room.incident()).escalation.rounds == 1
    thread = slack.channel("incidents").messages_by_bot()[0].replies
    assert thread, "everybody hears that nobody answered"
    assert thread[-1] in slack.channel("incidents").messages_by_bot(), "not only those who read the thread"
    await slack.click(grace, channel.name, channel.messages_by_bot()[0], "Acknowledge")
    await room.settle()
    after = await room.incident()
    assert (after.state, after.commander) == (State.ACKNOWLEDGED, grace.id)
    paged = len([e for e in await room.bot.store.timeline(after.id) if isinstance(e.event, events.PeoplePaged)])
    await room.wait(minutes=20)
    assert len([e for e in await room.bot.store.timeline(after.id) if isinstance(e.event, events.PeoplePaged)]) == paged


async def test_two_people_press_at_once_and_one_is_told_kindly(room: WarRoom) -> None:
    incident = await room.declare("ada", "search is slow --sev 2")
    slack = room.slack
    ada, ben = slack.person("ada"), slack.person("ben")
    channel = room.channel_of(incident)
    card = channel.messages_by_bot()[0]
    await slack.click(ada, channel.name, card, "Acknowledge")
    await room.settle()
    entries = await room.bot.store.timeline(incident.id)
    assert len([e for e in entries if isinstance(e.event, events.Acknowledged)]) == 1
    await slack.slash(ben, channel.name, "/incident", "ack")
    await room.settle()
    assert ada.id in slack.ephemerals(ben)[-1].text + str(slack.ephemerals(ben)[-1].blocks)


async def test_from_resolution_to_published_post_mortem(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    slack, ada = room.slack, room.slack.person("ada")
    channel = room.channel_of(incident)
    note = await slack.say(ada, channel.name, "rolled back to 1.4.1")
    await slack.react(ada, note, "pushpin")
    await slack.click(ada, channel.name, channel.messages_by_bot()[0], "Resolve")
    assert (await slack.submit(ada, await slack.modal(ada))).closed
    await room.settle()
    assert (await room.incident()).state is State.RESOLVED
    await room.wait(hours=49)
    assert any("Write post-mortem" in m.labels() for m in channel.messages_by_bot()), "a late one is chased"
    await slack.slash(ada, channel.name, "/incident", "postmortem")
    await room.settle()
    assert "rolled back to 1.4.1" in channel.files[-1].text
    ready = next(m for m in reversed(channel.messages_by_bot()) if "Publish" in m.labels())
    await slack.click(ada, channel.name, ready, "Publish")
    await room.settle()
    assert (await room.incident()).state is State.RESOLVED, "parts are missing"
    assert "Root cause" in slack.ephemerals(ada)[-1].plain()
    await slack.click(ada, channel.name, ready, "Edit post-mortem")
    form = await slack.modal(ada)
    for part in ("Summary", "Impact", "Root cause"):
        form.fill(part, f"the {part}")
    assert (await slack.submit(ada, form)).closed
    await room.settle()
    ready = next(m for m in reversed(channel.messages_by_bot()) if "Publish" in m.labels())
    await slack.click(ada, channel.name, ready, "Publish")
    await room.settle()
    asked = slack.ephemerals(ada)[-1]
    assert "There are no action items" in asked.plain()
    await slack.click(ada, channel.name, asked, "Publish anyway")
    await room.settle()
    assert (await room.incident()).state is State.CLOSED
    shared = [file for file in channel.files if file.name.startswith("post-mortem") and file.name.endswith(".md")]
    assert len(shared) == 1, "each version takes the place of the one before"
    assert "the Root cause" in shared[0].text
    canvas = slack.workspace.canvases[channel.canvas]
    assert canvas.title == f"Post-mortem {incident.name}"
    assert "the Root cause" in canvas.text
    assert "Published" in canvas.text


async def test_a_plan_without_canvases_is_said_nowhere(room: WarRoom) -> None:
    room.slack.workspace.plan_is_free = True
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    channel, ada = room.channel_of(incident), room.slack.person("ada")
    for typed in ("resolve", "postmortem"):
        await room.slack.slash(ada, channel.name, "/incident", typed)
        await room.settle()
    assert any(file.name.endswith(".md") for file in channel.files)
    assert not any("canvas" in message.plain() for message in channel.messages_by_bot())
    assert await room.bot.store.dead_letters() == []


async def test_a_canvas_that_people_made_is_left_alone(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    channel, ada = room.channel_of(incident), room.slack.person("ada")
    channel.canvas = "F0PEOPLE"
    for typed in ("resolve", "postmortem"):
        await room.slack.slash(ada, channel.name, "/incident", typed)
        await room.settle()
    assert channel.canvas == "F0PEOPLE"
    assert (await room.incident()).room.canvas_id is None


async def test_whoever_joins_late_is_told_what_they_missed(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    slack = room.slack
    await room.wait(minutes=3)
    newcomer = slack.person("chidi")
    await slack.join(newcomer, room.channel_of(incident))
    await room.settle()
    assert "checkout returns 500s" in slack.ephemerals(newcomer)[-1].plain()


async def test_app_home_lists_what_is_open(room: WarRoom) -> None:
    await room.declare("ada", "checkout returns 500s --sev 1")
    await room.slack.open_home(room.slack.person("ben"))
    await room.settle()
    assert "checkout returns 500s" in str(room.slack.home(room.slack.person("ben")))


async def test_a_room_that_was_archived_is_spoken_of_where_people_still_look(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1")
    slack, ada = room.slack, room.slack.person("ada")
    await slack.archive(ada, room.channel_of(incident))
    for text in ("update #1 still broken", "update #1 nearly there"):
        await slack.slash(ada, "general", "/incident", text)
        await room.settle()
    said = [m.plain() for m in slack.channel("incidents").messages_by_bot()[0].replies]
    assert any("nearly there" in line for line in said), "the announcement goes on"
    assert sum("archived the channel of INC-1" in line for line in said) == 1
