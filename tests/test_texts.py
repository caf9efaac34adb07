"""`python -m tests.texts` prints what people read, and they are not made to learn our words."""

from __future__ import annotations

import re

import pytest

from tests.texts import everything


@pytest.fixture(scope="module")
def printed() -> str:
    """The whole file."""
    return everything()


@pytest.mark.parametrize(
    "said",
    [
        "Acknowledge",
        "Not acknowledged",
        "What fixed it?",
        "Will page:",
        "Post-mortems due",
        "channel opened",
        "There is no service “",
        "Added action item",
        "*Respond*",
        "Declare an incident; without a title, open the form",
        "python -m bot declare",
    ],
)
def test_every_kind_of_text_is_in_the_file(printed: str, said: str) -> None:
    assert said in printed


@pytest.mark.parametrize("word", ["rooms?", "chain", "whisper", "ladder", "rung"])
def test_a_word_that_is_not_the_fields_is_shown_nowhere_in_slack(printed: str, word: str) -> None:
    shown = printed.partition("==== Refusals of the command line")[0]
    found = [line for line in shown.splitlines() if re.search(rf"\b{word}\b", line, re.IGNORECASE)]
    assert found == []
