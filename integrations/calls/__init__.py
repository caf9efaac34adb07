"""Calls that runbooks make by themselves: HTTP requests and commands."""

from integrations.calls.integration import Calls

__all__ = ["Calls"]
