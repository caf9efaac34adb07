"""From what a webhook sends to alerts. Pure: bytes, a content type and the time of arrival in, values out.

`parse` is the way in. `datadog` and `alertmanager` know the bodies of those senders, `generic` the plain ones that people
write; `body`, `clean`, `values`, `fields`, `words`, `labels`, `keys` and `reading` are the same for every sender.
"""

from warroom.alerts.parsing.parse import Parsed, parse, row

__all__ = ["Parsed", "parse", "row"]
