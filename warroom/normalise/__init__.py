"""From what a webhook sends to alerts. Pure: bytes, a content type and the time of arrival in, values out."""

from warroom.normalise.parse import Parsed, parse
from warroom.normalise.row import row

__all__ = ["Parsed", "parse", "row"]
