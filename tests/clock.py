"""The clock that tests move by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class ManualClock:
    """Stands still at `time` until the test moves it."""

    def __init__(self, time: datetime = NIGHT) -> None:
        self._start = self.time = time

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        """Forward, or with a negative number backward, as when the machine's clock is set."""
        self.time += timedelta(seconds=seconds)

    @property
    def passed(self) -> float:
        """Seconds since the start of the test."""
        return (self.time - self._start).total_seconds()
