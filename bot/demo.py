"""The sandbox with the bot in it: one incident played from alert to post-mortem, or the workspace left to be driven."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
from pydantic import SecretStr
from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel

from bot.app import Bot, running
from bot.settings import Settings
from sandbox import Message, Sandbox
from warroom.policy import Policy, check

out = Console(highlight=False)

HOOK_SECRET = "sandbox-hook"

POLICY = {
    "workspace": {"announce": "#incidents", "default_team": "platform"},
    "teams": {
        "platform": {
            "channel": "#sre-alerts",
            "services": ["api", "checkout"],
            "escalation": [
                {"after": "0m", "notify": ["@sre-oncall"]},
                {"after": "15m", "notify": ["grace@example.com"]},
            ],
        }
    },
    "rules": [
        {"name": "memory", "when": {"monitor": "*Memory*"}, "declare": {"severity": "SEV-1", "team": "platform"}}
    ],
    "links": {"runbooks": {"*Memory*": "https://runbooks.example.com/memory"}},
}
"""The policy of the sandbox's company."""

ALERT = {
    "kind": "monitor",
    "template": 1,
    "event_id": "7000000000000000001",
    "alert_id": "4242",
    "alert_title": "High Memory Usage on api",
    "alert_transition": "Triggered",
    "alert_priority": "P1",
    "alert_cycle_key": "demo-cycle-1",
    "alert_scope": "service:api,host:api-03",
    "text_only_msg": "Memory above 95 % on api-03 for 5 minutes.",
    "service": "api",
    "tags": "service:api,env:prod,tier:1",
    "link": "https://app.datadoghq.com/monitors/4242",
}


def company_policy() -> Policy:
    """The sandbox's policy, checked."""
    checked = check(POLICY)
    assert checked.policy is not None, checked.mistakes
    return checked.policy


@contextlib.asynccontextmanager
async def workspace(port: int = 0) -> AsyncIterator[tuple[Sandbox, Bot]]:
    """A sandbox on loopback with the bot connected to it, both on the sandbox's clock; its record is thrown away at the end."""
    with tempfile.TemporaryDirectory(prefix="warroom-") as folder:
        async with Sandbox.running(port=port) as slack:
            settings = Settings(
                slack_bot_token=SecretStr(slack.bot_token),
                slack_app_token=SecretStr(slack.app_token),
                slack_api_url=slack.api_url,
                database_url=SecretStr(f"sqlite:///{Path(folder) / 'warroom.db'}"),
                port=0,
                datadog_webhook_token=SecretStr(HOOK_SECRET),
            )
            async with running(settings, company_policy(), slack.clock) as bot:
                await slack.until_connected()
                await bot.idle()
                yield slack, bot


async def fire(bot: Bot, alert: dict[str, object]) -> int:
    """Send an alert as Datadog would. Returns the HTTP status."""
    url = f"http://127.0.0.1:{bot.port}/hooks/datadog"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=alert, headers={"X-Warroom-Token": HOOK_SECRET}) as answer,
    ):
        return answer.status


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
        self.slack.clock.advance(timedelta(**duration).total_seconds())
        self.bot.dispatcher.nudge()
        await self.bot.idle()


async def play(*, stay: bool) -> None:
    """One incident, told in the terminal; then the workspace stays open when a person is there."""
    async with workspace() as (slack, bot):
        await _memory_leak(_Story(slack, bot))
        if stay:
            await _drive(slack, bot)


