"""What the templates ask while they draw: texts, states of inputs, and what a menu offers."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from markupsafe import Markup, escape

from sandbox import forms, reading
from sandbox.model import Channel, File, Json, Person
from sandbox.page import dates, markdown, mrkdwn, rich
from sandbox.page.choices import Choice, offered
from sandbox.page.emojis import QUICK, glyph
from sandbox.page.names import Names
from sandbox.workspace import Workspace

PNG = b"\x89PNG\r\n\x1a\n"


class Drawing:
    """The workspace in the eyes of one person."""

    quick = QUICK

    def __init__(self, ws: Workspace, reader: Person) -> None:
        self.ws, self.reader = ws, reader
        self.names = Names(ws, reader)

    def mrkdwn(self, text: str) -> Markup:
        """Slack's markup."""
        return mrkdwn.draw(text, self.names.token)

    def text(self, thing: Json) -> Markup:
        """A text object of either kind."""
        return self.mrkdwn(thing["text"]) if thing["type"] == "mrkdwn" else mrkdwn.plain(thing["text"])

    def rich(self, parts: list[Json]) -> Markup:
        """The elements of a rich_text block."""
        return rich.draw(parts, self.names)

    def markdown(self, text: str) -> Markup:
        """Markdown."""
        return markdown.draw(text)

    def emoji(self, name: str) -> str:
        """A reaction's picture."""
        return glyph(name)

    def href(self, url: str) -> str:
        """The address when it is safe, else nothing."""
        return mrkdwn.safe_url(url) or ""

    def link(self, url: str, label: str) -> Markup:
        """A link, or its label when the address is not safe."""
        return mrkdwn.link(url, label)

    def picture(self, thing: Json) -> str:
        """Where the picture of an image block or element is: only from the web or from the workspace's own files."""
        if "slack_file" in thing:
            key = thing["slack_file"].get("id") or thing["slack_file"].get("url", "").rpartition("/")[2]
            return f"/files/{key}" if key in self.ws.files else ""
        url = self.href(thing["image_url"])
        return url if url.startswith("http") else ""

    def kind_of(self, file: File) -> str:
        """How a file is shown: markdown, png, text or nothing."""
        content = file.content or b""
        if content.startswith(PNG):
            return "png"
        if file.name.endswith((".md", ".markdown")):
            return "markdown"
        return "text" if b"\0" not in content[:1000] and len(content) < 200_000 else "other"

    def file_text(self, file: File) -> str:
        """A file's text, whatever bytes it is made of."""
        return (file.content or b"").decode(errors="replace")

    def value(self, state: Json, block: Json, element: Json) -> Any:
        """What an input holds: what was entered, or what it began with."""
        held = state.get(block["block_id"], {}).get(element["action_id"]) or forms.initial(element)
        return held[forms.INITIAL[element["type"]][0]]

    def choices(self, state: Json, block: Json, element: Json) -> list[Choice]:
        """What a menu offers, what is chosen marked."""
        return offered(self.ws, self.names, element, self.value(state, block, element))

    def options(self, element: Json) -> list[Json]:
        """The options, of its groups too."""
        return reading.options_of(element)

    def local(self, seconds: int | None) -> str:
        """A moment as a datetime-local input takes it."""
        return f"{dates.from_seconds(seconds, self.names.zone):%Y-%m-%dT%H:%M}" if seconds else ""

    def cell(self, cell: Json) -> Markup:
        """A cell of a table."""
        return escape(cell["text"]) if cell["type"] == "raw_text" else self.rich(cell["elements"])

    def channel(self, this: Channel) -> str:
        """What it is called."""
        return self.names.channel(this)

    @property
    def zone(self) -> tzinfo:
        """The reader's time zone."""
        return self.names.zone
