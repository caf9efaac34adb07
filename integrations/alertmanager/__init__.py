"""Alertmanager, and what speaks its language: an alert source with an address of its own."""

from integrations.alertmanager.integration import Alertmanager

__all__ = ["Alertmanager"]
