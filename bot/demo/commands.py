"""What `python -m bot sandbox` and `python -m bot demo` do."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.markup import escape

from bot.demo.demo_company import company_policy
from bot.demo.drills import drill_names, load, play_drill
from bot.demo.workspace import workspace
from bot.runtime.app import Bot
from sandbox import Sandbox

out = Console(highlight=False)


async def play(name: str, *, stay: bool) -> list[str]:
    """Play a drill and print its story; with `stay` the workspace then stays open in a browser.

    Returns the differences between the drill's expectations and its end, a sentence each.
    Raises DrillError for a drill that cannot be read or played.
    """
    drill = load(name)
    out.print(f"[bold]{escape(drill.name)}[/]  {escape(drill.about)}\n")
    async with workspace() as (slack, bot):
        differences = await play_drill(drill, slack, bot, company_policy(), out)
        if stay:
            await _keep_open(slack, bot)
    out.print("\nUse it yourself, in a browser: make sandbox. Other stories: .venv/bin/python -m bot demo --list")
    return differences


def list_drills() -> list[tuple[str, str]]:
    """The project's drills as (name, what it is about). Raises DrillError."""
    return [(name, load(name).about) for name in drill_names()]


async def open_sandbox(port: int, people: int) -> None:
    """Run the workspace until it is interrupted, for use in a browser. Raises OSError when the port is taken."""
    async with workspace(port, people) as (slack, bot):
        await _keep_open(slack, bot)


async def _keep_open(slack: Sandbox, bot: Bot) -> None:
    out.print(
        f"\n[bold]{slack.page_url}[/]  ← open this in a browser; it is a sandbox, not Slack."
        f"\n[dim]Web API {slack.api_url} · webhook http://127.0.0.1:{bot.port}/hooks/datadog · Ctrl-C ends it.[/]"
    )
    await asyncio.Event().wait()
