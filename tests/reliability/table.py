"""docs/reliability.md, written from the matrix: `python -m tests.reliability.table`."""

from __future__ import annotations

from pathlib import Path

from bot.integrations import INTEGRATIONS
from tests.reliability.effect_case import EffectCase
from tests.reliability.effects import EFFECT_CASES
from tests.reliability.external import external_cases
from tests.reliability.troubles import TROUBLES, Trouble

PAGE = "docs/reliability.md"
WORDS = Path(__file__).with_name("reliability.md")


def page() -> str:
    """The words of reliability.md beside this file, with the table in its place."""
    return WORDS.read_text().replace("TABLE\n", table())


def table() -> str:
    """A line per deed, a column per trouble."""
    lines = [["what the bot does", "effect", "call", *(trouble.name for trouble in TROUBLES)]]
    lines.append(["---"] * len(lines[0]))
    lines += [
        [case.name, case.effect, f"`{case.method}`", *(_result(case, each) for each in TROUBLES)] for case in _deeds()
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _deeds() -> tuple[EffectCase, ...]:
    """Those of integrations that the bot has; the made-up one is no business of whoever reads the table."""
    others = (case for of in external_cases() if of.integration in INTEGRATIONS for case in of.cases)
    return (*EFFECT_CASES, *others)


def _result(case: EffectCase, trouble: Trouble) -> str:
    if case.cautious and not trouble.unheard and trouble.fault != "ratelimited":
        return "0–1 ²"
    return "1–2 ¹" if case.blind and trouble.unheard else "once"


if __name__ == "__main__":
    (Path(__file__).parents[2] / PAGE).write_text(page())
