"""The timeline of an incident as a picture: states, severity, alerts, updates against their due times, pages, people.

One row for each, time from left to right; a phone's width, readable in print: what a colour says is also written or shaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from blocks import labels, text
from blocks.charts import LIGHT, Palette, drawn
from warroom.alerts.model import AlertState
from warroom.incident import events
from warroom.incident.model import Incident, State
from warroom.incident.timeline import Entry
from warroom.incident.view import DocumentView
from warroom.text import clean, cut, readable
from warroom.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALERTS = 6
PEOPLE = 8
"""Rows of each at most; a line says how many more there are."""
LABEL = 22
"""Characters of a row's name."""
SHORTEST = timedelta(minutes=2)
"""A picture of less time would be one of seconds."""

_STATES = {
    events.Declared: State.DETECTED,
    events.Acknowledged: State.ACKNOWLEDGED,
    events.Mitigated: State.MITIGATED,
    events.Reopened: State.ACKNOWLEDGED,
}


class Held(Value):
    """Something that held from one time to another."""

    name: str
    start: datetime
    end: datetime


def incident_picture(document: DocumentView, severities: Sequence[str], palette: Palette = LIGHT) -> bytes:
    """PNG, 1,200 pixels wide. `severities` are the policy's keys, most severe first. Raises ImportError without matplotlib."""
    rows = 4 + min(ALERTS + 1, len(document.view.firings)) + min(PEOPLE + 1, len(_actors(document)))

    def draw(figure: Figure) -> None:
        _Picture(figure, document, severities, palette).draw()

    return drawn(draw, (8, 2.2 + 0.52 * rows), palette)


