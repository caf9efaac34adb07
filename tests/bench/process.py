"""The process as a whole: how soon it is there, the first time and later, and how much memory it takes."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bot.demo.workspace import installation
from sandbox import Sandbox
from tests.bench.place import ROOT, process
from tests.bench.report import Figure, percentile, resident

STARTS = 3
ROOMS = 20
CODE = ("bot", "blocks", "handlers", "integrations", "sandbox", "storage", "warroom")
"""What `make setup` compiles, after it has installed the libraries compiled."""


async def measure() -> list[Figure]:
    """Start to connected, and resident memory when idle and when there is work."""
    idle = loaded = 0.0
    async with Sandbox.running(app=installation()) as slack:
        with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
            fresh = await _installed(Path(folder))
            first = await _start(slack, fresh)
        starts = [await _start(slack) for _ in range(STARTS)]
        async with process(slack) as pid:
            idle = resident(pid)
            for room in range(1, ROOMS + 1):
                await slack.slash("ada", "general", "/incident", f"declare room {room} --sev 1")
            await slack.until(lambda: _furnished(slack) == ROOMS, 120)
            loaded = resident(pid)
    return [
        Figure("first start after an install, to connected", first, 2, "s"),
        Figure("later starts, to connected", percentile(starts, 0.5), 2, "s"),
        Figure("memory when idle", idle, 130, "MB"),
        Figure(f"memory with {ROOMS} incidents open", loaded, 130, "MB"),
    ]


async def _installed(folder: Path) -> Path:
    """A copy of the code without compiled files, and then compiled as `make setup` does."""
    tree = folder / "tree"
    for name in CODE:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    compiling = await asyncio.create_subprocess_exec(sys.executable, "-m", "compileall", "-q", *CODE, cwd=tree)
    assert await compiling.wait() == 0
    return tree


async def _start(slack: Sandbox, tree: Path = ROOT) -> float:
    begun = time.perf_counter()
    async with process(slack, tree=tree):
        return time.perf_counter() - begun


def _furnished(slack: Sandbox) -> int:
    """Rooms with a pinned card."""
    return sum(1 for channel in slack.channels() if channel.name.startswith("inc-") and channel.pins)
