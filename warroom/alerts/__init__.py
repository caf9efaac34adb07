"""Alerts: what they are, which incident they belong to, and what becomes of them."""
