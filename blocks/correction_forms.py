"""Forms for what is corrected: the end of an incident, its details, its timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from blocks import ids, kit, labels
from blocks.form_fields import (
    INPUT,
    FormMistakes,
    about,
    about_one_of,
    chosen_in,
    field,
    form,
    form_about,
    text_in,
    value_in,
    which_incident,
)
from blocks.kit import Block, Option
from warroom.incident.edit import TITLE_LIMIT, Corrections
from warroom.incident.model import Incident
from warroom.incident.view import IncidentView
from warroom.policy import Policy
from warroom.policy.model import FieldType, TemplateField
from warroom.value import Value

FIXED, WHY, TITLE, DESCRIPTION, IMPACT, SERVICES = "fixed", "why", "title", "description", "impact", "services"
TEAM, SEVERITY, PRIVATE, FIELD = "team", "severity", "private", "field:"
TEXT, TIME = "text", "time"
NO_TEAM = "no team"
FORM_TEXT = 3_000
"""Characters that a field of a form takes (Slack: plain_text_input)."""


def resolve_form(view: IncidentView) -> Block:
    """Resolve: one optional field."""
    what = kit.plain_text_input(INPUT, multiline=True, placeholder="Rolled back to 2.3.0")
    return form_about(
        view,
        ids.FORM_RESOLVE,
        "Resolve incident",
        "Resolve",
        [
            field(FIXED, "What fixed it?", what, optional=True),
            kit.context("Paging and reminders stop. It can be reopened."),
        ],
    )


def read_resolve(view: Block) -> str:
    """What fixed it, "" when that was not said."""
    return text_in(view, FIXED)


def cancel_form(view: IncidentView) -> Block:
    """Cancel: the question, with the incident's name, and why."""
    incident = view.incident
    note = f"{incident.name} is cancelled as a false alarm. Paging and reminders stop. You can undo this for an hour."
    why = kit.plain_text_input(INPUT, multiline=True, max_length=1_000, placeholder="The monitor was wrong")
    return form_about(
        view,
        ids.FORM_CANCEL,
        f"Cancel {incident.name}?",
        "Cancel incident",
        [field(WHY, "Why", why), kit.context(note)],
    )


def read_cancel(view: Block) -> str:
    """Why, "" when that was not said."""
    return text_in(view, WHY)


class EditInput(Value):
    """What was changed in the form; None where nothing was."""

    wanted: Corrections
    severity: str | None = None
    private: bool | None = None


def edit_form(view: IncidentView, policy: Policy) -> Block:
    """Everything about an incident that can be edited."""
    incident = view.incident
    shown = _texts(incident)
    too_long = [name for name, said in shown.items() if len(said) > FORM_TEXT]
    teams = [Option(team, team) for team in policy.teams if len(team) <= 75]
    severities = [Option(f"{key} · {each.name}", key) for key, each in policy.severities.items()]
    blocks: list[Block | None] = [
        field(TITLE, "Title", kit.plain_text_input(INPUT, initial=incident.title, max_length=TITLE_LIMIT)),
        *(
            field(
                name,
                label,
                kit.plain_text_input(INPUT, initial=shown[name], multiline=multiline),
                optional=True,
                hint=hint,
            )
            if name not in too_long
            else kit.context(f"The {name} is too long for a form. Change it with `/incident edit {name} …`")
            for name, label, multiline, hint in (
                (DESCRIPTION, "Description", True, ""),
                (IMPACT, "Impact", True, "What users are seeing."),
                (SERVICES, "Services", False, "Several with commas."),
            )
        ),
        field(
            TEAM,
            "Team",
            kit.select(INPUT, [Option("No team", NO_TEAM), *teams], initial=incident.team or NO_TEAM),
            hint="The team's escalation policy counts from now.",
        )
        if teams
        else None,
        field(SEVERITY, "Severity", kit.select(INPUT, severities, initial=incident.severity))
        if incident.state.open
        else None,
        *_template_fields(incident, policy),
        field(
            PRIVATE,
            "Private",
            kit.checkboxes(
                INPUT,
                [Option("Only people in the channel see the incident", PRIVATE)],
                initial=[PRIVATE] if incident.private else [],
            ),
            optional=True,
            hint="You are asked again before this changes.",
        ),
    ]
    seen = ",".join(f"{name}={_mark(said)}" for name, said in shown.items())
    return form_about(view, ids.FORM_EDIT, f"Edit {incident.name}", "Save", blocks, seen)


