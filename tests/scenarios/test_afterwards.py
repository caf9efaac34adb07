"""What is written down and followed up: the timeline, action items, and incidents that are over."""

from __future__ import annotations

from tests.scenarios.conftest import WarRoom
from tests.scenarios.test_correcting import answer, home_of
from warroom.incident.model import State
from warroom.incident.parts import ActionItem


async def items(room: WarRoom) -> tuple[ActionItem, ...]:
    return (await room.incident()).actions


async def test_an_action_item_is_added_assigned_done_edited_and_deleted(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    slack, where = room.slack, room.channel_of(incident).name
    ben = slack.person("ben")
    await answer(room, "ada", "action add raise the limit @ben due friday", where)
    (told,) = [each for each in slack.direct(ben) if "assigned you action item 1" in each.plain()]
    assert "raise the limit" in told.plain()
    assert "INC-1" in told.plain()
    await answer(room, "ada", "action add write the runbook", where)
    await answer(room, "ada", "action assign 2 me", where)
    assert not any("write the runbook" in each.plain() for each in slack.direct(slack.person("ada")))
    await answer(room, "ben", "action done 1", where)
    assert "done already" in (await answer(room, "ben", "action done 1", where)).plain()
    await answer(room, "ben", "action reopen 1", where)
    await answer(room, "ada", "action edit 1 raise the limit to 2 GB", where)
    await answer(room, "ada", "action due 2 3d", where)
    first, second = await items(room)
    assert (first.text, first.owner, first.done_at) == ("raise the limit to 2 GB", ben.id, None)
    assert (second.owner, second.due_at is not None) == (slack.person("ada").id, True)
    await answer(room, "ada", "action delete 2", where)
    await answer(room, "ada", "action add buy a bigger disk", where)
    assert [item.id for item in await items(room)] == ["a1", "a3"], "a number is not given twice"
    assert "no action item 2" in (await answer(room, "ada", "action done 2", where)).plain()


async def test_due_someday_is_answered_and_nothing_is_lost(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    where = room.channel_of(incident).name
    said = (await answer(room, "ada", "action add raise the limit due someday", where)).plain()
    assert "“someday” is not a date" in said
    assert "action add raise the limit due someday" in said
    assert await items(room) == ()
    await answer(room, "ada", "action add pay what is due to the vendor", where)
    assert [item.text for item in await items(room)] == ["pay what is due to the vendor"]


async def test_the_list_has_buttons_and_is_redrawn(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    slack, channel, ada = room.slack, room.channel_of(incident), room.slack.person("ada")
    await answer(room, "ada", "action add raise the limit", channel.name)
    listed = await answer(room, "ada", "action list", channel.name)
    assert {"Done", "Assign to me", "Edit…", "Delete", "Add action item"} <= set(listed.labels())
    await slack.click(ada, channel, listed, "Done")
    await room.settle()
    assert (await items(room))[0].done_at is not None
    assert "Reopen" in listed.labels()
    assert "done" in listed.plain()
    await slack.click(ada, channel, listed, "Edit…")
    form = await slack.modal(ada)
    form.fill("Action item", "raise the limit to 2 GB")
    form.fill("Due", "friday")
    assert (await slack.submit(ada, form)).closed
    await room.settle()
    (item,) = await items(room)
    assert (item.text, item.due_at is not None) == ("raise the limit to 2 GB", True)


async def test_an_action_item_is_made_from_a_message(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    slack, channel, ada = room.slack, room.channel_of(incident), room.slack.person("ada")
    message = await slack.say(slack.person("ben"), channel.name, "we should alert on disk space")
    await slack.shortcut(ada, "add_action_item", channel.name, message)
    form = await slack.modal(ada)
    assert form.value("Action item") == "we should alert on disk space"
    form.fill("Owner", slack.person("ben").id)
    assert (await slack.submit(ada, form)).closed
    await room.settle()
    (item,) = await items(room)
    assert (item.text, item.owner) == ("we should alert on disk space", slack.person("ben").id)
    elsewhere = await slack.say(slack.person("ben"), "general", "and on inodes")
    await slack.shortcut(ada, "add_action_item", "general", elsewhere)
    assert (await slack.submit(ada, await slack.modal(ada))).closed
    await room.settle()
    assert [each.text for each in await items(room)] == ["we should alert on disk space", "and on inodes"]


async def test_action_items_of_all_incidents_are_listed_and_private_ones_only_to_their_people(room: WarRoom) -> None:
    await room.declare("ada", "db down --sev 2")
    await room.declare("ada", "leaked key --sev 2 --private --team platform")
    await answer(room, "ada", "action #1 add raise the limit @ben")
    await answer(room, "ada", "action #2 add rotate the key @ada")
    assert "raise the limit" in (await answer(room, "ben", "action list mine")).plain()
    assert "raise the limit" in (await answer(room, "ada", "action list @ben")).plain()
    assert "rotate the key" in (await answer(room, "ada", "action list platform")).plain()
    outside = (await answer(room, "kwame", "action list")).plain()
    assert "raise the limit" in outside
    assert "rotate the key" not in outside
    await room.slack.open_home(room.slack.person("ben"))
    await room.settle()
    assert "My action items" in home_of(room, "ben")
    assert "raise the limit" in home_of(room, "ben")


async def test_the_timeline_is_in_order_of_what_happened(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    where = room.channel_of(incident).name
    await answer(room, "ada", "timeline add the replica is behind", where)
    said = (await answer(room, "ada", "timeline add yesterday 23:10 deployed 1.4.2", where)).plain()
    assert "23:10" in said
    shown = (await answer(room, "ada", "timeline", where)).plain()
    assert shown.index("deployed 1.4.2") < shown.index("db down") < shown.index("the replica is behind")


async def test_ones_own_entries_are_edited_and_removed_and_the_audit_keeps_them(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    where = room.channel_of(incident).name
    await answer(room, "ada", "timeline add deployd 1.4.2", where)
    await answer(room, "ada", "timeline add told the boss", where)
    assert "Only they can change or remove it" in (await answer(room, "ben", "timeline remove 1", where)).plain()
    await answer(room, "ada", "role scribe @ben", where)
    await answer(room, "ben", "timeline edit 1 deployed 1.4.1", where)
    await answer(room, "ada", "timeline edit 1 deployed 1.4.2", where)
    await answer(room, "ada", "timeline remove 2", where)
    shown = (await answer(room, "ben", "timeline", where)).plain()
    assert "deployed 1.4.2 (edited)" in shown
    assert "deployd" not in shown
    assert "told the boss" not in shown
    kept = [str(entry.event) for entry in await room.bot.store.timeline(incident.id)]
    assert any("told the boss" in each for each in kept)
    assert any("timeline remove 2" in row.said for row in await room.bot.store.audit("INC-1"))


async def test_a_message_is_put_on_the_timeline_from_its_menu_once(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 2")
    slack, channel = room.slack, room.channel_of(incident)
    message = await slack.say(slack.person("ben"), channel.name, "rolled back to 1.4.1")
    for _ in range(2):
        await slack.shortcut(slack.person("ada"), "add_to_timeline", channel.name, message)
        await room.settle()
    assert "on the timeline of INC-1" in slack.ephemerals(slack.person("ada"))[-1].plain()
    shown = (await answer(room, "ada", "timeline", channel.name)).plain()
    assert shown.count("rolled back to 1.4.1") == 1


async def test_closed_incidents_are_listed_by_any_word(room: WarRoom) -> None:
    await room.declare("ada", "db down --sev 1")
    await room.declare("ben", "search is slow --sev 3")
    await answer(room, "ada", "resolve #1 rolled back")
    for typed, there, gone in (
        ("list closed", "db down", "search is slow"),
        ("list", "search is slow", "db down"),
        ("list closed SEV-1 platform", "db down", "search is slow"),
        ("list all sev 3", "search is slow", "db down"),
        ("list since 30d SEV-1", "db down", "search is slow"),
    ):
        shown = (await answer(room, "kwame", typed)).plain()
        assert there in shown, typed
        assert gone not in shown, typed
    assert "No incidents" in (await answer(room, "kwame", "list all mine")).plain()
    assert "“clsd” is nothing to list by" in (await answer(room, "ada", "list clsd")).plain()


async def test_a_long_list_goes_on_by_a_button(room: WarRoom) -> None:
    for number in range(32):
        await room.slack.slash(
            room.slack.person("ada"), "general", "/incident", f"declare outage number{number} --sev 4"
        )
    await room.settle()
    listed = await answer(room, "ada", "list mine")
    assert "*INC-32*" in listed.plain()
    assert "*INC-1*" not in listed.plain()
    await room.slack.click(room.slack.person("ada"), "general", listed, "Show 2 more")
    await room.settle()
    more = room.slack.ephemerals(room.slack.person("ada"))[-1].plain()
    assert "*INC-1*" in more
    assert "*INC-2*" in more
    assert "*INC-3*" not in more


async def test_home_has_what_is_over_what_is_due_and_what_can_be_done(room: WarRoom) -> None:
    await room.declare("ada", "db down --sev 1")
    await room.declare("ada", "leaked key --sev 1 --private")
    slack, ada = room.slack, room.slack.person("ada")
    for number in (1, 2):
        await answer(room, "ada", f"resolve #{number} done")
    await slack.open_home(ada)
    await slack.open_home(slack.person("kwame"))
    await room.settle()
    mine, theirs = home_of(room, "ada"), home_of(room, "kwame")
    assert "Post-mortems due" in mine
    assert "leaked key" in mine
    assert "db down" in theirs
    assert "leaked key" not in theirs
    await room.declare("ada", "search is slow --sev 3")
    await slack.open_home(ada)
    await room.settle()
    view = slack.home(ada)
    assert view is not None
    overflow = next(
        block["accessory"] for block in view["blocks"] if "search is slow" in str(block) and "accessory" in block
    )
    assert [each["text"]["text"] for each in overflow["options"]][:2] == ["Acknowledge", "Post update…"]


async def test_a_late_post_mortem_of_a_cancelled_incident_is_not_asked_for(room: WarRoom) -> None:
    incident = await room.declare("ada", "db down --sev 1")
    await room.slack.slash(room.slack.person("ada"), room.channel_of(incident), "/incident", "cancel a drill")
    await room.settle()
    assert (await room.incident()).state is State.CANCELLED
    await room.slack.open_home(room.slack.person("ada"))
    await room.settle()
    assert "Post-mortems due" not in home_of(room, "ada")
