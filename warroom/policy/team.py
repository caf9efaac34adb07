"""Teams and their escalation levels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from warroom.durations import Delay
from warroom.policy.kinds import Text, Texts, Url
from warroom.value import Value


class Level(Value):
    """One level of the escalation policy: whom to page, and when, counted from declaration."""

    after: Delay
    notify: Annotated[Texts, Field(min_length=1)]
    """Names as people write them: mentions, @handles, emails, names, teams."""
    only: Texts = ()
    """Severities this level is for; empty means all. Keys of the policy once it is checked."""


class Team(Value):
    """Who looks after what."""

    channel: Text | None = None
    services: Texts = ()
    """Names or patterns with * and ?."""
    escalation: tuple[Level, ...] = ()
    dashboard: Url | None = None
    stakeholders: Texts = ()
    """People and groups who follow every incident of the team that is not private, as if they had subscribed."""
