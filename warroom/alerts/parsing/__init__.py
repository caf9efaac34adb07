"""From what a webhook sends to alerts. Pure: bytes, a content type and the time of arrival in, values out.

`parse` is the way in. `generic` knows the plain bodies that people write; the bodies of one sender are known by its
integration, as an `AlertFormat`. `body`, `clean`, `values`, `fields`, `words`, `labels`, `keys` and `reading` are the same for
every sender.
"""

from warroom.alerts.parsing.formats import AlertFormat, Arrival
from warroom.alerts.parsing.parse import Parsed, parse, row

__all__ = ["AlertFormat", "Arrival", "Parsed", "parse", "row"]
