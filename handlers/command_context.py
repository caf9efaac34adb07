"""One `/incident …` as its subcommand sees it, and which incident it is about."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto

from blocks.answers import with_link
from blocks.kit import Card
from handlers import gestures, parse_command
from handlers.gestures import GestureContext
from warroom.incident import lookup
from warroom.incident.model import Incident

START, RESPOND, RECORD, AFTER = "Start", "Respond", "Record", "After"
GROUPS = (START, RESPOND, RECORD, AFTER)
"""The parts of the help, in this order."""


SHORT = 90
"""Characters of usage in the list of all subcommands."""
_BAR = re.compile(r" \| (?![^\[]*\])")
"""Between two ways to use a subcommand; bars within brackets are choices of one way."""


class CommandSubject(Enum):
    """What stands after the subcommand's name."""

    INCIDENT = auto()
    """At most an incident's number, so 12 is one."""
    INCIDENT_OR_TEXT = auto()
    """As INCIDENT_AND_TEXT, but a number alone is an incident's."""
    INCIDENT_AND_TEXT = auto()
    """An incident's number and text, so in a room 500 is text and only #500 is a number."""


@dataclass(frozen=True, slots=True)
class CommandContext(GestureContext):
    """A subcommand with what it needs. `text` is what follows the name and the incident's number."""

    text: str


@dataclass(frozen=True, slots=True)
class IncidentCommandContext(CommandContext):
    """The same about one incident."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One row of the table: what it is called, how it is used, what help says, what it does."""

    name: str
    usage: str
    help: str
    run: Callable[[CommandContext], Awaitable[Card | None]]
    also: tuple[str, ...] = ()
    """Other ways to write the name."""
    group: str = RESPOND
    """Where help shows it."""

    @property
    def short(self) -> str:
        """How it is used, as far as it fits into a list of all."""
        return self.usage if len(self.usage) <= SHORT else f"{self.name} …"

    @property
    def ways(self) -> tuple[str, ...]:
        """How it is used: each of several ways by itself, where it has too many for one line."""
        if len(self.usage) <= SHORT:
            return (self.usage,)
        choices = self.usage.removeprefix(self.name).strip().removeprefix("[").removesuffix("]")
        return (self.name, *(f"{self.name} {way.strip()}" for way in _BAR.split(choices)))


def about(
    run: Callable[[IncidentCommandContext], Awaitable[Card | None]],
    what: CommandSubject = CommandSubject.INCIDENT_AND_TEXT,
) -> Callable[[CommandContext], Awaitable[Card | None]]:
    """A subcommand about one incident: found before it runs. Raises NotFound."""

    async def found(context: CommandContext) -> Card | None:
        incident, text = await incident_of(context, what)
        gestures.about(incident)
        card = await run(IncidentCommandContext(context.world, context.client, context.actor, text, incident))
        return with_link(card, incident) if card and context.actor.channel != incident.room.channel_id else card

    return found


async def incident_of(context: CommandContext, what: CommandSubject) -> tuple[Incident, str]:
    """(the incident that is meant, the text after its number). Raises NotFound."""
    store, here = context.world.store, context.actor.channel
    room = await store.incident_in(here) if here else None
    alone = what is CommandSubject.INCIDENT_OR_TEXT and context.text.strip().isdecimal()
    bare = room is None or what is CommandSubject.INCIDENT or alone
    target = parse_command.target(context.text, bare=bare)
    if target.number is None and target.channel is None and room is not None:
        return room, target.rest
    incident = await lookup.by_number_or_room(context.world, target.number, target.channel)
    if incident.room.channel_id != here and not incident.shown_to(context.user):
        # The audit trail records what was tried; the answer is the one for what does not exist.
        gestures.about(incident)
        raise lookup.no_such(target.number)
    return incident, target.rest
