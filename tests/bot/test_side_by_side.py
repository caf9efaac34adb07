"""Looks at the same time: one that hangs, fails or breaks keeps no other away, and all end in time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from bot.runtime.side_by_side import side_by_side
from warroom.errors import Rejected, Retryable
from warroom.investigation.looks import Found, Look
from warroom.investigation.model import NotLookedAt, PastIncident


async def fine() -> Found:
    return Found()


async def hangs() -> Found:
    await asyncio.Event().wait()
    return Found()


async def breaks() -> Found:
    raise KeyError("data")


async def refuses() -> Found:
    raise Rejected("no such metric", advice="Check the query.")


async def is_away() -> Found:
    raise Retryable("it cannot be reached")


async def test_each_has_its_limit_and_its_reason() -> None:
    ended: list[str] = []

    async def done(look: Look, _came: Found | NotLookedAt) -> None:
        ended.append(look.source)

    looks = [Look(each.__name__, each) for each in (hangs, fine, breaks, refuses, is_away)]
    came = await side_by_side(looks, done, each=0.2)
    assert came[1] == Found()
    why = {each.source: each.why for each in came if isinstance(each, NotLookedAt)}
    assert why == {
        "hangs": "it took too long to answer",
        "breaks": "it answered in a way that is not understood",
        "refuses": "no such metric. Check the query",
        "is_away": "it cannot be reached",
    }
    assert sorted(ended) == sorted(each.source for each in looks)
    assert ended[-1] == "hangs"


async def test_what_takes_processor_time_is_done_beside_the_event_loop() -> None:
    threads: list[int] = []

    def read() -> Found:
        threads.append(threading.get_ident())
        return Found(similar=(PastIncident(number=7, title="as before"),))

    def misses() -> Found:
        raise Rejected("it yields nothing")

    async def reads() -> Callable[[], Found]:
        return read

    async def yields_nothing() -> Callable[[], Found]:
        return misses

    async def done(_look: Look, _came: Found | NotLookedAt) -> None:
        pass

    came = await side_by_side([Look("metrics", reads), Look("errors", yields_nothing)], done)
    assert came == [read(), NotLookedAt(source="errors", why="it yields nothing")]
    assert threads[0] != threads[1] == threading.get_ident()


async def test_all_together_end_in_time_however_many_hang() -> None:
    async def done(_look: Look, _came: Found | NotLookedAt) -> None:
        pass

    loop = asyncio.get_running_loop()
    began = loop.time()
    came = await side_by_side([Look(str(each), hangs) for each in range(100)], done, each=30, whole=0.3)
    assert len(came) == 100
    assert loop.time() - began < 10
    assert {each.why for each in came if isinstance(each, NotLookedAt)} == {"it took too long to answer"}
