"""Runbooks: what may be done about an incident, as steps that run."""
