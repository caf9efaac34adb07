"""GitHub's settings and its section of the policy."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from warroom.policy import Policy
from warroom.policy.kinds import Text, Texts
from warroom.policy.mistake import Wrong, shown
from warroom.policy.section import Section

NAME = "github"
TITLE = "GitHub"


class GitHubSettings(BaseModel):
    """Webhooks need their secret, issues a token."""

    github_token: SecretStr | None = None
    github_webhook_secret: SecretStr | None = None
    github_api_url: str = Field(default="https://api.github.com", pattern=r"^https?://[^\s/]+(/\S*)?$")


def _repository(said: str) -> str:
    owner, slash, name = said.partition("/")
    if not slash or not owner or not name or "/" in name or " " in said:
        raise Wrong(f"{shown(said)} is not a repository", "write it as owner/name")
    return said


Repository = Annotated[Text, AfterValidator(_repository)]


class GitHubPolicy(Section):
    """Which repository is which service, and where action items are issues."""

    services: dict[Repository, Text] = Field(default_factory=dict)
    """The service by repository; a repository that is not named is the service of its own name."""
    issues: Repository | None = None
    """Where action items become issues. None: they do not."""
    labels: Texts = ("incident",)
    """Of those issues."""


def section(policy: Policy) -> GitHubPolicy:
    """What the policy says of GitHub."""
    return policy.section(NAME, GitHubPolicy)