def _texts(incident: Incident) -> dict[str, str]:
    """The texts as the form shows them."""
    return {
        TITLE: incident.title.strip(),
        DESCRIPTION: incident.description.strip(),
        IMPACT: incident.impact.strip(),
        SERVICES: ", ".join(incident.services),
    }


def fields_of(incident: Incident, policy: Policy) -> list[TemplateField]:
    """The template's fields that the incident has; those of its alert rule are plain text."""
    has = dict.fromkeys(name for name, _ in incident.fields if name.strip())
    known = {
        each.name: each
        for template in policy.templates.values()
        if any(each.name in has for each in template.fields)
        for each in template.fields
    }
    return [*known.values(), *(TemplateField.model_construct(name=name) for name in has if name not in known)]


def _template_fields(incident: Incident, policy: Policy) -> Iterator[Block]:
    values = dict(incident.fields)
    for each in fields_of(incident, policy)[:20]:
        value = values.get(each.name, "")
        choices = ("Yes", "No") if each.type is FieldType.YES_NO else each.options
        if choices and (not value or value in choices):
            element = kit.select(INPUT, [Option(choice, choice[:150]) for choice in choices], initial=value or None)
        else:
            element = kit.plain_text_input(INPUT, initial=value)
        yield field(f"{FIELD}{each.name}", each.name, element, optional=True)


def read_edit(view: Block, incident: Incident) -> EditInput | FormMistakes:
    """What was changed. A text that somebody else changed meanwhile, differently, is refused."""
    state = (view.get("state") or {}).get("values") or {}
    seen = dict(pair.split("=", 1) for pair in about(view).seen.split(",") if "=" in pair)
    now, changed = _texts(incident), {}
    for name in (TITLE, DESCRIPTION, IMPACT, SERVICES):
        if name in state and _mark(said := text_in(view, name)) != seen.get(name):
            if _mark(now[name]) not in (seen.get(name), _mark(said)):
                why = "Somebody changed this meanwhile. Copy your text and open the form again."
                return FormMistakes(fields={name: why})
            changed[name] = said
    if TITLE in changed and not changed[TITLE]:
        return FormMistakes(fields={TITLE: "An incident needs a title."})
    team = chosen_in(view, TEAM)
    severity = chosen_in(view, SEVERITY)
    private = bool(value_in(view, PRIVATE).get("selected_options")) if PRIVATE in state else incident.private
    before = dict(incident.fields)
    fields = tuple(
        (name, value)
        for block in state
        if block.startswith(FIELD)
        for name, value in [(block.removeprefix(FIELD), chosen_in(view, block) or text_in(view, block))]
        if value != before.get(name, "")
    )
    wanted = Corrections(
        title=changed.get(TITLE),
        description=changed.get(DESCRIPTION),
        impact=changed.get(IMPACT),
        services=services_in(changed[SERVICES]) if SERVICES in changed else None,
        team=("" if team == NO_TEAM else team) if team and team != (incident.team or NO_TEAM) else None,
        fields=fields,
    )
    return EditInput(
        wanted=wanted,
        severity=severity if severity and severity != incident.severity else None,
        private=private if private is not incident.private else None,
    )


def services_in(said: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name for each in said.split(",") if (name := each.strip()))


def _mark(written: str) -> str:
    return sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def note_form(choices: Sequence[IncidentView], channel: str | None, said: str = "") -> Block:
    """Add to the timeline: what happened, and when."""
    what = kit.plain_text_input(INPUT, initial=said, multiline=True)
    when = kit.plain_text_input(INPUT, max_length=60, placeholder="17:20, yesterday 23:10, 20 min ago")
    head = None
    if len(choices) == 1:
        incident = choices[0].incident
        head = kit.section(f"*{incident.name}* {kit.line(labels.title(incident), 200)}")
    return form(
        ids.FORM_NOTE,
        "Add to timeline",
        "Add",
        [head, which_incident(choices), field(TEXT, "What happened", what), field(TIME, "When", when, optional=True)],
        about_one_of(choices, channel=channel),
    )


class NoteInput(Value):
    """A line for the timeline, and when it happened as typed, "" for now."""

    text: str
    time: str = ""


def read_note(view: Block) -> NoteInput | FormMistakes:
    """What was filled in, or that nothing was."""
    written = text_in(view, TEXT)
    if not written:
        return FormMistakes(fields={TEXT: "Write what happened, for example: deployed 1.4.2 to production."})
    return NoteInput(text=written, time=text_in(view, TIME))


def time_unclear(said: str) -> FormMistakes:
    """When it happened cannot be read."""
    return FormMistakes(
        fields={TIME: f"“{said}” is not a time that has passed. For example: 17:20, yesterday 23:10, 20 min ago."}
    )
