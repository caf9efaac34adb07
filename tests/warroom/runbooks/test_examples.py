"""The worked examples of docs/runbooks.md: each is run, and its message is the one that stands there."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from blocks.run_message import run_card
from integrations.calls.integration import Calls
from tests.blocks.reading import texts
from tests.warroom.runbooks.bench import Bench, bench
from warroom.incident.view import incident_view
from warroom.integration import NoSettings
from warroom.runbooks.run import Run

DOCS = Path(__file__).parents[3] / "docs" / "runbooks.md"
SECTION = DOCS.read_text().partition("## Worked examples\n")[2].partition("\n## ")[0]
POLICY = re.findall(r"```yaml\n(.*?)```", SECTION.partition("\n### ")[0], re.DOTALL)[0]
EXAMPLES = re.findall(r"### `(\w+)`.*?```yaml\n(.*?)```\n\n```text\n(.*?)```", SECTION, re.DOTALL)
MEMORY = 71.0
"""Percent, as the examples say."""


async def shown(made: Bench, run: Run) -> str:
    """The message of the run as it is read, without who asked for it."""
    incident = await made.store.incident(run.incident_id)
    assert incident is not None
    head, _, *rest = texts(run_card(run, incident_view(incident, made.policy), made.clock.now()).blocks)
    return unescape("\n".join([head, *rest]).replace("*", ""))


@pytest.mark.parametrize(("key", "book", "wanted"), EXAMPLES, ids=[each[0] for each in EXAMPLES])
async def test_an_example_ends_as_it_stands_there(key: str, book: str, wanted: str) -> None:
    calls = Calls(NoSettings())
    async with bench(POLICY, list(calls.step_kinds())) as made:
        await calls.start(made.policy, made.clock)
        made.metric.value = MEMORY
        run = await made.start(book)
        await made.later(600)
        run = await made.run(run)
        assert run.state.over
        assert await shown(made, run) + "\n" == wanted


def test_every_word_that_leads_elsewhere_has_an_example() -> None:
    assert [each[0] for each in EXAMPLES] == ["if", "for_each", "retry", "within", "undo", "otherwise"]
