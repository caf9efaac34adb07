"""What the C library keeps free goes back to the system. In processes of their own: it is a setting of the whole process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

GLIBC = platform.libc_ver()[0] == "glibc"

HEAP = """
import os
from bot.runtime.memory import give_back, hold_less

def resident() -> int:
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

hold_less()
freed, kept = [], []
for _ in range(2000):
    freed.append(bytearray(32_000))
    kept.append(bytearray(1000))  # what stays in between keeps the heap from shrinking by itself
full = resident()
freed.clear()
before = resident()
assert give_back()
print(full, before, resident())
"""


@pytest.mark.skipif(not GLIBC, reason="another C library than glibc")
def test_what_is_free_in_the_middle_of_the_heap_is_given_back() -> None:
    ran = subprocess.run([sys.executable, "-c", HEAP], capture_output=True, text=True, check=True, timeout=120)
    full, before, after = map(int, ran.stdout.split())
    mebibyte = 2**20
    assert full - before < 10 * mebibyte, "freed, and the C library keeps it"
    assert before - after > 30 * mebibyte


def test_a_limit_that_whoever_runs_it_has_set_is_kept() -> None:
    code = "from bot.runtime.memory import hold_less; print(hold_less())"
    said = {}
    for name, environment in (("set", {"MALLOC_ARENA_MAX": "4"}), ("unset", {})):
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, env=environment
        )
        said[name] = ran.stdout.strip()
    assert said == {"set": "False", "unset": str(GLIBC)}


PICTURES = """
import gc, os
from bot.runtime.memory import hold_less
from blocks.charts import LIGHT, drawn

def resident() -> int:
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def draw(figure) -> None:
    for axes in figure.subplots(2, 1):
        axes.plot(range(100))

hold_less()
drawn(draw, (8, 7), LIGHT)
gc.collect()
gc.disable()
before = resident()
for _ in range(10):
    drawn(draw, (8, 7), LIGHT)
print(resident() - before)
"""


@pytest.mark.skipif(not GLIBC, reason="another C library than glibc")
def test_pictures_leave_their_pixels_to_no_garbage_collector() -> None:
    ran = subprocess.run([sys.executable, "-c", PICTURES], capture_output=True, text=True, check=True, timeout=300)
    assert int(ran.stdout) < 25 * 2**20, "ten pictures have 50 MiB of pixels"
