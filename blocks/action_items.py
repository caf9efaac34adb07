"""Action items: the list of an incident with what can be done about each, those of all incidents, and the form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from blocks import ids, kit, labels, text
from blocks.form_fields import (
    INPUT,
    FormMistakes,
    about,
    about_one_of,
    chosen_in,
    field,
    form,
    text_in,
    value_in,
    which_incident,
)
from blocks.kit import Block, Card, Option
from warroom.incident.action_items import OwnedAction
from warroom.incident.model import Incident
from warroom.incident.parts import ActionItem, ActionPriority, Link, action_number
from warroom.incident.view import IncidentView
from warroom.value import Value

SHOWN = 30
TEXT, OWNER, DUE, PRIORITY = "text", "owner", "due", "priority"


def action_items(view: IncidentView, now: datetime) -> Card:
    """The incident's action items with owner and date, each with its menu; open ones first."""
    incident = view.incident
    add = kit.actions([kit.button("Add action item", ids.ACTION_ADD, ids.carry(incident.id))])
    if not incident.actions:
        line = f"{incident.name} has no action items. Add one: `/incident action add raise the limit @ada due friday`"
        return kit.card(line, [kit.section(line), add])
    items = sorted(incident.actions, key=lambda item: (item.done_at is not None, action_number(item)))
    head = f"*Action items of {incident.name}*"
    shown = [_section(incident, item, view.timezone, now, number) for number, item in enumerate(items[:SHOWN])]
    more = f"and {len(items) - SHOWN} more: `/incident show #{incident.number}`" if len(items) > SHOWN else ""
    return kit.card(
        f"Action items of {incident.name}", [kit.section(head), *shown, kit.context(more) if more else None, add]
    )


def all_action_items(
    items: Sequence[OwnedAction], tz: str, now: datetime, *, owner: str | None = None, team: str | None = None
) -> Card:
    """Action items that are not done, of any incident: of that owner (an id), of that team, or everybody's."""
    of = f" of {text.mention(owner)}" if owner else f" of {kit.line(team, 80)}" if team else ""
    if not items:
        line = f"No open action items{of}."
        return kit.card(line, [kit.section(line)])
    head = f"*{text.count(len(items), 'open action item')}*{of}"
    shown = [item_section(each, tz, now, number) for number, each in enumerate(items[:SHOWN])]
    more = kit.context(f"and {len(items) - SHOWN} more") if len(items) > SHOWN else None
    return kit.card(head, [kit.section(head), *shown, more])


def item_section(owned: OwnedAction, tz: str, now: datetime, place: int) -> Block:
    """One action item with the name of its incident; `place` is its place in the message."""
    incident = owned.incident
    title = kit.line(labels.title(incident), 80)
    return _section(incident, owned.item, tz, now, place, f"\n{incident.name} {title}")


def _section(incident: Incident, item: ActionItem, tz: str, now: datetime, place: int, more: str = "") -> Block:
    return kit.section(f"{item_line(item, tz, now)}{more}", accessory=_menu(incident, item, place))


def item_line(item: ActionItem, tz: str, now: datetime) -> str:
    """ "⬜ 3 · Raise the limit · @ada · due friday"."""
    said = kit.line(item.text, 300)
    parts = [f"*{action_number(item)}* {'~' + said + '~' if item.done_at else said}"]
    parts.append(labels.person(item.owner, "no owner"))
    if item.priority and not item.done_at:
        high = item.priority is ActionPriority.HIGH
        parts.append(f"{'🔺 ' if high else ''}{labels.PRIORITY[item.priority]}")
    if item.done_at:
        parts.append("done")
    elif item.due_at:
        late = item.due_at <= now
        parts.append(f"{'⚠️ *overdue* since' if late else 'due'} {text.when(item.due_at, tz)}")
    parts += ticket_links(item.tickets)
    return f"{'☑️' if item.done_at else '⬜'} {' · '.join(parts)}"


def ticket_links(tickets: Iterable[Link]) -> list[str]:
    """The issues that other systems keep of an action item, as links."""
    return [text.link(each.url, each.title) for each in tickets]


def _menu(incident: Incident, item: ActionItem, place: int) -> Block | None:
    mark = ("Reopen", ids.ACTION_REOPEN) if item.done_at else ("Done", ids.ACTION_DONE)
    offered = [mark, ("Assign to me", ids.ACTION_TAKE), ("Edit…", ids.ACTION_EDIT), ("Delete", ids.ACTION_DELETE)]
    return kit.overflow(
        ids.nth(ids.ACTION_MENU, place),
        [
            Option(label, ids.carry(incident.id, f"{what}:{action_number(item)}"))
            for label, what in offered
            if what != ids.ACTION_TAKE or not item.done_at
        ],
    )


def item_lines(items: Iterable[ActionItem], tz: str, now: datetime) -> list[str]:
    """Action items where nothing can be pressed."""
    return [item_line(item, tz, now) for item in items]


def action_form(
    choices: Sequence[IncidentView],
    channel: str | None,
    *,
    item: ActionItem | None = None,
    said: str = "",
    now: datetime,
) -> Block:
    """Add an action item, or with `item` change it."""
    what = kit.plain_text_input(INPUT, initial=item.text if item else said, multiline=True)
    due = _day_of(item, choices[0].timezone) if item else ""
    when = kit.plain_text_input(INPUT, initial=due, max_length=60, placeholder="friday, 3d, 2026-12-01 17:00")
    levels = [Option(each.value.capitalize(), each.value) for each in ActionPriority]
    level = kit.select(INPUT, levels, initial=item.priority if item else None, placeholder="None")
    head = None
    if len(choices) == 1:
        incident = choices[0].incident
        which = f"Action item {action_number(item)} of " if item else ""
        head = kit.section(f"{which}*{incident.name}* {kit.line(labels.title(incident), 200)}")
    return form(
        ids.FORM_ACTION,
        "Edit action item" if item else "Add action item",
        "Save" if item else "Add",
        [
            head,
            which_incident(choices),
            field(TEXT, "Action item", what),
            field(OWNER, "Owner", kit.users_select(INPUT, initial=item.owner if item else None), optional=True),
            field(DUE, "Due", when, optional=True),
            field(PRIORITY, "Priority", level, optional=True),
        ],
        about_one_of(choices, channel=channel, seen=str(action_number(item)) if item else ""),
    )


def _day_of(item: ActionItem | None, tz: str) -> str:
    """The due date as it can be typed again."""
    if item is None or item.due_at is None:
        return ""
    return f"{item.due_at.astimezone(text.zone(tz)):%Y-%m-%d %H:%M}"


class ActionInput(Value):
    """A filled-in action item; `due` is as typed. `number` is the item that is changed, 0 for a new one."""

    text: str
    owner: str | None = None
    due: str = ""
    priority: ActionPriority | None = None
    number: int = 0


def read_action(view: Block) -> ActionInput | FormMistakes:
    """What was filled in, or that there are no words."""
    written = text_in(view, TEXT)
    if not written:
        return FormMistakes(fields={TEXT: "An action item needs words."})
    return ActionInput(
        text=written,
        owner=value_in(view, OWNER).get("selected_user"),
        due=text_in(view, DUE),
        priority=ActionPriority(chosen) if (chosen := chosen_in(view, PRIORITY)) else None,
        number=int(about(view).seen or 0),
    )


def due_unclear(said: str, today: date) -> FormMistakes:
    """The due date cannot be read, or is over."""
    return FormMistakes(
        fields={DUE: f"“{said}” is not a date to come. For example: friday, 3d, {today.year + 1}-01-31."}
    )
