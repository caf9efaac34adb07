"""What one person is told when what they asked for was done. Only they see it, so a mention in it notifies nobody.

The incident's channel is added by whoever answers, where it is another one (`answers.with_link`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from blocks import kit, labels, text
from blocks.answers import linked
from blocks.declare_form import similar_lines
from blocks.kit import Card
from warroom.incident.model import Incident, State
from warroom.incident.parts import ActionItem, action_number
from warroom.incident.view import IncidentView, NextPage

SAID = 2_000
"""Characters of somebody's words in an answer."""


def _card(line: str) -> Card:
    return kit.card(line, [kit.section(line)])


def _said(words: str, limit: int = SAID) -> str:
    return text.prose(words, limit)


# Responding


def acknowledged(incident: Incident) -> Card:
    """Acknowledged by whoever typed it."""
    return _card(f"You acknowledged {incident.name}. Escalation stopped.")


def escalated(incident: Incident, paged: NextPage | None) -> Card:
    """The next level is paged; `paged` is who that was before it happened."""
    if paged is None:
        return _card(f"The next level of {incident.name} is being paged.")
    again = " again" if paged.again else ""
    return _card(f"Paging {kit.line(labels.names(paged.names), 300)} (level {paged.level}){again} for {incident.name}.")


def update_posted(incident: Incident, *, announced: bool) -> Card:
    """The update of a command; a form's is seen in the channel."""
    where = "its channel and the announcement" if announced else "its channel"
    return _card(f"Update of {incident.name} posted to {where}.")


def severity_set(incident: Incident) -> Card:
    """Another severity."""
    return _card(f"{incident.name} is {kit.line(incident.severity, 80)} now.")


def mitigated(incident: Incident) -> Card:
    """Mitigated, and what comes next."""
    return _card(f"{incident.name} is mitigated. Keep an eye on it and resolve once stable.")


def resolved(incident: Incident) -> Card:
    """Resolved."""
    return _card(f"{incident.name} is resolved.")


def summary_replaced(incident: Incident, before: str) -> Card:
    """It was resolved before; what fixed it is said now. `before` is what was said until then."""
    was = f" (was “{_said(before, 700)}”)" if before else ""
    return _card(f"{incident.name} was resolved already. What fixed it: “{_said(incident.summary, 1_500)}”{was}")


def reopened(incident: Incident) -> Card:
    """Open again, and whether people are paged again."""
    if incident.state is State.DETECTED:
        return _card(f"{incident.name} is open again and not acknowledged. Escalation continues.")
    return _card(f"{incident.name} is open again.")


def visibility_set(incident: Incident) -> Card:
    """Private or public now."""
    return _card(f"{incident.name} is {'private' if incident.private else 'public'} now.")


def tried_again(incident: Incident) -> Card:
    """What failed elsewhere is being tried again."""
    return _card(f"Trying again for {incident.name}.")


def declared_before(incident: Incident) -> Card:
    """The same gesture came twice."""
    return _card(f"Declared {incident.name} ({kit.line(incident.severity, 80)}){linked(incident)}")


def similar_to(incident: Incident, similar: Sequence[Incident]) -> Card:
    """Below the answer to a declaration in one line: what may be the same, and how to take this one back."""
    shown = similar_lines(similar)
    same = f"Is {incident.name} the same? `/incident cancel #{incident.number} duplicate of #{similar[0].number}`"
    return kit.card(shown, [kit.section(shown), kit.context(same)])


def declared_from_message(incident: Incident) -> Card:
    """Declare incident on a message from which an open incident was declared."""
    return _card(f"{_which(incident)} was declared from this message already{linked(incident)}")


def open_for_alert(incident: Incident) -> Card:
    """Declare incident on an alert that belongs to an open incident."""
    return _card(f"{_which(incident)} is already open for this alert{linked(incident)}")


def someone_is_on_it() -> Card:
    """As the two before, about a private incident that this person may not know of."""
    return _card("Someone is already on this.")


def _which(incident: Incident) -> str:
    return f"{incident.name} ({kit.line(incident.severity, 80)})"


# People


def role_given(view: IncidentView, role: str, person: str) -> Card:
    """Somebody has a role, and what that is."""
    what = labels.role_description(role, view)
    doing = f": {kit.line(what, 600)}" if what else ""
    return _card(f"{text.mention(person)} is {kit.line(role, 60)} of {view.incident.name} now{doing}.")


def handed_over(incident: Incident, person: str) -> Card:
    """Somebody else commands."""
    return _card(
        f"{text.mention(person)} is incident commander of {incident.name} now. "
        "The channel has been told where things stand."
    )


def joining(incident: Incident) -> Card:
    """The actor is being invited."""
    return _card(f"Adding you to {incident.name}{linked(incident)}")


def following(incident: Incident) -> Card:
    """Updates of one incident come as direct messages."""
    return _card(f"You follow {incident.name}. Updates and changes of state come as direct messages{linked(incident)}")


def following_all(team: str | None, severity: str | None) -> Card:
    """Updates of every incident of a team or severity come as direct messages."""
    return _card(f"You follow every new incident {_of(team, severity)}. Updates come as direct messages.")


