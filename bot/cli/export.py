"""Everything out of one database and into another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TextIO

from bot.cli.offline import leave_row
from bot.clock import SystemClock
from bot.integrations import register_upgrades
from bot.settings import Settings
from storage import export_lines, import_lines, open_store


async def export_to(settings: Settings, target: TextIO) -> int:
    """Writes everything line by line. Returns how many rows. Raises StoreUnavailable, OSError."""
    register_upgrades()
    store = await open_store(settings.database_url.get_secret_value())
    lines = 0
    try:
        async with contextlib.aclosing(export_lines(store, SystemClock().now())) as written:
            async for line in written:
                target.write(line)
                lines += 1
    finally:
        await store.close()
    return lines - 2  # the first and the last line are no rows


async def import_from(settings: Settings, source: Iterable[str]) -> int:
    """Reads what `export_to` wrote. Returns how many rows. Raises BadExport, NotEmpty, StoreUnavailable, OSError."""
    register_upgrades()
    store = await open_store(settings.database_url.get_secret_value())
    try:
        rows = await import_lines(store, source)
        await leave_row(store, "import", "", result=f"done: {rows} rows")
        return rows
    finally:
        await store.close()
