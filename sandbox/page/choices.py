"""What menus offer: options of the app, or people and conversations of the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.model import Channel, Json, Person
from sandbox.page.emojis import written
from sandbox.page.names import Names
from sandbox.workspace import Workspace

SHOWN = 60
"""How many people or conversations a menu lists before somebody searches."""


@dataclass(frozen=True)
class Choice:
    """One line of a menu. `value` is an option's number, or an id."""

    value: str
    text: str
    note: str = ""
    chosen: bool = False
    heading: str = ""
    means: str = ""
    """What the app calls the option, wherever it stands."""


def source(element: Json) -> str:
    """Where a menu's lines come from: options, users, conversations, channels or external."""
    kind: str = element["type"].removeprefix("multi_").removesuffix("_select")
    return kind if kind in ("users", "conversations", "channels", "external") else "options"


def offered(ws: Workspace, names: Names, element: Json, value: Any) -> list[Choice]:
    """The lines of a menu that holds `value`. Chosen ones come first where there are too many to list."""
    where = source(element)
    chosen = value if isinstance(value, list) else [value] if value else []
    if where == "options":
        return list(_options(element, chosen))
    if where == "external":
        return []
    found = search(ws, names, where, "", element.get("filter"))
    first = [_one(ws, names, key, chosen=True) for key in chosen]
    return first + [choice for choice in found if choice.value not in chosen]


def _options(element: Json, chosen: list[Any]) -> Iterator[Choice]:
    groups = element.get("option_groups") or [{"options": element["options"]}]
    number = 0
    for group in groups:
        heading = group["label"]["text"] if "label" in group else ""
        for option in group["options"]:
            note = (option.get("description") or {}).get("text", "")
            yield Choice(
                str(number), written(option["text"]["text"]), written(note), option in chosen, heading, option["value"]
            )
            number, heading = number + 1, ""


def search(ws: Workspace, names: Names, where: str, words: str, only: Json | None = None) -> list[Choice]:
    """At most SHOWN people or conversations whose names hold the words."""
    everything: Iterable[Choice] = _people(ws) if where == "users" else _conversations(ws, names, where, only or {})
    wanted = words.casefold().lstrip("@#")
    found = []
    for choice in everything:
        if wanted in choice.text.casefold() or wanted in choice.note.casefold():
            found.append(choice)
            if len(found) == SHOWN:
                break
    return found


def person_line(who: Person) -> Choice:
    """A person as menus list them: the display name and, to tell namesakes apart, the real one and the title."""
    note = " · ".join(piece for piece in (who.real_name, f"@{who.name}", who.title) if piece)
    return Choice(who.id, who.display_name or who.real_name, note)


def _people(ws: Workspace) -> Iterator[Choice]:
    return (person_line(who) for who in ws.people.values() if not who.deleted)


def _conversations(ws: Workspace, names: Names, where: str, only: Json) -> Iterator[Choice]:
    kinds = set(only.get("include") or ("public", "private", "im", "mpim"))
    if where == "channels":
        kinds = {"public"}
    for this in ws.channels.values():
        kind = this.type.removesuffix("_channel")
        hidden = kind != "public" and names.reader.id not in this.members
        if kind in kinds and not this.is_archived and not hidden:
            yield _conversation(names, this)


def _conversation(names: Names, this: Channel) -> Choice:
    sign = ("🔒 " if this.is_private else "#") if this.kind == "channel" else "@"
    return Choice(this.id, f"{sign}{names.channel(this)}", this.topic)


def _one(ws: Workspace, names: Names, key: str, *, chosen: bool) -> Choice:
    if key in ws.people:
        line = person_line(ws.people[key])
    elif key in ws.channels:
        line = _conversation(names, ws.channels[key])
    else:
        line = Choice(key, key)
    return Choice(line.value, line.text, line.note, chosen)
