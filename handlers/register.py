"""Everything the bot listens to, in one list."""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncApp

from blocks import ids
from handlers import actions, commands, errors, events, message_shortcuts, shortcuts, submissions
from handlers.events import Reading
from warroom.ports import World

__all__ = ["Reading", "register"]


def register(app: AsyncApp, world: World, reading: Reading) -> None:
    """Every command, button, form, shortcut and event has its listener; so has whatever one of them raises."""
    app.command(commands.COMMAND)(commands.listener(world))
    for action_id, run in actions.RUNS.items():
        app.action(numbered(action_id))(actions.listener(world, run))
    for callback_id, submit in submissions.RUNS.items():
        app.view(callback_id)(submissions.listener(world, submit))
    app.shortcut(ids.SHORTCUT_DECLARE)(shortcuts.listener(world))
    for callback_id in message_shortcuts.RUNS:
        app.shortcut(callback_id)(message_shortcuts.listener(world, callback_id))
    for name, happen in {name.partition(".")[0]: happen for name, happen in events.RUNS.items()}.items():
        app.event(name)(events.listener(world, reading, happen))
    app.error(errors.listener(world))


def numbered(action_id: str) -> re.Pattern[str]:
    """The id of a button, alone or with the number it has among its like in one message."""
    return re.compile(rf"^{re.escape(action_id)}(?::\d+)?$")
