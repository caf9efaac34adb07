"""Without the extra: a sentence that says which one to install."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WITHOUT = """
import sys
sys.modules["aiobotocore"] = None
from bot.cli.app import cli
sys.argv = ["warroom", *sys.argv[1:]]
cli()
"""


def told(code: list[str], url: str, **environment: str) -> tuple[int, str]:
    """(exit code, everything it said)."""
    known = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "COLUMNS": "400", **environment}
    ran = subprocess.run([sys.executable, *code], cwd=ROOT, env=known, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize("command", ["migrate", "list"])
def test_the_extra_is_named(command: str) -> None:
    code, said = told(["-c", WITHOUT, command], "dynamodb://eu-central-1/warroom")
    assert code == 1
    assert "needs the extra `dynamodb`, which is not installed" in said
    assert "--extra dynamodb" in said
    assert "Traceback" not in said


def test_migrate_creates_the_table_and_check_names_it(dynamodb: object) -> None:
    from tests.storage.dynamo.server import DynamoDB

    assert isinstance(dynamodb, DynamoDB)
    url = dynamodb.new(empty=True)
    code, said = told(["-m", "bot", "check"], url, **dynamodb.environment)
    assert code == 1
    assert f"There is no DynamoDB table {url.rpartition('/')[2]} in eu-central-1" in said
    assert "python -m bot migrate" in said
    code, said = told(["-m", "bot", "migrate"], url, **dynamodb.environment)
    assert (code, said.strip()) == (0, "The database went from empty to 1.")
    assert told(["-m", "bot", "migrate"], url, **dynamodb.environment)[1].strip() == "The database is at 1."
    assert "DynamoDB table" not in told(["-m", "bot", "check"], url, **dynamodb.environment)[1]


def test_an_address_that_is_none_is_explained() -> None:
    code, said = told(["-m", "bot", "migrate"], "dynamodb://warroom")
    assert code == 1
    assert "dynamodb://REGION/TABLE" in said
