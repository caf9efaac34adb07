"""The sample company: enough people to be confused about, and the channels and groups they use."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.model import Person, UserGroup


@dataclass(frozen=True)
class Room:
    """A channel that exists when the workspace opens; `members` are handles, none meaning everybody but guests."""

    name: str
    members: tuple[str, ...] | None = None
    is_private: bool = False


def sample_people() -> list[Person]:
    """Eighteen members: namesakes, accents, a deactivated one, a guest, a bot and Slackbot. Fresh objects each time."""

    def member(name: str, real_name: str, display_name: str = "", title: str = "", email: str = "") -> Person:
        return Person("", name, real_name, email or f"{name}@example.com", display_name, title)

    people = [
        member("ada", "Ada Lovelace", "ada", "Site reliability engineer"),
        member("ben", "Benjamin Banneker", "ben", "Site reliability engineer"),
        member("chidi", "Chidi Okafor", "chidi", "Support engineer"),
        member("grace", "Grace Hopper", "grace", "Site reliability engineer"),
        member("linus", "Linus Pauling", "linus", "Platform engineer"),
        member("alan", "Alan Turing", "Alan", "Security engineer"),
        member("aperlis", "Alan Perlis", "Alan", "Platform engineer"),
        member("alexk", "Alex Kim", "Alex", "Data engineer"),
        member("alexr", "Alex Rivera", "Alex", "Network engineer"),
        member("mary", "Mary Jackson", "mary", "Commerce engineer"),
        member("mary.j", "Mary Jackson", "Mary (Data)", "Data engineer"),
        member("zoe", "Zoë Ångström", "Zoë", "Commerce engineer", "zoe.angstrom@example.com"),
        member("margaret", "Margaret Hamilton", "margaret", "SRE lead", "sre.lead@example.com"),
        member("emmy", "Emmy Noether", "VP Engineering", "VP Engineering"),
        member("rosalind", "Rosalind Franklin", "rosalind"),
        member("katherine", "Katherine Johnson", "katherine", "Consultant", "katherine@partner.example"),
        Person("", "deploybot", "Deploy Bot", is_bot=True),
        Person("USLACKBOT", "slackbot", "Slackbot", display_name="Slackbot"),
    ]
    by_name = {person.name: person for person in people}
    by_name["ada"].is_admin = True
    by_name["rosalind"].deleted = True
    by_name["katherine"].is_restricted = True
    return people


def sample_groups() -> list[UserGroup]:
    """Three user groups, one of them disabled; `users` are handles until the workspace opens."""
    return [
        UserGroup("", "sre-oncall", "SRE on call", ["ada", "ben"]),
        UserGroup("", "security", "Security", ["alan", "margaret"]),
        UserGroup("", "old-oncall", "Former on call", ["linus"], disabled=True),
    ]


def sample_channels() -> list[Room]:
    """The channels of the sample company. The app is in none of them, as after a fresh installation."""
    return [
        Room("general"),
        Room("incidents"),
        Room("sre-alerts", ("ada", "grace", "linus", "margaret")),
        Room("datadog-alerts", ("ada", "grace")),
        Room("leadership", ("emmy", "margaret"), is_private=True),
    ]
