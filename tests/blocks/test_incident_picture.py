"""The picture of an incident: whatever was recorded, it is a PNG of a phone's width, and nothing in it is interpreted."""

from __future__ import annotations

import struct
import warnings
from datetime import timedelta

import pytest

from blocks.charts import DARK, LIGHT, Palette, metrics_chart
from tests.blocks.test_postmortem_document import NAMES, NIGHT_STORY, resolved
from tests.blocks.test_postmortem_document import seen as view_of
from tests.warroom.conftest import NIGHT, minutes
from warroom.alerts.model import AlertState
from warroom.incident import events
from warroom.incident.model import State
from warroom.incident.timeline import Entry
from warroom.incident.view import DocumentView
from warroom.metrics.report import Report
from warroom.outbox.changes import Firing
from warroom.policy import Policy

pytest.importorskip("matplotlib")

from blocks.incident_picture import incident_picture  # where there is matplotlib

HOSTILE = "$\\frac{1}{0}$ <!channel> 🔥\x00\u202e \n" + "very long " * 40


def size(png: bytes) -> tuple[int, int]:
    """Width and height, from the PNG's first chunk."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def firing(number: int, title: str) -> Firing:
    return Firing(
        incident_id="i1",
        dedup_key=f"k{number}",
        keys=(f"k{number}",),
        title=title,
        state=AlertState.ALERT if number % 2 else AlertState.OK,
        first_seen_at=minutes(number),
        last_seen_at=minutes(number + 3),
        last_fired_at=minutes(number),
        recovered_at=None if number % 2 else minutes(number + 3),
    )


def drawn(policy: Policy, entries: tuple[Entry, ...], palette: Palette = LIGHT, **changes: object) -> tuple[int, int]:
    view = view_of(resolved(**changes), policy).copy_with(firings=tuple(firing(n, HOSTILE) for n in range(40)))
    document = DocumentView(view=view, entries=entries, names=NAMES | {"UMANY0": HOSTILE}, written_at=minutes(90))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return size(incident_picture(document, tuple(policy.severities), palette))


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_a_night_is_a_picture_as_wide_as_a_phone(policy: Policy, palette: Palette) -> None:
    width, height = drawn(policy, NIGHT_STORY, palette)
    assert width == 1200
    assert 600 < height < 2400


def test_text_from_outside_is_text_and_many_alerts_and_people_are_cut(policy: Policy) -> None:
    crowd = tuple(
        Entry(incident_id="i1", key=f"c{n}", at=minutes(n), event=events.NoteAdded(text=HOSTILE), by=f"UMANY{n}")
        for n in range(60)
    )
    width, height = drawn(policy, (*NIGHT_STORY, *crowd), title=HOSTILE, severity=HOSTILE)
    assert width == 1200
    assert height < 2600, "sixty people and forty alerts make no tower"


@pytest.mark.parametrize("length", [timedelta(0), timedelta(seconds=1), timedelta(days=40)])
def test_no_time_and_forty_days_have_an_axis(policy: Policy, length: timedelta) -> None:
    assert drawn(policy, (), resolved_at=NIGHT + length, acknowledged_at=None, mitigated_at=None)[0] == 1200


def test_one_that_is_not_over_ends_now(policy: Policy) -> None:
    assert drawn(policy, NIGHT_STORY[:3], state=State.ACKNOWLEDGED, resolved_at=None)[0] == 1200


def test_a_chart_of_nothing_is_a_chart(policy: Policy) -> None:
    empty = Report(since=NIGHT, until=NIGHT + timedelta(days=7), team=HOSTILE)
    assert size(metrics_chart(empty, tuple(policy.severities)))[0] == 1200
