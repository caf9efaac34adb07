"""Action items: the list of an incident with what can be done about each, and those of all incidents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from blocks import ids, kit, labels, text
from blocks.kit import Block, Card, Option
from warroom.incident.corrections import OwnedAction
from warroom.incident.model import ActionItem, Incident, action_number
from warroom.incident.view import IncidentView

SHOWN = 30


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
    if item.done_at:
        parts.append("done")
    elif item.due_at:
        late = item.due_at <= now
        parts.append(f"{'⚠️ *overdue* since' if late else 'due'} {text.when(item.due_at, tz)}")
    return f"{'☑️' if item.done_at else '⬜'} {' · '.join(parts)}"


def _menu(incident: Incident, item: ActionItem, place: int) -> Block | None:
    settled = ("Reopen", ids.ACTION_REOPEN) if item.done_at else ("Done", ids.ACTION_DONE)
    offered = [settled, ("Assign to me", ids.ACTION_TAKE), ("Edit…", ids.ACTION_EDIT), ("Delete", ids.ACTION_DELETE)]
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