async def _memory_leak(story: _Story) -> None:
    slack, bot = story.slack, story.bot
    ada, ben = slack.person("ada"), slack.person("ben")
    story.tell("Datadog: [red]High Memory Usage on api[/] is triggered and calls the webhook.")
    status = await fire(bot, ALERT)
    await bot.idle()
    room = slack.channel("inc-1-high-memory-usage-on-api")
    story.tell(f"Answered {status}. There is #{room.name} with {len(room.members)} people, and the card is pinned:")
    story.see(room.messages_by_bot()[0], f"#{room.name}")
    story.tell("It fires again. The same room counts it; nobody gets a second one.")
    await fire(bot, ALERT | {"event_id": "7000000000000000002", "alert_transition": "Re-Triggered"})
    await story.later(minutes=3)
    story.tell("Ada, on her phone, presses [bold]Acknowledge[/].")
    await slack.click(ada, room.name, room.messages_by_bot()[0], "Acknowledge")
    await bot.idle()
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
    await bot.idle()
    story.tell("She posts an update; the reminder goes away, everybody else reads it under the announcement.")
    await story.later(minutes=6)
    story.tell("Ben pins what matters, and the alert recovers.")
    said = await slack.say(ben, room.name, "Rollback finished on all hosts.")
    await slack.react(ben, said, "pushpin")
    await fire(bot, ALERT | {"event_id": "7000000000000000003", "alert_transition": "Recovered"})
    await bot.idle()
    story.tell("Ada resolves it.")
    await slack.slash(ada, room.name, "/incident", "resolve rolled back to 1.4.1")
    await story.later(minutes=20)
    await slack.slash(ada, room.name, "/incident", "postmortem")
    await bot.idle()
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
    await bot.idle()
    ready = next(m for m in reversed(slack.channel(room).messages_by_bot()) if "Publish" in m.labels())
    await slack.click(ada, room, ready, "Publish")
    await bot.idle()
    document = (slack.channel(room).files[-1].content or b"").decode()
    out.print(Panel(Markdown(document), title="post-mortem", title_align="left", width=100, border_style="dim"))
    incident = await bot.store.incident_numbered(1)
    assert incident is not None
    story.tell(f"{incident.name} is {incident.state}. {len(slack.calls)} Slack calls, one room, one card.")


async def open_sandbox(port: int) -> None:
    """The workspace, driven from the terminal until the end of input."""
    async with workspace(port) as (slack, bot):
        await _drive(slack, bot)


HELP = """as NAME CHANNEL: act as somebody there   ·   /incident …: a command   ·   text: a message
press LABEL: press a button of the newest message that has it   ·   look [CHANNEL]: read
alert: a Datadog alert fires   ·   wind MINUTES: move the clock   ·   quit"""


async def _drive(slack: Sandbox, bot: Bot) -> None:
    out.print(f"\nThis is a [bold]sandbox[/], not Slack. Web API {slack.api_url}, webhook port {bot.port}.\n{HELP}")
    who, where = slack.person("ada"), "general"
    while True:
        try:
            line = (await asyncio.to_thread(input, f"{who.name} in #{where}> ")).strip()
        except EOFError:
            return
        word, _, rest = line.partition(" ")
        try:
            match word:
                case "":
                    continue
                case "quit" | "exit":
                    return
                case "as":
                    name, _, channel = rest.partition(" ")
                    who, where = slack.person(name), slack.channel(channel.strip().lstrip("#") or where).name
                case "/incident":
                    await slack.slash(who, where, "/incident", rest)
                case "press":
                    message = next(m for m in reversed(slack.channel(where).messages) if rest in m.labels())
                    await slack.click(who, where, message, rest)
                case "alert":
                    out.print(f"answered {await fire(bot, ALERT)}")
                case "wind":
                    slack.clock.advance(float(rest) * 60)
                    bot.dispatcher.nudge()
                case "look":
                    where = slack.channel(rest.lstrip("#")).name if rest else where
                case _:
                    await slack.say(who, where, line)
        except (LookupError, ValueError, StopIteration) as error:
            out.print(f"[yellow]{error or 'no message here has that button'}[/]")
            continue
        await bot.idle()
        _look(slack, who.id, where)


def _look(slack: Sandbox, user: str, where: str) -> None:
    names = ", ".join(f"#{channel.name}" for channel in slack.channels())
    out.print(f"[dim]{names}[/]")
    for message in slack.channel(where).messages[-6:]:
        buttons = " ".join(f"[{label}]" for label in message.labels())
        out.print(Panel(f"{message.plain()}\n{buttons}".strip().replace("[", r"\["), width=90, border_style="dim"))
    for message in slack.ephemerals(slack.person(user))[-1:]:
        out.print(
            Panel(message.plain().replace("[", r"\["), title="only you see this", width=90, border_style="yellow")
        )
