"""The terminal output of drills contains no markup."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console

from bot.demo.drills.narration import Narrator, readable
from sandbox import Sandbox, SlackMessage


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@{ada}> and <@{ada}|Ada>", "@ada and @ada"),
        ("<@U0GONE|Gone> <@U0GONE>", "@Gone @U0GONE"),
        ("<#{general}> <#{general}|general> <#C0GONE|old>", "#general #general #old"),
        ("<!subteam^{oncall}> <!subteam^S0GONE|@gone>", "@sre-oncall @gone"),
        ("<!here> <!channel>", "@here @channel"),
        ("due <!date^1718000000^{{date_short_pretty}} {{time}}|10 Jun, 06:13 UTC>", "due 10 Jun, 06:13 UTC"),
        ("<https://example.com/a|Runbook> <https://example.com/b>", "Runbook https://example.com/b"),
        ("5 &lt; 6 &amp;&amp; 7 &gt; 6", "5 < 6 && 7 > 6"),
    ],
)
async def test_mrkdwn_is_printed_as_words(written: str, read: str) -> None:
    async with Sandbox.running() as slack:
        ids = {
            "ada": slack.person("ada").id,
            "general": slack.channel("general").id,
            "oncall": slack.usergroup("sre-oncall").id,
        }
        assert readable(slack, written.format(**ids)) == read


async def test_text_cannot_contain_terminal_markup() -> None:
    screen = io.StringIO()
    async with Sandbox.running() as slack:
        narrator = Narrator(slack, Console(file=screen, width=100))
        narrator.tell(timedelta(hours=1, minutes=2, seconds=3), "a [red]title[/red]")
        button = {"type": "button", "text": {"type": "plain_text", "text": "[Go]"}, "action_id": "go"}
        section = {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*Bold* and [bold]not[/]"},
            "accessory": button,
        }
        narrator.show_message(SlackMessage("1.0", "C", "U", "t", [section]), "#room [1]")
    assert "1:02:03  a [red]title[/red]" in screen.getvalue()
    assert "Bold and [bold]not[/]" in screen.getvalue()
    assert screen.getvalue().count("[Go]") == 1
    assert "#room [1]" in screen.getvalue()
