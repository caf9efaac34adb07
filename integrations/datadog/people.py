"""People are matched by email."""

from __future__ import annotations

from typing import Any

from integrations.datadog.client import Answer
from integrations.datadog.context import DatadogContext


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
