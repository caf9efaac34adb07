"""One performing of one effect: its payload, what a performer works with, and people, who are matched by email."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from integrations.datadog.client import Answer, DatadogClient
from integrations.datadog.policy import NAME, DatadogPolicy, section
from warroom.incident.model import Incident
from warroom.integration import PerformContext
from warroom.outbox.effects import ExternalEffect
from warroom.outbox.results import ExternalResult
from warroom.people.model import Directory
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


async def email_of(context: DatadogContext[Any], person: str | None) -> str | None:
    """The email of one of ours, None when it is not known."""
    found = await context.store.person(person) if person else None
    return found.email if found else None


async def user_id(context: DatadogContext[Any], email: str) -> str | None:
    """The id of Datadog's user with exactly that email; None when there is none, or none that is active."""
    answer = await context.datadog.call("Looking for a user", "list_users", filter=email, page_size=20)
    for user in answer.get("data") or []:
        attributes = user.get("attributes") or {}
        same = email.casefold() in (str(attributes.get(name) or "").casefold() for name in ("email", "handle"))
        if same and not attributes.get("disabled"):
            return str(user["id"])
    return None


def email_in(data: Answer, relationship: str, included: list[Answer]) -> str | None:
    """The email behind a relationship of an answer, in lower case."""
    related = ((data.get("relationships") or {}).get(relationship) or {}).get("data") or {}
    for user in included:
        if related and str(user.get("id")) == str(related.get("id")):
            email = (user.get("attributes") or {}).get("email") or (user.get("attributes") or {}).get("handle")
            return str(email).casefold() if email else None
    return None
