"""The whole record goes through a file, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.app import cli

pytestmark = pytest.mark.usefixtures("alone")


def bot(*args: str, at: str = "old", typed: str | None = None) -> Result:
    """`python -m bot …` with the database of that name."""
    return CliRunner().invoke(cli, list(args), env={"DATABASE_URL": f"sqlite:///{at}.db"}, input=typed)


def test_an_incident_moves_with_everything_it_has() -> None:
    bot("declare", "Disk", "full", "--sev", "1", "--private")
    assert "rows are in moved.jsonl" in bot("export", "moved.jsonl").output
    assert Path("moved.jsonl").stat().st_mode & 0o077 == 0
    assert "rows are in the database" in bot("import", "moved.jsonl", at="new").output
    assert bot("show", "1", at="new").output == bot("show", "1").output
    said, done = bot("audit", at="new").output.splitlines()[:2]
    assert "command line  import" in said
    assert done.strip().startswith("done: ")
    again = bot("import", "moved.jsonl", at="new")
    assert again.exit_code == 1
    assert "not empty" in again.output


def test_it_goes_through_a_pipe_as_well() -> None:
    bot("declare", "Disk full")
    lines = bot("export", "-").output
    assert json.loads(lines.splitlines()[0])["warroom_export"] == 2
    assert bot("import", "-", at="new", typed=lines).exit_code == 0
    assert "Disk full" in bot("list", at="new").output


def test_nothing_is_written_over() -> None:
    Path("kept.jsonl").write_text("precious")
    result = bot("export", "kept.jsonl")
    assert result.exit_code == 1
    assert "exists already" in result.output
    assert Path("kept.jsonl").read_text() == "precious"
    assert "cannot be written" in bot("export", "nowhere/a.jsonl").output


def test_what_is_no_export_is_said() -> None:
    Path("picture.png").write_bytes(b"\x89PNG\xff")
    assert "not text" in bot("import", "picture.png").output
    Path("other.json").write_text("{}")
    assert "no export of Warroom" in bot("import", "other.json").output
    assert "No such file" in bot("import", "nothing").output
