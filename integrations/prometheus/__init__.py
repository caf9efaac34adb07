"""Prometheus, and whatever answers its HTTP API (Thanos, Mimir, VictoriaMetrics): metrics are read, nothing else."""

from integrations.prometheus.integration import Prometheus

__all__ = ["Prometheus"]
