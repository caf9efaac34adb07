"""How hypothesis draws, and what a test that hangs leaves in its report.

hypothesis draws always the same, so that a red build is about the change; `--hypothesis-profile=search` looks further.
"""

from __future__ import annotations

import asyncio
import io
import signal
import sys
import threading
import traceback
from collections.abc import Generator
from types import CoroutineType, FrameType
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("steady")

LIMIT = pytest.StashKey[float]()
"""Seconds that a test may take, and once more its teardown."""
DEPTH = 20
"""Frames shown of each thread."""
AGAIN = 5.0
"""Seconds between two attempts to end a test whose time is over."""


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool | None:
    """pytest-timeout's alarm, whose failure also shows what every asyncio task waits for.

    None, which leaves it to the plugin, where there are no signals; True where the alarm is set.
    """
    if settings.method != "signal" or not hasattr(signal, "SIGALRM"):
        return None

    item.stash[LIMIT] = settings.timeout
    arm(item)
    return True


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """pytest-timeout takes its alarm away when a test fails; what is torn down afterwards can hang as well."""
    if LIMIT in item.stash:
        arm(item)
    return (yield)


def arm(item: pytest.Item) -> None:
    """The alarm rings when the test's seconds are over."""
    limit = item.stash[LIMIT]

    def ring(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(f"no end after {limit:g} s\n\n{stacks()}", pytrace=False)

    def cancel() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    item.cancel_timeout = cancel  # type: ignore[attr-defined]  # where pytest-timeout looks for it
    signal.signal(signal.SIGALRM, ring)
    # Again and again: a task that is at work at this moment keeps the exception to itself.
    signal.setitimer(signal.ITIMER_REAL, limit, AGAIN)


def stacks() -> str:
    """Where every thread stands, and every task of the loop that runs in this one."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    shown = io.StringIO()
    for ident, frame in sys._current_frames().items():
        print(f"--- thread {names.get(ident, ident)}", file=shown)
        traceback.print_stack(frame, limit=DEPTH, file=shown)
    loop = asyncio._get_running_loop()
    for task in sorted(asyncio.all_tasks(loop) if loop else (), key=lambda each: each.get_name()):
        print(f"--- task {task.get_name()}, {task.cancelling()} cancellations asked for", file=shown)
        print(f"{waiting_at(task)}waits for {getattr(task, '_fut_waiter', None)}", file=shown)
    return shown.getvalue()


def waiting_at(task: asyncio.Task[Any]) -> str:
    """The whole chain of coroutines that the task awaits; `print_stack` shows the outermost one only."""
    frames = traceback.StackSummary()
    waiting: object = task.get_coro()
    while isinstance(waiting, CoroutineType) and (frame := waiting.cr_frame) is not None:
        frames.append(traceback.FrameSummary(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        waiting = waiting.cr_await
    return "".join(frames.format())
