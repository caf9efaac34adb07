"""What this machine does at best without Warroom: a handler that only answers, a disk that only commits, calls that only travel."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from aiohttp import web

from sandbox import Sandbox
from tests.bench.place import ROOT

COMMITS = 500
TRIPS = 12


async def bare_handler(count: int) -> float:
    """Requests a second of an aiohttp handler that reads the body and answers, from the same sender as the alerts."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        measured = json.loads(
            await run("tests.bench.sender", f"http://127.0.0.1:{runner.addresses[0][1]}/", str(count))
        )
        return count / float(measured["took"])
    finally:
        await runner.cleanup()


def sqlite_commits(folder: Path) -> float:
    """One-row commits a second on the disk of that folder, set up as the product's database is."""
    with closing(sqlite3.connect(folder / "commits.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE row (n INTEGER PRIMARY KEY)")
        begun = time.perf_counter()
        for number in range(COMMITS):
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO row VALUES (?)", (number,))
            database.execute("COMMIT")
        return COMMITS / (time.perf_counter() - begun)


async def postgresql_commits(url: str) -> float:
    """One-row commits a second on that server, from one connection."""
    import asyncpg

    database = await asyncpg.connect(url)
    try:
        await database.execute("CREATE TABLE bench_commits (n integer PRIMARY KEY)")
        begun = time.perf_counter()
        for number in range(COMMITS):
            await database.execute("INSERT INTO bench_commits VALUES ($1)", number)
        return COMMITS / (time.perf_counter() - begun)
    finally:
        await database.close()


async def round_trip(slack: Sandbox) -> float:
    """Seconds that a call to that Slack takes a process which does nothing else, on a connection that is open: the median."""
    answers = json.loads(await run("tests.bench.trips", f"{slack.api_url}auth.test", slack.bot_token, str(TRIPS)))
    return float(sorted(answers)[len(answers) // 2])


async def run(module: str, *args: str) -> str:
    """What a module of the bench printed, run as a process of its own. Raises RuntimeError when it failed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *args, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{module} failed with {process.returncode}")
    return said.decode()
