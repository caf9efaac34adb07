"""The demo company's PagerDuty, Jira, Statuspage, GitHub and services on loopback, with the settings and policy that use them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.demo.company_services import Services, company_services
from bot.demo.demo_company import HOOK_SECRET
from sandbox import Sandbox, SlackUser
from sandbox.systems import CompanySystem
from sandbox.vendors import github, jira, pagerduty, statuspage
from sandbox.vendors.pages import GitHubPage, JiraPage, PagerDutyPage, StatuspagePage
from sandbox.vendors.system import FakeSystem

ROUTING_KEY = "SANDBOX_PAGERDUTY_ROUTING_KEY"
SECTIONS: dict[str, Any] = {
    "pagerduty": {
        "routing_keys": {"*": f"env:{ROUTING_KEY}"},
        "page_on": ["SEV-1", "SEV-2"],
        "alert_services": [pagerduty.SERVICE],
    },
    "jira": {
        "project": "OPS",
        "issue_type": "Incident",
        "create_on": ["SEV-1", "SEV-2"],
        "priority": {"SEV-1": "Highest", "SEV-2": "High"},
        "transitions": {"acknowledged": "In Progress", "resolved": "Done", "reopened": "To Do"},
    },
    "statuspage": {
        "page": statuspage.PAGE,
        "components": {"checkout": "8kbf7d35c070", "api": "vtnh60py4yd7"},
        "publish": {"SEV-1": "ask"},
    },
    "github": {"services": {"example/shop": "checkout"}},
}
"""As the company's policy file would contain them."""


@dataclass
class CompanySystems:
    """All, running. `port` is the bot's, once it runs."""

    pager: pagerduty.PagerDutySystem
    jira: jira.JiraSystem
    page: statuspage.StatuspageSystem
    github: github.GitHubSystem
    port: int = 0
    services: Services | None = None

    @property
    def all(self) -> tuple[FakeSystem, ...]:
        """Each of the vendors' systems."""
        return (self.pager, self.jira, self.page, self.github)

    @property
    def sections(self) -> dict[str, Any]:
        """Their sections of the company's policy file."""
        return SECTIONS | (self.services.sections if self.services else {})

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that use them."""
        return {
            "pagerduty_api_url": self.pager.url,
            "pagerduty_events_url": self.pager.events_url,
            "pagerduty_api_token": SecretStr(pagerduty.TOKEN),
            "pagerduty_webhook_secret": SecretStr(pagerduty.SECRET),
            "pagerduty_from": pagerduty.SENDER,
            "jira_url": self.jira.url,
            "jira_email": jira.EMAIL,
            "jira_api_token": SecretStr(jira.TOKEN),
            "jira_webhook_secret": SecretStr(jira.SECRET),
            "statuspage_api_url": self.page.api_url,
            "statuspage_api_key": SecretStr(statuspage.KEY),
            "github_api_url": self.github.url,
            "github_token": SecretStr(github.TOKEN),
            "github_webhook_secret": SecretStr(github.SECRET),
            "alertmanager_webhook_token": SecretStr(HOOK_SECRET),
            **(self.services.settings if self.services else {}),
        }

    def pages(self) -> list[CompanySystem]:
        """What the page in the browser shows."""
        return [
            *(self.services.pages() if self.services else ()),
            PagerDutyPage(self.pager, self.deliver),
            JiraPage(self.jira, self.deliver),
            StatuspagePage(self.page),
            GitHubPage(self.github, self.deliver),
        ]

    async def deliver(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post a webhook to the bot. Raises ValueError where it is refused."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
            if answer.status >= 300:
                raise ValueError(f"Warroom answered {answer.status}: {await answer.text()}")


@contextlib.asynccontextmanager
async def company_systems(slack: Sandbox, people: Sequence[SlackUser]) -> AsyncIterator[CompanySystems]:
    """The company's systems on the workspace's clock, and pages for them in its browser page."""
    made = CompanySystems(
        pagerduty.PagerDutySystem(),
        jira.JiraSystem(),
        statuspage.StatuspageSystem(),
        github.GitHubSystem(),
    )
    made.pager.users = {f"P{each.name.upper()}": each.email for each in people if each.email and not each.is_bot}
    made.pager.users["PWARROOM"] = pagerduty.SENDER
    made.pager.pages = f"{slack.page_url}systems/pagerduty"
    made.page.pages = f"{slack.page_url}systems/statuspage"
    made.jira.pages = f"{slack.page_url}systems/jira"
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_environment({ROUTING_KEY: pagerduty.ROUTING_KEY}))
        for each in made.all:
            each.today = lambda: slack.clock.now().isoformat()
            each.on_change = slack.workspace.changed.notify
            stack.push_async_callback(each.stop, await each.start())
        made.services = await stack.enter_async_context(company_services(slack, made.deliver, HOOK_SECRET))
        slack.systems = made.pages()
        yield made


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """What the policy names is read from the environment."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
