"""What is changed in Datadog changes the room, once and without an echo."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.datadog.state import state_of
from tests.integrations.datadog.conftest import DatadogWarRoom
from tests.integrations.datadog.sync_steps import FULL, declared, followed, patches, theirs
from warroom.incident import events
from warroom.incident import usecases as incidents
from warroom.incident.model import Origin, State
from warroom.outbox.effects import OpenRoom


@pytest.fixture
def written() -> dict[str, Any]:
    """Both ways, with everything on."""
    return FULL


class TestIncoming:
    async def test_severity_state_commander_and_title_are_followed(self, night: DatadogWarRoom) -> None:
        grace = night.datadog.user(2, "grace@example.com")
        await declared(night)
        night.datadog.change(theirs(night)["id"], severity="SEV-1", state="stable", title="cart is down [INC-1]")
        theirs(night)["relationships"]["commander_user"] = {"data": {"type": "users", "id": grace["id"]}}
        incident = await followed(night)
        assert (incident.severity, incident.state) == ("SEV-1", State.MITIGATED)
        assert (incident.commander, incident.title) == ("UGRACE", "cart is down")
        assert "UGRACE" in incident.participants.invitees
        for _ in range(3):
            await followed(night)
        assert patches(night) == [], "what came from Datadog is not told to it again"
        assert len(night.chat.said("severity_changed")) == 2, "in the channel and under the announcement"

    async def test_resolved_in_datadog_is_resolved_here_by_whoever_did_it(self, night: DatadogWarRoom) -> None:
        grace = night.datadog.user(2, "grace@example.com")
        await declared(night)
        night.datadog.change(theirs(night)["id"], state="completed")
        theirs(night)["relationships"]["last_modified_by_user"] = {"data": {"type": "users", "id": grace["id"]}}
        incident = await followed(night)
        assert (incident.state, incident.resolved_by) == (State.RESOLVED, "UGRACE")
        assert theirs(night)["attributes"]["state"] == "completed", "and is not pushed back to resolved"

    async def test_a_commander_that_could_not_be_told_is_not_replaced_by_theirs(self, night: DatadogWarRoom) -> None:
        grace = night.datadog.user(2, "grace@example.com")
        incident = await declared(night)
        theirs(night)["relationships"]["commander_user"] = {"data": {"type": "users", "id": grace["id"]}}
        assert (await followed(night)).commander == "UGRACE"
        await incidents.assign_role(night.world, incident.id, "UADA", "commander", "UADA")
        await incidents.set_severity(night.world, incident.id, "UADA", "SEV-1")
        await night.settle()
        for _ in range(2):
            assert (await followed(night)).commander == "UADA"

    async def test_where_both_changed_the_room_wins(self, night: DatadogWarRoom) -> None:
        incident = await declared(night)
        night.datadog.change(theirs(night)["id"], severity="SEV-3")
        await incidents.set_severity(night.world, incident.id, "UADA", "SEV-1")
        await night.settle()
        incident = await followed(night)
        assert (incident.severity, theirs(night)["attributes"]["severity"]) == ("SEV-1", "SEV-1")

    async def test_what_makes_no_sense_here_is_not_fought_over(self, night: DatadogWarRoom) -> None:
        await declared(night)
        night.datadog.change(theirs(night)["id"], severity="UNKNOWN", state="investigating")
        incident = await followed(night)
        assert (incident.severity, incident.state) == ("SEV-2", State.DETECTED)
        await followed(night)
        assert patches(night) == []

    async def test_reopened_in_datadog_is_reopened_here(self, night: DatadogWarRoom) -> None:
        grace = night.datadog.user(2, "grace@example.com")
        incident = await declared(night)
        await incidents.resolve_incident(night.world, incident.id, "UADA")
        await night.settle()
        told = len(patches(night))
        await night.wait(hours=2)
        night.datadog.change(theirs(night)["id"], state="active")
        theirs(night)["relationships"]["last_modified_by_user"] = {"data": {"type": "users", "id": grace["id"]}}
        incident = await followed(night)
        assert (incident.state, incident.resolved_at) == (State.ACKNOWLEDGED, None)
        assert [each.by for each in await night.timeline() if isinstance(each.event, events.Reopened)] == ["UGRACE"]
        assert [each for each in night.chat.said("state_changed") if getattr(each, "reopened", False)]
        await followed(night)
        (told_back,) = patches(night)[told:]
        assert "attributes" not in told_back, "only that Grace commands now, which Datadog did not know"

    async def test_stable_in_datadog_after_its_end_is_reopened_and_mitigated(self, night: DatadogWarRoom) -> None:
        incident = await declared(night)
        await incidents.resolve_incident(night.world, incident.id, "UADA")
        await night.settle()
        night.datadog.change(theirs(night)["id"], state="stable")
        assert (await followed(night)).state is State.MITIGATED

    async def test_a_mitigation_that_did_not_hold_is_acknowledged_again(self, night: DatadogWarRoom) -> None:
        await declared(night)
        night.datadog.change(theirs(night)["id"], state="stable")
        assert (await followed(night)).state is State.MITIGATED
        night.datadog.change(theirs(night)["id"], state="active")
        incident = await followed(night)
        assert (incident.state, incident.mitigated_at) == (State.ACKNOWLEDGED, None)
        assert patches(night) == []

    async def test_what_is_closed_here_stays_closed(self, night: DatadogWarRoom) -> None:
        incident = await declared(night, severity="SEV-4")
        await incidents.resolve_incident(night.world, incident.id, "UADA")
        await night.wait(hours=25)
        assert (await night.incident()).state is State.CLOSED
        asked = len(night.datadog.asked)
        night.datadog.change(theirs(night)["id"], state="active")
        assert (await followed(night)).state is State.CLOSED
        assert all(path.endswith("/search") for _, path, _ in night.datadog.asked[asked:])

    async def test_an_incident_created_in_datadog_opens_one_room(self, night: DatadogWarRoom) -> None:
        grace = night.datadog.user(2, "grace@example.com")
        made = night.datadog.incident(77, "payments are slow", severity="SEV-1")
        made["relationships"]["commander_user"] = {"data": {"type": "users", "id": grace["id"]}}
        for _ in range(3):
            incident = await followed(night)
        assert await night.count() == 1
        assert (incident.title, incident.severity, incident.origin) == ("payments are slow", "SEV-1", Origin.EXTERNAL)
        assert incident.commander == "UGRACE"
        link = state_of(incident).link
        assert link is not None
        assert (link.id, link.public_id) == (made["id"], 77)
        assert len(night.datadog.incidents) == 1
        assert made["attributes"]["title"] == "payments are slow"
        assert len(night.datadog.integrations[made["id"]]) == 1
        await incidents.resolve_incident(night.world, incident.id, "UADA")
        await night.settle()
        assert made["attributes"]["state"] == "resolved"

    async def test_a_private_incident_of_datadogs_opens_a_private_room_and_a_test_none(
        self, night: DatadogWarRoom
    ) -> None:
        night.datadog.incident(77, "the keys leaked")["attributes"]["visibility"] = "private"
        night.datadog.incident(78, "a drill")["attributes"]["is_test"] = True
        for _ in range(2):
            incident = await followed(night)
        assert (incident.title, incident.private, await night.count()) == ("the keys leaked", True, 1)
        (opened,) = [each for each in night.chat.done if isinstance(each, OpenRoom)]
        assert opened.private
        assert night.datadog.integrations == {}

    async def test_one_that_the_webhook_told_of_is_linked(self, night: DatadogWarRoom) -> None:
        made = night.datadog.incident(77, "payments are slow", severity="SEV-1")
        await night.hook(
            kind="incident", incident_uuid=made["id"], incident_title="payments are slow", incident_severity="SEV-1"
        )
        incident = await followed(night)
        assert (await night.count(), len(night.datadog.incidents)) == (1, 1)
        link = state_of(incident).link
        assert link is not None
        assert link.id == made["id"]

    async def test_an_old_one_opens_nothing(self, night: DatadogWarRoom) -> None:
        night.datadog.incident(77, "payments are slow")["attributes"]["created"] = "2026-11-01T03:00:00+00:00"
        await night.poll("incidents")
        assert await night.count() == 0
