"""From what a webhook sends to alerts. Pure: bytes, a content type and the time of arrival in, values out."""

from warroom.alerts.parsing.parse import Parsed, parse
from warroom.alerts.parsing.row import row

__all__ = ["Parsed", "parse", "row"]
