"""What a sender says that no field of an alert has a place for."""

from __future__ import annotations

import re

from warroom.alerts.parsing.body import unpacked
from warroom.alerts.parsing.clean import clean
from warroom.alerts.parsing.fields import Fields, plain_name

MOST_FACTS = 10
_FACT_LIMIT = 200
_LABEL_LIMIT = 60

_DULL = frozenset(
    {
        *("kind", "template", "eventtype", "eventpriority", "metricnamespace", "orgid", "orgname", "org", "user"),
        *("username", "email", "lastupdated", "dateposix", "lastupdatedposix", "aggregkey", "version", "receiver"),
        *("startsat", "endsat", "alertstatus", "status", "test", "logssample"),
    }
)
"""Known names that tell a reader nothing, or nothing that the alert does not show already."""

# Some senders put a shared secret into the body; it must reach neither a card nor the database.
_SECRET = re.compile(r"token|secret|passw|passphrase|credential|api_?key|auth", re.IGNORECASE)


def facts_of(fields: Fields) -> tuple[tuple[str, str], ...]:
    """("error rate", "15.2%"): what stands at the top of the body and was not read by then, in the sender's order."""
    facts = []
    for name, value in fields.unread():
        label = clean(name.replace("_", " "), _LABEL_LIMIT)
        if label is None or plain_name(name) in _DULL or _SECRET.search(name):
            continue
        if (text := clean(value, _FACT_LIMIT)) is not None and not isinstance(unpacked(value), dict | list):
            facts.append((label, text))
        if len(facts) == MOST_FACTS:
            break
    return tuple(facts)
