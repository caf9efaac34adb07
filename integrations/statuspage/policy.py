"""Statuspage's settings and its section of the policy."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from pydantic import BaseModel, Field, SecretStr

from warroom.policy import Policy
from warroom.policy.kinds import Text
from warroom.policy.mistake import Mistake
from warroom.policy.section import Section

NAME = "statuspage"
TITLE = "Statuspage"
MOST_COMPONENTS = 10


class StatuspageSettings(BaseModel):
    """The key of an organisation."""

    statuspage_api_key: SecretStr | None = None
    statuspage_api_url: str = Field(default="https://api.statuspage.io/v1", pattern=r"^https?://[^\s/]+(/\S*)?$")


class PublishMode(StrEnum):
    """Who decides what customers read."""

    ASK = "ask"
    """Somebody sends a form and its preview."""
    AUTO = "auto"
    """The beginning and the end are published at once, in prepared words."""
    NEVER = "never"


class StatuspagePolicy(Section):
    """The public status page."""

    severity_fields = ("publish",)

    page: Text | None = None
    """The page's id."""
    components: dict[Text, Text] = Field(default_factory=dict, max_length=MOST_COMPONENTS)
    """The id of a component by the name of the service, as incidents name it."""
    publish: dict[Text, PublishMode] = Field(default_factory=dict)
    """By severity; `ask` for those that are not named."""

    def warnings(self, policy: Policy) -> Iterator[Mistake]:
        """What is said of a page that is not named."""
        if self.page is None and self != type(self)():
            yield Mistake(path="page", problem="is missing, so nothing is published", suggestion="add page: ID")

    def mode(self, policy: Policy, severity: str) -> PublishMode:
        """How incidents of that severity are published."""
        if self.page is None:
            return PublishMode.NEVER
        said = {policy.severity_named(word): mode for word, mode in self.publish.items()}
        return said.get(severity, PublishMode.ASK)


def section(policy: Policy) -> StatuspagePolicy:
    """What the policy says of Statuspage."""
    return policy.section(NAME, StatuspagePolicy)
