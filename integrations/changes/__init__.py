"""Changes of what runs, from anything that can post JSON."""

from integrations.changes.integration import Changes

__all__ = ["Changes"]
