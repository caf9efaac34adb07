"""`POST /hooks/changes`: what a deploy script says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, SecretStr

from warroom.alerts.parsing.body import Unusable, opened
from warroom.alerts.parsing.values import LINK_LIMIT, clean, occurred, safe_link
from warroom.changes.model import Change
from warroom.integration import Integration
from warroom.outbox.incoming import Incoming
from warroom.policy import Policy
from warroom.webhook import Webhook, WebhookBody, shared_secret

MOST = 100
KNOWN = ("service", "version", "environment", "at", "url", "author", "kind", "text", "id")
LINE, TEXT = 200, 500
"""Characters of a field that are kept, and of the text."""


class ChangesSettings(BaseModel):
    """The webhook needs its token."""

    changes_webhook_token: SecretStr | None = None


class Changes(Integration[ChangesSettings]):
    """Changes of what runs."""

    name = "changes"
    title = "Changes"
    settings = ChangesSettings

    def missing(self) -> str:
        """The token."""
        return "" if self.configured.changes_webhook_token else "set CHANGES_WEBHOOK_TOKEN"

    def webhooks(self, policy: Policy) -> Sequence[Webhook]:
        """The address that deploy scripts call."""
        verify = shared_secret(self.configured.changes_webhook_token, "CHANGES_WEBHOOK_TOKEN")
        return (Webhook("changes", "/hooks/changes", verify, parse),)


def parse(posted: WebhookBody) -> Incoming:
    """One change, or a list of them. What is none is refused with the reason."""
    try:
        said = opened(posted.body, posted.content_type)
    except Unusable as error:
        return Incoming(refused=(error.reason,))
    items = said if isinstance(said, list) else [said]
    changes, refused = [], []
    for number, item in enumerate(items[:MOST], 1):
        which = f"Change {number} of {len(items)}" if len(items) > 1 else "The change"
        if not isinstance(item, Mapping) or not clean(item.get("service"), LINE):
            refused.append(
                f"{which} has no service. Send an object with service, and what is known of {', '.join(KNOWN[1:])}."
            )
            continue
        changes.append(_change(item, posted))
    if len(items) > MOST:
        refused.append(f"Changes {MOST + 1} to {len(items)} were not read: a body may hold {MOST}.")
    return Incoming(service_changes=tuple(changes), refused=tuple(refused))


def _change(item: Mapping[str, Any], posted: WebhookBody) -> Change:
    words = {name: clean(item.get(name), LINE) or "" for name in KNOWN if name not in ("at", "text", "url")}
    at = occurred(clean(item.get("at"), LINE), posted.received_at, posted.oldest) or posted.received_at
    return Change(
        id=f"changes:{words.pop('id') or digest(item, at)}",
        at=at,
        text=clean(item.get("text"), TEXT) or "",
        url=safe_link(clean(item.get("url"), LINK_LIMIT)) or "",
        source="Webhook",
        **{**words, "kind": words["kind"] or "deployment"},
    )


def digest(item: Mapping[str, Any], at: datetime) -> str:
    """The id of a change that has none of its own: the same body told again is the same change, the same words later another."""
    named = json.dumps([dict(item), at.isoformat() if "at" not in item else ""], sort_keys=True, default=str)
    return hashlib.sha256(named.encode()).hexdigest()[:32]
