"""Forms: how they look, and what was filled in as typed values. The names of their fields live here alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from blocks import ids, kit, text, words
from blocks.kit import Block, Option
from warroom.followup import PART_NAMES, PARTS
from warroom.policy import Policy
from warroom.postmortem import Postmortem
from warroom.usecases.progress import COMMANDER
from warroom.value import Value
from warroom.views import IncidentView

TITLE, SEVERITY, AFFECTED, DESCRIPTION = "title", "severity", "affected", "description"
PEOPLE, PRIVATE, UPDATE, ROLE, PERSON, TEAM, WHY = "people", "private", "update", "role", "person", "team", "why"
INPUT = "input"
"""The one action id: a field is known by its block."""

ROLES = (COMMANDER, "deputy", "communications", "scribe", "liaison")
"""Offered in the form; any other can be given by command."""
TITLE_MAX = 200
TEXT_MAX = 3000  # Slack, "Plain-text input": a longer text cannot be shown in a form

_BLAMED = {
    ids.FORM_DECLARE: TITLE,
    ids.FORM_UPDATE: UPDATE,
    ids.FORM_SEVERITY: SEVERITY,
    ids.FORM_ROLES: PERSON,
    ids.FORM_PAGE: PEOPLE,
    ids.FORM_POSTMORTEM: PARTS[0],
}


class Wrong(Value):
    """What is wrong, by field; Slack shows it below the field and the form stays open."""

    fields: dict[str, str]


class Origin(Value):
    """Where a declaration comes from: the channel its answer goes to, and the message it is about."""

    channel: str | None = None
    message: str | None = None
    """The permalink."""
    by_shortcut: bool = False


class Declaration(Value):
    """The filled-in declare form. `people` are user ids."""

    title: str
    severity: str | None = None
    team: str | None = None
    services: tuple[str, ...] = ()
    description: str = ""
    people: tuple[str, ...] = ()
    private: bool = False
    origin: Origin = Origin()


class Page(Value):
    """Whom to page: a team's key, people's ids, or both."""

    team: str | None = None
    people: tuple[str, ...] = ()
    why: str = ""


class RoleGiven(Value):
    """A role and the id of whoever has it now."""

    role: str
    person: str


def declare_form(policy: Policy, *, title: str = "", description: str = "", origin: Origin | None = None) -> Block:
    """Declare an incident; title and description may be filled in from a message."""
    known = ", ".join(
        dict.fromkeys((*policy.teams, *(name for team in policy.teams.values() for name in team.services)))
    )
    return kit.modal(
        "Declare incident",
        "Declare",
        [
            _field(
                TITLE,
                "Title",
                kit.plain_text_input(
                    INPUT, initial=title, max_length=TITLE_MAX, placeholder="What is broken, as people see it"
                ),
            ),
            _field(SEVERITY, "Severity", kit.select(INPUT, _severities(policy), initial=policy.default_severity())),
            _field(
                AFFECTED,
                "Affected service/team",
                kit.plain_text_input(INPUT, max_length=500),
                optional=True,
                hint=f"Several with commas. Known: {kit.cut(known, 500)}" if known else "Several with commas.",
            ),
            _field(
                DESCRIPTION,
                "Description",
                kit.plain_text_input(INPUT, initial=description, multiline=True),
                optional=True,
            ),
            _field(PEOPLE, "People to invite", kit.multi_users_select(INPUT), optional=True),
            _field(
                PRIVATE,
                "Private",
                kit.checkboxes(INPUT, [Option("Only invited people see the room", PRIVATE)]),
                optional=True,
            ),
        ],
        callback_id=ids.FORM_DECLARE,
        private_metadata=(origin or Origin()).model_dump_json(exclude_none=True),
    )


def read_declare(view: Block, policy: Policy) -> Declaration | Wrong:
    """What was declared, or that it has no title."""
    title = _text(view, TITLE)
    if not title:
        return Wrong(fields={TITLE: "An incident needs a title: what is broken, as people see it."})
    names = [name for name in (part.strip() for part in _text(view, AFFECTED).split(",")) if name]
    teams = [name for name in names if policy.team_named(name)]
    return Declaration(
        title=title,
        severity=_chosen(view, SEVERITY),
        team=policy.team_named(teams[0]) if teams else None,
        services=tuple(name for name in names if name not in teams[:1]),
        description=_text(view, DESCRIPTION),
        people=tuple(_value(view, PEOPLE).get("selected_users") or ()),
        private=bool(_value(view, PRIVATE).get("selected_options")),
        origin=Origin.model_validate_json(view.get("private_metadata") or "{}"),
    )


def update_form(view: IncidentView) -> Block:
    """Post an update."""
    incident = view.incident
    last = text.when(incident.last_update_at, view.timezone) if incident.last_update_at else ""
    before = f"Last update {last}\n{kit.quote(incident.last_update, 1000)}" if last else "This is the first update."
    return _about(
        view,
        ids.FORM_UPDATE,
        "Post update",
        "Post",
        [
            _field(
                UPDATE,
                "Update",
                kit.plain_text_input(INPUT, multiline=True),
                hint="What is known, what is being done, what comes next. The room and the announcement show it.",
            ),
            kit.context(before),
        ],
    )


def read_update(view: Block) -> str | Wrong:
    """The update's text, or that there is none."""
    written = _text(view, UPDATE)
    return written or Wrong(fields={UPDATE: "An update needs words, for example: rolling back, errors are falling."})


def severity_form(view: IncidentView, policy: Policy) -> Block:
    """Make it more or less severe."""
    choice = kit.select(INPUT, _severities(policy), initial=view.incident.severity)
    return _about(view, ids.FORM_SEVERITY, "Severity", "Change", [_field(SEVERITY, "Severity", choice)])


