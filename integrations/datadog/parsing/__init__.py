"""Datadog's own bodies: webhooks made of its variables, its API's objects, and the messages of its Slack app."""

from integrations.datadog.parsing.variables import FORMAT, SOURCE, read

__all__ = ["FORMAT", "SOURCE", "read"]
