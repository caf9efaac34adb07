"""The sample company: its people (namesakes, accents, nicknames included), user groups and channels."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.model import SlackUser, UserGroup


@dataclass(frozen=True)
class InitialChannel:
    """A channel that exists from the start. `members` are handles; None means everybody but guests."""

    name: str
    members: tuple[str, ...] | None = None
    is_private: bool = False


def sample_people(size: int = 40) -> list[SlackUser]:
    """`size` people, at least 40, of which one is deactivated and one a guest, and in addition a bot and Slackbot.

    New objects each time. Beyond 40 the names are combined from lists, always the same for the same size.
    """

    def member(name: str, real_name: str, display_name: str = "", title: str = "", email: str = "") -> SlackUser:
        return SlackUser("", name, real_name, email or f"{name}@example.com", display_name, title)

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
        member("amara", "Amara Nwosu", "amara", "Support engineer"),
        member("bjorn", "Bjørn Sørensen", "Bjørn", "Database engineer"),
        member("carlos", "Carlos Peña", "Charly", "Commerce engineer"),
        member("dariusz", "Dariusz Wójcik", "Darek", "Network engineer"),
        member("elif", "Elif Yılmaz", "elif", "Product manager"),
        member("farid", "Farid Haddad", "farid", "Commerce engineer"),
        member("hana", "Hana Nováková", "hana", "Data engineer"),
        member("ingrid", "Ingrid Bäckström", "ingrid", "Head of support"),
        member("jorge", "Jorge Muñoz", "Coco", "Platform engineer"),
        member("kwame", "Kwame Boateng", "kwame", "Site reliability engineer"),
        member("lucie", "Lucie Lefèvre", "lucie", "Communications"),
        member("mateus", "Mateus Gonçalves", "Teo", "Mobile engineer"),
        member("nadia", "Nadia Petrova", "nadia", "Security engineer"),
        member("olu", "Oluwaseun Adeyemi", "Seun", "Platform engineer"),
        member("priya", "Priya Raghavan", "priya", "Engineering manager"),
        member("quentin", "Quentin Dubois", "quentin", "Database engineer"),
        member("ravi", "Ravi Subramanian", "ravi", "Mobile engineer"),
        member("siobhan", "Siobhán O'Connor", "Shiv", "Legal"),
        member("takeshi", "Takeshi Yamamoto", "takeshi", "Data engineer"),
        member("ulrike", "Ulrike Groß", "ulrike", "Finance"),
        member("wei", "Wei Zhang", "wei", "Platform engineer"),
        member("weiz", "Wei Zhang", "Wei (Design)", "Designer"),
        member("yusuf", "Yusuf Demir", "yusuf", "Support engineer"),
        member("zuzana", "Zuzana Králová", "Zuzka", "Quality engineer"),
        SlackUser("", "deploybot", "Deploy Bot", is_bot=True),
        SlackUser("USLACKBOT", "slackbot", "Slackbot", display_name="Slackbot"),
    ]
    by_name = {person.name: person for person in people}
    by_name["ada"].is_admin = True
    by_name["rosalind"].deleted = True
    by_name["katherine"].is_restricted = True
    by_name["takeshi"].tz, by_name["takeshi"].tz_offset = "Asia/Tokyo", 32400
    by_name["alexr"].tz, by_name["alexr"].tz_offset = "America/New_York", -18000
    return people + [_generated_person(number) for number in range(40, size)]


_FIRST = (
    "Aino", "Bilal", "Chloé", "Dmitri", "Esra", "Fatou", "Goran", "Hiro", "Ines", "Jamal",
    "Kofi", "Lena", "Minh", "Noor", "Oskar", "Paulo", "Rania", "Søren", "Tariq", "Uma",
)  # fmt: skip
_LAST = (
    "Abara", "Berg", "Costa", "Dang", "Eriksen", "Fischer", "Garcia", "Horvat", "Ito", "Jansen",
    "Kaya", "Lopez", "Meyer", "Ndiaye", "Ortiz", "Park", "Rossi", "Silva", "Tanaka", "Wolf",
)  # fmt: skip
_WORK = ("Platform engineer", "Support engineer", "Commerce engineer", "Data engineer", "Sales", "Designer", "Finance")


def _generated_person(number: int) -> SlackUser:
    """A person with a name from the lists; names repeat, as in a large company."""
    first, last = _FIRST[number % 20], _LAST[(number // 20) % 20]
    handle = f"{first}.{last}{number}".lower()
    return SlackUser("", handle, f"{first} {last}", f"person{number}@example.com", first, _WORK[number % len(_WORK)])


def sample_groups() -> list[UserGroup]:
    """The user groups, one of them disabled. `users` are handles, which `populate` turns into ids."""
    return [
        UserGroup("", "sre-oncall", "SRE on call", ["ada", "ben"]),
        UserGroup("", "security", "Security", ["alan", "margaret"]),
        UserGroup("", "database", "Database team", ["bjorn", "quentin"]),
        UserGroup("", "support", "Support", ["chidi", "amara", "yusuf", "ingrid"]),
        UserGroup("", "old-oncall", "Former on call", ["linus"], disabled=True),
    ]


def sample_channels() -> list[InitialChannel]:
    """The channels of the sample company. The app is in none of them, as after a fresh installation."""
    return [
        InitialChannel("general"),
        InitialChannel("incidents"),
        InitialChannel("sre-alerts", ("ada", "grace", "linus", "margaret")),
        InitialChannel("datadog-alerts", ("ada", "grace")),
        InitialChannel("engineering"),
        InitialChannel("random"),
        InitialChannel("deploys", ("ada", "ben", "linus", "kwame", "jorge", "olu", "wei")),
        InitialChannel("support", ("chidi", "amara", "yusuf", "ingrid", "lucie")),
        InitialChannel("leadership", ("emmy", "margaret"), is_private=True),
    ]
