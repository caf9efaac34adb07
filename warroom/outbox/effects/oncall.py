"""Schedules: overrides, shifts and user groups."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from warroom.outbox.effects.base import EffectBase
from warroom.value import Moment


class ShowOverride(EffectBase):
    """Show a person or a channel an override of a schedule as it is at delivery. Its result is OverrideShown, when posted."""

    coalescing: ClassVar[bool] = True
    kind: Literal["show_override"] = "show_override"
    override_id: str
    to: str
    """A user id, or a channel as the policy names it."""
    news: bool = False
    """Whether a new message is posted where there is none, and to people even where there is one; else only redrawn."""


class TellShift(EffectBase):
    """Say to a channel, or to whoever takes over, who is on call now and what is open."""

    weight: ClassVar[int] = 2
    kind: Literal["tell_shift"] = "tell_shift"
    schedule: str
    to: str
    """A user id, or a channel as the policy names it."""
    people: tuple[str, ...]
    """Ids of who is on call now; empty in a gap."""
    before: tuple[str, ...] = ()
    until: Moment | None = None
    """None: for longer than anybody looks ahead."""


class KeepUserGroup(EffectBase):
    """Make the user group of a schedule equal to who is on call. Its result is UserGroupKept."""

    weight: ClassVar[int] = 3
    coalescing: ClassVar[bool] = True
    kind: Literal["keep_user_group"] = "keep_user_group"
    schedule: str


class GroupNews(StrEnum):
    """What is said about the user group of a schedule."""

    BY_HAND = "by_hand"
    """Somebody set other members; they stay until the next shift."""
    SET_AGAIN = "set_again"
    """Somebody had set other members, and it was set to who is on call."""
    REFUSED = "refused"
    """It cannot be set."""


class TellUserGroup(EffectBase):
    """Say what happened to the user group of a schedule."""

    kind: Literal["tell_user_group"] = "tell_user_group"
    schedule: str
    to: str
    """A user id, or a channel as the policy names it."""
    news: GroupNews
    added: tuple[str, ...] = ()
    """Who was in it although they are not on call."""
    removed: tuple[str, ...] = ()
    error: str = ""
    advice: str = ""


OnCallEffect = ShowOverride | TellShift | KeepUserGroup | TellUserGroup
