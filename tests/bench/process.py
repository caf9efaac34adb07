"""The process as a whole: how soon it is there, and how much memory it takes."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from bot.demo import installation
from sandbox import Sandbox
from tests.bench.report import Figure, percentile, resident

ROOT = Path(__file__).parents[2]
STARTS = 3
ROOMS = 20


async def measure() -> list[Figure]:
    """Start to connected, and resident memory when idle and when there is work."""
    starts, idle, loaded = [], 0.0, 0.0
    async with Sandbox.running(app=installation()) as slack:
        for number in range(STARTS):
            with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
                begun = time.perf_counter()
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "bot", "run", cwd=ROOT, env=_env(slack, Path(folder))
                )
                known = slack.sockets.connections
                await slack.until(lambda known=known: slack.sockets.connections > known, 20)  # type: ignore[misc]  # a default binds the loop's value
                starts.append(time.perf_counter() - begun)
                if number == STARTS - 1:
                    idle = resident(process.pid)
                    for room in range(1, ROOMS + 1):
                        await slack.slash("ada", "general", "/incident", f"declare room {room} --sev 1")
                    await slack.until(lambda: _furnished(slack) == ROOMS, 60)
                    loaded = resident(process.pid)
                process.terminate()
                await process.wait()
    return [
        Figure("start to connected", percentile(starts, 0.5), 2, "s"),
        Figure("memory when idle", idle, 130, "MB"),
        Figure(f"memory with {ROOMS} incidents open", loaded, 130, "MB"),
    ]


def _furnished(slack: Sandbox) -> int:
    """Rooms with a pinned card."""
    return sum(1 for channel in slack.channels() if channel.name.startswith("inc-") and channel.pins)


def _env(slack: Sandbox, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "DATABASE_URL": f"sqlite:///{folder}/warroom.db",
        "PORT": "0",
        "LOG_LEVEL": "ERROR",
    }
