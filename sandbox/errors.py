"""The one exception of the Web API: the call is answered with `ok: false` and an error code."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """Answered as {"ok": false, "error": code, **details} with HTTP 200 (docs.slack.dev, Web API: responses)."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code, self.details = code, details


def invalid(code: str, problems: list[str]) -> SlackError:
    """`code` with the list of problems where Slack puts them: response_metadata.messages."""
    return SlackError(code, response_metadata={"messages": problems})
