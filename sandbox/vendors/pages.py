"""PagerDuty, Jira, Statuspage and GitHub as the people of the sandbox's company see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from sandbox.model import SlackUser
from sandbox.systems import Button, Deliver, Row, Table
from sandbox.vendors.github import GitHubSystem, repository, webhook
from sandbox.vendors.jira import TRANSITIONS, JiraSystem, text_of
from sandbox.vendors.pagerduty import PagerDutySystem
from sandbox.vendors.statuspage import StatuspageSystem
from sandbox.vendors.system import Body

EVENTS = {"acknowledge": "incident.acknowledged", "resolve": "incident.resolved", "reopen": "incident.reopened"}
LOOKING = "We are still looking into it."


@dataclass
class PagerDutyPage:
    """Incidents with whoever has them, and notes."""

    system: PagerDutySystem
    deliver: Deliver
    name = "pagerduty"
    title = "PagerDuty"
    note = "Whoever acknowledges or resolves here has done it in Slack too. An incident that begins here is an alert there."

    def tables(self) -> Sequence[Table]:
        """Newest first."""
        rows = tuple(self._row(each) for each in reversed(self.system.incidents.values()))
        columns = ("Incident", "Status", "Who has it")
        return (Table("Incidents", columns, rows, "Nothing pages.", (Button("New incident", "open"),)),)

    def _row(self, incident: Body) -> Row:
        status = str(incident["status"])
        offers = {
            "triggered": (Button("Acknowledge", "acknowledge"), Button("Resolve", "resolve")),
            "acknowledged": (Button("Resolve", "resolve"),),
            "resolved": (Button("Reopen", "reopen"),),
        }
        taken = ", ".join(str(each["acknowledger"]["summary"]) for each in incident["acknowledgements"])
        notes = tuple(f"{each['user']['summary']}: {each['content']}" for each in self.system.notes[incident["id"]])
        return Row(str(incident["id"]), (str(incident["summary"]), status, taken or "nobody"), offers[status], notes)

    async def act(self, who: SlackUser, do: str, thing: str) -> None:
        """Acknowledge, resolve, reopen; or a new incident."""
        user = next((name for name, email in self.system.users.items() if email == who.email), None)
        if user is None:
            raise ValueError(f"{who.name} is no user of PagerDuty.")
        if do == "open":
            there, event = (
                self.system.open(f"theirs-{len(self.system.incidents)}", "Basket is slow"),
                "incident.triggered",
            )
        else:
            there, event = _known(self.system.incidents, thing), EVENTS[do]
            {"acknowledge": self.system.acknowledge, "resolve": self.system.resolve, "reopen": self.system.reopen}[do](
                there, user
            )
        await self.deliver("/hooks/pagerduty", *self.system.webhook(event, there, user if do != "open" else None))


@dataclass
class JiraPage:
    """Issues with their transitions and comments."""

    system: JiraSystem
    deliver: Deliver
    name = "jira"
    title = "Jira"
    note = "An issue for each incident and each action item. What is moved here is acknowledged, resolved or done in Slack."

    def tables(self) -> Sequence[Table]:
        """Newest first."""
        rows = []
        for key, issue in reversed(self.system.issues.items()):
            offers = tuple(Button(name, number) for number, (name, to) in TRANSITIONS.items() if to != issue["status"])
            priority = str((issue.get("priority") or {}).get("name", ""))
            comments = tuple(f"{each['author']['displayName']}: {text_of(each['body'])}" for each in issue["comments"])
            cells = (f"{key} {issue['summary']}", str(issue["type"]), priority, str(issue["status"]))
            rows.append(Row(key, cells, (*offers, Button("Comment", "comment")), comments))
        return (Table("Issues", ("Issue", "Type", "Priority", "Status"), tuple(rows), "There is no issue."),)

    async def act(self, who: SlackUser, do: str, thing: str) -> None:
        """A transition by its number, or a comment."""
        _known(self.system.issues, thing)
        known = (each for each in self.system.people if each.get("emailAddress") == who.email)
        person = next(known, None) or self.system.person(who.real_name, who.email)
        if do == "comment":
            self.system.say(thing, LOOKING, person)
        else:
            self.system.move(thing, TRANSITIONS[do][1], person)
        event = "comment_created" if do == "comment" else "jira:issue_updated"
        await self.deliver("/hooks/jira", *self.system.webhook(event, thing))


@dataclass
class StatuspagePage:
    """The page as customers see it."""

    system: StatuspageSystem
    name = "statuspage"
    title = "Status page"
    note = "What customers read. What is written here reaches the room within two minutes."

    def tables(self) -> Sequence[Table]:
        """Components, then incidents with their updates, newest first."""
        parts = tuple(
            Row(str(each["id"]), (str(each["name"]), str(each["status"]).replace("_", " ")))
            for each in self.system.components.values()
        )
        incidents = tuple(
            Row(
                str(each["id"]),
                (str(each["name"]), str(each["status"])),
                (Button("Post an update", "update"),) if each["status"] != "resolved" else (),
                tuple(f"{update['status'].capitalize()} — {update['body']}" for update in each["incident_updates"]),
            )
            for each in reversed(self.system.incidents.values())
        )
        return (
            Table("Components", ("Component", "State"), parts, "There are no components."),
            Table("Incidents", ("Incident", "State"), incidents, "No incidents reported."),
        )

    async def act(self, who: SlackUser, do: str, thing: str) -> None:
        """Somebody writes on the page itself."""
        incident = _known(self.system.incidents, thing)
        self.system.write(thing, str(incident["status"]), LOOKING)


@dataclass
class GitHubPage:
    """What was changed, and issues of action items."""

    system: GitHubSystem
    deliver: Deliver
    name = "github"
    title = "GitHub"
    note = "Deployments and releases are shown in the rooms of the services that they change."
    numbers: count[int] = field(default_factory=lambda: count(2))

    def tables(self) -> Sequence[Table]:
        """Newest first."""
        shop = self.system.services[0]
        deployed = tuple(
            Row(str(each["id"]), (shop, str(each["sha"])[:7], str(each["environment"]), str(each["creator"]["login"])))
            for each in self.system.deployments
        )
        released = tuple(
            Row(str(each["id"]), (shop, str(each["tag_name"]), str(each["author"]["login"])))
            for each in self.system.releases
        )
        issues = tuple(
            Row(
                str(number),
                (f"#{number} {each['title']}", str(each["state"])),
                (Button("Close", "closed") if each["state"] == "open" else Button("Reopen", "open"),),
            )
            for number, each in reversed(self.system.issues.items())
        )
        deploy, release = (Button("Deploy", "deploy"),), (Button("Release", "release"),)
        return (
            Table(
                "Deployments", ("Repository", "Version", "Environment", "By"), deployed, "Nothing was deployed.", deploy
            ),
            Table("Releases", ("Repository", "Version", "By"), released, "Nothing was released.", release),
            Table("Issues", ("Issue", "State"), issues, "There is no issue."),
        )

    async def act(self, who: SlackUser, do: str, thing: str) -> None:
        """Deploy, release, close an issue or open it again."""
        shop = repository(self.system.services[0])
        if do == "deploy":
            sha = f"{next(self.numbers) * 0x2545F4914F6CDD1D & 0xFFFFFFFFFF:010x}"
            found = self.system.deploy(sha, who=who.name)
            event, body = "deployment", {"action": "created", "deployment": found, "repository": shop}
        elif do == "release":
            found = self.system.release(f"v2.{next(self.numbers)}", who=who.name)
            event, body = "release", {"action": "published", "release": found, "repository": shop}
        else:
            _known({str(number): each for number, each in self.system.issues.items()}, thing)
            found = self.system.close(int(thing), who.name, do)
            action = "closed" if do == "closed" else "reopened"
            event, body = "issues", {"action": action, "issue": found, "repository": repository()}
        await self.deliver("/hooks/github", *webhook(event, body))


def _known(things: dict[str, Body], name: str) -> Body:
    """Raises ValueError where there is none."""
    if name not in things:
        raise ValueError(f"There is no {name}.")
    return things[name]
