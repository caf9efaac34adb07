"""Alerts come and recover."""

from __future__ import annotations

from typing import Literal

from warroom.incident.events.base import EventBase


class AlertAttached(EventBase):
    """An alert that was not part of the incident before."""

    kind: Literal["alert_attached"] = "alert_attached"
    title: str


class AlertFired(EventBase):
    """An alert of the incident had recovered and fires again."""

    kind: Literal["alert_fired"] = "alert_fired"
    title: str


class AlertRecovered(EventBase):
    """One alert of the incident recovered."""

    kind: Literal["alert_recovered"] = "alert_recovered"
    title: str


class AlertsRecovered(EventBase):
    """The last alert that fired recovered: none fires now."""

    kind: Literal["alerts_recovered"] = "alerts_recovered"
    count: int
    """How many distinct things had fired."""


AlertEvent = AlertAttached | AlertFired | AlertRecovered | AlertsRecovered
