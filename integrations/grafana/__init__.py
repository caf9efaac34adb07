"""Grafana's alerting: an alert source with an address of its own."""

from integrations.grafana.integration import Grafana

__all__ = ["Grafana"]
