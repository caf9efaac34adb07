"""The form that declares an incident: how it looks, whom it will call, and what was filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blocks import ids, kit, labels, text
from blocks.form_fields import (
    INPUT,
    About,
    FormMistakes,
    about,
    all_chosen_in,
    chosen_in,
    field,
    form,
    text_in,
    value_in,
)
from blocks.kit import Block, Option
from warroom.incident.model import Incident
from warroom.people.model import Resolution
from warroom.policy import Policy
from warroom.policy.model import FieldType, TemplateField
from warroom.value import Value

TITLE, SEVERITY, SERVICES, OTHER, TEAM = "title", "severity", "services", "affected", "team"
DESCRIPTION, PEOPLE, PRIVATE, TEMPLATE = "description", "people", "private", "template"
QUESTION = "question:"
"""Before the name of a template's field."""
TITLE_MAX = 200
OTHER_LIMIT = 500
"""Characters of services that are not in the menu."""
OPTION_VALUE = 150
ANSWER_LIMIT = 500
"""Characters of an answer to a template's field."""
YES, NO = "yes", "no"


class DeclareInput(Value):
    """The filled-in declare form. `people` are user ids, `sure` the services that were put in quotes."""

    title: str = ""
    severity: str | None = None
    team: str | None = None
    services: tuple[str, ...] = ()
    sure: tuple[str, ...] = ()
    description: str = ""
    people: tuple[str, ...] = ()
    private: bool = False
    template: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    about: About = About()


class Forecast(Value):
    """What would happen if the form were sent now."""

    called: Resolution = Resolution()
    team: str | None = None
    similar: tuple[Incident, ...] = ()
    by: str = ""
    """Who fills in the form."""


def declare_form(policy: Policy, filled: DeclareInput | None = None, forecast: Forecast | None = None) -> Block:
    """Declare an incident; it may be filled in from a message or a command."""
    filled = filled or DeclareInput()
    severity = filled.severity or policy.default_severity()
    template, answers = template_of(policy, filled), dict(filled.fields)
    return form(
        ids.FORM_DECLARE,
        "Declare incident",
        "Declare",
        [
            *_similar(forecast),
            field(
                TITLE,
                "Title",
                kit.plain_text_input(
                    INPUT, initial=filled.title, max_length=TITLE_MAX, placeholder="What are users seeing?"
                ),
            ),
            field(SEVERITY, "Severity", kit.select(INPUT, severity_options(policy), initial=severity), dispatch=True),
            *service_fields(policy, filled.services, dispatch=True),
            _team(policy, filled),
            _template(policy, filled),
            *(
                question(each, answers.get(each.name, ""))
                for each in (policy.templates[template].fields if template else ())
            ),
            field(
                DESCRIPTION,
                "Description",
                kit.plain_text_input(INPUT, initial=filled.description, multiline=True),
                optional=True,
            ),
            field(
                PEOPLE,
                "People to invite",
                kit.multi_users_select(INPUT, initial=filled.people),
                optional=True,
                dispatch=True,
            ),
            field(
                PRIVATE,
                "Private",
                kit.checkboxes(
                    INPUT,
                    [Option("Only people who are invited see the channel", PRIVATE)],
                    initial=[PRIVATE] if filled.private else [],
                ),
                optional=True,
                dispatch=True,
            ),
            *_called(policy, filled, forecast),
        ],
        filled.about,
    )


def severity_options(policy: Policy) -> list[Option]:
    """Every severity with the sentence that defines it."""
    return [
        Option(f"{key} · {each.name}" if each.name != key else key, key, description=each.description or "")
        for key, each in policy.severities.items()
    ]


def team_options(policy: Policy) -> list[Option]:
    """Every team that a form can carry."""
    return [Option(team, team) for team in policy.teams if len(team) <= OPTION_VALUE]


def template_of(policy: Policy, filled: DeclareInput) -> str | None:
    """The template whose questions the form asks: the one that was chosen, else the one of the team and severity."""
    if filled.template in policy.templates:
        return filled.template
    team = filled.team or next(filter(None, map(policy.team_for_service, filled.services)), None)
    if team is None and not filled.private:
        team = policy.workspace.default_team
    return policy.template_for(team, filled.severity or policy.default_severity())


def service_fields(policy: Policy, services: Sequence[str], *, dispatch: bool = False) -> Iterator[Block]:
    """The menu of the policy's services, and a field for others. With `dispatch` a choice redraws the form."""
    known = policy.services_by_team()
    offered: set[str] = set()
    groups = []
    for team, names in known.items():
        new = [service for service in names if len(service) <= OPTION_VALUE and service not in offered]
        offered |= set(new[: kit.OPTIONS])
        groups.append((team, [Option(service, service) for service in new]))
    groups = [(team, options) for team, options in groups if options]
    if groups:
        chosen = [service for service in services if service in offered]
        menu = kit.multi_select(INPUT, groups, initial=chosen, placeholder="Choose services")
        yield field(SERVICES, "Services", menu, optional=True, dispatch=dispatch)
    other = ", ".join(service for service in services if service not in offered)
    box = kit.plain_text_input(INPUT, initial=other, max_length=max(OTHER_LIMIT, len(other)))
    label, hint = (
        ("Other services", "Those not in the menu; several with commas.")
        if groups
        else ("Services", "Several with commas.")
    )
    yield field(OTHER, label, box, optional=True, hint=hint)


def _team(policy: Policy, filled: DeclareInput) -> Block | None:
    options = team_options(policy)
    if not options:
        return None
    menu = kit.select(INPUT, options, initial=filled.team, placeholder="The team of the services")
    return field(TEAM, "Team", menu, optional=True, dispatch=True)


