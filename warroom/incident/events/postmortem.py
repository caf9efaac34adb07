"""Action items and the post-mortem."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from warroom.incident.events.base import EventBase
from warroom.value import Stored


class _WholeItem(EventBase):
    """What an action item says from now on."""

    text: str
    owner: str | None = None
    due_at: datetime | None = None
    priority: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """The id of its owner."""
        return (self.owner,) if self.owner else ()


class ActionAdded(_WholeItem):
    """One more action item."""

    kind: Literal["action_added"] = "action_added"
    item_id: str = ""


class ActionDone(EventBase):
    """An action item was done."""

    kind: Literal["action_done"] = "action_done"
    item_id: str
    text: str


class ActionReopened(EventBase):
    """An action item that was done is to be done after all."""

    kind: Literal["action_reopened"] = "action_reopened"
    item_id: str
    text: str


class ActionEdited(_WholeItem):
    """An action item has another text, owner, due date or priority. `before` is its text until now."""

    kind: Literal["action_edited"] = "action_edited"
    item_id: str
    before: str


class ActionRemoved(EventBase):
    """An action item was deleted."""

    kind: Literal["action_removed"] = "action_removed"
    item_id: str
    text: str


class PostmortemDrafted(EventBase):
    """The post-mortem was begun from the record."""

    kind: Literal["postmortem_drafted"] = "postmortem_drafted"


class PartChanged(Stored):
    """A written part of the post-mortem before and after an edit."""

    part: str
    before: str = ""
    after: str = ""


class PostmortemEdited(EventBase):
    """Somebody changed the post-mortem. Events of earlier releases say not what."""

    kind: Literal["postmortem_edited"] = "postmortem_edited"
    revision: int = 0
    changes: tuple[PartChanged, ...] = ()


class PostmortemPublished(EventBase):
    """The post-mortem is final."""

    kind: Literal["postmortem_published"] = "postmortem_published"
    revision: int = 0


class PostmortemLate(EventBase):
    """A required post-mortem was not published in time."""

    kind: Literal["postmortem_late"] = "postmortem_late"
    required_by: datetime | None = None


PostmortemEvent = (
    ActionAdded
    | ActionDone
    | ActionReopened
    | ActionEdited
    | ActionRemoved
    | PostmortemDrafted
    | PostmortemEdited
    | PostmortemPublished
    | PostmortemLate
)