def read_severity(view: Block) -> str | Wrong:
    """The severity's key, or that none was chosen."""
    return _chosen(view, SEVERITY) or Wrong(fields={SEVERITY: "Choose a severity."})


def roles_form(view: IncidentView) -> Block:
    """Give somebody a role; below it who has which."""
    incident = view.incident
    held = ((COMMANDER, incident.commander), *incident.roles)
    roles = dict.fromkeys((*ROLES, *(role for role, _ in incident.roles)))
    now = " · ".join(f"{kit.line(role, 60)}: {words.person(person)}" for role, person in held)
    choice = kit.select(INPUT, [Option(role.capitalize(), role) for role in roles], initial=COMMANDER)
    return _about(
        view,
        ids.FORM_ROLES,
        "Roles",
        "Assign",
        [_field(ROLE, "Role", choice), _field(PERSON, "Person", kit.users_select(INPUT)), kit.context(now)],
    )


def read_roles(view: Block) -> RoleGiven | Wrong:
    """Who gets which role, or what is missing."""
    role, person = _chosen(view, ROLE), _value(view, PERSON).get("selected_user")
    if role and person:
        return RoleGiven(role=role, person=person)
    return Wrong(fields={PERSON: "Choose a person."} if role else {ROLE: "Choose a role."})


def page_form(view: IncidentView, policy: Policy) -> Block:
    """Call a team or people into the room."""
    teams = [Option(team, team) for team in policy.teams if len(team) <= 75]
    return _about(
        view,
        ids.FORM_PAGE,
        "Page someone",
        "Page",
        [
            _field(TEAM, "Team", kit.select(INPUT, teams, placeholder="Choose a team"), optional=True)
            if teams
            else None,
            _field(PEOPLE, "People", kit.multi_users_select(INPUT), optional=True),
            _field(WHY, "Why", kit.plain_text_input(INPUT, max_length=500), optional=True),
        ],
    )


def read_page(view: Block) -> Page | Wrong:
    """Whom to page, or that nobody was chosen."""
    team, people = _chosen(view, TEAM), tuple(_value(view, PEOPLE).get("selected_users") or ())
    if not team and not people:
        return Wrong(fields={PEOPLE: "Choose a team or people to page."})
    return Page(team=team, people=people, why=_text(view, WHY))


def postmortem_form(view: IncidentView, parts: Mapping[str, str]) -> Block:
    """The written parts of the post-mortem, with what there is so far."""
    fields = [
        _field(
            part,
            PART_NAMES[part],
            kit.plain_text_input(INPUT, initial=parts.get(part, ""), multiline=True),
            optional=True,
            hint="Needed before it is published." if part in Postmortem.required else "",
        )
        for part in PARTS
    ]
    note = kit.context("Timeline, people, durations and action items come from the record by themselves.")
    seen = ",".join(_mark(_shown(parts.get(part, ""))) for part in PARTS)
    return _about(view, ids.FORM_POSTMORTEM, "Post-mortem", "Save", [*fields, note], seen)


def read_postmortem(view: Block, stored: Mapping[str, str]) -> dict[str, str] | Wrong:
    """The parts that were changed in the form, or those that somebody else changed meanwhile, differently.

    `stored` is how they are now.
    """
    seen = dict(zip(PARTS, about(view).seen.split(","), strict=False))
    shown = {part: _text(view, part) for part in PARTS}
    mine = {part: written for part, written in shown.items() if _mark(written) != seen.get(part)}
    theirs = [
        part
        for part, written in mine.items()
        if _mark(_shown(stored.get(part, ""))) not in (seen.get(part), _mark(written))
    ]
    if theirs:
        return Wrong(
            fields=dict.fromkeys(theirs, "Somebody changed this meanwhile. Copy your text and open the form again.")
        )
    return mine


def parts_of(written: Postmortem | None) -> dict[str, str]:
    """The written parts by name, all empty without a post-mortem."""
    return {part: getattr(written, part, "") for part in PARTS}


def about(view: Block) -> ids.Carried:
    """Which incident the form is about, and what was seen when it was opened."""
    return ids.carried(view.get("private_metadata") or "")


def blame(view: Block, why: str) -> Wrong:
    """The refusal of the whole form, shown at its main field."""
    return Wrong(fields={_BLAMED[view["callback_id"]]: why})


def _about(
    view: IncidentView, callback_id: str, title: str, submit: str, blocks: Sequence[Block | None], seen: str = ""
) -> Block:
    incident = view.incident
    head = kit.section(f"*{incident.name}* {kit.line(words.title(incident), 200)}")
    carried = ids.carry(incident.id, seen)
    return kit.modal(title, submit, [head, *blocks], callback_id=callback_id, private_metadata=carried)


def _field(name: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    return kit.input_block(name, label, element, optional=optional, hint=hint)


def _severities(policy: Policy) -> list[Option]:
    return [Option(f"{key} · {each.name}" if each.name != key else key, key) for key, each in policy.severities.items()]


def _value(view: Block, name: str) -> dict[str, Any]:
    values = (view.get("state") or {}).get("values") or {}
    return (values.get(name) or {}).get(INPUT) or {}


def _text(view: Block, name: str) -> str:
    return (_value(view, name).get("value") or "").strip()


def _chosen(view: Block, name: str) -> str | None:
    return (_value(view, name).get("selected_option") or {}).get("value")


def _shown(written: str) -> str:
    """How the form shows a text: what is too long for Slack is cut, and left alone unless it is changed."""
    return str(kit.plain_text_input(INPUT, initial=written).get("initial_value", "")).strip()


def _mark(written: str) -> str:
    return sha256(written.encode()).hexdigest()[:16]
