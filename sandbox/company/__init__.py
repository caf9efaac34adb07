"""The sandbox's company: a dozen services that depend on each other, under load, with metrics, logs, changes and troubles."""

from sandbox.company.company import Company
from sandbox.company.made_incidents import MadeIncident, incidents
from sandbox.company.model import Act, Change, Event, Trouble, Workload

__all__ = ["Act", "Change", "Company", "Event", "MadeIncident", "Trouble", "Workload", "incidents"]