def not_following(incident: Incident) -> Card:
    """No more direct messages about one incident."""
    return _card(f"You no longer follow {incident.name}.")


def not_following_all(team: str | None, severity: str | None) -> Card:
    """No more direct messages about new incidents of a team or severity."""
    return _card(f"You no longer follow new incidents {_of(team, severity)}.")


def _of(team: str | None, severity: str | None) -> str:
    return f"of team {kit.line(team, 80)}" if team else f"of severity {kit.line(severity or '', 80)}"


# On call


def cover_asked(schedule: str, person: str | None, start: datetime, end: datetime, tz: str) -> Card:
    """Somebody, or the team, is asked for cover. `tz` is the clock on which the times were read."""
    asked = f"{text.mention(person)} is" if person else "The team is"
    time = _read_as(start, end, tz)
    return _card(f"{asked} asked for cover in {kit.line(schedule, 80)}, {time}. You are told when somebody takes it.")


def overridden(schedule: str, person: str, start: datetime, end: datetime, tz: str) -> Card:
    """Somebody else is on call for a while. `tz` is the clock on which the times were read."""
    name, time = kit.line(schedule, 80), _read_as(start, end, tz)
    return _card(
        f"{text.mention(person)} is on call in {name}, {time}, and is told. `/incident oncall {name}` shows it, with Undo."
    )


def _read_as(start: datetime, end: datetime, tz: str) -> str:
    """The times as they were understood, on the clock on which they were typed, which is named."""
    zone = text.zone(tz)
    first, last = start.astimezone(zone), end.astimezone(zone)
    return f"{first:%a %-d %b %H:%M} to {last:%a %-d %b %H:%M} ({tz} time)"


def feeds_revoked(count: int) -> Card:
    """Links to calendars that stopped working."""
    if not count:
        return _card("You have no calendar link. To get one: /incident oncall calendar")
    links = "The link is" if count == 1 else f"{count} links are"
    return _card(f"Revoked: {links} not valid any more. Your calendar shows no shifts the next time it reads.")


def swap_asked(schedule: str, person: str) -> Card:
    """Somebody is asked to swap shifts."""
    return _card(
        f"{text.mention(person)} is asked to swap your next shifts in {kit.line(schedule, 80)}. "
        "You are told when they agree."
    )


def cover_taken(schedule: str, person: str) -> Card:
    """Take it, Swap."""
    return _card(f"Thank you. {text.mention(person)} is on call in {kit.line(schedule, 80)} then.")


def cover_undone(schedule: str) -> Card:
    """Undo."""
    return _card(f"Undone: {kit.line(schedule, 80)} is as the schedule says.")


# The record


def entry_added(incident: Incident, happened: datetime | None, tz: str) -> Card:
    """A line on the timeline; `happened` when that was not now."""
    at = f" at {text.when(happened, tz)}" if happened else ""
    return _card(f"Added to the timeline of {incident.name}{at} as entry {incident.notes}.")


def message_added(incident: Incident) -> Card:
    """A message on the timeline."""
    return _card(f"The message is on the timeline of {incident.name}.")


def entry_changed(incident: Incident, number: int, happened: datetime | None, tz: str) -> Card:
    """One's own entry was corrected; `happened` when its time was."""
    at = f" It happened at {text.when(happened, tz)}." if happened else ""
    return _card(f"Changed entry {number} of the timeline of {incident.name}.{at}")


def entry_removed(incident: Incident, number: int) -> Card:
    """One's own entry was removed."""
    return _card(f"Removed entry {number} from the timeline of {incident.name}.")


def action_added(incident: Incident, item: ActionItem, tz: str) -> Card:
    """One more action item."""
    return _card(f"Added {_item(incident, item)} ({_who_and_when(item, tz)})")


def action_changed(incident: Incident, item: ActionItem, tz: str) -> Card:
    """Another text, owner or date."""
    return _card(f"Changed {_item(incident, item)} ({_who_and_when(item, tz)})")


def action_settled(incident: Incident, item: ActionItem) -> Card:
    """Done, or open again."""
    state = "Done" if item.done_at else "Open again"
    return _card(f"{state}: {_item(incident, item)}")


def action_deleted(incident: Incident, item: ActionItem) -> Card:
    """Deleted."""
    return _card(f"Deleted {_item(incident, item)}")


def _item(incident: Incident, item: ActionItem) -> str:
    return f"action item {action_number(item)} of {incident.name}: {_said(item.text)}"


def _who_and_when(item: ActionItem, tz: str) -> str:
    whose = f"owner {text.mention(item.owner)}" if item.owner else "no owner"
    priority = f", {labels.PRIORITY[item.priority]}" if item.priority else ""
    return f"{whose}, {f'due {text.when(item.due_at, tz)}' if item.due_at else 'no due date'}{priority}"


# Afterwards


def postmortem_shared(incident: Incident) -> Card:
    """The post-mortem is on its way to the channel."""
    return _card(f"Sharing the post-mortem of {incident.name} in its channel. Edit and publish it there.")


def form_too_late(instead: str) -> Card:
    """Slack did not open a form in time; the same can be typed."""
    return _card(f"The form took too long to open. Press again, or type this instead:\n`{kit.line(instead, 300)}`")
