"""How hypothesis draws, and the limit of every test.

hypothesis draws always the same, so that a red build is about the change; `--hypothesis-profile=search` looks further.
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings

from storage.sql import connection
from tests.patience import be_patient
from tests.stacks import stacks

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("steady")

# No database of a test must survive a power cut.
connection.SYNCHRONOUS = "OFF"

LIMIT = pytest.StashKey[float]()
"""Seconds that a test may take, and once more its teardown."""
AGAIN = 5.0
"""Seconds between two attempts to end a test whose time is over."""
FAILED = pytest.StashKey[bool]()
"""Whether the test has failed, for fixtures that others use after it."""


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool | None:
    """pytest-timeout's alarm, whose failure also shows what every asyncio task waits for.

    None, which leaves it to the plugin, where there are no signals; True where the alarm is set.
    """
    if settings.method != "signal" or not hasattr(signal, "SIGALRM"):
        return None
    item.stash[LIMIT] = settings.timeout
    _arm(item)
    return True


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """pytest-timeout takes its alarm away when a test fails; what is torn down afterwards can hang as well."""
    if LIMIT in item.stash:
        _arm(item)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remembers that it failed. Its alarm is off from here on: one that rings while the report is written, which may take
    longer than `AGAIN` on a busy machine, fails no test but ends the whole worker.
    """
    if call.excinfo is not None and LIMIT in item.stash:
        item.cancel_timeout()  # type: ignore[attr-defined]  # see `_arm`
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


def _arm(item: pytest.Item) -> None:
    """The alarm rings when the test's seconds are over."""
    limit = item.stash[LIMIT]

    def ring(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(f"no end after {limit:g} s\n\n{stacks()}", pytrace=False)

    def cancel() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        # Not SIG_DFL, which ends the process: a signal may be on its way already.
        signal.signal(signal.SIGALRM, lambda *_: None)

    item.cancel_timeout = cancel  # type: ignore[attr-defined]  # where pytest-timeout looks for it
    signal.signal(signal.SIGALRM, ring)
    # Again and again: a task that is at work at this moment keeps the exception to itself.
    signal.setitimer(signal.ITIMER_REAL, limit, AGAIN)


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """See `be_patient`."""
    be_patient()
