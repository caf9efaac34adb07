"""Datadog's own bodies: webhooks made of its variables, its API's objects, and the messages of its Slack app."""

from warroom.alerts.parsing.datadog.variables import read

__all__ = ["read"]
