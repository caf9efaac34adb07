"""What a workspace wants of Datadog beside its webhook. `off` is also what YAML makes of it: false."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from warroom.alerts.model import AlertState
from warroom.durations import Duration
from warroom.policy.kinds import Text, Texts
from warroom.policy.mistake import Wrong, did_you_mean, shown
from warroom.policy.rule import States
from warroom.value import Value


class Mirroring(StrEnum):
    """Which way the incidents of Datadog's Incident Management go."""

    OFF = "off"
    LINK = "link"
    """A room has an incident in Datadog and keeps it up to date."""
    BOTH = "both"
    """What is changed in Datadog changes the room too."""


def _mirroring(said: Any) -> Any:
    if said is False:
        return Mirroring.OFF
    if isinstance(said, str) and said.strip().casefold() in tuple(Mirroring):
        return Mirroring(said.strip().casefold())
    hint = did_you_mean(said, tuple(Mirroring)) if isinstance(said, str) else ""
    raise Wrong(f"{shown(said)} is not one of off, link, both", hint or "write off, link or both")


_WAYS = WithJsonSchema({"enum": [*(way.value for way in Mirroring), False]})
_Theirs = Annotated[str, Field(pattern=r"^(SEV-[0-5]|UNKNOWN)$")]


def _field_name(said: str) -> str:
    if said in TAKEN:
        raise Wrong(f"{shown(said)} follows its own way and cannot be mapped", "take it out")
    return said


TAKEN = frozenset({"title", "severity", "state", "commander", "services", "teams", "summary", "detection_method"})
"""Fields of Datadog's that are kept without being named."""
_FieldName = Annotated[Text, AfterValidator(_field_name)]


class Datadog(Value):
    """Asking Datadog and telling it things; needs DD_API_KEY and DD_APP_KEY, otherwise nothing of this happens."""

    sync_every: Duration | None = timedelta(minutes=5)
    """How often monitors are read, for what the webhook missed. None: only by `python -m bot sync`."""
    monitor_tags: Texts = ()
    """Only monitors with all of these tags are read; none given: all monitors."""
    states: States = (AlertState.ALERT, AlertState.WARN, AlertState.NO_DATA)
    """States of a monitor's group that count as firing."""
    triggered_within: Duration | None = timedelta(days=1)
    """What fires for longer than this opens nothing. None: everything does."""
    incidents: Annotated[Mirroring, BeforeValidator(_mirroring), _WAYS] = Mirroring.OFF
    open_rooms: bool = False
    """Incidents created in Datadog open rooms; needs `incidents: both`."""
    fields: dict[_FieldName, Text] = Field(default_factory=dict)
    """Fields of Datadog's incidents, by the name they have in its API, to the field of a template or rule of ours that
    says the same. `services` and `teams` follow without being named."""
    severities: dict[Text, _Theirs] = Field(default_factory=dict)
    """Severity of ours to Datadog's (SEV-0 to SEV-5, UNKNOWN), where the number in its name does not say it."""
