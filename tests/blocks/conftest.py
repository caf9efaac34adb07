"""A policy to look at incidents with."""

from __future__ import annotations

import pytest

from warroom.policy import Policy, check


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The built-in policy."""
    checked = check({})
    assert checked.policy is not None, checked.mistakes
    return checked.policy
