"""What earlier releases stored of Datadog goes on where it was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.integrations import register_upgrades
from integrations.datadog import effects
from integrations.datadog.state import state_of
from storage import codec, migrate, open_store, upgrade_with
from tests.storage.test_released import NOW, at, released_sqlite
from warroom.incident.model import Incident, Origin
from warroom.outbox.effects import ExternalEffect

FACE: dict[str, Any] = {
    "title": "checkout returns 500s",
    "severity": "SEV-2",
    "state": "active",
    "commander": "ada@example.com",
    "fields": [["services", ["checkout"]], ["teams", []]],
}
INCIDENT: dict[str, Any] = {
    "v": 1,
    "id": "i1",
    "number": 1,
    "version": 7,
    "origin": "datadog",
    "origin_key": "datadog:0d9c1a52-2f6b-4a86-9a3a-1a2b3c4d5e6f",
    "title": "checkout returns 500s",
    "severity": "SEV-2",
    "declared_at": "2026-11-21T03:00:00Z",
    "touched_at": "2026-11-21T03:05:00Z",
    "chain": {"levels": [], "told": ["UADA"]},
    "wanted": ["UADA"],
    "channel_id": "C1",
    "datadog": {
        "id": "0d9c1a52-2f6b-4a86-9a3a-1a2b3c4d5e6f",
        "public_id": 77,
        "ours": FACE,
        "theirs": FACE | {"state": "stable"},
        "room_told": True,
        "todos": [["a1", "t1", False]],
    },
    "muted": [["42", "2026-11-21T04:00:00Z"], ["43", "2026-11-21T04:30:00Z"]],
    "muted_groups": [["43", ["service:cart,env:prod"]]],
}


@pytest.fixture(autouse=True)
def registered() -> None:
    """As every process does before it opens its database."""
    register_upgrades()


def test_the_link_and_the_mutes_of_an_incident_are_kept() -> None:
    incident = codec.from_body(Incident, INCIDENT)
    assert incident.origin is Origin.EXTERNAL
    assert not incident.model_extra, "nothing is left under a name that nobody reads"
    state = state_of(incident)
    assert state.link is not None
    assert (state.link.public_id, state.link.local.state, state.link.remote.state) == (77, "active", "stable")
    assert (state.link.room_told, state.link.todos) == (True, (("a1", "t1", False),))
    assert [(each.monitor_id, f"{each.until:%H:%M}", each.groups) for each in state.mutes] == [
        ("42", "04:00", ()),
        ("43", "04:30", ("service:cart,env:prod",)),
    ]
    assert codec.from_body(Incident, codec.to_body(incident)) == incident


def test_an_incident_without_datadog_remembers_nothing_of_it() -> None:
    bare = {name: each for name, each in INCIDENT.items() if name not in ("datadog", "muted", "muted_groups")}
    incident = codec.from_body(Incident, bare | {"datadog": None, "muted": [], "muted_groups": [], "origin": "alert"})
    assert (incident.external, incident.origin, incident.model_extra) == ({}, Origin.ALERT, {})


@pytest.mark.parametrize(
    ("body", "operation", "payload"),
    [
        ({"kind": "read_monitors", "key": "monitors:3", "page": 3}, effects.READ_MONITORS, {"page": 3}),
        (
            {"kind": "read_monitor", "key": "monitor:42", "monitor_id": "42"},
            effects.READ_MONITOR,
            {"monitor_id": "42"},
        ),
        ({"kind": "mirror_incident", "key": "i1:datadog", "incident_id": "i1"}, effects.SYNC_INCIDENT, {}),
        ({"kind": "read_incidents", "key": "datadog:incidents"}, effects.READ_INCIDENTS, {}),
        (
            {
                "kind": "mute_monitor",
                "key": "i1:mute:42:3",
                "incident_id": "i1",
                "monitor_id": "42",
                "groups": ["service:cart"],
                "until": "2026-11-21T04:00:00Z",
                "by": "UADA",
            },
            effects.MUTE_MONITOR,
            {"monitor_id": "42", "groups": ["service:cart"], "until": "2026-11-21T04:00:00Z", "by": "UADA"},
        ),
    ],
)
def test_an_effect_that_was_pending_is_still_performed(
    body: dict[str, Any], operation: str, payload: dict[str, Any]
) -> None:
    effect = codec.effect_from({"v": 1, "priority": 80} | body)
    assert isinstance(effect, ExternalEffect)
    assert (effect.integration, effect.operation, effect.payload) == ("datadog", operation, payload)
    assert (effect.key, effect.incident_id, effect.priority) == (body["key"], body.get("incident_id"), 80)
    assert effect.coalescing == (operation != effects.MUTE_MONITOR)


def test_effects_of_others_are_left_as_they_are() -> None:
    effect = codec.effect_from({"v": 1, "kind": "judge_alerts", "key": "alerts", "priority": 1})
    assert effect.kind == "decide_alerts"


def test_a_step_is_registered_once_and_only_for_a_version_that_there_is() -> None:
    register_upgrades()
    assert codec.from_body(Incident, INCIDENT).external["datadog"]["link"]["public_id"] == 77
    with pytest.raises(ValueError, match="no version 9"):
        upgrade_with("Incident", 9, dict)


async def test_a_database_of_the_released_version_keeps_the_link_the_mutes_and_what_was_pending(
    tmp_path: Path,
) -> None:
    url = released_sqlite(tmp_path)
    await migrate(url)
    store = await open_store(url)
    incident = await store.incident_numbered(1)
    claims = await store.claim(now=NOW, limit=99, lease=timedelta(minutes=1))
    await store.close()
    assert incident is not None
    state = state_of(incident)
    assert state.link is not None
    assert (state.link.public_id, state.link.local.severity, state.link.remote.severity) == (17, "SEV-1", "SEV-2")
    assert state.link.remote.commander == "grace@example.com"
    assert state.link.todos == (("act-1", "todo-1", False),)
    assert [(each.monitor_id, each.until, each.groups) for each in state.mutes] == [("4243", at(60), ("host:db-02",))]
    pending = {claim.key: claim.effect for claim in claims if isinstance(claim.effect, ExternalEffect)}
    assert {key: effect.operation for key, effect in pending.items()} == {
        "datadog:monitors": effects.READ_MONITORS,
        "datadog:monitor:4242": effects.READ_MONITOR,
        "inc-1:mute": effects.MUTE_MONITOR,
        "inc-1:mirror": effects.SYNC_INCIDENT,
        "datadog:incidents": effects.READ_INCIDENTS,
    }
    assert pending["datadog:monitors"].payload == {"page": 1}
