"""Datadog: what the war room asks of it and tells it. The library is an extra, imported when a client is opened."""

from integrations.datadog.integration import Datadog

__all__ = ["Datadog"]
