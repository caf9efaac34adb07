"""What people write into a post-mortem. The document itself is built in `warroom.document`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from warroom.value import Stored

PARTS = ("summary", "impact", "root_cause", "went_well", "improve")
"""The parts that people write, in the document's order."""


class Postmortem(Stored):
    """The written parts. Timeline and action items come from the record and are not kept twice."""

    summary: str = ""
    impact: str = ""
    root_cause: str = ""
    went_well: str = ""
    improve: str = ""
    impact_began: str = ""
    """When it began to hurt, as people corrected it: ISO 8601 in UTC. "" where the record says it."""
    impact_ended: str = ""
    """The same for when it stopped."""
    from_record: tuple[str, ...] = ()
    """Parts that nobody has written yet: they say what the record says, as it is by then."""
    revision: int = 1
    created_at: datetime
    created_by: str | None = None
    edited_at: datetime | None = None
    edited_by: str | None = None
    published_at: datetime | None = None
    published_by: str | None = None

    required: ClassVar[tuple[str, ...]] = ("summary", "impact", "root_cause")

    @property
    def by_people(self) -> tuple[str, ...]:
        """What people wrote, part by part."""
        return tuple(filter(None, (getattr(self, part) for part in PARTS if part not in self.from_record)))

    def renewed(self, summary: str, impact: str) -> Self:
        """With what the record says now in the parts that nobody has written; as it is, once it is published."""
        now = {"summary": summary, "impact": impact}
        return self if self.published_at else self.copy_with(**{part: now[part] for part in self.from_record})

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of required parts that are still empty, in the document's order."""
        return tuple(part for part in self.required if not getattr(self, part).strip())
