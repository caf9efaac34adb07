"""A clock that stands until it is wound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class HandClock:
    """Time passes only when a test says so."""

    def __init__(self) -> None:
        self._now = NIGHT

    def now(self) -> datetime:
        return self._now

    def wind(self, seconds: float) -> None:
        """Forward, or backward as when somebody sets the machine's clock."""
        self._now += timedelta(seconds=seconds)

    @property
    def passed(self) -> float:
        """Seconds since the night began."""
        return (self._now - NIGHT).total_seconds()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
