"""Alertmanager's own address: its secret, its alerts, and that Datadog's address knows them as the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestClient, TestServer

from bot.integrations import INTEGRATIONS, alone, integrations_of, settings_model
from handlers.webhooks import routes
from tests.alert_sources import fixture, sent
from tests.clock import ManualClock
from tests.handlers.conftest import OneMessage
from tests.people import StoredPeople
from tests.stores import fresh_store
from warroom.alerts.model import AlertState, Transition
from warroom.outbox.changes import ReceivedAlert
from warroom.policy import Policy
from warroom.ports import World

OURS = "alertmanager-secret-for-tests"
OTHERS = "datadog-secret-for-tests"
PATH = "/hooks/alertmanager"
FIRES: dict[str, Any] = {
    "version": "4",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighLatency", "service": "checkout", "severity": "critical"},
            "annotations": {"summary": "p99 is above 2 s"},
            "startsAt": "2026-11-21T02:59:00Z",
            "fingerprint": "c0ffee77",
        }
    ],
}
OVER = {"status": "resolved", "alerts": [FIRES["alerts"][0] | {"status": "resolved"}]}


async def post(
    body: object, path: str = PATH, secret: str = OURS, **set_to: str
) -> tuple[int, str, list[ReceivedAlert], Counter[str]]:
    """(status, answer, what is stored, alerts counted by source)."""
    secrets = {"alertmanager_webhook_token": OURS, "datadog_webhook_token": OTHERS} | set_to
    sources = integrations_of(settings_model(INTEGRATIONS)(**(alone() | secrets)))
    counted: Counter[str] = Counter()
    async with fresh_store() as store:
        world = World(store, StoredPeople(store), Policy(), ManualClock(), OneMessage(), lambda: None)
        app = web.Application()
        app.add_routes(routes(world, sources.webhooks, lambda source, count: counted.update({source: count})))
        async with TestClient(TestServer(app)) as client:
            answer = await client.post(path, json=body, headers={"Authorization": encode_basic_auth("sender", secret)})
            return answer.status, await answer.text(), await store.pending_alerts(10), counted


async def test_its_alerts_are_stored_and_counted_as_its_own() -> None:
    status, _, [received], counted = await post(FIRES)
    assert (status, received.source, counted) == (202, "alertmanager", {"alertmanager": 1})
    alert = received.alert
    assert (alert.title, alert.severity, alert.service) == ("HighLatency", "critical", "checkout")
    assert (alert.source, alert.text, alert.state) == ("alertmanager", "p99 is above 2 s", AlertState.ALERT)


async def test_each_address_has_a_secret_of_its_own() -> None:
    for path, secret, status in ((PATH, OTHERS, 401), ("/hooks/datadog", OURS, 401), ("/hooks/datadog", OTHERS, 202)):
        answered, _, stored, _ = await post(FIRES, path, secret)
        assert (answered, len(stored)) == (status, int(status == 202))


@pytest.mark.parametrize("blank", [" ", " \t  "])
@pytest.mark.parametrize(
    ("path", "setting"), [(PATH, "ALERTMANAGER_WEBHOOK_TOKEN"), ("/hooks/datadog", "DATADOG_WEBHOOK_TOKEN")]
)
async def test_a_blank_secret_lets_nobody_in(path: str, setting: str, blank: str) -> None:
    status, said, stored, _ = await post(FIRES, path, blank, **{setting.lower(): blank})
    assert (status, stored) == (503, [])
    assert f"{setting} is" in said


async def test_what_was_opened_at_the_first_address_is_recovered_at_this_one() -> None:
    [fires], [over] = sent(FIRES).alerts, sent(OVER, source="alertmanager").alerts
    assert over.transition is Transition.RECOVER
    assert fires.keys == over.keys == ("1:id:alertmanager:c0ffee77",)


def test_without_a_fingerprint_an_alert_is_known_by_its_title_and_the_address() -> None:
    body = fixture("alerts_handed_in")["body"]
    assert {alert.dedup_key for alert in sent(body, source="alertmanager").alerts} == {
        "1:title:alertmanager:HighErrorRate:"
    }
