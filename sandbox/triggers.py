"""trigger_id and response_url: issued with a click, command or form, valid for a limited time.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from sandbox.clock import SandboxClock
from sandbox.errors import SlackError
from sandbox.model import SlackMessage

TRIGGER_LIFE = 3.0
RESPONSE_LIFE = 30 * 60.0
RESPONSE_USES = 5


@dataclass
class Trigger:
    """Whose click it was, whether inside a modal, and when in seconds since 1970."""

    user: str
    in_view: bool
    at: float
    used: bool = False


@dataclass
class ResponseUrl:
    """Where a response goes: to `user` in `channel`. `message` is the one that replace_original replaces."""

    user: str
    channel: str
    message: SlackMessage | None
    at: float
    uses: int = 0


class Triggers:
    """The triggers and response_urls issued so far."""

    def __init__(self, clock: SandboxClock, chance: random.Random) -> None:
        self._clock, self._random = clock, chance
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}

    def issue(self, user: str, *, in_view: bool = False) -> str:
        """A new trigger id for an action of that person."""
        number = len(self._triggers) + 1
        trigger = f"{number}.{self._random.randrange(10**6)}.{self._random.getrandbits(64):016x}"
        self._triggers[trigger] = Trigger(user, in_view, self._clock.seconds())
        return trigger

    def exchange(self, trigger_id: str) -> Trigger:
        """Use the trigger, which works once. Raises invalid_, expired_ and exchanged_trigger_id."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock.seconds() - trigger.at > TRIGGER_LIFE:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    def response_url(self, user: str, channel: str, message: SlackMessage | None) -> str:
        """The key of a new response_url."""
        key = f"{len(self._urls) + 1}-{self._random.getrandbits(64):016x}"
        self._urls[key] = ResponseUrl(user, channel, message, self._clock.seconds())
        return key

    def use_response_url(self, key: str) -> ResponseUrl | str:
        """Use the response_url once; the error text of Slack when it is unknown, expired or used up."""
        url = self._urls.get(key)
        if url is None:
            return "invalid_url"
        if self._clock.seconds() - url.at > RESPONSE_LIFE:
            return "expired_url"
        if url.uses >= RESPONSE_USES:
            return "used_url"
        url.uses += 1
        return url
