"""The port: what integrations want done is part of the commit, and a mistake in one costs nobody else anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from tests.refusals import refuses
from tests.warroom.conftest import NIGHT, Make
from warroom.capabilities import OnCallSource
from warroom.errors import Refused, Rejected
from warroom.incident import lifecycle
from warroom.incident.decision import changeset
from warroom.incident.events import Acknowledged
from warroom.incident.model import Incident
from warroom.incident.notices import IntegrationFault, StateChanged
from warroom.incident.timeline import Entry
from warroom.integration import BACKGROUND, Integration, NoSettings
from warroom.outbox.effects import URGENT, ExternalEffect, Post
from warroom.policy import Policy
from warroom.registry import Integrations


class Lamp(Integration[NoSettings]):
    """Wants to be lit for every event."""

    name: ClassVar[str] = "lamp"
    title: ClassVar[str] = "Lamp"
    operations: ClassVar[dict[str, str]] = {"light": "The lamp stayed dark"}

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[ExternalEffect]:
        return [self.effect("light", entry.key, incident, Colour(name=entry.event.kind), weight=URGENT)]


class Colour(BaseModel):
    """A payload."""

    name: str


class Broken(Lamp):
    """Its rule has a mistake."""

    name: ClassVar[str] = "broken"
    title: ClassVar[str] = "Broken"

    def on_event(self, incident: Incident, entry: Entry, policy: Policy) -> Sequence[ExternalEffect]:
        raise KeyError("a mistake")


class Rota(Integration[NoSettings]):
    """Knows who is on call."""

    name: ClassVar[str] = "rota"
    title: ClassVar[str] = "Rota"
    on_call_prefixes = ("rota:",)

    async def on_call(self, prefix: str, schedule: str, at: Any) -> Sequence[str]:
        return ["ada@example.com"]


LAMP, BROKEN, ROTA = Lamp(NoSettings()), Broken(NoSettings()), Rota(NoSettings())


def test_what_they_want_is_stored_with_the_change_and_carries_what_happened(make: Make) -> None:
    before = make()
    decision = lifecycle.acknowledge(before, "UADA", NIGHT, Policy())
    wanted = changeset(before, decision, now=NIGHT, policy=Policy(), react=Integrations(LAMP).on_event)
    (effect,) = [each for each in wanted.effects if isinstance(each, ExternalEffect)]
    assert isinstance(wanted.entries[0].event, Acknowledged)
    assert effect.key == f"{before.id}:lamp:{wanted.entries[0].key}"
    assert (effect.label, effect.payload) == ("lamp.light", {"name": "acknowledged"})
    assert effect.priority == Policy().rank(before.severity) * 10 + URGENT


def test_a_rule_that_fails_costs_neither_the_change_nor_the_others(make: Make) -> None:
    before = make()
    decision = lifecycle.acknowledge(before, "UADA", NIGHT, Policy())
    wanted = changeset(before, decision, now=NIGHT, policy=Policy(), react=Integrations(BROKEN, LAMP).on_event)
    assert wanted.incident is not None
    assert wanted.incident.acknowledged_by == "UADA"
    assert [each.label for each in wanted.effects if isinstance(each, ExternalEffect)] == ["lamp.light"]
    posts = [each.notice for each in wanted.effects if isinstance(each, Post)]
    faults = [each for each in posts if not isinstance(each, StateChanged)]
    assert faults == [IntegrationFault(integration="Broken", event=Acknowledged())]


def test_an_integration_that_is_gone_is_named_and_its_failure_still_has_words(make: Make) -> None:
    effect = BROKEN.effect("light", "x", make())
    with pytest.raises(Rejected, match="knows no broken"):
        Integrations(LAMP).named("broken")
    assert Integrations(LAMP).on_failure(make(), effect)[1] == "broken.light could not be done"
    assert Integrations(LAMP).on_failure(make(), LAMP.effect("light", "x"))[1] == "The lamp stayed dark"


async def test_a_menu_entry_of_an_older_card_is_refused() -> None:
    for chosen in ("mute:42", "lamp:mute:42", ""):
        with refuses(Refused, match="out of date"):
            await Integrations(LAMP).choose(None, "i1", chosen, "UADA")  # type: ignore[arg-type]  # nothing is done


def test_what_belongs_to_no_incident_waits_behind_what_does(make: Make) -> None:
    assert LAMP.effect("light", "all").priority == BACKGROUND > LAMP.effect("light", "one", make()).priority
    assert LAMP.effect("light", "all").key == "lamp:all"


def test_capabilities_are_found_by_what_an_integration_can_do() -> None:
    found: list[object] = list(Integrations(LAMP, ROTA).able(OnCallSource))
    assert found == [ROTA]
