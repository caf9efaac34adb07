"""PagerDuty: incidents page through it, and what people do there is done here."""

from integrations.pagerduty.integration import PagerDuty

__all__ = ["PagerDuty"]
