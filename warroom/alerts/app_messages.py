"""Messages that other systems' apps post into channels: an alert source like a webhook. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol, runtime_checkable

from warroom.alerts.parsing.parse import Parsed

SOURCE = "slack"
"""What such alerts are counted and stored under."""


@runtime_checkable
class MessageReader(Protocol):
    """Reads what the app of another system posts. An integration has it by having its methods."""

    def wrote(self, message: Mapping[str, Any]) -> bool:
        """Whether the message is one of that system's app. Only asked of messages that an app wrote."""
        ...

    def read_message(self, message: Mapping[str, Any], channel_id: str, received_at: datetime) -> Parsed:
        """The alerts in it; none, and nothing refused, when it is not about alerts. Raises nothing."""
        ...


class Author(NamedTuple):
    """The app that wrote a message."""

    ids: frozenset[str]
    """Of the app and its bot; none where a person wrote it."""
    names: frozenset[str]
    """Without case."""


def author_of(message: Mapping[str, Any]) -> Author:
    """Which app wrote it. Any app may write under any user name, so what its profile says goes first."""
    said = message.get("bot_profile")
    profile = said if isinstance(said, Mapping) else {}
    ids = (message.get("bot_id"), message.get("app_id"), profile.get("app_id"))
    name = profile.get("name") or message.get("username")
    return Author(
        frozenset(str(each) for each in ids if each), frozenset({str(name).casefold()}) if name else frozenset()
    )


def is_from(message: Mapping[str, Any], readers: Sequence[MessageReader], senders: Sequence[str] = ()) -> bool:
    """Whether an app wrote it whose messages are alerts: one of `senders` (ids or names), else one that a reader knows.

    People's messages never are: anybody can write what looks like an alert.
    """
    author = author_of(message)
    if not author.ids:
        return False
    if senders:
        return any(each in author.ids or each.casefold() in author.names for each in senders)
    return any(reader.wrote(message) for reader in readers)


def parse_message(
    message: Mapping[str, Any],
    channel_id: str,
    readers: Sequence[MessageReader],
    received_at: datetime,
) -> Parsed:
    """What it says to the reader that knows its app; to the first that finds an alert, where none does. Raises nothing."""
    asked = [reader for reader in readers if reader.wrote(message)] or readers
    found = (reader.read_message(message, channel_id, received_at) for reader in asked)
    return next((parsed for parsed in found if parsed.alerts or parsed.refused), Parsed())
