"""Jira's settings and its section of the policy."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from warroom.incident.parts import ActionPriority
from warroom.policy import Policy
from warroom.policy.kinds import Text, Texts
from warroom.policy.mistake import Mistake
from warroom.policy.section import Section

NAME = "jira"
TITLE = "Jira"


class JiraSettings(BaseModel):
    """A site of Jira Cloud, and a user of it."""

    jira_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+(/\S*)?$")
    jira_email: str | None = None
    jira_api_token: SecretStr | None = None
    jira_webhook_secret: SecretStr | None = None


class Step(StrEnum):
    """What of an incident's life moves its issue."""

    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CANCELLED = "cancelled"


class JiraPolicy(Section):
    """Which incidents have an issue, and how it is kept."""

    severity_fields = ("create_on", "priority")

    project: Text | None = None
    """The key of the project. None: no incident has an issue."""
    issue_type: Text = "Task"
    create_on: Texts = ()
    """Severities that have an issue; none given: all."""
    priority: dict[Text, Text] = Field(default_factory=dict)
    """Jira's priority by severity."""
    fields: dict[Text, Any] = Field(default_factory=dict)
    """Further fields of a new issue, as the API takes them."""
    transitions: dict[Step, Text] = Field(default_factory=dict)
    """The name of the transition, or of the status it leads to."""
    action_type: Text | None = "Task"
    """The issue type of action items. None: they have no issues."""
    action_priority: dict[ActionPriority, Text] = Field(default_factory=dict)
    """Jira's priority by that of an action item; one that is not named is only written in the issue's text."""
    link_type: Text = "Relates"
    """How an action item's issue is linked with the incident's."""

    def warnings(self, policy: Policy) -> Iterator[Mistake]:
        """What is said although no incident has an issue."""
        if self.project is None and self != type(self)():
            yield Mistake(
                path="project", problem="is missing, so no incident has an issue", suggestion="add project: KEY"
            )


def section(policy: Policy) -> JiraPolicy:
    """What the policy says of Jira."""
    return policy.section(NAME, JiraPolicy)


def wanted(policy: Policy, severity: str) -> bool:
    """Whether incidents of that severity have an issue."""
    said = section(policy)
    return said.project is not None and (
        not said.create_on or severity in {policy.severity_named(w) for w in said.create_on}
    )


def priority(policy: Policy, severity: str) -> str | None:
    """The name of Jira's priority for that severity, where the policy says one."""
    return next(
        (name for word, name in section(policy).priority.items() if policy.severity_named(word) == severity), None
    )
