"""What docs/sandbox.md says of the methods is what the sandbox has, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp

from sandbox import Sandbox
from sandbox.methods import METHODS
from sandbox.methods.registry import coverage_table

DOC = Path(__file__).parents[2] / "docs" / "sandbox.md"


def documented() -> dict[str, str]:
    """Method to its row."""
    rows = re.findall(r"^\| `([a-z]+\.[A-Za-z.]+)` \|.*$", DOC.read_text(), re.MULTILINE)
    lines = [line for line in DOC.read_text().splitlines() if re.match(r"\| `[a-z]+\.[A-Za-z.]+` \|", line)]
    return dict(zip(rows, lines, strict=True))


def test_every_row_is_a_method_and_every_method_a_row() -> None:
    assert documented() == dict(zip(sorted(METHODS), coverage_table().splitlines()[2:], strict=True)), (
        'write it anew: python -c "from sandbox.methods.registry import coverage_table; print(coverage_table())"'
    )


async def test_every_row_is_answered_and_nothing_else(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    async def error(method: str) -> str:
        async with http.post(f"{slack.api_url}{method}") as answer:
            return str((await answer.json())["error"])

    assert {await error(name) for name in documented()} == {"not_authed"}
    for unknown in ("chat.meMessage", "files.upload", "rtm.start", "nonsense"):
        assert await error(unknown) == "unknown_method"


def test_what_is_not_honoured_is_not_claimed() -> None:
    """Each argument of the table is read somewhere in the code of the methods or of what they share."""
    code = "\n".join(path.read_text() for path in (DOC.parents[1] / "sandbox").rglob("*.py"))
    for name, method in METHODS.items():
        for argument in re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", re.sub(r"\([^)]*\)|;.*", "", method.arguments)):
            if argument not in ("or",):
                assert f'"{argument}"' in code, f"{name} claims {argument}"
