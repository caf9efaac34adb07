"""Action items and the post-mortem."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from warroom.incident.parts import ActionPriority
from warroom.value import Stored


class PostmortemReady(Stored):
    """The draft was shared. Carries the buttons Edit post-mortem and Publish."""

    kind: Literal["postmortem_ready"] = "postmortem_ready"
    missing: tuple[str, ...] = ()
    """Required parts that are not written yet, by key."""
    revision: int = 1
    published_by: str | None = None


class PostmortemDue(Stored):
    """A required post-mortem is due or late. Carries the button Write post-mortem."""

    kind: Literal["postmortem_due"] = "postmortem_due"
    people: tuple[str, ...]
    required_by: datetime


class ActionDue(Stored):
    """An action item is due, soon, or late; then `people` are told too."""

    kind: Literal["action_due"] = "action_due"
    text: str
    owner: str | None
    due_at: datetime
    soon: bool = False
    late: bool = False
    people: tuple[str, ...] = ()


class ActionAssigned(Stored):
    """Somebody else gave an action item to its owner; said to the owner alone."""

    kind: Literal["action_assigned"] = "action_assigned"
    by: str
    text: str
    number: int
    due_at: datetime | None = None
    priority: ActionPriority | None = None


PostmortemNotice = PostmortemReady | PostmortemDue | ActionDue | ActionAssigned
