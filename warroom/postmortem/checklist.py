"""What a post-mortem lacks before it is published: what must be there, and what is weak. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from warroom.incident.model import Incident
from warroom.incident.parts import action_number
from warroom.people.model import normal
from warroom.postmortem.model import Postmortem
from warroom.value import Value


class Weakness(StrEnum):
    """What is weak; it does not keep the document from being published."""

    NO_ACTIONS = "no actions"
    """Nothing is to be done so that it does not happen again."""
    NO_OWNER = "no owner"
    NO_DATE = "no date"
    BLAME = "blame"
    """A person is named where the cause should be."""
    NO_NUMBERS = "no numbers"
    """The impact says no number."""


class Finding(Value):
    """One weakness, and where it is."""

    weakness: Weakness
    part: str = ""
    person: str = ""
    """The id of whoever is named."""
    action: int = 0
    """The number of the action item."""


class Checklist(Value):
    """What a post-mortem lacks."""

    missing: tuple[str, ...] = ()
    """Required parts that are empty, by key: without them it is not published."""
    weak: tuple[Finding, ...] = ()


BLAMELESS = ("root_cause", "improve")
"""The parts that say why it happened: about the system and not about a person."""
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)")
_NUMBER = re.compile(
    r"\d|\b(?:all|none|nobody|no one|every|half|zero|one|two|three|four|five|ten|hundreds?|thousands?)\b", re.I
)


def checklist(incident: Incident, written: Postmortem, names: Mapping[str, str]) -> Checklist:
    """What it lacks. `names` are those of the people in it by id, as the directory knows them."""
    return Checklist(missing=written.missing, weak=tuple(_weak(incident, written, names)))


def _weak(incident: Incident, written: Postmortem, names: Mapping[str, str]) -> Iterator[Finding]:
    said = " ".join((written.impact, *(value for _, value in incident.fields)))
    if written.impact.strip() and not _NUMBER.search(said):
        yield Finding(weakness=Weakness.NO_NUMBERS, part="impact")
    for part in BLAMELESS:
        for person in _named(getattr(written, part), names):
            yield Finding(weakness=Weakness.BLAME, part=part, person=person)
    if not incident.actions:
        yield Finding(weakness=Weakness.NO_ACTIONS)
    for item in incident.actions:
        if item.done_at is None and item.owner is None:
            yield Finding(weakness=Weakness.NO_OWNER, action=action_number(item))
        if item.done_at is None and item.due_at is None:
            yield Finding(weakness=Weakness.NO_DATE, action=action_number(item))


def _named(text: str, names: Mapping[str, str]) -> list[str]:
    """Ids of the people whom a text mentions, or names in full or by a first name of three letters or more."""
    found = dict.fromkeys(_MENTION.findall(text))
    words = [normal(word) for word in re.findall(r"\w+", text)]
    joined = f" {' '.join(words)} "
    for person, name in names.items():
        parts = [normal(word) for word in re.findall(r"\w+", name)]
        first = parts[0] if parts else ""
        whole = " ".join(parts)
        if (whole and f" {whole} " in joined) or (len(first) > 2 and _capital(name, text)):
            found[person] = None
    return list(found)


def _capital(name: str, text: str) -> bool:
    """Whether the first name stands in the text as a name is written: "Grace", not "grace period"."""
    first = re.findall(r"\w+", name)[0]
    return re.search(rf"\b{re.escape(first[:1].upper() + first[1:])}\b", text) is not None
