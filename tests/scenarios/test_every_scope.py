"""Each permission of the app is missing once, through the life of two incidents: it is named, and nothing breaks or goes on for ever."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from integrations.slack.scopes import needed_scopes
from integrations.slack.startup import verify
from sandbox import Sandbox, UserGroup
from tests.reliability.conftest import policy_of
from tests.reliability.effect_case import GROUP
from tests.scenarios.conftest import WarRoom
from tests.scenarios.conftest import slack as slack
from tests.scenarios.test_crowd import assert_nothing_broke
from warroom.incident.model import State
from warroom.policy import Policy

MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "manifest.yml").read_text())
SCOPES = sorted({*MANIFEST["oauth_config"]["scopes"]["bot"], "usergroups:write"})
SILENT = {"chat:write", "commands"}
"""Without them nothing can be said in a channel, or nothing reaches the bot."""


@pytest.fixture
def policy() -> Policy:
    """With bookmarks, an alert channel, and a user group that follows a schedule."""
    return policy_of()


async def life(room: WarRoom) -> None:
    """A public incident and a private one, with what calls every method that there is."""
    slack = room.slack
    public = await room.declare("ada", "checkout returns 500s --sev 1 @grace")
    await room.declare("ada", "leaked key --sev 1 --private @grace")
    where = next((each for each in slack.channels() if each.id == public.room.channel_id), slack.channel("general"))
    number = f"#{public.number}"
    for typed in (
        f"ack {number}",
        f"update {number} rolling back",
        f"sev {number} 2",
        f"invite {number} ben@example.com",
        f"edit {number} title checkout is slow",
        f"action add {number} buy disks",
        "oncall",
        "list",
        f"resolve {number} rolled back",
        f"postmortem {number}",
    ):
        assert (await slack.slash(slack.person("ada"), where, "/incident", typed)).acked
    await room.settle()
    await room.wait(hours=1)
    await room.wait(minutes=5)


def everything_said(slack: Sandbox) -> list[str]:
    """What the bot said, to whomever."""
    shown = (each for channel in slack.workspace.channels.values() for each in channel.log if each.by_app)
    return [each.plain() for each in (*shown, *slack.workspace.ephemerals)]


@pytest.mark.parametrize("scope", SCOPES)
async def test_without_one_permission_it_is_named_and_the_rest_goes_on(
    slack: Sandbox,
    room: WarRoom,
    scope: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await slack.save_usergroup(UserGroup("", GROUP, "On call", [slack.person("ben").id]))
    scopes = slack.workspace.app.scopes
    scopes |= set(SCOPES)
    scopes.discard(scope)
    report = await verify(slack.bot_token, slack.app_token, needed_scopes(keeps_groups=True), slack.api_url)
    (named,) = [text for text in (*report.problems, *report.remarks) if scope in text]
    assert f"{scope} (" in named, "with what does not work without it"
    await life(room)
    assert_nothing_broke(caplog, capsys)
    assert (await room.incident()).state is State.RESOLVED
    assert (await room.bot.store.store_stats()).waiting == 0, "nothing is tried for ever"
    dead = [each for each in await room.bot.store.dead_letters() if "has no room" not in each.error]
    assert [each for each in dead if scope not in each.error] == []
    if dead and scope not in SILENT:
        assert any(scope in text for text in everything_said(slack)), "people are told, not only the log"
