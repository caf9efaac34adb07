"""A clock that stands until it is wound."""

from __future__ import annotations

import pytest

from tests.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
