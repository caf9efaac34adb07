"""Loki: logs are read, nothing else."""

from integrations.loki.integration import Loki

__all__ = ["Loki"]
