"""The options of a menu: those that the app gave, or people and conversations of the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.model import Channel, Json, SlackUser
from sandbox.page.emojis import replace_emoji_names
from sandbox.page.names import ReaderNames
from sandbox.workspace import WorkspaceState

SHOWN = 60
"""How many people or conversations a menu lists at most."""


@dataclass(frozen=True)
class MenuOption:
    """One option. `value` is the option's index, or the id of a person or conversation."""

    value: str
    text: str
    note: str = ""
    chosen: bool = False
    heading: str = ""
    app_value: str = ""
    """The value that the app gave the option, by which it is recognised when its index changes."""


def source(element: Json) -> str:
    """Where a menu's options come from: options, users, conversations, channels or external."""
    kind: str = element["type"].removeprefix("multi_").removesuffix("_select")
    return kind if kind in ("users", "conversations", "channels", "external") else "options"


def menu_options(ws: WorkspaceState, names: ReaderNames, element: Json, value: Any) -> list[MenuOption]:
    """The options of a menu whose current value is `value`. Chosen people and conversations come first."""
    where = source(element)
    chosen = value if isinstance(value, list) else [value] if value else []
    if where == "options":
        return list(_options(element, chosen))
    if where == "external":
        return []
    found = search(ws, names, where, "", element.get("filter"))
    first = [_one(ws, names, key, chosen=True) for key in chosen]
    return first + [choice for choice in found if choice.value not in chosen]


def _options(element: Json, chosen: list[Any]) -> Iterator[MenuOption]:
    groups = element.get("option_groups") or [{"options": element["options"]}]
    number = 0
    for group in groups:
        heading = group["label"]["text"] if "label" in group else ""
        for option in group["options"]:
            note = (option.get("description") or {}).get("text", "")
            yield MenuOption(
                str(number),
                replace_emoji_names(option["text"]["text"]),
                replace_emoji_names(note),
                option in chosen,
                heading,
                option["value"],
            )
            number, heading = number + 1, ""


def search(
    ws: WorkspaceState, names: ReaderNames, where: str, words: str, only: Json | None = None
) -> list[MenuOption]:
    """At most SHOWN people or conversations whose names contain the words."""
    everything: Iterable[MenuOption] = _people(ws) if where == "users" else _conversations(ws, names, where, only or {})
    wanted = words.casefold().lstrip("@#")
    found = []
    for choice in everything:
        if wanted in choice.text.casefold() or wanted in choice.note.casefold():
            found.append(choice)
            if len(found) == SHOWN:
                break
    return found


def person_option(who: SlackUser) -> MenuOption:
    """A person as an option: the display name and, to tell namesakes apart, real name, handle and title."""
    note = " · ".join(piece for piece in (who.real_name, f"@{who.name}", who.title) if piece)
    return MenuOption(who.id, who.display_name or who.real_name, note)


def _people(ws: WorkspaceState) -> Iterator[MenuOption]:
    return (person_option(who) for who in ws.people.values() if not who.deleted)


def _conversations(ws: WorkspaceState, names: ReaderNames, where: str, only: Json) -> Iterator[MenuOption]:
    kinds = set(only.get("include") or ("public", "private", "im", "mpim"))
    if where == "channels":
        kinds = {"public"}
    for this in ws.channels.values():
        kind = this.type.removesuffix("_channel")
        hidden = kind != "public" and names.reader.id not in this.members
        if kind in kinds and not this.is_archived and not hidden:
            yield _conversation(names, this)


def _conversation(names: ReaderNames, this: Channel) -> MenuOption:
    sign = ("🔒 " if this.is_private else "#") if this.kind == "channel" else "@"
    return MenuOption(this.id, f"{sign}{names.channel(this)}", this.topic)


def _one(ws: WorkspaceState, names: ReaderNames, key: str, *, chosen: bool) -> MenuOption:
    if key in ws.people:
        line = person_option(ws.people[key])
    elif key in ws.channels:
        line = _conversation(names, ws.channels[key])
    else:
        line = MenuOption(key, key)
    return MenuOption(line.value, line.text, line.note, chosen)
