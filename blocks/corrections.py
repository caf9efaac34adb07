"""Questions and answers about corrections, for the one person who makes them."""

from __future__ import annotations

from collections.abc import Sequence

from blocks import ids, kit, labels, text
from blocks.kit import Card
from blocks.timeline import words
from warroom.incident.edit import channel_private, seen_by
from warroom.incident.events import DetailChanged
from warroom.incident.model import Incident

WHY_LIMIT = 1_500
"""Characters of a reason that a button can carry."""


def cancel_question(incident: Incident, why: str) -> Card:
    """Which incident is meant, before it is cancelled."""
    name = f"{incident.name} {kit.line(labels.title(incident), 200)}"
    line = f"Cancel *{name}*?"
    note = f"Paging and reminders stop. You can undo this for an hour.\nReason: {kit.line(why, 500)}"
    press = kit.button(f"Cancel {incident.name}", ids.CANCEL, ids.carry(incident.id, why), style="danger")
    return kit.card(f"Cancel {name}?", [kit.section(line), kit.section(note), kit.actions([press])])


def cancelled(incident: Incident) -> Card:
    """It is cancelled, with the way back."""
    line = f"Cancelled {incident.name} {kit.line(labels.title(incident), 200)}. You can undo this for an hour."
    undo = kit.button("Undo", ids.REOPEN, ids.carry(incident.id, incident.state.value))
    return kit.card(line, [kit.section(line), kit.actions([undo])])


def visibility_question(incident: Incident, private: bool) -> Card:
    """What becomes visible to whom, or who has seen it already, before an incident is made public or private."""
    name = f"{incident.name} {kit.line(labels.title(incident), 200)}"
    people = seen_by(incident)
    seen = text.mentions(people, 1500) or "nobody"
    if private:
        head = f"Make *{name}* private?"
        lines = [f"Already seen by: {seen} ({text.count(len(people), 'person', 'people')} in its channel)."]
        if incident.room.announced_ts:
            lines.append("It was announced, so anybody may have read the announcement. It is deleted now.")
        if not channel_private(incident):
            lines.append(
                "The channel itself stays public, and an app cannot change that: anybody can still join and read it. "
                "To close it: channel name → Settings → Change to a private channel."
            )
        lines.append("From now on only people in its channel see the incident in lists, search and Home.")
        label = "Make it private"
    else:
        head = f"Make *{name}* public?"
        lines = [
            f"So far only people in its channel know of it: {seen} ({text.count(len(people), 'person', 'people')}).",
            (
                "Everybody will see: title, description, impact, updates, timeline, roles and post-mortem. "
                "It is announced, and shown in lists and search."
            ),
        ]
        if channel_private(incident):
            lines.append("Messages in its channel stay private: the channel is not opened.")
        label = "Make it public"
    seen_state = "private" if private else "public"
    press = kit.button(label, ids.VISIBILITY, ids.carry(incident.id, seen_state), style="danger")
    return kit.card(head.replace("*", ""), [kit.section(head), kit.section("\n".join(lines)), kit.actions([press])])


def edited(incident: Incident, changes: Sequence[DetailChanged], more: str = "") -> Card:
    """What was changed, and how it was."""
    lines = [f"*{kit.line(what.capitalize(), 80)}*: {kit.line(said, 400)}" for what, said in map(words, changes)]
    head = f"Edited {incident.name}."
    more = kit.line(more, 500)
    note = kit.section(more) if more else None
    return kit.card(" ".join(filter(None, [head, more])), [kit.section(head), *map(kit.section, lines[:20]), note])


def team_changed(team: str | None, paging: bool) -> str:
    """What follows for the escalation policy."""
    whose = f"The escalation policy of {team}" if team else "Without a team, the escalation policy of the declarer"
    when = "applies from now, beginning with its first level." if paging else "is used by Escalate from now."
    return f"{whose} {when}"
