"""Alerts are read and decided, and changes of services looked for."""

from __future__ import annotations

from typing import ClassVar, Literal

from warroom.outbox.effects.base import EffectBase


class ReadAlertChannels(EffectBase):
    """Read what was posted in the policy's alert channels since they were read last; enter those we are not in."""

    coalescing: ClassVar[bool] = True
    kind: Literal["read_alert_channels"] = "read_alert_channels"
    key: str = "alert channels"


class DecideAlerts(EffectBase):
    """Work off the accepted alerts. One pending copy for the whole installation, so that they are decided one after another."""

    coalescing: ClassVar[bool] = True
    kind: Literal["decide_alerts"] = "decide_alerts"
    key: str = "alerts"


class LookForChanges(EffectBase):
    """Look whether the affected services were changed lately, and say what is new to the room. It calls nobody outside."""

    coalescing: ClassVar[bool] = True
    kind: Literal["look_for_changes"] = "look_for_changes"


AlertEffect = ReadAlertChannels | DecideAlerts | LookForChanges
