"""What every effect has, and the one with which integrations are asked for something."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from warroom.value import Stored


class Outboxed(Stored):
    """What the outbox needs to know of whatever is in it."""

    incident_id: str | None = None
    key: str
    """Unique in the outbox."""
    priority: int = 50
    """Lower goes first: severity and how much a person waits for it."""


class EffectBase(Outboxed):
    """Something that the process or Slack's integration does."""

    coalescing: ClassVar[bool] = False
    weight: ClassVar[int] = 5
    """Order within one severity: what a person waits for goes first; 0 goes before everything of every severity."""

    @property
    def label(self) -> str:
        """What it is called in logs, metrics and lists of dead letters."""
        return str(self.kind)  # type: ignore[attr-defined]  # every effect of the union has one


class ExternalEffect(Outboxed):
    """Something that is asked of an integration. Its answer is an ExternalResult, an Incoming or nothing."""

    kind: Literal["external"] = "external"
    integration: str
    """The integration's name."""
    operation: str
    """One of the integration's own words, such as "create_issue"."""
    payload: dict[str, Any] = Field(default_factory=dict)
    """What the operation needs to know, as a model of the integration's folder wrote it."""
    coalescing: bool = False
    weight: int = 5
    """Within one severity, lower goes first; at most URGENT where a person waits for it."""

    @property
    def label(self) -> str:
        """What it is called in logs, metrics and lists of dead letters."""
        return f"{self.integration}.{self.operation}"


URGENT = 1
"""The weight of an external effect for which a person waits: it never queues behind those in the background."""
