"""The picture of an investigation: each series that matters, what is normal for it, when it began."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from blocks.charts import LIGHT, READABLE, Palette, drawn, plain_axes
from blocks.text import zone
from warroom.investigation.pictures import Picture
from warroom.text import clean, cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 2.6
"""Inches of one series."""
MOST_TICKS = 7


def investigation_picture(pictures: Sequence[Picture], timezone: str, palette: Palette = LIGHT) -> bytes:
    """A PNG, 1,200 pixels wide. Raises ImportError where matplotlib is missing."""

    def draw(figure: Figure) -> None:
        rows = figure.subplots(len(pictures), 1, sharex=True, squeeze=False)
        for (axes,), picture in zip(rows, pictures, strict=True):
            _series(axes, picture, timezone, palette)
        # Slack shows the message in each person's own time; the picture has only one.
        rows[-1][0].set_xlabel(timezone, loc="right", fontsize=10, color=palette.text)

    return drawn(draw, (8, HEIGHT * len(pictures) + 0.4), palette)


def alt_text(pictures: Sequence[Picture], timezone: str) -> str:
    """The same in words, for whoever does not see it."""
    return cut(" ".join(_told(each, timezone) for each in pictures), 1_000)


def _told(picture: Picture, timezone: str) -> str:
    values = [value for _, value in picture.points]
    name = f"{cut(clean(picture.signal), 60)} of {cut(clean(picture.service), 60)}"
    usual = f", normally {picture.normal[0]:.4g} to {picture.normal[1]:.4g}" if picture.normal else ""
    began = f", began {picture.onset.astimezone(zone(timezone)):%H:%M}" if picture.onset else ""
    return f"{name}: from {values[0]:.4g} to {values[-1]:.4g}, at most {max(values):.4g}{usual}{began}."


def _series(axes: Axes, picture: Picture, timezone: str, palette: Palette) -> None:
    plain_axes(axes, palette)
    times = [at.timestamp() for at, _ in picture.points]
    if picture.normal:
        axes.axhspan(*picture.normal, color=palette.good, alpha=0.15, linewidth=0, label="normal")
    axes.plot(times, [value for _, value in picture.points], color=palette.accent, linewidth=2)
    for at, colour, line, name in (
        (picture.onset, palette.bad, "--", "began"),
        (picture.change_at, palette.text, ":", "change"),
    ):
        if at is not None and times[0] <= at.timestamp() <= times[-1]:
            axes.axvline(at.timestamp(), color=colour, linewidth=1.5, linestyle=line, label=name)
    name = f"{cut(clean(picture.signal), 40)} of {cut(clean(picture.service), 50)}"
    axes.set_title(name, loc="left", fontsize=13, color=palette.text)
    ticks = _ticks(times[0], times[-1])
    local = zone(timezone)
    axes.set_xticks(ticks, [f"{datetime.fromtimestamp(each, local):%H:%M}" for each in ticks])
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(handles, labels, loc="upper left", frameon=False, fontsize=10, labelcolor=palette.text, ncols=3)


def _ticks(begins: float, ends: float) -> list[float]:
    """Round times between them, in seconds since 1970, few enough to be read."""
    apart = next((minutes * 60 for minutes in READABLE if (ends - begins) / (minutes * 60) <= MOST_TICKS), 86_400 * 30)
    first = math.ceil(begins / apart)
    return [float(each * apart) for each in range(first, int(ends // apart) + 1)]
