"""The policy's own alert sources behind the port: webhooks, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from integrations.sources.policy import NAME, SourcePolicy, SourcesPolicy
from warroom.alerts.parsing.body import Unusable, opened
from warroom.alerts.parsing.formats import Arrival
from warroom.alerts.parsing.parse import MOST_ALERTS, parse
from warroom.integration import Integration, NoSettings
from warroom.outbox.incoming import Incoming
from warroom.policy import Policy
from warroom.webhook import Webhook, WebhookBody, shared_secret

OURS = {"text": "description", "time": "date", "people": "notify", "host": "hostname"}
"""Names that read better in a policy than what the plain body calls them."""


class Sources(Integration[NoSettings]):
    """Alerts from anything that posts JSON."""

    name = NAME
    title = "Sources"
    policy = SourcesPolicy
    settings = NoSettings

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        """An address for each."""
        known = policy.section(NAME, SourcesPolicy).by_name
        return tuple(
            Webhook(
                name,
                f"/hooks/{name}",
                shared_secret(self.secret(each.token), each.token.removeprefix("env:")),
                SourceParser(name, each),
            )
            for name, each in known.items()
        )


def _found(expression: str, item: Any) -> Any:
    """What stands there. A part that an expression cannot be applied to is absent: the alert is more than that part."""
    try:
        return jmespath.search(expression, item)
    except JMESPathError:
        return None


@dataclass(frozen=True, slots=True)
class SourceParser:
    """Reads the bodies of one source: the parts that its expressions find, as a plain body says them."""

    name: str
    how: SourcePolicy

    def __call__(self, posted: WebhookBody) -> Incoming:
        """The alerts in it. Raises nothing but what an expression raises on a body of another shape."""
        try:
            data = opened(posted.body, posted.content_type)
        except Unusable as error:
            return Incoming(refused=(error.reason,))
        items = jmespath.search(self.how.items, data) if self.how.items else data
        if items is None:
            return Incoming(refused=(f"There is nothing at {self.how.items} in the body.",))
        listed = items if isinstance(items, list) else [items]
        if not listed:
            return Incoming()  # a sender that lists what fires has nothing to tell
        # What `parse` does not read it only counts: the expressions of hundreds of thousands would hold up everybody.
        plain = json.dumps([self._plain(each) for each in listed[:MOST_ALERTS]] + listed[MOST_ALERTS:]).encode()
        found = parse(plain, "application/json", Arrival(posted.received_at, posted.oldest, self.name))
        return Incoming(alerts=found.alerts, refused=found.refused)

    def _plain(self, item: Any) -> Any:
        if not self.how.map:
            return item
        said = {name: _found(expression, item) for name, expression in self.how.map.items()}
        return {OURS.get(name, name): value for name, value in said.items() if value is not None} | {
            "source": self.name
        }
