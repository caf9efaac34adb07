"""What a refusal says to whoever asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from blocks.refusals import refusal_words
from warroom.errors import Refused


@contextmanager
def refuses(kind: type[Refused], match: str) -> Iterator[None]:
    """The block raises a refusal of that kind, whose words contain the pattern."""
    with pytest.raises(kind) as caught:
        yield
    words = refusal_words(caught.value.reason)
    assert re.search(match, words), words
