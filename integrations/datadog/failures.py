"""What a failed call means: wait and try again, look first, or give up.

Rules: docs.datadoghq.com "Rate limits" (429 and X-RateLimit-Reset). The library raises its own exceptions only for
answers with an error status; time-outs, broken connections and unreadable answers come as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from warroom.errors import Rejected, Retryable

log = structlog.get_logger(__name__)

UNTOLD_WAIT = 30.0
"""Seconds to wait when a 429 does not say how long."""
LONGEST_WAIT = 900.0
LONGEST_REASON = 200
"""Characters of Datadog's own words that are shown."""

ADVICE = {
    400: "Datadog understood it but refused it; the reason is its own.",
    401: "Check DD_API_KEY, DD_APP_KEY and DD_SITE.",
    403: "Give the application key the scopes named in docs/datadog.md, and check that DD_SITE is your site.",
    404: "It may have been deleted in Datadog.",
}


class DatadogDeclined(Rejected):
    """Datadog said no. `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int, advice: str) -> None:
        super().__init__(message, code=str(status), advice=advice)
        self.status = status


def foreseen() -> tuple[type[Exception], ...]:
    """Everything that a call is known to raise. Only valid where the library is installed.

    ValueError covers bodies that are not UTF-8, TypeError those that are empty or not JSON, AttributeError and LookupError
    models that lack what they should have; OSError is a refused connection or an unknown host.
    """
    from aiosonic.exceptions import AiosonicError
    from datadog_api_client.exceptions import OpenApiException

    return OpenApiException, AiosonicError, OSError, TimeoutError, ValueError, TypeError, AttributeError, LookupError


def answered(error: Exception) -> bool:
    """Whether Datadog's answer was read to its end: it was an answer with an error status."""
    from datadog_api_client.exceptions import ApiException

    return isinstance(error, ApiException)


def failure(what: str, error: Exception) -> Retryable | Rejected:
    """The meaning of whatever a call raised. Headers and bodies are never part of the text."""
    from aiosonic.exceptions import ConnectTimeout
    from datadog_api_client.exceptions import ApiException, ApiValueError

    if isinstance(error, ApiException):
        return _refused(what, error)
    if isinstance(error, ApiValueError) and "nstable operation" in str(error):
        return Rejected(f"{what}: this version of Datadog's library does not allow it", code="unstable")
    if isinstance(error, ConnectTimeout | ConnectionRefusedError) or type(error).__name__ == "gaierror":
        return Retryable(f"{what}: Datadog cannot be reached", outcome_unknown=False)
    log.info("a call of Datadog failed", what=what, error=type(error).__name__)
    return Retryable(f"{what}: {_how(error)}", outcome_unknown=True)


def _how(error: Exception) -> str:
    if "imeout" in type(error).__name__:
        return "Datadog took too long to answer"
    if isinstance(error, OSError) or type(error).__module__.startswith("aiosonic"):
        return "the connection to Datadog broke"
    return "Datadog answered something unreadable"


def _refused(what: str, error: Any) -> Retryable | Rejected:
    status = int(error.status or 0)
    if status == 429:
        wait = retry_after(error.headers or {})
        return Retryable(f"{what}: Datadog asks to wait {wait:g} s", after=wait, outcome_unknown=False)
    if status >= 500 or status == 408:
        return Retryable(f"{what}: Datadog is in trouble (HTTP {status})", outcome_unknown=True)
    said = reason(error.body)
    message = f"{what}: {said}" if said else f"{what}: Datadog said no (HTTP {status})"
    return DatadogDeclined(message, status=status, advice=ADVICE.get(status, ""))


def reason(body: Any) -> str:
    """The first of Datadog's errors, shortened; "" when there is none."""
    errors = body.get("errors") if isinstance(body, Mapping) else None
    first = errors[0] if isinstance(errors, list) and errors else ""
    if isinstance(first, Mapping):
        first = first.get("detail") or first.get("title") or ""
    text = " ".join(str(first).split())
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"


def retry_after(headers: Mapping[str, Any]) -> float:
    """Seconds that a 429 asks to wait, at least 1; UNTOLD_WAIT when it does not say."""
    by_name = {str(name).lower(): str(value).strip() for name, value in headers.items()}
    said = by_name.get("x-ratelimit-reset") or by_name.get("retry-after") or ""
    return min(max(1.0, float(said)), LONGEST_WAIT) if said.isdigit() else UNTOLD_WAIT
