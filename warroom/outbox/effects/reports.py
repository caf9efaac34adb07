"""Charts, the weekly review and App Home; and who there is."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from warroom.outbox.effects.base import EffectBase
from warroom.value import Moment


class ChartOf(StrEnum):
    """What a chart shows."""

    METRICS = "metrics"
    ON_CALL = "on_call"
    """What being on call costs each person."""


LONGEST_SPAN = timedelta(days=3700)


def _require_span(since: datetime, until: datetime) -> None:
    """Raises ValueError where the time does not run from `since` to `until`, or is longer than ten years."""
    if not timedelta(0) < until - since <= LONGEST_SPAN:
        raise ValueError("the end must be after the beginning, ten years at most")


class SendChart(EffectBase):
    """Send one person the chart of a span's figures in a direct message, drawn at delivery from what they may see then."""

    weight: ClassVar[int] = 1
    kind: Literal["send_chart"] = "send_chart"
    user: str
    since: Moment
    until: Moment
    team: str | None = None
    what: ChartOf = ChartOf.METRICS

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        _require_span(self.since, self.until)
        return self


class PostReview(EffectBase):
    """Post the review of a week in the broadcast channel, with its chart. No private incident is in it."""

    kind: Literal["post_review"] = "post_review"
    channel: str
    week: str
    """The day on which it ended, as in 2026-11-23."""
    since: Moment
    until: Moment

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        _require_span(self.since, self.until)
        return self


class PublishHome(EffectBase):
    """Draw one person's App Home."""

    coalescing: ClassVar[bool] = True
    kind: Literal["publish_home"] = "publish_home"
    user: str


class SyncDirectory(EffectBase):
    """Read people and user groups of the workspace into the directory."""

    coalescing: ClassVar[bool] = True
    kind: Literal["sync_directory"] = "sync_directory"


ReportEffect = SendChart | PostReview | PublishHome | SyncDirectory