def _template(policy: Policy, filled: DeclareInput) -> Block | None:
    offered = [
        Option(name, name) for name, each in policy.templates.items() if each.fields and len(name) <= OPTION_VALUE
    ]
    if not offered:
        return None
    menu = kit.select(INPUT, offered, initial=filled.template, placeholder="Choose a template")
    return field(TEMPLATE, "Template", menu, optional=True, dispatch=True)


def question(asked: TemplateField, said: str) -> Block:
    """A template's field; `said` is what it says so far. A choice that is not offered any more is kept as text."""
    name = f"{QUESTION}{asked.name}"
    options = [Option(each, each) for each in asked.options] if asked.type is FieldType.CHOICE else []
    if asked.type is FieldType.YES_NO:
        options = [Option("Yes", YES), Option("No", NO)]
    if options and said in ("", *(option.value for option in options)):
        return field(name, asked.name, kit.select(INPUT, options, initial=said), optional=True)
    box = kit.plain_text_input(INPUT, initial=said, max_length=max(ANSWER_LIMIT, len(said)))
    return field(name, asked.name, box, optional=True)


def number_mistakes(asked: Sequence[TemplateField], fields: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What is wrong, by field, where a number was asked for and something else was written."""
    numbers = {each.name for each in asked if each.type is FieldType.NUMBER}
    wrong = "Write a number, for example 12 or 0.5."
    return {f"{QUESTION}{name}": wrong for name, said in fields if said and name in numbers and not _is_number(said)}


def _similar(forecast: Forecast | None) -> Iterator[Block]:
    if forecast is None or not forecast.similar:
        return
    yield kit.section(similar_lines(forecast.similar))


def similar_lines(similar: Sequence[Incident]) -> str:
    """Open incidents that may be the same, a line each with the channel."""
    lines = ["⚠️ *Similar and open:*"]
    for incident in similar[:3]:
        title, where = kit.line(labels.title(incident), 150), text.channel_link(incident.room.channel_id)
        lines.append(f"• {incident.name} {title} ({kit.line(incident.severity, 40)}) → {where}")
    return "\n".join(lines)


def _called(policy: Policy, filled: DeclareInput, forecast: Forecast | None) -> Iterator[Block]:
    if forecast is None:
        return
    called = [match.person.id for match in forecast.called.found]
    others = [person for person in called if person != forecast.by]
    missed = forecast.called.missed
    lines = [f"*Will page:* {text.mentions(others) if others else 'nobody but you'}"]
    if forecast.team:
        lines[0] += f" (team {kit.line(forecast.team, 80)})"
    if missed:
        lines.append(f"⚠️ Nobody was found for: {kit.line(', '.join(missed), 300)}")
    if filled.private:
        people = [person for person in dict.fromkeys((*others, *filled.people)) if person != forecast.by]
        who = f"you, {text.mentions(people)}" if people else "only you"
        later = forecast.team and len(policy.teams[forecast.team].escalation) > 1
        if later:
            who += f"; if nobody acknowledges, also the later levels of {kit.line(forecast.team or '', 80)}"
        lines.append(f"🔒 *Will get in:* {who}")
    yield kit.section("\n".join(lines))


def read_filled(view: Block, policy: Policy) -> DeclareInput:
    """What is filled in so far, complete or not."""
    services, sure = services_filled_in(view)
    filled = DeclareInput(
        title=text_in(view, TITLE),
        severity=chosen_in(view, SEVERITY),
        team=chosen_in(view, TEAM),
        services=services,
        sure=sure,
        description=text_in(view, DESCRIPTION),
        people=tuple(value_in(view, PEOPLE).get("selected_users") or ()),
        private=bool(value_in(view, PRIVATE).get("selected_options")),
        template=chosen_in(view, TEMPLATE),
        about=about(view),
    )
    template = template_of(policy, filled)
    asked = policy.templates[template].fields if template else ()
    answers = [(each.name, _answer(view, each)) for each in asked]
    return filled.copy_with(fields=tuple((name, said) for name, said in answers if said))


def services_filled_in(view: Block) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(the services that were chosen and written, those of them that stood in quotes)."""
    names, sure = services_written(text_in(view, OTHER))
    return tuple(dict.fromkeys((*all_chosen_in(view, SERVICES), *names))), sure


def services_written(said: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(names with commas between them, those that stood in quotes: nobody asks whether they are misspelt)."""
    written = [name for part in said.split(",") if (name := part.strip())]
    names = [name.strip(_QUOTES).strip() for name in written]
    sure = [name.strip(_QUOTES).strip() for name in written if name[0] in _QUOTES]
    return tuple(dict.fromkeys(filter(None, names))), tuple(filter(None, sure))


_QUOTES = '"“”„'


def _answer(view: Block, asked: TemplateField) -> str:
    name = f"{QUESTION}{asked.name}"
    return chosen_in(view, name) or text_in(view, name)


def read_declare(view: Block, policy: Policy) -> DeclareInput | FormMistakes:
    """What was declared, or what is wrong with it: no title, a number that is none."""
    filled = read_filled(view, policy)
    wrong = {}
    if not filled.title:
        wrong[TITLE] = "An incident needs a title: what are users seeing?"
    template = template_of(policy, filled)
    asked = policy.templates[template].fields if template else ()
    wrong |= number_mistakes(asked, filled.fields)
    return FormMistakes(fields=wrong) if wrong else filled


def _is_number(said: str) -> bool:
    try:
        float(said.replace(",", ".").removesuffix("%"))
    except ValueError:
        return False
    return True


def unknown_service(said: str, near: str) -> FormMistakes:
    """The error below the field for services that are not in the menu."""
    return FormMistakes(
        fields={
            OTHER: f'There is no service “{said}”. Did you mean {near}? If it is called that, put it in quotes: "{said}".'
        }
    )
