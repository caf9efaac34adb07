"""Services, team and the fields of a template stand in Datadog too, and what is written there comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.datadog.conftest import DatadogWarRoom
from tests.integrations.datadog.sync_steps import INCIDENTS, declared, followed, patches, theirs
from warroom.incident import usecases as incidents
from warroom.incident.events import Reported
from warroom.incident.notices import Problem

FIELDS = {"attack_vector": "Attack vector", "regions": "Regions", "notes": "Notes"}


@pytest.fixture
def written() -> dict[str, Any]:
    """Both ways, with three fields of our own."""
    questions = [{"name": name} for name in FIELDS.values()]
    return {
        "datadog": {"incidents": "both", "open_rooms": True, "fields": FIELDS},
        "teams": {"payments": {"services": ["checkout"]}, "storage": {}},
        "templates": {"security": {"fields": questions}},
        "workspace": {"stale_after": "30d"},
    }


@pytest.fixture(autouse=True)
def own_fields(night: DatadogWarRoom) -> None:
    """What the organisation added to its incidents."""
    night.datadog.own_fields = {
        "attack_vector": ("dropdown", ("prompt injection", "jailbreak")),
        "regions": ("multiselect", ()),
        "notes": ("textbox", ()),
    }


def values(night: DatadogWarRoom) -> dict[str, Any]:
    """What stands in Datadog's fields."""
    return {name: each["value"] for name, each in theirs(night)["attributes"]["fields"].items()}


MAPPED = (("Attack vector", "jailbreak"), ("Regions", "eu-west"), ("CPU", "97 %"))


async def test_datadog_hears_of_services_team_and_fields_once(night: DatadogWarRoom) -> None:
    await declared(night, services=("checkout", "cart"), fields=MAPPED)
    said = values(night)
    assert (said["services"], said["teams"]) == (["checkout", "cart"], ["payments"])
    assert (said["attack_vector"], said["regions"], said["notes"]) == ("jailbreak", ["eu-west"], None)
    assert len(patches(night)) == 1
    for _ in range(3):
        await followed(night)
    assert (len(patches(night)), night.chat.said("problem", "effect_failed")) == (1, [])


async def test_what_is_written_in_datadog_comes_back_without_an_echo(night: DatadogWarRoom) -> None:
    grace = night.datadog.user(2, "grace@example.com")
    before = await declared(night, services=("checkout",), fields=MAPPED)
    told = len(patches(night))
    night.datadog.change(
        theirs(night)["id"],
        services=["cart", "ledger"],
        teams=["nobody of ours", "Storage"],
        attack_vector="prompt injection",
        regions=["eu-west", "us-east"],
        notes="",
    )
    theirs(night)["relationships"]["last_modified_by_user"] = {"data": {"type": "users", "id": grace["id"]}}
    incident = await followed(night)
    assert (incident.services, incident.team) == (("cart", "ledger"), "storage")
    assert dict(incident.fields) == {
        "Attack vector": "prompt injection",
        "CPU": "97 %",
        "Regions": "eu-west, us-east",
    }
    assert incident.escalation == before.escalation, "whoever is called stays called"
    said = [(each.by, each.event.text) for each in await night.timeline() if isinstance(each.event, Reported)]
    assert ("UGRACE", "Affected in Datadog: cart, ledger") in said
    assert ("UGRACE", "Team in Datadog: storage") in said
    for _ in range(3):
        assert (await followed(night)).copy_with(version=incident.version) == incident
    assert len(patches(night)) == told


async def test_a_field_that_is_emptied_in_datadog_is_empty_here(night: DatadogWarRoom) -> None:
    await declared(night, services=("checkout",), fields=MAPPED)
    night.datadog.change(theirs(night)["id"], services=[], teams=[], attack_vector="")
    incident = await followed(night)
    assert (incident.services, incident.team) == ((), "payments"), "there is always somebody whose incident it is"
    assert "Attack vector" not in dict(incident.fields)


async def test_a_value_datadog_does_not_take_is_said_once_and_keeps_nothing_else_away(night: DatadogWarRoom) -> None:
    del night.datadog.own_fields["notes"]
    fields = (("Attack vector", "carrier pigeon"), ("Regions", "eu-west"), ("Notes", "see above"))
    incident = await declared(night, services=("checkout",), fields=fields)
    assert (values(night)["services"], values(night)["regions"]) == (["checkout"], ["eu-west"])
    assert values(night)["attack_vector"] is None
    (problem,) = night.chat.said("problem", "effect_failed")
    assert isinstance(problem, Problem)
    assert "it has no field notes" in problem.what
    assert "attack_vector (Filling its fields: invalid value for field attack_vector)" in problem.what
    await incidents.mitigate(night.world, incident.id, "UADA")
    await night.settle()
    await followed(night)
    assert theirs(night)["attributes"]["state"] == "stable"
    assert len(night.chat.said("problem", "effect_failed")) == 1


async def test_hostile_words_from_datadog_are_cut_and_cleaned(night: DatadogWarRoom) -> None:
    await declared(night)
    many = ["x" * 4_000, "a\u0000b\u202ec", "", *(f"svc-{n}" for n in range(500))]
    night.datadog.change(theirs(night)["id"], services=many, title="\u0000evil\u202e [INC-1]")
    incident = await followed(night)
    assert incident.services[1] == "abc"
    assert (len(incident.services), max(len(each) for each in incident.services)) == (20, 255)
    assert incident.title == "evil"


async def test_a_room_that_datadog_opened_knows_services_and_team(night: DatadogWarRoom) -> None:
    made = night.datadog.incident(77, "payments are slow")
    night.datadog.change(made["id"], services=["ledger"], teams=["storage"], attack_vector="jailbreak")
    incident = await followed(night)
    incident = await followed(night)
    assert (incident.services, incident.team) == (("ledger",), "storage")
    assert dict(incident.fields) == {"Attack vector": "jailbreak"}
    assert (patches(night), await night.count()) == ([], 1)


@pytest.mark.parametrize("lost", [{"status": 503}, {"drop": True}])
async def test_an_answer_that_was_lost_fills_nothing_twice(night: DatadogWarRoom, lost: dict[str, Any]) -> None:
    night.datadog.fail("PATCH", f"{INCIDENTS}/", after=True, **lost)
    incident = await declared(night, services=("checkout",))
    assert incident.room.card_ts is not None
    await night.wait(minutes=1)
    assert values(night)["services"] == ["checkout"]
    assert len(patches(night)) == 1
