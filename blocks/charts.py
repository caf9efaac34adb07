"""Charts as PNG. matplotlib is an extra and takes half a second to load, so it is imported when the first one is drawn.

Drawing takes about half a second of processor time: callers do it beside the event loop, one at a time (`drawn`).
"""

from __future__ import annotations

import importlib.util
import io
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from warroom.metrics.report import Bin, Report
from warroom.metrics.rules import ACKNOWLEDGE_WITHIN
from warroom.text import clean, cut
from warroom.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PHONE_DPI = 150
READABLE = (1, 2, 5, 10, 20, 30, 60, 120, 300, 720, 1440, 2880, 7200, 14400, 43200)
"""Minutes at which an axis of durations has its lines."""
_LOCK = threading.Lock()


class Palette(Value):
    """The colours of a picture. The severities' colours differ in lightness too, for print and for the colour-blind."""

    background: str
    text: str
    faint: str
    severities: tuple[str, ...]
    good: str
    bad: str
    accent: str


LIGHT = Palette(
    background="#ffffff",
    text="#1d1c1d",
    faint="#d5d5d8",
    severities=("#8b1a1a", "#d9622b", "#e8b33c", "#8fb8de"),
    good="#1f7a4d",
    bad="#b3261e",
    accent="#1264a3",
)
DARK = Palette(
    background="#1a1d21",
    text="#e8e8e8",
    faint="#44484d",
    severities=("#ff6b6b", "#ff9f5a", "#ffd166", "#9cc9f0"),
    good="#5dcf9a",
    bad="#ff7b72",
    accent="#6cb6ff",
)


def available() -> bool:
    """Whether pictures can be drawn here: the extra `charts` is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def metrics_chart(report: Report, severities: Sequence[str], palette: Palette = LIGHT) -> bytes:
    """Incidents by severity, and the medians to acknowledge and resolve, over the span. PNG, 1,200 × 1,050 pixels.

    `severities` are the policy's keys, most severe first. Raises ImportError where the extra is missing.
    """

    def draw(figure: Figure) -> None:
        counts, times = figure.subplots(2, 1, sharex=True)
        _counts(counts, report, severities, palette)
        _times(times, report, palette)
        labels = [_label(each, report) for each in report.bins]
        every = max(1, -(-len(labels) // 8))
        times.set_xticks(range(0, len(labels), every), labels[::every])
        figure.suptitle(_title(report), color=palette.text, fontsize=16, fontweight="bold", x=0.02, ha="left")

    return drawn(draw, (8, 7), palette)


def drawn(draw: Callable[[Figure], None], inches: tuple[float, float], palette: Palette) -> bytes:
    """The PNG of what `draw` puts into the figure. One at a time: matplotlib's text cache is not made for threads."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: dict[str, Any] = {
        "font.size": 13,
        "text.color": palette.text,
        "axes.labelcolor": palette.text,
        "axes.edgecolor": palette.faint,
        "xtick.color": palette.text,
        "ytick.color": palette.text,
        "text.parse_math": False,
    }
    target = io.BytesIO()
    with _LOCK, warnings.catch_warnings(), rc_context(style):  # type: ignore[arg-type]  # its keys are literals
        # The font has no emoji; a box in their place is no reason to write to the log.
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        figure = Figure(figsize=inches, dpi=PHONE_DPI, facecolor=palette.background, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        try:
            draw(figure)
            figure.savefig(target, format="png", facecolor=palette.background)
        finally:
            # A figure is a circle of references: its 5 MB of pixels would stay until the garbage collector looks at everything.
            figure.clear()
            canvas.renderer = None  # what it is before anything is drawn
    return target.getvalue()


def plain_axes(axes: Axes, palette: Palette) -> None:
    """Without a frame, with faint lines to read values by."""
    axes.set_facecolor(palette.background)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    axes.grid(axis="y", color=palette.faint, linewidth=0.8)
    axes.set_axisbelow(True)


def _counts(axes: Axes, report: Report, severities: Sequence[str], palette: Palette) -> None:
    from matplotlib.ticker import MaxNLocator

    plain_axes(axes, palette)
    places = range(len(report.bins))
    floor = [0] * len(report.bins)
    found = {key for each in report.bins for key, _ in each.counts}
    named = [*(key for key in severities if key in found), *sorted(found - set(severities))]
    for key in named:
        rank = list(severities).index(key) if key in severities else len(palette.severities)
        heights = [dict(each.counts).get(key, 0) for each in report.bins]
        colour = palette.severities[min(rank, len(palette.severities) - 1)]
        axes.bar(places, heights, bottom=floor, color=colour, label=key, width=0.7)
        floor = [low + height for low, height in zip(floor, heights, strict=True)]
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.set_title("Incidents declared", loc="left", fontsize=13, color=palette.text)
    _legend(axes, palette, below=-0.03)


def _times(axes: Axes, report: Report, palette: Palette) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    plain_axes(axes, palette)
    for name, marker, colour, line in (
        ("resolve", "o", palette.accent, "-"),
        ("acknowledge", "s", palette.good, "--"),
    ):
        points = [(at, value / 60) for at, each in enumerate(report.bins) if (value := getattr(each, name)) is not None]
        if points:
            at, minutes = zip(*points, strict=True)
            axes.plot(at, minutes, line, marker=marker, color=colour, linewidth=2, label=f"to {name}")
    target = ACKNOWLEDGE_WITHIN.total_seconds() / 60
    axes.axhline(target, color=palette.bad, linewidth=1, linestyle=":", label=f"target to acknowledge: {target:g} min")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator(READABLE))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _place: _minutes(value))
    axes.set_title("Median time (logarithmic)", loc="left", fontsize=13, color=palette.text)
    _legend(axes, palette)


def _legend(axes: Axes, palette: Palette, below: float = -0.14) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            handles, labels, loc="upper left", bbox_to_anchor=(0, below), ncols=4, frameon=False, fontsize=11,
            labelcolor=palette.text,
        )  # fmt: skip


def _minutes(value: float) -> str:
    return f"{value:.0f} min" if value < 60 else f"{value / 60:.0f} h" if value < 2880 else f"{value / 1440:.0f} d"


def _label(each: Bin, report: Report) -> str:
    at = each.start.astimezone(ZoneInfo(report.timezone))
    return f"{at:%b %Y}" if (report.until - report.since).days > 92 else f"{at:%-d %b}"


def _title(report: Report) -> str:
    zone = ZoneInfo(report.timezone)
    whose = f" · {cut(clean(report.team), 30)}" if report.team else ""
    return f"Incidents, {report.since.astimezone(zone):%-d %b %Y} to {report.until.astimezone(zone):%-d %b %Y}{whose}"
