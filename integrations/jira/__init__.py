"""Jira: an issue per incident, and one for each action item."""

from integrations.jira.integration import Jira

__all__ = ["Jira"]
