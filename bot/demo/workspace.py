"""The sandbox with the bot connected to it, both on one clock."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import yaml
from pydantic import SecretStr

from bot.demo.company_systems import company_systems
from bot.demo.demo_company import HOOK_SECRET, Monitors, company_policy, send_alert
from bot.demo.shared_clock import advance_clock
from bot.integrations import alone, settings_model
from bot.runtime.app import Bot, running
from sandbox import Installation, Sandbox, sample_people

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
RUNBOOKS = Path(__file__).parent / "runbooks"
"""Those of the demo company."""


@contextlib.asynccontextmanager
async def workspace(port: int = 0, people: int = 40) -> AsyncIterator[tuple[Sandbox, Bot]]:
    """A sandbox on loopback and a bot connected to it, with a database that is deleted at the end. OSError when the port is taken."""
    with tempfile.TemporaryDirectory(prefix="warroom-") as folder:
        everybody = sample_people(people)
        async with (
            Sandbox.running(port=port, people=everybody, app=installation()) as slack,
            company_systems(slack, everybody) as systems,
        ):
            settings = settings_model()(
                slack_bot_token=SecretStr(slack.bot_token),
                slack_app_token=SecretStr(slack.app_token),
                slack_api_url=slack.api_url,
                database_url=SecretStr(f"sqlite:///{Path(folder) / 'warroom.db'}"),
                port=0,
                warroom_runbooks=RUNBOOKS,
                **(alone() | {"datadog_webhook_token": SecretStr(HOOK_SECRET)} | systems.settings),
            )
            async with running(settings, company_policy(systems.sections), slack.clock) as bot:
                systems.port = bot.port
                await slack.until_connected()
                await bot.idle()
                add_scenarios(slack, bot)
                yield slack, bot


def add_scenarios(slack: Sandbox, bot: Bot) -> None:
    """Add the demo company's alerts to the page, and make the bot follow the sandbox's clock."""
    slack.scenarios = Monitors(partial(send_alert, bot)).scenarios()
    slack.on_advance = partial(advance_clock, slack, bot)


def installation() -> Installation:
    """The app as the project's manifest installs it: its scopes, events, commands and shortcuts, and no others."""
    return Installation.from_manifest(yaml.safe_load(MANIFEST.read_text()))
