"""Health checks of services: asked from where the bot runs, only at the addresses that the policy names."""

from integrations.health.integration import Health

__all__ = ["Health"]
