"""A duplicate is merged, its alerts follow, and it can be taken back."""

from __future__ import annotations

from tests.scenarios.conftest import WarRoom
from tests.scenarios.test_alerts import ALERT
from tests.scenarios.test_correcting import answer
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
