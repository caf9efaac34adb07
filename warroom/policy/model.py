"""The policy: everything that a workspace decides about its incidents, in one value."""

from __future__ import annotations

from datetime import time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from warroom.durations import Duration
from warroom.people.model import normal
from warroom.policy.document import DocumentTemplate
from warroom.policy.hours import TimeOfDay
from warroom.policy.investigation import InvestigationPolicy, ServicePolicy
from warroom.policy.kinds import ChannelName, Text, Texts, TimeZone, Url
from warroom.policy.pattern import matches
from warroom.policy.permissions import Permissions
from warroom.policy.remediation import Remediation
from warroom.policy.rule import Rule
from warroom.policy.schedule import Reference, Schedule, reference
from warroom.policy.severity import BUILT_IN, Severity, number_of
from warroom.policy.team import Team
from warroom.value import Value

S = TypeVar("S", bound=BaseModel)


class PageBy(StrEnum):
    """How somebody is paged."""

    MENTION = "mention"
    """In the incident's channel."""
    DIRECT_MESSAGE = "direct_message"
    """By a message of their own, with the button that acknowledges."""


class Workspace(Value):
    """What holds for every incident."""

    announce: Text | None = None
    """The broadcast channel; None announces nowhere."""
    channel_name: ChannelName = "inc-{number}-{slug}"
    rename_channel: bool = False
    """The channel is renamed when the title of its incident is edited."""
    alert_channels: Texts = ()
    """Channels where an app posts alerts."""
    alert_bots: Texts = ()
    """Whose messages there are alerts: ids or names of apps. Empty: the app of the monitoring system that is known."""
    default_team: Text | None = None
    page_by: tuple[PageBy, ...] = Field(default=(PageBy.MENTION, PageBy.DIRECT_MESSAGE), min_length=1)
    guests_may_declare: bool = False
    """Whether guests of the workspace may declare incidents; Slack may not let them into the room."""
    timezone: TimeZone = "UTC"
    url: Url | None = None
    """Where this process is reached from outside: links to calendars begin with it."""
    meeting_url: Url | None = None
    status_page: Url | None = None
    auto_resolve_after: Duration | None = None
    """So long after the last alert recovered an incident resolves itself. None: people are asked."""
    stale_after: Duration | None = timedelta(hours=24)
    """An open incident in which nothing happened for so long is asked about. None: never."""
    archive_after: Duration | None = None
    """So long after an incident was closed or cancelled its channel is archived, which is announced there before. None: never."""
    review_at: TimeOfDay | None = time(9)
    """When the week's review is posted in the broadcast channel, every Monday. None: never."""
    repeat_every: Duration | None = None
    """How often the last level of an unanswered escalation policy is paged again. None: as the severity says."""
    page_after_recovery: bool = False
    """Whether people are paged further for an incident of which every alert has recovered by itself."""


class FieldType(StrEnum):
    """How a template's field is asked for."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"


class TemplateField(Value):
    """One question of a template."""

    name: Text
    type: FieldType = FieldType.TEXT
    options: Texts = ()


class Template(Value):
    """Further questions for a kind of incident."""

    fields: tuple[TemplateField, ...] = ()
    teams: Texts = ()
    severities: Texts = ()
    """The incidents for which it applies by itself: of these teams and of these severities. Without both it is chosen."""
    postmortem: DocumentTemplate | None = None
    """The post-mortem of such incidents; None: that of `postmortem.template`."""


class DefinedRole(Value):
    """A role that people of this workspace take in an incident, or one that everybody knows in words of their own."""

    description: Text
    """What whoever has it does; 75 characters of it are shown in the form."""
    aliases: Texts = ()


class PostmortemRules(Value):
    """How the post-mortem is written."""

    template: DocumentTemplate | None = None
    """Of every incident whose own template has none; None: the built-in order of sections."""


class Links(Value):
    """Pages to link from every incident."""

    runbooks: dict[Text, Url] = Field(default_factory=dict)
    """By pattern of the incident's title; the first that fits."""
    dashboards: dict[Text, Url] = Field(default_factory=dict)
    """By team."""


