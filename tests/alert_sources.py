"""The alert sources as they are put together in the process, and bodies as senders send them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.integrations import INTEGRATIONS, alone, integrations_of, settings_model
from tests.clock import NIGHT
from warroom.alerts.model import Alert
from warroom.outbox.incoming import Incoming
from warroom.registry import Integrations
from warroom.webhook import WebhookBody

SOURCES: Integrations = integrations_of(settings_model(INTEGRATIONS)(**alone()))
FIRST = "webhook"
"""The address that there was before the others: whatever was sent to it keeps working."""
GENERIC = Path(__file__).with_name("warroom") / "alerts/bodies"
BODIES = {
    path.stem: path
    for folder in (GENERIC, *sorted((Path(__file__).with_name("integrations")).glob("*/bodies")))
    for path in sorted(folder.glob("*.json"))
}
"""A file for every body, by its name: the body, and what is said by each of its alerts (the fields that matter there).

`recovers` names the file whose alerts these are the recovery of.
"""


def of(integration: str) -> list[str]:
    """The names of the bodies of one sender."""
    return [name for name, path in BODIES.items() if path.parts[-3:-1] == (integration, "bodies")]


def fixture(name: str) -> dict[str, Any]:
    """A body and what becomes of it."""
    read: dict[str, Any] = json.loads(BODIES[name].read_text("utf-8"))
    return read


def posted(body: bytes, content_type: str = "application/json", at: datetime = NIGHT, source: str = FIRST) -> Incoming:
    """What a source makes of these bytes."""
    return SOURCES.webhook(source).read(WebhookBody(body, content_type, at))


def sent(body: object, at: datetime = NIGHT, source: str = FIRST) -> Incoming:
    """What a source makes of the body, posted as JSON."""
    return posted(json.dumps(body).encode(), at=at, source=source)


def alert(body: object, at: datetime = NIGHT, source: str = FIRST) -> Alert:
    """The one alert of a body."""
    found = sent(body, at, source)
    assert found.refused == ()
    [only] = found.alerts
    return only
