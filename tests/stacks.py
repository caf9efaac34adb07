"""Where everything stands: what a test that hangs shows of its threads, its tasks, and the processes that it started."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
import traceback
from collections.abc import Callable
from types import CoroutineType
from typing import Any

DEPTH = 20
"""Frames shown of each thread."""

ELSEWHERE: set[Callable[[], str]] = set()
"""Ask other processes that belong to the test for theirs."""


def stacks() -> str:
    """The stack of every thread, and of every task of the loop that runs in this one."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    shown = io.StringIO()
    for ident, frame in sys._current_frames().items():
        print(f"--- thread {names.get(ident, ident)}", file=shown)
        traceback.print_stack(frame, limit=DEPTH, file=shown)
    loop = asyncio._get_running_loop()
    for task in sorted(asyncio.all_tasks(loop) if loop else (), key=lambda each: each.get_name()):
        print(f"--- task {task.get_name()}, cancelled {task.cancelling()} times", file=shown)
        print(f"{_awaited(task)}waits for {getattr(task, '_fut_waiter', None)}", file=shown)
    for ask in list(ELSEWHERE):
        print(ask(), file=shown)
    return shown.getvalue()


def _awaited(task: asyncio.Task[Any]) -> str:
    """The whole chain of coroutines that the task awaits; `Task.print_stack` shows the outermost one only."""
    frames = traceback.StackSummary()
    waiting: object = task.get_coro()
    while isinstance(waiting, CoroutineType) and (frame := waiting.cr_frame) is not None:
        frames.append(traceback.FrameSummary(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        waiting = waiting.cr_await
    return "".join(frames.format())
