"""The form of the status page and its preview."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.statuspage.model import (
    BODY_LIMIT,
    NAME_LIMIT,
    WORDS,
    Draft,
    PageStatus,
    StatuspageState,
    prepared,
    state_of,
)
from integrations.statuspage.policy import NAME, StatuspagePolicy
from warroom.incident.form import FilledForm, FormChoice, FormErrors, FormField, FormText, FormTick, IntegrationForm
from warroom.incident.model import Incident
from warroom.policy import Policy

EDIT, PREVIEW = "edit", "preview"
COMPONENT = "component:"


def edit(incident: Incident, said: StatuspagePolicy, policy: Policy, text: str = "") -> IntegrationForm:
    """The form, with prepared words or with those of an update."""
    draft, state = prepared(incident, said, policy, text), state_of(incident)
    fields: list[FormField] = []
    if not state.id:
        fields.append(FormText(name="name", label="Title", initial=draft.name, limit=NAME_LIMIT))
    statuses = tuple((each.value.capitalize(), each.value) for each in PageStatus)
    fields.append(FormChoice(name="status", label="State on the page", choices=statuses, initial=draft.status.value))
    hint = "Customers read this. Say what they notice, not what broke inside."
    fields.append(FormText(name="body", label="Text", initial=draft.body, hint=hint, multiline=True, limit=BODY_LIMIT))
    choices = tuple((words.capitalize(), value or "unchanged") for value, words in WORDS.items())
    for service, component in said.components.items():
        initial = draft.components.get(component) or "unchanged"
        fields.append(FormChoice(name=COMPONENT + component, label=service, choices=choices, initial=initial))
    fields.append(FormTick(name="notify", label="Subscribers", text="Tell everybody who subscribed", initial=True))
    note = f"On the page now: {state.status}." if state.id else "Nothing of it is on the page yet."
    return IntegrationForm(
        integration=NAME,
        step=EDIT,
        title="Status page",
        submit="Preview",
        note=note,
        fields=tuple(fields),
        carried=state.latest,
    )


def preview(incident: Incident, said: StatuspagePolicy, filled: FilledForm, by: str) -> IntegrationForm | FormErrors:
    """What customers will read, to be sent once more; or what is wrong."""
    values, state = filled.values, state_of(incident)
    if not values.get("body"):
        return FormErrors(fields={"body": "Customers need words: what do they notice, and what happens next?"})
    if not state.id and not values.get("name"):
        return FormErrors(fields={"name": "The page needs a title, as customers would say it."})
    if changed := meanwhile(state, filled.carried):
        return FormErrors(fields={"body": changed})
    chosen = {
        name.removeprefix(COMPONENT): value
        for name, value in values.items()
        if name.startswith(COMPONENT) and value in WORDS and value
    }
    known = set(said.components.values())
    draft = Draft(
        name=values.get("name", ""),
        status=PageStatus(values["status"]),
        body=values["body"],
        components={name: value for name, value in chosen.items() if name in known},
        notify=bool(values.get("notify")),
        by=by,
        seen=filled.carried,
    )
    return IntegrationForm(
        integration=NAME,
        step=PREVIEW,
        title="Preview",
        submit="Publish",
        note=_shown(draft, said),
        carried=draft.model_dump_json(exclude_defaults=True),
    )


def meanwhile(state: StatuspageState, seen: str) -> str:
    """What to say when the page is known to be another one than the form showed; "" when it is the same."""
    return "The status page was changed meanwhile. Close this form and open it again." if state.latest != seen else ""


ON_ITS_WAY = timedelta(minutes=1)
"""So long a publication keeps others from publishing beside it; where it failed, they may then."""


def under_way(state: StatuspageState, now: datetime) -> str:
    """What to say while somebody else's publication is on its way; "" when none is."""
    if state.asked_at is None or now - state.asked_at > ON_ITS_WAY:
        return ""
    return "Somebody else is publishing at this moment. Close this form and open it again in a minute."


def _shown(draft: Draft, said: StatuspagePolicy) -> str:
    names = {component: service for service, component in said.components.items()}
    components = [f"{names[each]}: {WORDS[value]}" for each, value in draft.components.items()]
    subscribers = "Subscribers are told." if draft.notify else "Subscribers are not told."
    title = [draft.name] if draft.name else []
    return "\n".join([*title, f"{draft.status.value.capitalize()} — {draft.body}", *components, subscribers])
