"""The sandbox with the bot in it: one incident played from alert to post-mortem, or the workspace left open in a browser."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import yaml
from pydantic import SecretStr
from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel

from bot.app import Bot, running
from bot.company import ALERT, HOOK_SECRET, Monitors, company_policy, fire, settle, wind
from bot.settings import Settings
from sandbox import Installation, Message, Sandbox, sample_people

__all__ = ["company_policy", "fire", "installation", "open_sandbox", "play", "settle", "workspace"]

out = Console(highlight=False)

MANIFEST = Path(__file__).parents[1] / "manifest.yml"


@contextlib.asynccontextmanager
async def workspace(port: int = 0, people: int = 40) -> AsyncIterator[tuple[Sandbox, Bot]]:
    """A sandbox on loopback with the bot connected to it, both on the sandbox's clock; its record is thrown away at the end."""
    with tempfile.TemporaryDirectory(prefix="warroom-") as folder:
        async with Sandbox.running(port=port, people=sample_people(people), app=installation()) as slack:
            settings = Settings(
                slack_bot_token=SecretStr(slack.bot_token),
                slack_app_token=SecretStr(slack.app_token),
                slack_api_url=slack.api_url,
                database_url=SecretStr(f"sqlite:///{Path(folder) / 'warroom.db'}"),
                port=0,
                datadog_webhook_token=SecretStr(HOOK_SECRET),
                # The sandbox is alone: keys in the environment belong to a real Datadog.
                dd_api_key=None,
                dd_app_key=None,
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


class _Story:
    """Tells what happens as it happens: a line for what people do, a box for what they see."""

    def __init__(self, slack: Sandbox, bot: Bot) -> None:
        self.slack, self.bot = slack, bot
        self.start = slack.clock.now()

    def tell(self, text: str) -> None:
        passed = int((self.slack.clock.now() - self.start).total_seconds())
        out.print(f"[bold]{passed // 60:>3}:{passed % 60:02}[/]  {text}")

    def see(self, message: Message, title: str) -> None:
        buttons = "  ".join(f"[{label}]" for label in message.labels())
        text = message.plain() + (f"\n\n{buttons}" if buttons else "")
        out.print(Panel(text.replace("[", r"\["), title=title, title_align="left", width=84, border_style="dim"))

    async def later(self, **duration: float) -> None:
        self.slack.clock.advance(timedelta(**duration))
        await settle(self.slack, self.bot)


async def play(*, stay: bool) -> None:
    """One incident, told in the terminal; then the workspace stays open in a browser when a person is there."""
    async with workspace() as (slack, bot):
        await _memory_leak(_Story(slack, bot))
        if stay:
            await _stay(slack, bot)


async def _memory_leak(story: _Story) -> None:
    slack, bot = story.slack, story.bot
    ada, ben = slack.person("ada"), slack.person("ben")
    story.tell("Datadog: [red]High Memory Usage on api[/] is triggered and calls the webhook.")
    status = await fire(bot, ALERT)
    await settle(slack, bot)
    room = slack.channel("inc-1-high-memory-usage-on-api")
    story.tell(f"Answered {status}. There is #{room.name} with {len(room.members)} people, and the card is pinned:")
    story.see(room.messages_by_bot()[0], f"#{room.name}")
    story.tell("It fires again. The same room counts it; nobody gets a second one.")
    await fire(bot, ALERT | {"event_id": "7000000000000000002", "alert_transition": "Re-Triggered"})
    await story.later(minutes=3)
    story.tell("Ada, on her phone, presses [bold]Acknowledge[/].")
    await slack.click(ada, room.name, room.messages_by_bot()[0], "Acknowledge")
    await settle(slack, bot)
    story.tell(
        f"She commands it now. The announcement in #incidents: {slack.channel('incidents').messages[-1].plain()[:120]!r}"
    )
    await story.later(minutes=15)
    story.tell("15 minutes without an update: Warroom reminds her.")
    story.see(room.messages_by_bot()[-1], f"#{room.name}")
    await slack.click(ada, room.name, room.messages_by_bot()[-1], "Post update")
    form = await slack.modal(ada)
    form.fill("Update", "A leak in release 1.4.2. Rolling back to 1.4.1, memory is falling.")
    await slack.submit(ada, form)
    await settle(slack, bot)
    story.tell("She posts an update; the reminder goes away, everybody else reads it under the announcement.")
    await story.later(minutes=6)
    story.tell("Ben pins what matters, and the alert recovers.")
    said = await slack.say(ben, room.name, "Rollback finished on all hosts.")
    await slack.react(ben, said, "pushpin")
    await fire(bot, ALERT | {"event_id": "7000000000000000003", "alert_transition": "Recovered"})
    await settle(slack, bot)
    story.tell("Ada resolves it.")
    await slack.slash(ada, room.name, "/incident", "resolve rolled back to 1.4.1")
    await settle(slack, bot)
    await story.later(minutes=20)
    await slack.slash(ada, room.name, "/incident", "postmortem")
    await settle(slack, bot)
    await _write_postmortem(story, room.name)


async def _write_postmortem(story: _Story, room: str) -> None:
    slack, bot = story.slack, story.bot
    ada = slack.person("ada")
    story.tell("Half of the post-mortem is written already. She adds the cause and publishes.")
    ready = next(m for m in reversed(slack.channel(room).messages_by_bot()) if "Publish" in m.labels())
    await slack.click(ada, room, ready, "Edit post-mortem")
    form = await slack.modal(ada)
    form.fill("Root cause", "Release 1.4.2 kept every request's body in a cache without a bound.")
    form.fill("What went well", "The room had the right people within a second.")
    form.fill("What could be improved", "The release had no memory test.")
    await slack.submit(ada, form)
    await settle(slack, bot)
    ready = next(m for m in reversed(slack.channel(room).messages_by_bot()) if "Publish" in m.labels())
    await slack.click(ada, room, ready, "Publish")
    await settle(slack, bot)
    document = slack.channel(room).files[-1].text
    out.print(Panel(Markdown(document), title="post-mortem", title_align="left", width=100, border_style="dim"))
    incident = await bot.store.incident_numbered(1)
    assert incident is not None
    story.tell(f"{incident.name} is {incident.state}. {len(slack.calls)} Slack calls, one room, one card.")


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
