"""Forms: how they look, and what was filled in as typed values. The names of their fields live here alone."""

from __future__ import annotations

from blocks import correction_forms, ids, kit, labels, update_form
from blocks.form_fields import INPUT, About, FormMistakes, about, chosen_in, field, form, form_about, text_in, value_in
from blocks.kit import Block, Option
from warroom.incident.roles import COMMANDER, ROLES, role_named
from warroom.incident.view import IncidentView
from warroom.policy import Policy
from warroom.postmortem.reminders import PARTS
from warroom.value import Value

TITLE, SEVERITY, AFFECTED, DESCRIPTION = "title", "severity", "affected", "description"
PEOPLE, PRIVATE, ROLE, PERSON, TEAM, WHY = "people", "private", "role", "person", "team", "why"
TITLE_MAX = 200

_BLAMED = {
    ids.FORM_DECLARE: TITLE,
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
}


class DeclareInput(Value):
    """The filled-in declare form. `people` are user ids."""

    title: str
    severity: str | None = None
    team: str | None = None
    services: tuple[str, ...] = ()
    description: str = ""
    people: tuple[str, ...] = ()
    private: bool = False
    about: About = About()


class Page(Value):
    """Whom to page: a team's key, people's ids, or both."""

    team: str | None = None
    people: tuple[str, ...] = ()
    why: str = ""


class RoleGiven(Value):
    """A role and the id of whoever has it now."""

    role: str
    person: str


def declare_form(
    policy: Policy, *, title: str = "", description: str = "", severity: str | None = None, carried: About | None = None
) -> Block:
    """Declare an incident; title, description and severity may be filled in from a message."""
    known = ", ".join(
        dict.fromkeys((*policy.teams, *(name for team in policy.teams.values() for name in team.services)))
    )
    return form(
        ids.FORM_DECLARE,
        "Declare incident",
        "Declare",
        [
            field(
                TITLE,
                "Title",
                kit.plain_text_input(
                    INPUT, initial=title, max_length=TITLE_MAX, placeholder="What is broken, as people see it"
                ),
            ),
            field(
                SEVERITY,
                "Severity",
                kit.select(INPUT, _severities(policy), initial=severity or policy.default_severity()),
            ),
            field(
                AFFECTED,
                "Affected service/team",
                kit.plain_text_input(INPUT, max_length=500),
                optional=True,
                hint=f"Several with commas. Known: {kit.cut(known, 500)}" if known else "Several with commas.",
            ),
            field(
                DESCRIPTION,
                "Description",
                kit.plain_text_input(INPUT, initial=description, multiline=True),
                optional=True,
            ),
            field(PEOPLE, "People to invite", kit.multi_users_select(INPUT), optional=True),
            field(
                PRIVATE,
                "Private",
                kit.checkboxes(INPUT, [Option("Only invited people see the room", PRIVATE)]),
                optional=True,
            ),
        ],
        carried or About(),
    )


def read_declare(view: Block, policy: Policy) -> DeclareInput | FormMistakes:
    """What was declared, or that it has no title."""
    title = text_in(view, TITLE)
    if not title:
        return FormMistakes(fields={TITLE: "An incident needs a title: what is broken, as people see it."})
    names = [name for name in (part.strip() for part in text_in(view, AFFECTED).split(",")) if name]
    teams = [name for name in names if policy.team_named(name)]
    return DeclareInput(
        title=title,
        severity=chosen_in(view, SEVERITY),
        team=policy.team_named(teams[0]) if teams else None,
        services=tuple(name for name in names if name not in teams[:1]),
        description=text_in(view, DESCRIPTION),
        people=tuple(value_in(view, PEOPLE).get("selected_users") or ()),
        private=bool(value_in(view, PRIVATE).get("selected_options")),
        about=about(view),
    )


def severity_form(view: IncidentView, policy: Policy) -> Block:
    """Make it more or less severe."""
    choice = kit.select(INPUT, _severities(policy), initial=view.incident.severity)
    return form_about(view, ids.FORM_SEVERITY, "Severity", "Change", [field(SEVERITY, "Severity", choice)])


def read_severity(view: Block) -> str | FormMistakes:
    """The severity's key, or that none was chosen."""
    return chosen_in(view, SEVERITY) or FormMistakes(fields={SEVERITY: "Choose a severity."})


def roles_form(view: IncidentView) -> Block:
    """Give somebody a role; below it who has which."""
    incident = view.incident
    held = ((COMMANDER, incident.commander), *incident.roles)
    roles = dict.fromkeys((*ROLES, *(role_named(role) for role, _ in incident.roles)))
    now = " · ".join(f"{kit.line(role, 60)}: {labels.person(person)}" for role, person in held)
    choice = kit.select(INPUT, [Option(role.capitalize(), role) for role in roles], initial=COMMANDER)
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


def page_form(view: IncidentView, policy: Policy) -> Block:
    """Call a team or people into the room."""
    teams = [Option(team, team) for team in policy.teams if len(team) <= 75]
    return form_about(
        view,
        ids.FORM_PAGE,
        "Page someone",
        "Page",
        [
            field(TEAM, "Team", kit.select(INPUT, teams, placeholder="Choose a team"), optional=True)
            if teams
            else None,
            field(PEOPLE, "People", kit.multi_users_select(INPUT), optional=True),
            field(WHY, "Why", kit.plain_text_input(INPUT, max_length=500), optional=True),
        ],
    )


def read_page(view: Block) -> Page | FormMistakes:
    """Whom to page, or that nobody was chosen."""
    team, people = chosen_in(view, TEAM), tuple(value_in(view, PEOPLE).get("selected_users") or ())
    if not team and not people:
        return FormMistakes(fields={PEOPLE: "Choose a team or people to page."})
    return Page(team=team, people=people, why=text_in(view, WHY))


def blame(view: Block, why: str) -> FormMistakes:
    """The refusal of the whole form, shown at its main field."""
    names = [*((view.get("state") or {}).get("values") or {})]
    return FormMistakes(fields={_BLAMED.get(view["callback_id"]) or names[0]: why})


def _severities(policy: Policy) -> list[Option]:
    return [Option(f"{key} · {each.name}" if each.name != key else key, key) for key, each in policy.severities.items()]