class _Picture:
    """One picture while it is drawn."""

    def __init__(self, figure: Figure, document: DocumentView, severities: Sequence[str], palette: Palette) -> None:
        self._figure, self._document, self._palette = figure, document, palette
        self._severities = list(severities)
        self._incident = document.view.incident
        self._start, self._end = _span(document)
        self._entries = [entry for entry in document.entries if entry.at <= self._end]
        self._axes: Axes = figure.subplots()
        self._rows: list[str] = []

    def draw(self) -> None:
        """Title, rows, legend, time axis."""
        self._title()
        self._stretches("State", self._states(), self._state_colour)
        self._stretches("Severity", self._severity(), self._severity_colour)
        self._alerts()
        self._updates()
        self._pages()
        self._people()
        self._frame()

    def _row(self, name: str) -> float:
        """The height of a new row."""
        self._rows.append(_short(name))
        return -float(len(self._rows) - 1)

    def _title(self) -> None:
        incident, zone = self._incident, ZoneInfo(self._document.view.timezone)
        title = cut(_plain(f"{incident.name} {labels.title(incident)}", self._document.names), 60)
        began = incident.declared_at.astimezone(zone)
        over = labels.ended_at(incident) is not None
        ended = f"lasted {text.duration(self._ended() - incident.declared_at)}" if over else "not over yet"
        self._figure.suptitle(title, color=self._palette.text, fontsize=15, fontweight="bold", x=0.02, ha="left")
        below = f"{labels.severity(self._document.view)} · {began:%-d %b %Y, %H:%M %Z} · {ended}"
        self._axes.set_title(cut(_plain(below, {}), 80), loc="left", fontsize=12, color=self._palette.text, pad=10)

    def _ended(self) -> datetime:
        return labels.ended_at(self._incident) or self._document.written_at

    def _states(self) -> Iterator[Held]:
        changes = [(entry.at, _STATES.get(type(entry.event)) or _over(entry)) for entry in self._entries]
        yield from _held([(at, state.value) for at, state in changes if state], self._end)

    def _severity(self) -> Iterator[Held]:
        changed = [
            (entry.at, entry.event) for entry in self._entries if isinstance(entry.event, events.SeverityChanged)
        ]
        first = changed[0][1].before if changed else self._incident.severity
        yield from _held(
            [(self._incident.declared_at, first), *((at, event.after) for at, event in changed)], self._end
        )

    def _state_colour(self, name: str) -> str:
        palette = self._palette
        return {
            State.DETECTED.value: palette.bad,
            State.ACKNOWLEDGED.value: palette.severities[2],
            State.MITIGATED.value: palette.severities[3],
        }.get(name, palette.good)

    def _severity_colour(self, name: str) -> str:
        colours = self._palette.severities
        rank = self._severities.index(name) if name in self._severities else len(colours)
        return colours[min(rank, len(colours) - 1)]

    def _stretches(self, name: str, found: Iterator[Held], colour: object) -> None:
        assert callable(colour)
        y = self._row(name)
        whole = (self._end - self._start).total_seconds()
        above: datetime | None = None
        for each in found:
            fill = colour(each.name)
            self._bar(y, each.start, each.end, fill, 0.62)
            share = (each.end - each.start).total_seconds() / whole
            if share * 62 > len(each.name):
                middle = each.start + (each.end - each.start) / 2
                self._write(middle, y, each.name, 11, _ink(fill), "center")
            elif above is None or each.start - above > (self._end - self._start) / 9:
                above = each.start
                self._write(each.start, y + 0.43, each.name, 9, self._palette.text, "left")

    def _write(self, at: datetime, y: float, said: str, size: int, ink: str, side: str) -> None:
        self._axes.text(_day(at), y, _short(said), ha=side, va="center", fontsize=size, color=ink)

    def _bar(self, y: float, start: datetime, end: datetime, colour: str, height: float) -> None:
        least = (self._end - self._start) / 250
        self._axes.barh(
            y, _days(max(end - start, least)), left=_day(start), height=height, color=colour, edgecolor="none"
        )

    def _alerts(self) -> None:
        firings = sorted(self._document.view.firings, key=lambda each: (each.first_seen_at, each.dedup_key))
        for each in firings[:ALERTS]:
            start = max(self._start, each.first_fired_at or each.first_seen_at)
            over = each.state is AlertState.OK
            end = min(self._end, each.recovered_at or each.last_seen_at) if over else self._end
            y = self._row(each.title or "alert")
            self._bar(y, start, end, self._palette.severities[1], 0.34)
            if over:
                self._marks(y, [end], "|", self._palette.good, 13)
        if len(firings) > ALERTS:
            self._row(f"and {len(firings) - ALERTS:,} more alerts")

    def _updates(self) -> None:
        y = self._row("Updates")
        posted = [entry for entry in self._entries if isinstance(entry.event, events.UpdatePosted)]
        missed = [entry.at for entry in self._entries if isinstance(entry.event, events.UpdateMissed)]
        due = [
            entry.event.next_due_at
            for entry in posted
            if isinstance(entry.event, events.UpdatePosted) and entry.event.next_due_at
        ]
        self._axes.axhline(y, color=self._palette.faint, linewidth=1, zorder=0)
        for start, end in _silences(self._entries, self._end):
            self._axes.plot([_day(start), _day(end)], [y, y], color=self._palette.bad, linewidth=4, alpha=0.5)
        self._marks(y, [at for at in due if at <= self._end], "|", self._palette.text, 15, "due")
        self._marks(y, [entry.at for entry in posted], "o", self._palette.accent, 9, "update")
        self._marks(y, missed, "X", self._palette.bad, 10, "missed")

    def _pages(self) -> None:
        y = self._row("Paged")
        self._axes.axhline(y, color=self._palette.faint, linewidth=1, zorder=0)
        calls = [entry for entry in self._entries if isinstance(entry.event, events.PeoplePaged)]
        late = [entry.at for entry in self._entries if isinstance(entry.event, events.AcknowledgementOverdue)]
        self._marks(y, [entry.at for entry in calls], "^", self._palette.severities[1], 10, "page")
        self._marks(y, late, "X", self._palette.bad, 10)
        shown: datetime | None = None
        for entry in calls:
            assert isinstance(entry.event, events.PeoplePaged)
            apart = shown is None or entry.at - shown > (self._end - self._start) / 14
            if entry.event.level and apart:
                shown = entry.at
                self._write(entry.at, y + 0.4, f"level {entry.event.level}", 9, self._palette.text, "left")

    def _people(self) -> None:
        actors = _actors(self._document)
        for person, acts in list(actors.items())[:PEOPLE]:
            y = self._row(self._document.names.get(person, person))
            times = [at for at in acts if at <= self._end] or acts[:1]
            self._axes.plot(
                [_day(times[0]), _day(times[-1])], [y, y], color=self._palette.accent, linewidth=2, alpha=0.5
            )
            self._marks(y, times[:1], "D", self._palette.accent, 9, "joined in")
            self._marks(y, times[1:], "o", self._palette.accent, 6)
        if len(actors) > PEOPLE:
            self._row(f"and {len(actors) - PEOPLE:,} more people")

    def _marks(self, y: float, times: Sequence[datetime], shape: str, colour: str, size: int, name: str = "") -> None:
        known = self._axes.get_legend_handles_labels()[1]
        label = name if name and name not in known else None
        if times:
            self._axes.plot(
                [_day(at) for at in times], [y] * len(times), shape, color=colour, markersize=size, label=label, linestyle="none",
                markeredgewidth=2 if shape == "|" else 0,
            )  # fmt: skip

    def _frame(self) -> None:
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        axes, palette = self._axes, self._palette
        axes.set_facecolor(palette.background)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.set_yticks([-float(n) for n in range(len(self._rows))], self._rows, fontsize=12)
        axes.set_ylim(-len(self._rows) + 0.4, 0.6)
        margin = (self._end - self._start) / 60
        axes.set_xlim(_day(self._start - margin), _day(self._end + margin))
        zone = ZoneInfo(self._document.view.timezone)
        locator = AutoDateLocator(tz=zone, minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator, tz=zone, show_offset=False)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
        axes.tick_params(length=0)
        axes.grid(axis="x", color=palette.faint, linewidth=0.8)
        axes.set_axisbelow(True)
        handles, names = axes.get_legend_handles_labels()
        if handles:
            axes.legend(
                handles, names, loc="upper left", bbox_to_anchor=(0, -0.5 / len(self._rows)), ncols=6, frameon=False,
                fontsize=11, labelcolor=palette.text, handletextpad=0.2, columnspacing=1.2,
            )  # fmt: skip


