"""Everything the bot listens to, in one list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from slack_bolt.async_app import AsyncApp

from blocks import ids
from blocks.form_fields import INPUT
from handlers import (
    action_items,
    actions,
    catch_up,
    commands,
    declare,
    edit,
    errors,
    events,
    investigation,
    lists,
    menus,
    merging,
    message_shortcuts,
    oncall,
    postmortem,
    redraw_form,
    runbooks,
    shortcuts,
    submissions,
    subscriptions,
    timeline,
)
from handlers.actions import Run
from handlers.events import Reading
from handlers.submissions import Submit
from warroom.ports import World

T = TypeVar("T")

__all__ = ["Reading", "register"]


def _each_once(*subjects: Mapping[str, T]) -> dict[str, T]:
    """What all of them listen to, by id. Raises ValueError when two listen to the same."""
    together: dict[str, T] = {}
    for subject in subjects:
        if twice := together.keys() & subject.keys():
            raise ValueError(f"two listen to {', '.join(sorted(twice))}")
        together |= subject
    return together


BUTTONS: Mapping[str, Run] = _each_once(
    actions.BUTTONS,
    menus.BUTTONS,
    declare.BUTTONS,
    edit.BUTTONS,
    lists.BUTTONS,
    catch_up.BUTTONS,
    merging.BUTTONS,
    subscriptions.BUTTONS,
    action_items.BUTTONS,
    postmortem.BUTTONS,
    oncall.BUTTONS,
    runbooks.BUTTONS,
    investigation.BUTTONS,
)
"""What each button does, by action id; the rows are with their subjects."""

FORMS: Mapping[str, Submit] = _each_once(
    submissions.FORMS,
    declare.FORMS,
    edit.FORMS,
    timeline.FORMS,
    action_items.FORMS,
    postmortem.FORMS,
    runbooks.FORMS,
)
"""What each form does, by callback id."""


def register(app: AsyncApp, world: World, reading: Reading) -> None:
    """Every command, button, form, shortcut and event has its listener; so has whatever one of them raises."""
    app.command(commands.COMMAND)(commands.listener(world))
    for action_id, run in BUTTONS.items():
        app.action(numbered(action_id))(actions.listener(world, run))
    app.action(INPUT)(redraw_form.listener(world))
    for callback_id, submit in FORMS.items():
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
