"""What being on call costs each person: as a message and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from blocks import kit, text
from blocks.charts import LIGHT, Palette, drawn, plain_axes
from blocks.kit import Card
from warroom.oncall.load import OnCallLoad, share_of
from warroom.text import clean, cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 30
"""People in one message."""
DRAWN = 15
"""People in one picture."""
UNFAIR = 0.05
"""Less than that part of the average above it is not worth a word."""
HOUR = timedelta(hours=1)


def on_call_report(loads: Sequence[OnCallLoad], since: datetime, until: datetime, tz: str, *, chart: bool) -> Card:
    """Everybody's hours, nights, weekends, holidays and pages, for one person's eyes; `chart` says that one is on its way."""
    head = f"On call, {_days(since, until, tz)}"
    if not loads:
        line = f"{head}: nobody was on call, and nobody was paged."
        return kit.card(line, [kit.section(line)])
    lines = [_person(load, loads) for load in loads[:SHOWN]]
    if len(loads) > SHOWN:
        lines.append(f"and {len(loads) - SHOWN} more: `python -m bot oncall report`")
    footer = [
        "Only you see this. Nights are 22:00 to 06:00.",
        "Pages of private incidents that you are not in are not counted.",
        *(["The chart comes as a direct message."] if chart else []),
    ]
    pages = ["\n".join(lines[place : place + 10]) for place in range(0, len(lines), 10)]
    return kit.card(
        head,
        [
            kit.section("\n".join(filter(None, [f"*{head}*", fairness(loads)]))),
            *map(kit.section, pages),
            kit.context(" ".join(footer)),
        ],
    )


def _person(load: OnCallLoad, loads: Sequence[OnCallLoad]) -> str:
    hours = load.hours
    parts = [f"{_hours(hours.total)} ({share_of(load, loads):.0%})"]
    parts += [
        f"{_hours(part)} {what}"
        for part, what in ((hours.nights, "nights"), (hours.weekends, "weekends"), (hours.holidays, "holidays"))
        if part
    ]
    if load.pages:
        night = f" ({load.pages_at_night} at night)" if load.pages_at_night else ""
        parts.append(f"{text.count(load.pages, 'page')}{night}")
    if load.time_to_acknowledge is not None:
        parts.append(f"acknowledged {load.acknowledged}, median {text.duration(load.time_to_acknowledge)}")
    return f"*{kit.line(load.name, 60)}*: {' · '.join(parts)}"


def fairness(loads: Sequence[OnCallLoad]) -> str:
    """Who has most, beside the average of everybody who is on call; empty where fewer than two are."""
    on_call = [load for load in loads if load.hours.total]
    if len(on_call) < 2:
        return ""
    average = sum((load.hours.total for load in on_call), timedelta(0)) / len(on_call)
    most, least = (
        max(on_call, key=lambda load: load.hours.total),
        min(on_call, key=lambda load: load.hours.total),
    )
    if most.hours.total - average < UNFAIR * average:
        return f"Evenly shared: about {_hours(average)} each."
    return (
        f"On average {_hours(average)}. {kit.line(most.name, 60)} has {_hours(most.hours.total - average)} more, "
        f"{kit.line(least.name, 60)} {_hours(average - least.hours.total)} less."
    )


def _days(since: datetime, until: datetime, tz: str) -> str:
    zone = ZoneInfo(tz)
    return f"{since.astimezone(zone):%-d %b %Y} to {until.astimezone(zone):%-d %b %Y}"


def _hours(span: timedelta) -> str:
    return f"{span / HOUR:,.0f} h"


def on_call_alt(loads: Sequence[OnCallLoad]) -> str:
    """What the picture shows, in words."""
    shown = (
        f"{cut(clean(load.name), 40)} {_hours(load.hours.total)} with {_hours(load.hours.nights)} nights, "
        f"{_hours(load.hours.weekends)} weekends and {text.count(load.pages, 'page')}"
        for load in loads[:DRAWN]
    )
    return cut(f"Hours on call by person: {'; '.join(shown)}.", 1000)


def on_call_chart(
    loads: Sequence[OnCallLoad], since: datetime, until: datetime, timezone: str, palette: Palette = LIGHT
) -> bytes:
    """Bars of hours, nights and weekends for each person, with the number of pages beside them. PNG, 1,200 pixels wide.

    Raises ImportError where the extra `charts` is missing.
    """
    shown = list(loads[:DRAWN])

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        plain_axes(axes, palette)
        axes.grid(visible=False, axis="y")
        axes.grid(axis="x", color=palette.faint, linewidth=0.8)
        series = (
            ("hours", palette.accent, [load.hours.total for load in shown]),
            ("nights", palette.severities[0], [load.hours.nights for load in shown]),
            ("weekends", palette.severities[2], [load.hours.weekends for load in shown]),
        )
        for number, (label, colour, spans) in enumerate(series):
            places = [place + (number - 1) * 0.26 for place in range(len(shown))]
            axes.barh(places, [span / HOUR for span in spans], height=0.24, color=colour, label=label)
        for place, load in enumerate(shown):
            if load.pages:
                at_night = f", {load.pages_at_night} at night" if load.pages_at_night else ""
                words = f" {text.count(load.pages, 'page')}{at_night}"
                axes.text(load.hours.total / HOUR, place - 0.26, words, va="center", fontsize=10, color=palette.text)
        axes.set_yticks(range(len(shown)), [cut(clean(load.name), 22) for load in shown])
        axes.invert_yaxis()
        axes.margins(x=0.25)
        axes.legend(
            loc="upper left", bbox_to_anchor=(0, -0.12), ncols=3, frameon=False, fontsize=11, labelcolor=palette.text
        )
        title = f"On call, {_days(since, until, timezone)}"
        figure.suptitle(title, color=palette.text, fontsize=16, fontweight="bold", x=0.02, ha="left")

    return drawn(draw, (8, max(3.0, 1.6 + 0.7 * len(shown))), palette)


def report_rows(loads: Sequence[OnCallLoad]) -> Iterator[tuple[str, ...]]:
    """A row for each person, as the command line shows them."""
    for load in loads:
        hours, took = load.hours, load.time_to_acknowledge
        yield (
            load.name,
            *(f"{part / HOUR:.1f}" for part in (hours.total, hours.nights, hours.weekends, hours.holidays)),
            f"{share_of(load, loads):.0%}",
            *map(str, (load.pages, load.pages_at_night, load.acknowledged)),
            f"{took / timedelta(minutes=1):.1f} min" if took is not None else "-",
        )
