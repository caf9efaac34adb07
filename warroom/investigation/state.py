"""What an incident remembers of its investigations."""

from __future__ import annotations

from datetime import datetime

from warroom.investigation.model import Answer, Cause, NotLookedAt
from warroom.investigation.prose import Prose
from warroom.value import Stored

LANGUAGE_MODEL = "language model"
"""How it is called among what was not looked at."""
SLOT = "investigation"
"""Of the room: its one message in the card's thread."""


class Running(Stored):
    """One that is under way, as far as it got."""

    number: int
    """Counts the runs of the incident from 1."""
    asked_at: datetime
    by: str | None = None
    """Who asked; None when the policy did."""
    service: str = ""
    """Of which it was asked; "" for the incident's first."""
    looked: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    failed: tuple[NotLookedAt, ...] = ()


class Brief(Stored):
    """What a run before the last one said, in short."""

    at: datetime
    cause: str | None = None
    """The service; None where it was inconclusive."""
    confidence: float = 0.0


class Investigation(Stored):
    """All of an incident's runs: the one under way, the last answer, what the one before said, what people said of it."""

    runs: int = 0
    running: Running | None = None
    answer: Answer | None = None
    answered_at: datetime | None = None
    before: Brief | None = None
    error: str = ""
    """Why the last run gave no answer; "" where it gave one."""
    asked: bool = False
    """Whoever resolved the incident was asked whether the cause was right."""
    right: bool | None = None
    """What they said."""
    judged_by: str | None = None
    """Who said so; the name is as it is stored."""
    prose: Prose | None = None
    """What a language model wrote about the last answer; None where none was asked."""

    @property
    def cause(self) -> Cause | None:
        """The most likely one of the last answer; None where it was inconclusive."""
        answer = self.answer
        return answer.causes[0] if answer and answer.verdict == "cause" and answer.causes else None

    @property
    def not_looked_at(self) -> tuple[NotLookedAt, ...]:
        """What nobody saw in the last run, and why no language model wrote about it, where it should have."""
        missed = self.answer.not_looked_at if self.answer else ()
        if self.prose is not None and self.prose.problem:
            missed = (*missed, NotLookedAt(source=LANGUAGE_MODEL, why=self.prose.problem))
        return missed

    @property
    def confirmed(self) -> str | None:
        """The service that people said was the cause."""
        return self.cause.service if self.right and self.cause else None
