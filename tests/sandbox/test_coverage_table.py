"""The table of methods in docs/sandbox.md equals the methods of the sandbox."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp

from sandbox import Sandbox
from sandbox.methods import METHODS
from sandbox.methods.registry import coverage_table

DOC = Path(__file__).parents[2] / "docs" / "sandbox.md"


def documented() -> dict[str, str]:
    """The rows of the table, by method."""
    rows = re.findall(r"^\| `([a-z]+\.[A-Za-z.]+)` \|.*$", DOC.read_text(), re.MULTILINE)
    lines = [line for line in DOC.read_text().splitlines() if re.match(r"\| `[a-z]+\.[A-Za-z.]+` \|", line)]
    return dict(zip(rows, lines, strict=True))


def test_method_table_has_a_row_for_every_method_and_no_other() -> None:
    assert documented() == dict(zip(sorted(METHODS), coverage_table().splitlines()[2:], strict=True)), (
        'print the table with: python -c "from sandbox.methods.registry import coverage_table; print(coverage_table())"'
    )


async def test_method_table_rows_are_answered_and_other_methods_unknown(
    slack: Sandbox, http: aiohttp.ClientSession
) -> None:
    async def error(method: str) -> str:
        async with http.post(f"{slack.api_url}{method}") as answer:
            return str((await answer.json())["error"])

    assert {await error(name) for name in documented()} == {"not_authed"}
    for unknown in ("chat.meMessage", "files.upload", "rtm.start", "nonsense"):
        assert await error(unknown) == "unknown_method"


def test_method_arguments_in_the_table_are_read_by_the_code() -> None:
    """Each argument in the table occurs as a string in the sandbox's code."""
    code = "\n".join(path.read_text() for path in (DOC.parents[1] / "sandbox").rglob("*.py"))
    for name, method in METHODS.items():
        for argument in re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", re.sub(r"\([^)]*\)|;.*", "", method.arguments)):
            if argument not in ("or",):
                assert f'"{argument}"' in code, f"{name} claims {argument}"
