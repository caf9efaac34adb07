"""Slack's real deadlines and ours, put off: a bot that is slow because the machine is busy is no other bot."""

from __future__ import annotations

from bot.runtime import app, background_tasks
from handlers import shortcuts, submissions
from sandbox import sockets, triggers

LONG = 60.0
"""Real seconds; what takes so long hangs."""


def be_patient() -> None:
    """In this process, from now on. What such a deadline does is tested with one that the test sets."""
    sockets.ACK_TIMEOUT = LONG
    triggers.TRIGGER_LIFE = LONG
    submissions.ANSWER_WITHIN = LONG
    shortcuts.ASK_WITHIN = LONG
    app.READY_WITHIN = LONG
    background_tasks.FIRST_READ = LONG
