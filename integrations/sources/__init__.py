"""The policy's own alert sources: any body, read by JMESPath."""

from integrations.sources.integration import Sources

__all__ = ["Sources"]
