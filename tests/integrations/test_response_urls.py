"""Answers go to addresses that Slack gave, whatever an imported outbox holds."""

from __future__ import annotations

import pytest

from integrations.slack.performers.private_replies import slacks_own

API = "https://slack.com/api/"


@pytest.mark.parametrize(
    ("url", "api", "ours"),
    [
        ("https://hooks.slack.com/commands/T1/2/3", API, True),
        ("https://hooks.slack.com/app/T1/2/3", API, True),
        ("https://hooks.slack-gov.com/commands/T1/2/3", "https://slack-gov.com/api/", True),
        ("http://127.0.0.1:8080/response/1", "http://127.0.0.1:8080/api/", True),
        ("http://127.0.0.1:9/steal", "http://127.0.0.1:8080/api/", False),
        ("http://hooks.slack.com/commands/1", API, False),
        ("https://hooks.slack.com.example.org/1", API, False),
        ("https://hooks.slack.com@example.org/1", API, False),
        ("https://notslack.com/1", API, False),
        ("file:///etc/passwd", API, False),
        ("http://169.254.169.254/latest/meta-data", API, False),
        ("", API, False),
    ],
)
def test_whether_an_address_is_slacks(url: str, api: str, *, ours: bool) -> None:
    assert slacks_own(url, api) is ours
