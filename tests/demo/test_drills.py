"""Every drill of the project plays to its end, and ends as its file expects."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from rich.console import Console

from bot.demo.demo_company import company_policy
from bot.demo.drills import Drill, DrillError, drill_names, load, play_drill
from bot.demo.workspace import workspace


async def played(drill: Drill) -> tuple[list[str], str]:
    """(the differences from the expectations, the terminal output)."""
    screen = io.StringIO()
    async with workspace() as (slack, bot):
        differences = await play_drill(drill, slack, bot, company_policy(), Console(file=screen, width=100))
    return differences, screen.getvalue()


def test_drills_of_the_project_are_listed() -> None:
    assert {"leaking-release", "memory-leak", "nobody-answers", "alert-storm", "wrong-alarm"} <= set(drill_names())


@pytest.mark.parametrize("name", drill_names())
async def test_drill_ends_as_its_file_expects(name: str) -> None:
    drill = load(name)
    assert drill.expect.incidents, "a drill without expectations proves nothing"
    differences, screen = await played(drill)
    assert not differences
    assert "The drill against the policy" in screen
    for code in ("<@", "<#", "<!", "^{date", "|", "&amp;"):
        assert code not in screen.replace("│", ""), f"{code} is Slack's, not a reader's"


async def test_card_counts_every_host_of_the_storm_that_has_recovered() -> None:
    drill = load("alert-storm")
    steps = tuple(step for step in drill.steps if step.at <= timedelta(minutes=20, seconds=10))
    _, screen = await played(drill.copy_with(steps=steps))
    first, last = screen.split("0:40", 1)
    assert "40 firing (1 monitor, 40 hosts)" in first
    assert "all 40 recovered (1 monitor, 40 hosts)" in last
    assert "firing (" not in last


async def test_drill_differences_are_named() -> None:
    drill = load("wrong-alarm")
    steps = tuple(step for step in drill.steps if step.press is None)
    differences, screen = await played(drill.copy_with(steps=steps))
    assert differences == ["expect.incidents[1].acknowledged is 'in time', but it was 'not needed'"]
    assert "cancelled before" in screen


async def test_message_buttons_are_printed_once() -> None:
    drill = load("wrong-alarm")
    _, screen = await played(drill.copy_with(steps=drill.steps[:1]))
    assert screen.count("Post update") == 1
    assert "Paged: @ada @ben" in screen


async def test_drill_stops_at_the_step_that_a_person_cannot_do() -> None:
    drill = load("wrong-alarm")
    first, second, *rest = drill.steps
    with pytest.raises(
        DrillError, match=r"wrong-alarm stops at steps\[1\], 0:00:20: nothing that ben sees .* 'Launch'"
    ):
        await played(drill.copy_with(steps=(first, second.copy_with(press="Launch"), *rest)))


def test_demo_command_plays_and_ends_without_a_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150,
        env=os.environ | {"COLUMNS": "100"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    story = " ".join(done.stdout.replace("│", " ").split())
    for part in (
        "High Memory Usage on api: 9",  # the alert
        "Probable cause: api",
        "deployment of api 1.4.",  # whenever in a minute the release was
        "Next: Roll back api: deployment 1.4.",
        "Runbook: Roll back a release",
        "Fits: cause ",
        "Roll the deployment api in prod back to the release before",  # the plan
        "🔒 Approve the step rollback?",
        "but not @ada, who asked for it",
        "Identified — Some requests to our API fail.",
        "Roll back a release · done and verified",
        "approved by @ben",
        "recovered · 0.3",
        "Resolve",
        "OPS-1 INC-1: High Memory Usage on api · Incident · Highest · Done",
        "API · operational",
        "Status: Published",  # the post-mortem
        "Runbook approval by ben: Roll back a release, rollback: approved",
        "Runbook ended: Roll back a release: done and verified",
        "The drill against the policy",
    ):
        assert part in story, part
        story = story.partition(part)[2]