def built_in_severities() -> dict[str, Severity]:
    """SEV-1 to SEV-4, most severe first."""
    return {key: Severity.model_validate(entry) for key, entry in BUILT_IN.items()}


class Policy(Value):
    """The whole policy; `Policy()` is the built-in one. A file becomes one through `warroom.policy.check`, which also
    checks what no single value can know: that teams, severities and templates named in one place exist in another.
    Integrations add sections to it: `warroom.policy.section`.
    """

    workspace: Workspace = Workspace()
    severities: dict[Text, Severity] = Field(default_factory=built_in_severities, min_length=1)
    """By key, most severe first."""
    teams: dict[Text, Team] = Field(default_factory=dict)
    schedules: dict[Text, Schedule] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    templates: dict[Text, Template] = Field(default_factory=dict)
    roles: dict[Text, DefinedRole] = Field(default_factory=dict)
    """By name, beside commander, deputy, communications, scribe and liaison."""
    postmortem: PostmortemRules = PostmortemRules()
    links: Links = Links()
    permissions: Permissions = Permissions()
    remediation: Remediation = Remediation()
    runbooks: dict[Text, dict[str, Any]] = Field(default_factory=dict)
    """By key, each as in a file of its own; `warroom.runbooks.check` says what is wrong with them."""
    services: dict[Text, ServicePolicy] = Field(default_factory=dict)
    """What runs, and what it calls."""
    investigate: InvestigationPolicy = InvestigationPolicy()

    def section(self, name: str, model: type[S]) -> S:
        """An integration's section; the model's defaults where this policy was read without that integration."""
        found = getattr(self, name, None)
        return found if isinstance(found, model) else model()

    @cached_property
    def _severity_words(self) -> dict[str, str]:
        words: dict[str, str] = {}
        for key, severity in self.severities.items():
            for word in (key, severity.name, *severity.aliases):
                words.setdefault(normal(word), key)
        for key in self.severities:
            if number := number_of(key):
                for word in (number, f"sev{number}", f"severity{number}"):
                    words.setdefault(word, key)
        # A file that lists its own aliases adds words; alerts go on writing "warning" and "P1" all the same.
        for key in BUILT_IN.keys() & self.severities.keys():
            for word in BUILT_IN[key]["aliases"]:
                words.setdefault(normal(word), key)
        return words

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {key: rank for rank, key in enumerate(self.severities)}

    @cached_property
    def _service_keys(self) -> dict[str, str]:
        return {normal(key): key for key in self.services}

    @cached_property
    def _team_keys(self) -> dict[str, str]:
        return {normal(key): key for key in self.teams}

    def severity_named(self, text: str | int) -> str | None:
        """The key of the severity that a number, key, name or alias means, or None. "1", "sev 1", "P1", "critical"."""
        return self._severity_words.get(normal(str(text)))

    def rank(self, severity: str) -> int:
        """0 for the most severe; a severity that the policy does not know comes after all others."""
        return self._ranks.get(severity, len(self.severities))

    def more_severe(self, a: str, b: str) -> bool:
        """Whether `a` is strictly more severe than `b`."""
        return self.rank(a) < self.rank(b)

    def lower(self, severity: str) -> str:
        """The key one step less severe; the least severe is its own."""
        return self.severity_at(self.rank(severity) + 1)

    def severity_at(self, rank: int) -> str:
        """The key at that rank, or the nearest there is."""
        keys = list(self.severities)
        return keys[max(0, min(rank, len(keys) - 1))]

    def default_severity(self) -> str:
        """The middle one, for incidents of which nobody said how bad they are: SEV-3 of the built-in four."""
        return self.severity_at(len(self.severities) // 2)

    def stale_after(self, severity: str) -> timedelta | None:
        """How long nothing may happen in an open incident before people are asked; None for ever."""
        known = self.severities.get(severity)
        return known.stale_after if known and known.stale_after else self.workspace.stale_after

    def repeat_every(self, severity: str) -> timedelta | None:
        """How often the last level is paged again while nobody acknowledges; None for an unknown severity."""
        known = self.severities.get(severity)
        said = (known.repeat_every if known else None) or self.workspace.repeat_every
        return said or ((known.update_every or known.acknowledge_within) if known else None)

    def team_named(self, text: str) -> str | None:
        """The key of that team, or None. "@Platform" and "#platform" are the team platform."""
        key = normal(text)
        return self._team_keys.get(key) if key else None

    def schedule_meant(self, text: str) -> Reference | None:
        """The schedule that a name such as "schedule:platform" or "schedule:platform+1" means, whether there is one of that
        name or not; None for names of another kind.
        """
        return reference(text, self.schedules)

    def team_for_service(self, service: str) -> str | None:
        """The key of the team that the service itself names, else of the first that names the service, else of the first whose
        patterns fit it, else None.
        """
        wanted = normal(service)
        if not wanted:
            return None
        known = self.services.get(self.service_named(service) or "")
        if known and known.team and (own := self.team_named(known.team)):
            return own
        for key, team in self.teams.items():
            if any(normal(known) == wanted for known in team.services if not {"*", "?"} & set(known)):
                return key
        for key, team in self.teams.items():
            if any(matches(known, service) for known in team.services):
                return key
        return None

    def service_named(self, text: str) -> str | None:
        """The key of that service among those with an entry of their own, or None. The exact name first: the names that monitoring
        has may differ by nothing but case.
        """
        return text if text in self.services else self._service_keys.get(normal(text))

    def services_by_team(self) -> dict[str, tuple[str, ...]]:
        """By team, the services that it names and those that name it; patterns are left out. Teams without any are not there."""
        own: dict[str, list[str]] = {}
        for name, service in self.services.items():
            if service.team and (team := self.team_named(service.team)):
                own.setdefault(team, []).append(name)
        named = {
            key: tuple(
                dict.fromkeys([*(each for each in team.services if not {"*", "?"} & set(each)), *own.get(key, ())])
            )
            for key, team in self.teams.items()
        }
        return {key: services for key, services in named.items() if services}

    def template_for(self, team: str | None, severity: str) -> str | None:
        """The key of the first template for incidents of that team and severity, or None."""
        for key, template in self.templates.items():
            if not template.teams and not template.severities:
                continue
            of_team = not template.teams or any(normal(team or "") == normal(each) for each in template.teams)
            of_severity = not template.severities or any(
                self.severity_named(each) == severity for each in template.severities
            )
            if of_team and of_severity:
                return key
        return None

    def document_template(self, template: str | None) -> str | None:
        """The template of the post-mortem of an incident declared with that template; None for the built-in document."""
        own = self.templates.get(template) if template else None
        return (own.postmortem if own else None) or self.postmortem.template

    def runbook_for(self, title: str) -> str | None:
        """The address of the first runbook whose pattern fits the title, or None."""
        return next((url for pattern, url in self.links.runbooks.items() if matches(pattern, title)), None)

    def dashboard_for(self, team: str | None) -> str | None:
        """The address of the team's dashboard, from the team itself or from `links.dashboards`, or None."""
        known = self.teams.get(team) if team else None
        if known and known.dashboard:
            return known.dashboard
        wanted = normal(team or "")
        return next((url for name, url in self.links.dashboards.items() if wanted and normal(name) == wanted), None)

    def links_for(self, team: str | None, title: str) -> tuple[tuple[str, str, str], ...]:
        """(title, address, emoji) of what is known for an incident: runbook, dashboard, status page, meeting."""
        known = (
            ("Runbook", self.runbook_for(title), ":book:"),
            ("Dashboard", self.dashboard_for(team), ":bar_chart:"),
            ("Status page", self.workspace.status_page, ":traffic_light:"),
            ("Meeting", self.workspace.meeting_url, ":telephone_receiver:"),
        )
        return tuple((name, url, emoji) for name, url, emoji in known if url)
