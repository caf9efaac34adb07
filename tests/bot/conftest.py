"""The command line in an empty folder, and the process's logging given back after each test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from bot.cli.app import cli
from warroom.incident.model import Incident, Origin

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
OUTAGE = Incident(
    id="i1",
    number=7,
    origin=Origin.CLI,
    origin_key="cli:1",
    title="Disk full",
    severity="SEV-1",
    declared_at=NIGHT,
    touched_at=NIGHT,
)
"""An incident of the record."""


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder with nothing set: the record is warroom.db in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("WARROOM_POLICY", "DATABASE_URL", "LOG_LEVEL", "LOG_FORMAT", "PORT"):
        monkeypatch.delenv(name, raising=False)


def bot(*args: str) -> Result:
    """`python -m bot …`."""
    return CliRunner().invoke(cli, list(args))


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
