"""A duplicate is merged, its alerts follow, and it can be taken back."""

from __future__ import annotations

import asyncio

from tests.scenarios.conftest import WarRoom
from tests.scenarios.test_alerts import ALERT
from tests.scenarios.test_correcting import answer
from warroom.incident import merging
from warroom.incident.events import Reopened
from warroom.incident.model import State


async def test_alerts_of_a_merged_incident_belong_to_the_one_that_goes_on(room: WarRoom) -> None:
    going = await room.declare("ada", "checkout is down --sev 2")
    await room.hook(ALERT)
    await room.settle()
    second = await room.incident(2)
    await room.slack.join(room.slack.person("ada"), room.channel_of(second))
    await room.settle()
    channel = room.channel_of(second)
    assert "merged into INC-1" in (await answer(room, "ada", "merge 1", channel.name)).plain()
    one, two = await room.incident(1), await room.incident(2)
    assert (one.alerts.firing, two.state) == (1, State.CANCELLED)
    assert [each.title for each in await room.bot.store.firings(one.id)] == [ALERT["alert_title"]]
    assert await room.bot.store.firings(two.id) == []
    assert set(room.channel_of(second).members) <= set(room.channel_of(going).members), "people came along"
    gone = next(each for each in channel.messages_by_bot() if "Merged into INC-1" in each.plain())
    await room.hook(ALERT | {"event_id": "3001", "alert_transition": "Re-Triggered"})
    await room.hook(ALERT | {"event_id": "3002", "alert_transition": "Recovered"})
    await room.settle()
    assert await room.bot.store.last_number() == 2, "no third room"
    assert (await room.incident(1)).alerts.firing == 0
    await room.slack.click("ada", channel, gone, "Undo merge")
    await room.settle()
    one, two = await room.incident(1), await room.incident(2)
    assert "Was merged into INC-1" in gone.plain()
    assert gone.labels() == [], "nobody can undo it twice"
    assert "It is no longer merged into INC-1" in channel.messages_by_bot()[-1].plain()
    assert (two.state, two.alerts.count, one.alerts.count) == (State.DETECTED, 2, 0)
    assert len(await room.bot.store.firings(two.id)) == 1


async def test_what_was_added_while_it_was_merged_is_there_after_the_undo(room: WarRoom) -> None:
    await room.declare("ada", "checkout is down --sev 2")
    second = await room.declare("ada", "payments time out --sev 2")
    channel = room.channel_of(second).name
    for typed in ("action add raise the limit", "merge 1", "action add tell the bank", "merge undo"):
        await room.slack.slash(room.slack.person("ada"), channel, "/incident", typed)
        await room.settle()
    two = await room.incident(2)
    assert [(item.id, item.text) for item in two.actions] == [("a1", "raise the limit"), ("a2", "tell the bank")]
    assert (await room.incident(1)).actions == ()


async def test_two_who_undo_a_merge_at_the_same_moment_undo_it_once(room: WarRoom) -> None:
    await room.declare("ada", "checkout is down --sev 2")
    second = await room.declare("ada", "payments time out --sev 2")
    ada, grace = (room.slack.person(name).id for name in ("ada", "grace"))
    world = room.bot.world
    await merging.merge(world, second.id, (await room.incident(1)).id, ada)
    both = await asyncio.gather(*(merging.undo(world, second.id, who) for who in (ada, grace)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) == ["Refused", "tuple"]
    undone = [each for each in await room.bot.store.timeline(second.id) if isinstance(each.event, Reopened)]
    assert len(undone) == 1
