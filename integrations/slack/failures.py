"""What a failed call means: wait and try again, look first, or give up.

Rules: docs.slack.dev "Rate limits" (429, Retry-After) and "common errors" (after internal_error, fatal_error and
time-outs the act may have happened).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from integrations.slack.advice import explain
from warroom.errors import Rejected, Retryable

log = structlog.get_logger(__name__)

PASSING = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"})
"""Codes of trouble on Slack's side."""
LIMITED = frozenset({"ratelimited", "rate_limited"})
UNTOLD_WAIT = 30.0
"""Seconds to wait when a 429 does not say how long."""


class SlackDeclined(Rejected):
    """Slack said no. `answer` is everything it said."""

    def __init__(self, message: str, *, code: str, advice: str, answer: Mapping[str, Any]) -> None:
        super().__init__(message, code=code, advice=advice)
        self.answer = answer


def failure(method: str, error: Exception) -> Retryable | Rejected:
    """The meaning of whatever the SDK or aiohttp raised for a call of `method`."""
    if isinstance(error, SlackApiError):
        return _refused(method, error.response)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Retryable(f"Slack could not be reached for {method}", outcome_unknown=False)
    if isinstance(error, aiohttp.InvalidURL):
        return Rejected("the address of Slack's API is not a URL", code="invalid_url", advice="Check SLACK_API_URL.")
    if isinstance(error, TimeoutError):
        return Retryable(f"Slack took too long to answer {method}", outcome_unknown=True)
    if isinstance(error, OSError | aiohttp.ClientError):
        return Retryable(f"the connection to Slack broke during {method}", outcome_unknown=True)
    return Retryable(f"Slack answered {method} with something unreadable", outcome_unknown=True)


def _refused(method: str, response: Any) -> Retryable | Rejected:
    status, answer = _status(response), getattr(response, "data", None)
    known: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    code = str(known.get("error") or "")
    if status == 429 or code in LIMITED:
        wait = retry_after(getattr(response, "headers", {}))
        return Retryable(f"Slack asks to wait {wait:g} s before {method}", after=wait, outcome_unknown=False)
    if code in PASSING or status >= 500 or "ok" not in known:
        return Retryable(f"Slack had trouble with {method} ({code or f'HTTP {status}'})", outcome_unknown=True)
    messages = (known.get("response_metadata") or {}).get("messages")
    log.warning("Slack refused", method=method, code=code, messages=messages, needed=known.get("needed"))
    what, step = explain(code or "no code", known)
    return SlackDeclined(what, code=code, advice=step, answer=known)


def _status(response: Any) -> int:
    # The SDK gives its own response, or aiohttp's when the body was not JSON.
    return int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a 429 asks to wait, at least 1; UNTOLD_WAIT when it does not say."""
    value = str(headers.get("Retry-After", "")).strip()
    return max(1.0, float(value)) if value.isdigit() else UNTOLD_WAIT
