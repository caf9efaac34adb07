"""The weekly review in the broadcast channel, on the workspace's clock."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sandbox import Sandbox
from tests.scenarios.conftest import WarRoom
from warroom.metrics.weekly import next_due


async def test_every_monday_one_review_and_its_chart_below_it(room: WarRoom, slack: Sandbox) -> None:
    incident = await room.declare("ada", "checkout returns 500s --sev 2")
    await slack.slash(slack.person("ada"), room.channel_of(incident).name, "/incident", "resolve rolled back")
    workspace = room.bot.world.policy.workspace
    assert workspace.review_at is not None
    now = slack.clock.now()
    due = next_due(now, workspace.review_at, ZoneInfo(workspace.timezone))
    await room.wait(seconds=(due - now).total_seconds() + 60)

    def posted() -> list[str]:
        return [each.plain() for each in slack.channel("incidents").log if "Incidents from" in each.plain()]

    assert len(posted()) == 1
    await room.wait(days=7)
    assert len(posted()) == 2
    assert "none" in posted()[1] or "late" in posted()[1] or "missing" in posted()[1]
    assert timedelta(0) < due - now <= timedelta(days=7)
