"""A test that hangs ends, and says where it stood."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HANGING = """
import asyncio
import pytest


async def forgotten(event):
    await event.wait()


async def busy(event):
    while True:
        await asyncio.sleep(0)


@pytest.mark.parametrize("how", [forgotten, busy])
async def test_hangs(how):
    await asyncio.create_task(how(asyncio.Event()), name="the one that hangs")


async def test_goes_on():
    pass
"""


def test_a_test_that_hangs_fails_with_the_stacks_of_all_tasks_and_the_next_one_runs(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING)
    options = ["-p", "tests.conftest", "-o", "asyncio_mode=auto", "--timeout=1", f"--rootdir={tmp_path}", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 failed, 1 passed" in done.stdout, done.stdout
    assert done.stdout.count("no end after 1 s") >= 2
    assert done.stdout.count("--- task the one that hangs") >= 2
    assert "in forgotten" in done.stdout
    assert "--- thread MainThread" in done.stdout
