"""All five ways of declaring lead into the same room."""

from __future__ import annotations

import asyncio

from tests.scenarios.conftest import WarRoom
from warroom.incident.model import State

LABELS = ["Acknowledge", "Escalate", "Resolve", "Post update"]


async def test_one_line_opens_a_furnished_room(room: WarRoom) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 1 --team platform grace@example.com")
    slack = room.slack
    channel = slack.channel("inc-1-checkout-returns-500s")
    oncall = slack.usergroup("sre-oncall")
    assert {slack.person("ada").id, slack.person("grace").id, *oncall.users} <= set(channel.members)
    card = channel.messages_by_bot()[0]
    assert card.labels()[:4] == LABELS
    assert [pin.ts for pin in channel.pins] == [card.ts] == [incident.room.card_ts]
    assert "checkout returns 500s" in channel.topic + channel.purpose
    announcement = slack.channel("incidents").messages_by_bot()
    assert len(announcement) == 1
    assert "checkout returns 500s" in announcement[0].plain()
    assert len(slack.channel("sre-alerts").messages_by_bot()) == 1
    assert len(channel.messages_by_bot()) == 1, "opening a room costs one message, the card"


async def test_the_room_is_usable_after_two_round_trips(room: WarRoom) -> None:
    slack, first, second = room.slack, asyncio.Event(), asyncio.Event()

    def begun(*methods: str) -> bool:
        return {call.method for call in slack.calls} >= set(methods)

    def hold(answers: asyncio.Event) -> None:
        slack.faults.clear()
        slack.fail("*", "delay", times=None, until=answers)

    # No call is answered before all that belong to the same round trip were made, so the machine's speed does not count.
    slack.server.clear_calls()
    hold(first)
    slack.on_call("conversations.create", moment="after", do=lambda: hold(second))
    declaring = asyncio.create_task(room.declare("ada", "checkout returns 500s --sev 1"))
    await slack.until(lambda: begun("conversations.create"), why="the room is opened with the first round trip")
    first.set()
    await slack.until(lambda: begun("chat.postMessage", "conversations.invite"), why="both come with the second")
    second.set()
    await declaring
    trips = {call.method: call.round_trip for call in reversed(slack.calls)}
    assert trips["conversations.create"] == 1
    assert (trips["chat.postMessage"], trips["conversations.invite"]) == (2, 2)


async def test_the_form_opens_the_same_room_and_a_second_submission_opens_none(room: WarRoom) -> None:
    slack = room.slack
    ada = slack.person("ada")
    await slack.slash(ada, "general", "/incident", "declare")
    form = await slack.modal(ada)
    form.fill("Title", "search is slow")
    form.fill("Severity", "SEV-2")
    form.fill("People to invite", [slack.person("ben").id])
    result = await slack.submit(ada, form)
    assert result.closed, result.errors
    await slack.submit(ada, form)
    await room.settle()
    assert slack.person("ben").id in slack.channel("inc-1-search-is-slow").members
    assert await room.bot.store.last_number() == 1


async def test_the_message_shortcut_quotes_the_message(room: WarRoom) -> None:
    slack = room.slack
    ada = slack.person("ada")
    message = await slack.say(ada, "general", "is checkout broken for anybody else?")
    await slack.shortcut(ada, "declare_from_message", "general", message)
    form = await slack.modal(ada)
    form.fill("Title", "checkout broken")
    await slack.submit(ada, form)
    await room.settle()
    card = slack.channel("inc-1-checkout-broken").messages_by_bot()[0]
    assert "is checkout broken for anybody else?" in card.plain()


async def test_a_private_incident_is_private_and_not_announced(room: WarRoom) -> None:
    await room.declare("ada", "leaked key --sev 1 --private")
    channel = room.slack.channel("inc-1-leaked-key")
    assert channel.is_private
    assert room.slack.channel("incidents").messages_by_bot() == []
    assert room.slack.channel("sre-alerts").messages_by_bot() == []


async def test_a_title_cannot_mention_anybody(room: WarRoom) -> None:
    await room.declare("ada", "<!channel> is down & <b>out</b> " + "x" * 3000)
    for name in ("inc-1", "incidents"):
        channel = next(c for c in room.slack.channels() if c.name.startswith(name))
        said = channel.messages_by_bot()
        assert said, f"nothing was said in {channel.name}"
        for message in said:
            assert "is down" in message.plain()
            assert "<!channel>" not in str(message.blocks) + message.text


async def test_somebody_unknown_is_said_and_the_rest_goes_on(room: WarRoom) -> None:
    await room.declare("ada", "db down --sev 2 nobody.at.all@example.com")
    said = " ".join(m.plain() for m in room.slack.ephemerals(room.slack.person("ada")))
    assert "nobody.at.all@example.com" in said
    assert (await room.incident()).state is State.DETECTED


async def test_what_could_be_two_people_is_asked(room: WarRoom) -> None:
    slack = room.slack
    twins = [p for p in slack.people() if p.display_name.startswith("Alex")]
    assert len(twins) >= 2, "the sample company has homonyms"
    await room.declare("ada", "db down @alex")
    asked = slack.ephemerals(slack.person("ada"))[-1]
    label = next(label for label in asked.labels() if "Alex" in label)
    await slack.click(slack.person("ada"), "general", asked, label)
    await room.settle()
    members = slack.channel("inc-1-db-down").members
    assert len([p for p in twins if p.id in members]) == 1
