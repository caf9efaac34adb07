"""Messages of apps as an alert source, with readers that know one app each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.warroom.alerts.conftest import NIGHT, alert
from warroom.alerts.app_messages import author_of, is_from, parse_message
from warroom.alerts.parsing import Parsed


@dataclass
class Reader:
    """Knows the app of one name, and reads texts that begin with its word."""

    app: str
    word: str

    def wrote(self, message: Mapping[str, Any]) -> bool:
        return self.app in author_of(message).names

    def read_message(self, message: Mapping[str, Any], channel_id: str, received_at: datetime) -> Parsed:
        text = str(message["text"])
        return Parsed(alerts=(alert({"title": text, "team": self.app}),) if text.startswith(self.word) else ())


READERS = (Reader("pager", "Alert"), Reader("probes", "A"))


def by(app: str, text: str = "") -> dict[str, Any]:
    return {"bot_id": "B1", "bot_profile": {"name": app, "app_id": "A1"}, "text": text}


@pytest.mark.parametrize(
    ("message", "senders", "counts"),
    [
        (by("Pager"), (), True),
        (by("Probes"), (), True),
        (by("Deploys"), (), False),
        (by("Deploys"), ("A1",), True),
        (by("Deploys"), ("DEPLOYS",), True),
        (by("Pager"), ("deploys",), False),
        (by("Deploys") | {"username": "Pager"}, (), False),
        ({"user": "U1", "username": "Pager"}, (), False),
        ({"user": "U1", "username": "Pager"}, ("pager",), False),
    ],
)
def test_whose_messages_count(message: dict[str, Any], senders: tuple[str, ...], counts: bool) -> None:
    assert is_from(message, READERS, senders) is counts


def test_without_a_reader_only_those_count_that_the_policy_names() -> None:
    assert not is_from(by("Pager"), ())
    assert is_from(by("Pager"), (), ("pager",))
    assert parse_message(by("Pager", "Alert"), "C1", (), NIGHT) == Parsed()


@pytest.mark.parametrize(
    ("message", "teams"),
    [
        (by("Pager", "Alert: CPU"), ["pager"]),
        (by("Probes", "Alert: CPU"), ["probes"]),
        (by("Pager", "All is well"), []),
        (by("Deploys", "Alert: CPU"), ["pager"]),
        (by("Deploys", "All is well"), ["probes"]),
    ],
)
def test_the_reader_that_knows_the_app_reads(message: dict[str, Any], teams: list[str]) -> None:
    assert [each.team for each in parse_message(message, "C1", READERS, NIGHT).alerts] == teams
