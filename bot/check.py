"""`python -m bot check`: what is missing, before anything is started."""

from __future__ import annotations

from bot.settings import Settings, SettingsError, slack_tokens
from integrations.slack.scopes import needed_scopes
from integrations.slack.startup import verify
from storage import open_store
from warroom.errors import WarroomError


async def check_all(settings: Settings) -> list[str]:
    """Every problem as a sentence: database, tokens, scopes. The policy was checked when it was read."""
    problems = []
    try:
        store = await open_store(settings.database_url.get_secret_value())
        await store.close()
    except WarroomError as error:
        problems.append(f"Database: {error}")
    try:
        bot_token, app_token = slack_tokens(settings)
    except SettingsError as error:
        return [*problems, str(error)]
    report = await verify(bot_token, app_token, needed_scopes(), settings.api_url)
    return [*problems, *(f"Slack: {problem}" for problem in report.problems)]
