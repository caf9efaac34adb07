"""Forms that integrations bring: every one looks and is read the same."""

from __future__ import annotations

import json

from blocks import ids, kit
from blocks.form_fields import INPUT, FormMistakes, about, chosen_in, field, form_about, text_in, value_in
from blocks.kit import Block, Option
from warroom.incident.form import FilledForm, FormChoice, FormErrors, FormField, FormText, IntegrationForm
from warroom.incident.view import IncidentView

TICKED = "yes"


def integration_form(view: IncidentView, asked: IntegrationForm) -> Block:
    """The form."""
    carried = json.dumps([asked.integration, asked.step, asked.carried], ensure_ascii=False, separators=(",", ":"))
    note = kit.section(kit.quote(asked.note, 2900)) if asked.note else None
    blocks = [note, *(_field(each) for each in asked.fields)]
    return form_about(view, ids.FORM_INTEGRATION, asked.title, asked.submit, blocks, seen=carried)


def _field(asked: FormField) -> Block:
    match asked:
        case FormText():
            element = kit.plain_text_input(
                INPUT, initial=asked.initial, multiline=asked.multiline, max_length=asked.limit
            )
            return field(asked.name, asked.label, element, optional=asked.optional, hint=asked.hint)
        case FormChoice():
            options = [Option(text, value) for text, value in asked.choices]
            return field(asked.name, asked.label, kit.select(INPUT, options, initial=asked.initial), hint=asked.hint)
    ticked = [TICKED] if asked.initial else []
    return field(
        asked.name, asked.label, kit.checkboxes(INPUT, [Option(asked.text, TICKED)], initial=ticked), optional=True
    )


def read_integration_form(view: Block) -> FilledForm:
    """What was filled in."""
    integration, step, carried = json.loads(about(view).seen)
    names = ((view.get("state") or {}).get("values") or {}).keys()
    return FilledForm(
        integration=integration, step=step, carried=carried, values={name: _value(view, name) for name in names}
    )


def _value(view: Block, name: str) -> str:
    if value_in(view, name).get("selected_options"):
        return TICKED
    return chosen_in(view, name) or text_in(view, name)


def mistakes(view: Block, errors: FormErrors) -> FormMistakes:
    """What is wrong, at the fields that the form has; the rest at the first one."""
    names = [*((view.get("state") or {}).get("values") or {})]
    first = names[0] if names else "note"
    return FormMistakes(fields={name if name in names else first: why for name, why in errors.fields.items()})
