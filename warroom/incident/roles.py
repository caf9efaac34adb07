"""Roles, and the words that people use for them. Pure."""

from __future__ import annotations

from warroom.people.model import normal
from warroom.policy import Policy

COMMANDER, DEPUTY, COMMUNICATIONS, SCRIBE, LIAISON = "commander", "deputy", "communications", "scribe", "liaison"
ROLES = (COMMANDER, DEPUTY, COMMUNICATIONS, SCRIBE, LIAISON)
"""Offered in forms; any other word is a role too."""

_SYNONYMS = {
    COMMANDER: ("ic", "incident commander", "incident lead", "incident manager", "lead"),
    DEPUTY: ("deputy commander", "deputy incident commander", "deputy ic", "second"),
    COMMUNICATIONS: ("comms", "comms lead", "communications lead", "communication", "communication lead", "comm"),
    SCRIBE: ("note taker", "notes", "recorder"),
    LIAISON: ("customer liaison", "support liaison", "customer lead"),
}
_BY_WORD = {normal(word): role for role, words in _SYNONYMS.items() for word in (role, *words)}


def role_named(said: str) -> str:
    """The role that is meant: "IC" is the commander, "comms lead" communications; any other word in lower case, "" for none."""
    said = " ".join(said.casefold().split())
    return _BY_WORD.get(normal(said), said)


def is_role(said: str) -> bool:
    """Whether these words are a role that has a name of its own."""
    return normal(said) in _BY_WORD


def with_role(roles: tuple[tuple[str, str], ...], role: str, person: str) -> tuple[tuple[str, str], ...]:
    """The roles with `role` given to `person`, in place of whoever had it under any of its names."""
    others = tuple((name, holder) for name, holder in roles if role_named(name) != role)
    return (*others, (role, person))


def holder(roles: tuple[tuple[str, str], ...], role: str) -> str | None:
    """Who has the role, under any of its names; None when nobody does."""
    return next((person for name, person in roles if role_named(name) == role), None)


def role_meant(said: str, policy: Policy) -> str:
    """As `role_named`, with the names and aliases of the policy's roles; "" for none."""
    if is_role(said):
        return role_named(said)
    word = normal(said)
    for name, role in policy.roles.items():
        if word and word in map(normal, (name, *role.aliases)):
            return role_named(name)
    return role_named(said)


def is_role_of(said: str, policy: Policy) -> bool:
    """Whether these words are a role that has a name of its own, also one of the policy."""
    words = {normal(word) for name, role in policy.roles.items() for word in (name, *role.aliases)}
    return is_role(said) or normal(said) in words


def described(policy: Policy) -> dict[str, str]:
    """What the policy says of each of its roles, in its order."""
    return {role_named(name): role.description for name, role in policy.roles.items()}
