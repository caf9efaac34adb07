"""A role has one name, whatever people call it."""

from __future__ import annotations

import pytest

from warroom.incident.roles import holder, is_role, role_named, with_role


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("IC", "commander"),
        ("Incident Commander", "commander"),
        ("comms", "communications"),
        ("comms lead", "communications"),
        ("Communications", "communications"),
        ("Scribe", "scribe"),
        ("customs officer", "customs officer"),
        ("  ", ""),
    ],
)
def test_every_word_for_a_role_is_that_role(said: str, role: str) -> None:
    assert role_named(said) == role


def test_a_role_that_an_earlier_release_stored_under_another_name_is_no_second_one() -> None:
    stored = (("comms lead", "UADA"), ("scribe", "UBEN"))
    assert holder(stored, "communications") == "UADA"
    assert with_role(stored, "communications", "UGRACE") == (("scribe", "UBEN"), ("communications", "UGRACE"))
    assert is_role("ic")
    assert not is_role("ada")
