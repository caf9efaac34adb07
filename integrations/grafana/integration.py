"""Grafana behind the port: its webhook."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, SecretStr

from integrations.grafana.parsing import FORMAT, SOURCE
from warroom.integration import Integration
from warroom.policy import Policy
from warroom.webhook import AlertParser, Webhook, shared_secret


class GrafanaSettings(BaseModel):
    """The webhook needs its token."""

    grafana_webhook_token: SecretStr | None = None


class Grafana(Integration[GrafanaSettings]):
    """Grafana."""

    name = SOURCE
    title = "Grafana"
    settings = GrafanaSettings
    alert_formats = (FORMAT,)

    def missing(self) -> str:
        """The token."""
        return "" if self.configured.grafana_webhook_token else "set GRAFANA_WEBHOOK_TOKEN"

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        """The address of a contact point of the type webhook."""
        verify = shared_secret(self.configured.grafana_webhook_token, "GRAFANA_WEBHOOK_TOKEN")
        return (Webhook(SOURCE, "/hooks/grafana", verify, AlertParser(SOURCE, own=(FORMAT,))),)
