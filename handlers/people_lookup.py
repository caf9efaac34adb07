"""Names that were typed, as people: what was understood, and how."""

from __future__ import annotations

import re

from blocks.usage import PersonNotFound, SeveralCandidates, SeveralPeople
from warroom.errors import Refused
from warroom.incident.declare import ids, unfound
from warroom.people.resolution import resolve
from warroom.ports import World
from warroom.text import as_typed

ME = ("me", "@me", "myself")
_UNLABELLED = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^<>]*))?>")


async def one_person(world: World, said: str, actor: str) -> str:
    """The id of the one person that is meant. Raises Refused when it is nobody, or could be several."""
    if said.casefold() in ME:
        return actor
    people = await resolve((said,), world.directory, world.policy)
    found = ids(people)
    if len(found) == 1 and not unfound(people):
        return found[0]
    if people.ambiguous:
        names = tuple(candidate.name for candidate in people.ambiguous[0].candidates)
        raise Refused(SeveralCandidates(said=said, names=names))
    if found:
        raise Refused(SeveralPeople(said=said, count=len(found)))
    raise Refused(PersonNotFound(said=said))


async def readable(world: World, text: str) -> str:
    """Free text as a person reads it: mentions as names, Slack's markup as plain text."""
    names = {}
    for user, label in _UNLABELLED.findall(text):
        person = None if label else await world.directory.person(user)
        names[user] = label or (person and (person.display_name or person.real_name or person.name)) or user
    return as_typed(_UNLABELLED.sub(lambda found: f"@{names[found[1]]}", text)).strip()
