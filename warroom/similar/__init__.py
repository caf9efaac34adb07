"""Incidents of the past that were like this one."""
