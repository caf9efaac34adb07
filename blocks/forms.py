"""Forms: how they look, and what was filled in as typed values. The names of their fields live here alone."""

from __future__ import annotations

from blocks import correction_forms, declare_form, ids, kit, labels, runbooks, text, update_form
from blocks.declare_form import severity_options, team_options
from blocks.form_fields import INPUT, FormMistakes, chosen_in, field, form_about, text_in, value_in
from blocks.kit import Block, Option
from warroom.incident.roles import COMMANDER, ROLES, role_named
from warroom.incident.view import IncidentView
from warroom.people.model import Resolution
from warroom.policy import Policy
from warroom.postmortem.reminders import PARTS
from warroom.value import Value

SEVERITY, PEOPLE, ROLE, PERSON, TEAM, WHY = "severity", "people", "role", "person", "team", "why"

_BLAMED = {
    ids.FORM_DECLARE: declare_form.TITLE,
    ids.FORM_UPDATE: update_form.UPDATE,
    ids.FORM_SEVERITY: SEVERITY,
    ids.FORM_ROLES: PERSON,
    ids.FORM_PAGE: PEOPLE,
    ids.FORM_POSTMORTEM: PARTS[0],
    ids.FORM_RESOLVE: correction_forms.FIXED,
    ids.FORM_CANCEL: correction_forms.WHY,
    ids.FORM_EDIT: correction_forms.TITLE,
    ids.FORM_NOTE: correction_forms.TEXT,
    ids.FORM_ACTION: correction_forms.TEXT,
    ids.FORM_RUN: runbooks.NOTE,
}


class Page(Value):
    """Whom to page: a team's key, people's ids, or both."""

    team: str | None = None
    people: tuple[str, ...] = ()
    why: str = ""


class RoleGiven(Value):
    """A role and the id of whoever has it now."""

    role: str
    person: str


def severity_form(view: IncidentView, policy: Policy) -> Block:
    """Make it more or less severe."""
    choice = kit.select(INPUT, severity_options(policy), initial=view.incident.severity)
    return form_about(view, ids.FORM_SEVERITY, "Severity", "Change", [field(SEVERITY, "Severity", choice)])


def read_severity(view: Block) -> str | FormMistakes:
    """The severity's key, or that none was chosen."""
    return chosen_in(view, SEVERITY) or FormMistakes(fields={SEVERITY: "Choose a severity."})


def roles_form(view: IncidentView) -> Block:
    """Give somebody a role; below it who has which."""
    incident = view.incident
    held = ((COMMANDER, incident.commander), *incident.roles)
    roles = dict.fromkeys((*ROLES, *view.roles, *(role_named(role) for role, _ in incident.roles)))
    now = " · ".join(f"{kit.line(role.capitalize(), 60)}: {labels.person(person)}" for role, person in held)
    options = [
        Option(kit.cut(role.capitalize(), 75), role, description=labels.role_description(role, view)) for role in roles
    ]
    choice = kit.select(INPUT, options, initial=COMMANDER)
    return form_about(
        view,
        ids.FORM_ROLES,
        "Roles",
        "Assign",
        [field(ROLE, "Role", choice), field(PERSON, "Person", kit.users_select(INPUT)), kit.context(now)],
    )


def read_roles(view: Block) -> RoleGiven | FormMistakes:
    """Who gets which role, or what is missing."""
    role, person = chosen_in(view, ROLE), value_in(view, PERSON).get("selected_user")
    if role and person:
        return RoleGiven(role=role, person=person)
    return FormMistakes(fields={PERSON: "Choose a person."} if role else {ROLE: "Choose a role."})


def page_form(
    view: IncidentView, policy: Policy, called: Resolution | None = None, chosen: Page | None = None
) -> Block:
    """Call a team or people into the room. `called` are those whom what is chosen would page."""
    teams, chosen = team_options(policy), chosen or Page()
    menu = kit.select(INPUT, teams, initial=chosen.team, placeholder="Choose a team") if teams else None
    return form_about(
        view,
        ids.FORM_PAGE,
        "Page someone",
        "Page",
        [
            field(TEAM, "Team", menu, optional=True, dispatch=True) if menu else None,
            field(PEOPLE, "People", kit.multi_users_select(INPUT, initial=chosen.people), optional=True, dispatch=True),
            field(WHY, "Reason", kit.plain_text_input(INPUT, initial=chosen.why, max_length=500), optional=True),
            kit.section(_will_page(called)) if called else None,
        ],
    )


def _will_page(called: Resolution) -> str:
    missed = called.missed
    who = text.mentions(match.person.id for match in called.found) or "nobody"
    warning = f"\n⚠️ Nobody was found for: {kit.line(', '.join(missed), 300)}" if missed else ""
    return f"*Will page:* {who}{warning}"


def chosen_to_page(view: Block) -> Page:
    """Whom the form would page, complete or not."""
    people = tuple(value_in(view, PEOPLE).get("selected_users") or ())
    return Page(team=chosen_in(view, TEAM), people=people, why=text_in(view, WHY))


def read_page(view: Block) -> Page | FormMistakes:
    """Whom to page, or that nobody was chosen."""
    chosen = chosen_to_page(view)
    if not chosen.team and not chosen.people:
        return FormMistakes(fields={PEOPLE: "Choose a team or people to page."})
    return chosen


REFUSED = "refused"
_OWN = ("type", "callback_id", "title", "submit", "close", "private_metadata", "notify_on_close")
"""What of a view as Slack sends it belongs into the same one as it is shown again."""


def blame(view: Block, why: str) -> FormMistakes | Block:
    """The refusal of the whole form, shown at its main field; for a form without fields, such as a preview, the form with the
    refusal above it.
    """
    names = [*((view.get("state") or {}).get("values") or {})]
    if not names:
        above = kit.section(f"⚠️ {kit.line(why, 2900)}") | {"block_id": REFUSED}
        rest = [each for each in view["blocks"] if each.get("block_id") != REFUSED]
        return {name: view[name] for name in _OWN if name in view} | {"blocks": kit.fit([above, *rest])}
    main = _BLAMED.get(view["callback_id"])
    return FormMistakes(fields={main if main in names else names[0]: why})
