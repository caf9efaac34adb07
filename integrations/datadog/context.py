"""One performing of one effect: its payload, and what a performer works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel

from integrations.datadog.client import DatadogClient
from integrations.datadog.policy import NAME, DatadogPolicy, section
from warroom.incident.model import Incident
from warroom.integration import PerformContext
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.results import ExternalResult
from warroom.people.resolution import Directory
from warroom.policy import Policy
from warroom.ports import Store

P = TypeVar("P", bound=BaseModel, covariant=True)


class Nothing(BaseModel):
    """The payload of operations that need to know nothing."""


@dataclass(frozen=True)
class DatadogContext(Generic[P]):
    """One performing of one effect."""

    effect: ExternalEffect
    payload: P
    datadog: DatadogClient
    outer: PerformContext

    @property
    def store(self) -> Store:
        return self.outer.store

    @property
    def directory(self) -> Directory:
        return self.outer.directory

    @property
    def policy(self) -> Policy:
        return self.outer.policy

    @property
    def section(self) -> DatadogPolicy:
        """What the policy says of Datadog."""
        return section(self.outer.policy)

    @property
    def now(self) -> datetime:
        return self.outer.now

    async def incident(self) -> Incident:
        """The incident as it is now. Raises Rejected when the effect has none."""
        return await self.outer.incident(self.effect)

    def result(self, answer: BaseModel) -> ExternalResult:
        """The answer, as the outbox takes it."""
        return ExternalResult(integration=NAME, operation=self.effect.operation, payload=answer.model_dump(mode="json"))
