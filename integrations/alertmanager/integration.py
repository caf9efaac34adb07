"""Alertmanager behind the port: its webhook."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, SecretStr

from integrations.alertmanager.parsing import FORMAT, SOURCE
from warroom.integration import Integration
from warroom.policy import Policy
from warroom.webhook import AlertParser, Webhook, shared_secret


class AlertmanagerSettings(BaseModel):
    """The webhook needs its token."""

    alertmanager_webhook_token: SecretStr | None = None


class Alertmanager(Integration[AlertmanagerSettings]):
    """Alertmanager, Prometheus and Grafana's alerting."""

    name = SOURCE
    title = "Alertmanager"
    settings = AlertmanagerSettings
    alert_formats = (FORMAT,)

    def missing(self) -> str:
        """The token."""
        return "" if self.configured.alertmanager_webhook_token else "set ALERTMANAGER_WEBHOOK_TOKEN"

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        """The address that a receiver's `webhook_configs` call."""
        verify = shared_secret(self.configured.alertmanager_webhook_token, "ALERTMANAGER_WEBHOOK_TOKEN")
        return (Webhook(SOURCE, "/hooks/alertmanager", verify, AlertParser(SOURCE, own=(FORMAT,))),)
