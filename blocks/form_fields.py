"""Fields of forms: how they are labelled, and how what was filled in is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blocks import kit, labels
from blocks.kit import Block, Option
from warroom.alerts.model import Alert
from warroom.incident.view import IncidentView
from warroom.value import Stored, Value

INPUT = "input"
"""The one action id: a field is known by its block."""
INCIDENT = "incident"


class About(Stored):
    """What a form carries unseen: the incident or message it is about, and the channel where its answer is read."""

    incident_id: str = ""
    seen: str = ""
    """What the form showed when it was opened, to be compared when it is sent."""
    channel: str | None = None
    message: str | None = None
    """The permalink of the message that is declared."""
    message_ts: str | None = None
    """Its ts, in `channel`."""
    by_shortcut: bool = False
    alert: Alert | None = None
    """The alert that the message is, without its longer parts: a form carries 3,000 characters."""


class FormMistakes(Value):
    """What is wrong, by field; Slack shows it below the field and the form stays open."""

    fields: dict[str, str]


def form_about(
    view: IncidentView, callback_id: str, title: str, submit: str, blocks: Sequence[Block | None], seen: str = ""
) -> Block:
    """A form about one incident, with its name on top. `seen` is what it shows now, to be compared when it is sent."""
    incident = view.incident
    head = kit.section(f"*{incident.name}* {kit.line(labels.title(incident), 200)}")
    carried = About(incident_id=incident.id, seen=seen, channel=incident.room.channel_id)
    return form(callback_id, title, submit, [head, *blocks], carried)


def form(callback_id: str, title: str, submit: str, blocks: Sequence[Block | None], carried: About) -> Block:
    """A form."""
    metadata = carried.model_dump_json(exclude_defaults=True)
    return kit.modal(title, submit, blocks, callback_id=callback_id, private_metadata=metadata)


def field(
    name: str, label: str, element: Block, *, optional: bool = False, hint: str = "", dispatch: bool = False
) -> Block:
    """A labelled field; `name` is what errors and readers call it. With `dispatch` a change redraws the form."""
    return kit.input_block(name, label, element, optional=optional, hint=hint, dispatch=dispatch)


def about(view: Block) -> About:
    """What the form carries."""
    return About.model_validate_json(view.get("private_metadata") or "{}")


def value_in(view: Block, name: str) -> dict[str, Any]:
    """What Slack says was filled in, {} when nothing was."""
    values = (view.get("state") or {}).get("values") or {}
    return (values.get(name) or {}).get(INPUT) or {}


def text_in(view: Block, name: str) -> str:
    """The typed text without the space around it, "" when there is none."""
    return (value_in(view, name).get("value") or "").strip()


def chosen_in(view: Block, name: str) -> str | None:
    """The value of the chosen option, None when none is."""
    return (value_in(view, name).get("selected_option") or {}).get("value")


def all_chosen_in(view: Block, name: str) -> tuple[str, ...]:
    """The values of the chosen options."""
    return tuple(option["value"] for option in value_in(view, name).get("selected_options") or ())


def which_incident(choices: Sequence[IncidentView]) -> Block | None:
    """The question which incident is meant; None where there is only one."""
    if len(choices) < 2:
        return None
    options = [
        Option(f"{view.incident.name} {labels.title(view.incident)}", view.incident.id) for view in choices[:100]
    ]
    return field(INCIDENT, "Incident", kit.select(INPUT, options, initial=options[0].value))


def about_one_of(choices: Sequence[IncidentView], **more: str | None) -> About:
    only = choices[0].incident.id if len(choices) == 1 else ""
    return About.model_validate({"incident_id": only} | more)


def meant_in(view: Block) -> str:
    """The id of the incident that the form is about, or that was chosen in it."""
    return about(view).incident_id or chosen_in(view, INCIDENT) or ""
