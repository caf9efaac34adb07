"""Who may do what. Alerts, reminders, integrations and the command line ask nobody."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from warroom.people.model import normal
from warroom.policy.kinds import Texts
from warroom.value import Value


class Permission(StrEnum):
    """What the policy's `permissions` speak of; each is a field of `Permissions`."""

    DECLARE = "declare"
    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"
    UPDATE = "update"
    RAISE_SEVERITY = "raise_severity"
    LOWER_SEVERITY = "lower_severity"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CANCEL = "cancel"
    EDIT = "edit"
    VISIBILITY = "visibility"
    MERGE = "merge"
    ROLES = "roles"
    INVITE = "invite"
    PAGE = "page"
    MUTE = "mute"
    RUN = "run"
    APPROVE = "approve"
    COVER = "cover"
    TIMELINE = "timeline"
    ACTIONS = "actions"
    POSTMORTEM = "postmortem"
    PUBLISH = "publish"


class Who(StrEnum):
    """Words for people that need no name."""

    EVERYBODY = "everybody"
    RESPONDERS = "responders"
    """Whoever is in the incident's room, or was called to it."""
    COMMANDER = "commander"


def _one_or_many(said: Any) -> Any:
    return (said,) if isinstance(said, str) else said


WORDS = {word.value: word.value for word in Who} | {"anybody": Who.EVERYBODY.value}


def _spelled(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(WORDS.get(normal(each), each) for each in said)


May = Annotated[Texts, BeforeValidator(_one_or_many), Field(min_length=1), AfterValidator(_spelled)]
"""One or several of `Who`, or names: emails, @handles, user groups, teams of the policy."""

ALL, ROOM = (Who.EVERYBODY.value,), (Who.RESPONDERS.value,)


class Permissions(Value):
    """Who may do each thing. An outage must not wait for a permission, so only what could hide one is kept to the room."""

    declare: May = ALL
    acknowledge: May = ALL
    escalate: May = ALL
    update: May = ALL
    raise_severity: May = ALL
    lower_severity: May = ROOM
    mitigate: May = ALL
    resolve: May = ALL
    reopen: May = ALL
    cancel: May = ROOM
    edit: May = ALL
    """Title, description, impact, services, team, fields."""
    visibility: May = ROOM
    """Making an incident private, or public."""
    merge: May = ROOM
    roles: May = ALL
    invite: May = ALL
    page: May = ALL
    mute: May = ALL
    run: May = ALL
    """Starting runbooks, stopping them, and ticking checklists."""
    approve: May = ROOM
    """Approving what a runbook changes; a step may ask for fewer people."""
    cover: May = ALL
    """Overrides of schedules: asking, taking, giving and undoing them."""
    timeline: May = ALL
    """Adding to it: notes, and messages that are pinned or marked."""
    actions: May = ALL
    """Adding and changing action items."""
    postmortem: May = ALL
    """Drafting and editing it."""
    publish: May = ALL
