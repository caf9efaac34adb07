"""Every drill of the repository plays to its end, and ends as its own file says."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console

from bot.demo.company import company_policy
from bot.demo.demo import workspace
from bot.demo.drills import Drill, DrillError, drills, load, play


async def played(drill: Drill) -> tuple[list[str], str]:
    """(what ended otherwise than expected, what a reader saw in the terminal)."""
    screen = io.StringIO()
    async with workspace() as (slack, bot):
        differences = await play(drill, slack, bot, company_policy(), Console(file=screen, width=100))
    return differences, screen.getvalue()


def test_the_stories_that_everybody_should_have_played_are_there() -> None:
    assert {"memory-leak", "nobody-answers", "alert-storm", "wrong-alarm"} <= set(drills())


@pytest.mark.parametrize("name", drills())
async def test_it_ends_as_its_file_says(name: str) -> None:
    drill = load(name)
    assert drill.expect.incidents, "a drill without expectations proves nothing"
    differences, screen = await played(drill)
    assert not differences
    assert "The drill against the policy" in screen
    for code in ("<@", "<#", "<!", "^{date", "|", "&amp;"):
        assert code not in screen.replace("│", ""), f"{code} is Slack's, not a reader's"


async def test_what_ends_otherwise_is_named() -> None:
    drill = load("wrong-alarm")
    steps = tuple(step for step in drill.steps if step.press is None)
    differences, screen = await played(drill.copy_with(steps=steps))
    assert differences == ["expect.incidents[1].acknowledged is 'in time', but it was 'not needed'"]
    assert "cancelled before" in screen


async def test_the_buttons_of_a_message_stand_there_once() -> None:
    drill = load("wrong-alarm")
    _, screen = await played(drill.copy_with(steps=drill.steps[:1]))
    assert screen.count("Post update") == 1
    assert "Paged: @ada @ben" in screen


async def test_a_person_who_cannot_do_it_stops_the_drill_at_its_step() -> None:
    drill = load("wrong-alarm")
    first, second, *rest = drill.steps
    with pytest.raises(
        DrillError, match=r"wrong-alarm stops at steps\[1\], 0:00:20: nothing that ben sees .* 'Launch'"
    ):
        await played(drill.copy_with(steps=(first, second.copy_with(press="Launch"), *rest)))


def test_without_a_terminal_the_command_tells_its_story_and_ends_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150,
        env=os.environ | {"COLUMNS": "100"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Root cause" in done.stdout, "the post-mortem is shown"
    assert done.stdout.rindex("The drill against the policy") > done.stdout.index("Root cause")
