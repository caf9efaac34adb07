"""Statuspage: what customers read, told by people and never by accident."""

from integrations.statuspage.integration import Statuspage

__all__ = ["Statuspage"]
