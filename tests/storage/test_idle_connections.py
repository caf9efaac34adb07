"""Connections that were not used for a while are asked whether they live, others are not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from storage.sql import connection
from storage.sql.store import SqlStore
from tests.storage.conftest import Opener, PostgreSQL
from tests.storage.values import ask, room, take


async def test_a_connection_to_postgresql_is_asked_whether_it_lives_only_when_it_was_idle(
    postgresql: PostgreSQL, opening: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opening(postgresql.new())
    assert isinstance(store, SqlStore)
    dialect = store._engine.sync_engine.dialect
    asked: list[object] = []
    ping = dialect.do_ping

    def counted(each: Any) -> bool:
        asked.append(each)
        return ping(each)

    monkeypatch.setattr(dialect, "do_ping", counted)
    for name in "abc":
        await ask(store, room(name))
    await take(store)
    assert asked == []
    monkeypatch.setattr(connection, "steady", lambda: time.monotonic() + connection.IDLE)
    await take(store)
    assert asked != []
    asked.clear()
    monkeypatch.setattr(connection, "_something_arrived", lambda _: True)
    await take(store)
    assert asked != []
