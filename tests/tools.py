"""What tests need of the machine they run on."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """The test cannot run without it: skipped with that reason, or failed where `CI` is set, which has to have everything."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} (an error, not a skip, because CI is set)", pytrace=False)
    pytest.skip(what)
