"""Names of people, channels and user groups, and times, as one person sees them."""

from __future__ import annotations

import html

from markupsafe import Markup, escape

from sandbox.model import Channel, SlackUser
from sandbox.page import dates
from sandbox.workspace import WorkspaceState

HUES = 12


class ReaderNames:
    """Names and times for one reader."""

    def __init__(self, ws: WorkspaceState, reader: SlackUser) -> None:
        self._ws, self.reader = ws, reader
        self.zone = dates.zone(reader)

    def person(self, key: str) -> str:
        """The name shown for a user id; the id itself when unknown."""
        who = self._ws.people.get(key)
        return (who.display_name or who.real_name) if who else key

    def hue(self, key: str) -> int:
        """The colour number of that id, below HUES."""
        return sum(key.encode()) % HUES

    def initials(self, key: str) -> str:
        """Up to two letters for the avatar."""
        who = self._ws.people.get(key)
        words = (who.real_name if who else key).split() or ["?"]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()

    def channel(self, this: Channel) -> str:
        """The channel's name; for a direct conversation the names of the others."""
        if this.kind == "channel":
            return this.name
        return ", ".join(self.person(m) for m in this.members if m != self.reader.id) or self.person(self.reader.id)

    def path(self, this: Channel) -> str:
        """The path of the channel's page for the reader."""
        return f"/as/{self.reader.name}/{this.id}"

    def clock(self, ts: str) -> str:
        """The time of day of a message."""
        return f"{dates.from_seconds(ts, self.zone):%H:%M}"

    def day(self, ts: str) -> str:
        """The day of a message, in words."""
        now = self._ws.clock.now().astimezone(self.zone)
        return dates.formatted("{date_long_pretty}", dates.from_seconds(ts, self.zone), now).capitalize()

    def moment(self, ts: str) -> str:
        """Day and time."""
        return f"{dates.from_seconds(ts, self.zone):%Y-%m-%d %H:%M:%S}"

    def token(self, inside: str) -> Markup:
        """The mention, channel, group or date between < and > as HTML."""
        subject, _, label = inside.partition("|")
        label = html.unescape(label)
        if inside.startswith("@"):
            return self.mention(subject[1:], label)
        if inside.startswith("#"):
            return self.channel_link(subject[1:], label)
        if subject.startswith("!date^"):
            return self._date(subject, label)
        if subject.startswith("!subteam^"):
            return self.group(subject.removeprefix("!subteam^"), label)
        if subject in ("!here", "!channel", "!everyone"):
            return Markup('<span class="mention me">@{}</span>').format(subject[1:])
        return escape(label or f"<{subject}>")

    def mention(self, key: str, label: str = "") -> Markup:
        """A mention of a person, highlighted when it is the reader."""
        known = key in self._ws.people
        mine = " me" if key == self.reader.id else ""
        shown = self.person(key) if known else label or key
        return Markup('<span class="mention{}" title="{}">@{}</span>').format(mine, self._title(key), shown)

    def _title(self, key: str) -> str:
        who = self._ws.people.get(key)
        return ", ".join(piece for piece in (who.real_name, who.title) if piece) if who else ""

    def channel_link(self, key: str, label: str = "") -> Markup:
        """A link to a channel. A private one that the reader cannot see is shown without its name."""
        this = self._ws.channels.get(key)
        if this is None:
            return Markup('<span class="mention">#{}</span>').format(label or key)
        if this.is_private and self.reader.id not in this.members:
            return Markup('<span class="mention">🔒 private-channel</span>')
        return Markup('<a class="mention" href="{}">#{}</a>').format(self.path(this), self.channel(this))

    def group(self, key: str, label: str = "") -> Markup:
        """A mention of a user group, highlighted when the reader belongs to it."""
        this = self._ws.groups.get(key)
        mine = " me" if this and self.reader.id in this.users else ""
        shown = f"@{this.handle}" if this else label or key
        return Markup('<span class="mention{}">{}</span>').format(mine, shown)

    def _date(self, subject: str, fallback: str) -> Markup:
        _, _, rest = subject.partition("^")
        seconds, _, rest = rest.partition("^")
        pattern, _, _url = rest.partition("^")
        try:
            moment = dates.from_seconds(seconds, self.zone)
        except (ValueError, OverflowError, OSError):
            return escape(fallback)
        shown = dates.formatted(html.unescape(pattern), moment, self._ws.clock.now().astimezone(self.zone))
        return Markup('<time title="{}">{}</time>').format(f"{moment:%Y-%m-%d %H:%M:%S %Z}", shown)