def _day(at: datetime) -> float:
    """The time as matplotlib counts: days since 1970."""
    return at.timestamp() / 86_400


def _days(length: timedelta) -> float:
    return length / timedelta(days=1)


def _over(entry: Entry) -> State | None:
    match entry.event:
        case events.Resolved():
            return State.RESOLVED
        case events.Cancelled():
            return State.CANCELLED
        case _:
            return None


def _span(document: DocumentView) -> tuple[datetime, datetime]:
    """From the first alert or the declaration to the end, or now."""
    incident: Incident = document.view.incident
    fired = [each.first_fired_at or each.first_seen_at for each in document.view.firings]
    # An alert that had fired for days would press everything else into a corner.
    start = min([incident.declared_at, *(at for at in fired if incident.declared_at - at < timedelta(hours=2))])
    end = labels.ended_at(incident) or document.written_at
    return start, max(end, start + SHORTEST)


def _held(changes: Sequence[tuple[datetime, str]], end: datetime) -> Iterator[Held]:
    ends = [*(at for at, _ in changes[1:]), end] if changes else []
    for (start, name), until in zip(changes, ends, strict=True):
        if until > start:
            yield Held(name=name, start=start, end=until)


def _silences(entries: Sequence[Entry], end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """From the first missed update to the one that came, or the end."""
    start: datetime | None = None
    for entry in entries:
        if isinstance(entry.event, events.UpdateMissed) and start is None:
            start = entry.at
        elif isinstance(entry.event, events.UpdatePosted | events.Resolved | events.Cancelled) and start is not None:
            yield start, entry.at
            start = None
    if start is not None:
        yield start, end


def _actors(document: DocumentView) -> dict[str, list[datetime]]:
    """When each person did something before it was over, in the order in which they joined in."""
    end = labels.ended_at(document.view.incident)
    found: dict[str, list[datetime]] = {}
    for entry in document.entries:
        if entry.by is not None and (end is None or entry.at <= end):
            found.setdefault(entry.by, []).append(entry.at)
    return found


def _short(name: str) -> str:
    return cut(_plain(name, {}), LABEL)


def _plain(said: str, names: dict[str, str]) -> str:
    """One line without characters that have no picture."""
    return " ".join(clean(readable(said, names)).split())


def _ink(colour: str) -> str:
    """Black or white, whichever reads better on the colour."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#1d1c1d" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#ffffff"
