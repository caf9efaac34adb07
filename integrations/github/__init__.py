"""GitHub: deployments, releases and pushes are changes; action items can be issues."""

from integrations.github.integration import GitHub

__all__ = ["GitHub"]
