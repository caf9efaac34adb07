"""Which source reads what: the one place that knows them all."""

from __future__ import annotations

from warroom.alerts import app_messages, channels
from warroom.alerts.quarantine import Reading
from warroom.errors import Rejected
from warroom.integration import Integrations
from warroom.outbox.changes import Quarantined
from warroom.outbox.incoming import Incoming
from warroom.webhook import WebhookBody


def reading(integrations: Integrations) -> Reading:
    """How something that could not be used when it came is read again, as if it came at that time."""

    def read_again(kept: Quarantined) -> Incoming:
        if kept.source == app_messages.SOURCE:
            parsed = channels.read_kept(kept, integrations.message_readers)
            return Incoming(alerts=parsed.alerts, refused=parsed.refused)
        try:
            webhook = integrations.webhook(kept.source)
        except Rejected as error:
            return Incoming(refused=(f"{error}. {error.advice}",))
        return webhook.read(WebhookBody(kept.body, kept.content_type, kept.received_at))

    return read_again
