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
from tests.bench.report import Figure, percentile

ROOT = Path(__file__).parents[2]
STARTS = 3


async def measure() -> list[Figure]:
    """Start to connected, and resident memory when idle."""
    starts, memory = [], 0.0
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
                    await slack.slash(slack.person("ada"), "general", "/incident", "declare a room --sev 1")
                    await slack.until(lambda: slack.channels()[-1].name.startswith("inc-"), 10)
                    memory = _resident(process.pid)
                process.terminate()
                await process.wait()
    return [
        Figure("start to connected", percentile(starts, 0.5), 2, "s"),
        Figure("memory with one incident open", memory, 130, "MB"),
    ]


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


def _resident(pid: int) -> float:
    """Megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("this system does not say how much memory a process has")
