"""Slack: what the war room asks of it is performed here, what it delivers arrives here."""
