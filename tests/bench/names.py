"""Finding people among a hundred thousand, and what knowing them costs."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rapidfuzz import process

from bot.runtime.directory import CachedDirectory
from storage import open_store
from tests.bench.report import Figure, Limit, percentile, resident
from warroom.outbox.changes import Changeset
from warroom.people.model import Group, Person, normal
from warroom.people.resolution import resolve
from warroom.policy import Policy

PEOPLE = 100_000
NAMES = 20
FASTER = 10
"""Times that Warroom is to be faster than comparing with everybody."""
FIRST = [
    "Ada",
    "Ben",
    "Chidi",
    "Dora",
    "Emil",
    "Femi",
    "Gita",
    "Hana",
    "Igor",
    "Jun",
    "Kofi",
    "Lena",
    "Mina",
    "Noor",
    "Olga",
    "Pia",
    "Quinn",
    "Rosa",
    "Sven",
    "Tara",
]
SYLLABLES = [a + b for a in "bdfghjklmnprstvwz" for b in ("a", "en", "i", "o", "ur", "ell")]


class Nobody:
    async def lookup_person(self, user_id: str) -> Person | None:
        return None

    async def lookup_email(self, email: str) -> Person | None:
        return None

    async def lookup_groups(self) -> Sequence[Group]:
        return ()


async def measure() -> list[Figure]:
    """20 names, some mistyped, among 100,000 people; and the memory the directory takes."""
    with tempfile.TemporaryDirectory(prefix="warroom-bench-") as folder:
        store = await open_store(f"sqlite:///{Path(folder) / 'warroom.db'}")
        now = datetime.now(UTC)  # any moment will do
        for start in range(0, PEOPLE, 2000):
            page = tuple(_person(number) for number in range(start, start + 2000))
            await store.commit(Changeset(now=now, people=page))
        await store.commit(Changeset(now=now, directory_complete=True))
        before = resident()
        directory = CachedDirectory(store, Nobody())
        await resolve(("warm up",), directory, Policy())
        grown = resident() - before
        right = [_person(n * 37).real_name for n in range(NAMES)]
        wrong = [_typed(name, n) for n, name in enumerate(right)]
        exact, mistyped = await _resolved(directory, right), await _resolved(directory, wrong)
        await store.close()
    known = [normal(_person(number).real_name) for number in range(PEOPLE)]
    return [
        Figure(f"{NAMES} names among {PEOPLE:,} people", exact, 50, "ms", limit=_limit(right, known)),
        Figure("the same, every second one mistyped", mistyped, 50, "ms", limit=_limit(wrong, known)),
        Figure("memory of the directory", grown, 100, "MB"),
    ]


def _limit(names: list[str], known: list[str]) -> Limit:
    """The time of rapidfuzz alone, which compares each of the names with all that are known."""
    begun = time.perf_counter()
    for name in names:
        process.extract(normal(name), known, limit=5)
    took = (time.perf_counter() - begun) * 1000
    return Limit("rapidfuzz.process.extract", took, took / FASTER)


async def _resolved(directory: CachedDirectory, names: list[str]) -> float:
    """Milliseconds, the median of ten."""
    took = []
    for _ in range(10):
        begun = time.perf_counter()
        await resolve(names, directory, Policy())
        took.append((time.perf_counter() - begun) * 1000)
    return percentile(took, 0.5)


def _person(number: int) -> Person:
    """Somebody with a first name that many have and a last name that few have."""
    chance = random.Random(number)
    first, last = chance.choice(FIRST), "".join(chance.choice(SYLLABLES) for _ in range(3)).title()
    handle = f"{first}.{last}{number % 7 or ''}".lower()
    return Person(
        id=f"U{number:09}", name=handle, real_name=f"{first} {last}", display_name=first, email=f"{handle}@example.com"
    )


def _typed(name: str, number: int) -> str:
    """Every second one with two letters swapped."""
    return name if number % 2 else name[:-3] + name[-2] + name[-3] + name[-1]
