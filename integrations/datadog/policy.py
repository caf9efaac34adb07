"""Datadog's settings, and its section of the policy. `off` is also what YAML makes of it: false."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, WithJsonSchema

from warroom.alerts.model import AlertState
from warroom.durations import Duration
from warroom.policy import Policy
from warroom.policy.kinds import Text, Texts
from warroom.policy.mistake import Mistake, Wrong, did_you_mean, shown
from warroom.policy.rule import States
from warroom.policy.section import KnownNames, Section


class SyncMode(StrEnum):
    """Which way the incidents of Datadog's Incident Management go."""

    OFF = "off"
    LINK = "link"
    """A room has an incident in Datadog and keeps it up to date."""
    BOTH = "both"
    """What is changed in Datadog changes the room too."""


def _mode(said: Any) -> Any:
    if said is False:
        return SyncMode.OFF
    if isinstance(said, str) and said.strip().casefold() in tuple(SyncMode):
        return SyncMode(said.strip().casefold())
    hint = did_you_mean(said, tuple(SyncMode)) if isinstance(said, str) else ""
    raise Wrong(f"{shown(said)} is not one of off, link, both", hint or "write off, link or both")


_WAYS = WithJsonSchema({"enum": [*(way.value for way in SyncMode), False]})
_RemoteSeverity = Annotated[str, Field(pattern=r"^(SEV-[0-5]|UNKNOWN)$")]


def _field_name(said: str) -> str:
    if said in TAKEN:
        raise Wrong(f"{shown(said)} follows its own way and cannot be mapped", "take it out")
    return said


TAKEN = frozenset({"title", "severity", "state", "commander", "services", "teams", "summary", "detection_method"})
"""Fields of Datadog's that are kept without being named."""
_FieldName = Annotated[Text, AfterValidator(_field_name)]


class DatadogPolicy(Section):
    """Asking Datadog and telling it things; needs DD_API_KEY and DD_APP_KEY, otherwise nothing of this happens."""

    severity_fields = ("severities",)
    reads = ("metrics", "logs")

    sync_every: Duration | None = timedelta(minutes=5)
    """How often monitors are read, for what the webhook missed. None: only by `python -m bot sync`."""
    monitor_tags: Texts = ()
    """Only monitors with all of these tags are read; none given: all monitors."""
    states: States = (AlertState.ALERT, AlertState.WARN, AlertState.NO_DATA)
    """States of a monitor's group that count as firing."""
    triggered_within: Duration | None = timedelta(days=1)
    """What fires for longer than this opens nothing. None: everything does."""
    incidents: Annotated[SyncMode, BeforeValidator(_mode), _WAYS] = SyncMode.OFF
    open_rooms: bool = False
    """Incidents created in Datadog open rooms; needs `incidents: both`."""
    fields: dict[_FieldName, Text] = Field(default_factory=dict)
    """Fields of Datadog's incidents, by the name they have in its API, to the field of a template or rule of ours that
    says the same. `services` and `teams` follow without being named."""
    severities: dict[Text, _RemoteSeverity] = Field(default_factory=dict)
    """Severity of ours to Datadog's (SEV-0 to SEV-5, UNKNOWN), where the number in its name does not say it."""

    @classmethod
    def mistakes(cls, written: Mapping[Any, Any], known: KnownNames) -> Iterator[Mistake]:
        """Also rooms that are to be opened from what is not read."""
        yield from super().mistakes(written, known)
        if written.get("open_rooms") is True and written.get("incidents") != "both":
            problem = "rooms can be opened from Datadog only where its changes are read"
            yield Mistake(path="open_rooms", problem=problem, suggestion="write incidents: both")

    def warnings(self, policy: Policy) -> Iterator[Mistake]:
        """Fields that nothing here fills."""
        asked = {field.name for template in policy.templates.values() for field in template.fields}
        asked |= {name for rule in policy.rules if rule.opening for name in rule.opening.fields}
        for remote, local in self.fields.items():
            if local not in asked:
                problem = f"no template and no rule has a field {shown(local)}"
                hint = did_you_mean(local, tuple(asked)) or "only alerts that bring such a fact fill it"
                yield Mistake(path=f"fields.{remote}", problem=problem, suggestion=hint)


NAME = "datadog"
"""The section's key in the policy, and the integration's name."""


def section(policy: Policy) -> DatadogPolicy:
    """What the policy says of Datadog."""
    return policy.section(NAME, DatadogPolicy)


class DatadogSettings(BaseModel):
    """The webhook needs its token, everything else both keys."""

    datadog_webhook_token: SecretStr | None = None
    dd_api_key: SecretStr | None = None
    dd_app_key: SecretStr | None = None
    dd_site: str = Field(default="datadoghq.com", pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
    dd_api_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+(/\S*)?$")
    """The base of the API of a server that is not Datadog's."""
