"""`python -m bot check`: what is missing, before anything is started."""

from __future__ import annotations

from bot import clock
from bot.integrations import integrations_of, problems
from bot.settings import Settings, SettingsError, slack_tokens
from integrations.slack.scopes import needed_scopes
from integrations.slack.startup import unreadable, verify
from storage import open_store
from warroom.errors import WarroomError
from warroom.policy import Policy


async def check_all(settings: Settings, policy: Policy) -> list[str]:
    """Every problem as a sentence: database, integrations, tokens, scopes. The policy was checked when it was read."""
    found = list(settings.blank)
    try:
        store = await open_store(settings.database_url.get_secret_value())
        try:
            await store.check_writable()
        finally:
            await store.close()
    except WarroomError as error:
        found.append(f"Database: {error}")
    found += await problems(integrations_of(settings, policy=policy), policy, clock.SystemClock())
    return [*found, *(await _in_slack(settings, policy))]


async def _in_slack(settings: Settings, policy: Policy) -> list[str]:
    try:
        bot_token, app_token = slack_tokens(settings)
    except SettingsError as error:
        return [str(error)]
    report = await verify(bot_token, app_token, needed_scopes(), settings.api_url)
    found = list(report.problems)
    if report.ok:
        channels = policy.workspace.alert_channels
        found += await unreadable(bot_token, settings.api_url, channels, clock.SystemClock(), clock.sleep)
    return [f"Slack: {problem}" for problem in found]
