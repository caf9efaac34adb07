"""The sandbox with the bot in it: a drill played in the terminal, or the workspace left open in a browser."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import yaml
from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape

from bot.demo import drills
from bot.demo.company import HOOK_SECRET, Monitors, company_policy, fire, settle, wind
from bot.demo.drills import load
from bot.integrations import alone, settings_model
from bot.runtime.app import Bot, running
from sandbox import Installation, Sandbox, sample_people

__all__ = ["company_policy", "fire", "installation", "listed", "open_sandbox", "play", "settle", "workspace"]

out = Console(highlight=False)

MANIFEST = Path(__file__).parents[2] / "manifest.yml"


@contextlib.asynccontextmanager
async def workspace(port: int = 0, people: int = 40) -> AsyncIterator[tuple[Sandbox, Bot]]:
    """A sandbox on loopback with the bot connected to it, both on the sandbox's clock; its record is thrown away at the end."""
    with tempfile.TemporaryDirectory(prefix="warroom-") as folder:
        async with Sandbox.running(port=port, people=sample_people(people), app=installation()) as slack:
            settings = settings_model()(
                slack_bot_token=SecretStr(slack.bot_token),
                slack_app_token=SecretStr(slack.app_token),
                slack_api_url=slack.api_url,
                database_url=SecretStr(f"sqlite:///{Path(folder) / 'warroom.db'}"),
                port=0,
                **(alone() | {"datadog_webhook_token": SecretStr(HOOK_SECRET)}),
            )
            async with running(settings, company_policy(), slack.clock) as bot:
                await slack.until_connected()
                await bot.idle()
                equip(slack, bot)
                yield slack, bot


def equip(slack: Sandbox, bot: Bot) -> None:
    """Give the sandbox's page its alerts, and let its clock take the bot along."""
    slack.scenes = Monitors(partial(fire, bot)).scenes()
    slack.on_wind = partial(wind, slack, bot)


def installation() -> Installation:
    """The app as our own manifest installs it: with its scopes, events, command and shortcut, and no others."""
    return Installation.from_manifest(yaml.safe_load(MANIFEST.read_text()))


async def play(name: str, *, stay: bool) -> list[str]:
    """One drill, told in the terminal; then the workspace stays open in a browser when a person is there.

    Returns what ended otherwise than the drill expects. Raises DrillError for one that cannot be read or played.
    """
    drill = load(name)
    out.print(f"[bold]{escape(drill.name)}[/]  {escape(drill.about)}\n")
    async with workspace() as (slack, bot):
        differences = await drills.play(drill, slack, bot, company_policy(), out)
        if stay:
            await _stay(slack, bot)
    return differences


def listed() -> list[tuple[str, str]]:
    """The repository's drills: (name, what it is about). Raises DrillError."""
    return [(name, load(name).about) for name in drills.drills()]


async def open_sandbox(port: int, people: int) -> None:
    """The workspace, open in a browser until somebody stops it. Raises OSError when the port is taken."""
    async with workspace(port, people) as (slack, bot):
        await _stay(slack, bot)


async def _stay(slack: Sandbox, bot: Bot) -> None:
    out.print(
        f"\n[bold]{slack.page_url}[/]  ← open this in a browser; it is a sandbox, not Slack."
        f"\n[dim]Web API {slack.api_url} · webhook http://127.0.0.1:{bot.port}/hooks/datadog · Ctrl-C ends it.[/]"
    )
    await asyncio.Event().wait()
