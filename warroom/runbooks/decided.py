"""Kinds of steps that are decided here, in the transaction that also says that they are done: so they are done exactly once."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime

from warroom.capabilities import Finished, P, StepBase
from warroom.incident.decision import Decision
from warroom.incident.model import Incident
from warroom.ports import World


@dataclass(frozen=True, slots=True)
class Told:
    """What a step that is decided here is told besides its parameters."""

    world: World
    now: datetime
    by: str | None
    """Who asked for the run, or approved the step; None where it began by itself."""
    key: str
    """Unique to the step of the run."""
    runbook: str
    """Its name."""


class NotNow(Exception):
    """It cannot be done as things are. The message is a sentence for people; `advice` the next step."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class DecidedStep(StepBase[P]):
    """A kind of step that is a decision about the incident, or an effect of an integration that belongs to it."""

    @abstractmethod
    async def decide(self, incident: Incident, parameters: P, told: Told) -> tuple[Decision, Finished]:
        """What is done about the incident. Raises NotNow, or Refused where the incident does not allow it; AlreadyDone, which is a
        Refused, counts as done.
        """
