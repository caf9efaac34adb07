"""`python -m bot check`: what is missing, before anything is started."""

from __future__ import annotations

from blocks.oncall import group_refused_line, schedule_problem_lines
from bot import clock
from bot.cli.offline import world_without_chat
from bot.integrations import integrations_of, problems
from bot.runbook_files import kinds_with, library, unknown_allowances, unusable, wanted
from bot.runtime.calendars import calendar_problems
from bot.runtime.investigation import source_problems
from bot.settings import Settings, SettingsError, slack_tokens
from integrations.slack.scopes import needed_scopes
from integrations.slack.startup import unreadable, verify
from storage import open_store
from warroom.errors import WarroomError
from warroom.oncall.problems import AHEAD, schedule_problems
from warroom.oncall.public_holidays import holidays_of
from warroom.oncall.schedules import schedules_now
from warroom.policy import Policy
from warroom.stores import Store


async def check_all(settings: Settings, policy: Policy) -> list[str]:
    """Every problem as a sentence: database, integrations, tokens, scopes. The policy was checked when it was read."""
    found = list(settings.blank)
    try:
        store = await open_store(settings.database_url.get_secret_value())
        try:
            await store.check_writable()
            found += await _on_call(store, settings, policy)
        finally:
            await store.close()
    except WarroomError as error:
        found.append(f"Database: {error}")
    integrations = integrations_of(settings, policy=policy)
    found += await problems(integrations, policy, clock.SystemClock())
    kinds = kinds_with(integrations)
    found += unknown_allowances(policy.remediation, kinds)
    if wanted(settings, policy):
        found += unusable(library(settings.runbooks_path, policy, kinds))
    found += await source_problems(integrations, policy, clock.SystemClock())
    return [*found, *(await _in_slack(settings, policy))]


async def _on_call(store: Store, settings: Settings, policy: Policy) -> list[str]:
    """What is wrong with the schedules. People are looked for where the running bot has read them."""
    world = world_without_chat(settings, store, policy)
    now, (_, people_known) = world.clock.now(), await store.directory_version()
    found = []
    schedules = await schedules_now(store, policy)
    overrides = await store.overrides(now, now + AHEAD)
    for problems_found in await schedule_problems(policy, schedules, overrides, world.directory, now):
        found += schedule_problem_lines(problems_found, people_known=people_known)
    for name, schedule in policy.schedules.items():
        state = await store.schedule_state(name) if schedule.user_group else None
        if state and state.group_problem:
            found.append(group_refused_line(name, schedule.user_group or "", state.group_problem))
    found += await calendar_problems(world)
    for name, schedule in policy.schedules.items():
        if schedule.country and not holidays_of(schedule.country, now.year):
            found.append(f"Schedule {name}: no holidays are known for the country {schedule.country}.")
    return found


async def _in_slack(settings: Settings, policy: Policy) -> list[str]:
    try:
        bot_token, app_token = slack_tokens(settings)
    except SettingsError as error:
        return [str(error)]
    keeps_groups = any(schedule.user_group for schedule in policy.schedules.values())
    report = await verify(bot_token, app_token, needed_scopes(keeps_groups=keeps_groups), settings.api_url)
    found = list(report.problems)
    if report.ok:
        channels = policy.workspace.alert_channels
        found += await unreadable(bot_token, settings.api_url, channels, clock.SystemClock(), clock.sleep)
    return [f"Slack: {problem}" for problem in found]
