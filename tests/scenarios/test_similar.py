"""What happened before is said once, quietly, in the thread of the card."""

from __future__ import annotations

from sandbox import Sandbox
from tests.scenarios.conftest import WarRoom


async def test_a_recurrence_names_what_ended_it_the_last_time(room: WarRoom, slack: Sandbox) -> None:
    first = await room.declare("ada", "disk full on the checkout database --sev 2 --service checkout")
    await slack.slash(slack.person("ada"), room.channel_of(first).name, "/incident", "resolve deleted old logs")
    await room.wait(hours=1)
    again = await room.declare("grace", "no space left on the volume of checkout --sev 2 --service checkout")
    await room.wait(seconds=20)
    channel = room.channel_of(again)
    said = [each for each in channel.log if "Like this before" in each.plain()]
    assert len(said) == 1
    assert "INC-1" in said[0].plain()
    assert "deleted old logs" in said[0].plain()
    assert said[0].thread_ts == again.room.card_ts, "quietly: under the card"
    other = await room.declare("grace", "phone hotline plays silence --sev 3 --service hotline")
    await room.wait(seconds=20)
    assert not any("Like this before" in each.plain() for each in room.channel_of(other).log)
    assert [each.number for each in (await room.incident(2)).similar] == [1]
