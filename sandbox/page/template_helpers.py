"""The functions that the templates call: text to HTML, states of inputs, menu options, files."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from markupsafe import Markup, escape

from sandbox import block_contents, forms
from sandbox.model import Channel, File, Json, SlackUser
from sandbox.page import dates, markdown_html, mrkdwn_html, rich_text_html
from sandbox.page.emojis import QUICK_REACTIONS, glyph
from sandbox.page.menu_options import MenuOption, menu_options
from sandbox.page.names import ReaderNames
from sandbox.workspace import WorkspaceState

PNG = b"\x89PNG\r\n\x1a\n"


class TemplateHelpers:
    """The template functions for one person, `draw` in the templates."""

    quick = QUICK_REACTIONS

    def __init__(self, ws: WorkspaceState, reader: SlackUser) -> None:
        self.ws, self.reader = ws, reader
        self.names = ReaderNames(ws, reader)

    def mrkdwn(self, text: str) -> Markup:
        """mrkdwn as HTML."""
        return mrkdwn_html.to_html(text, self.names.token)

    def text(self, thing: Json) -> Markup:
        """A plain_text or mrkdwn object as HTML."""
        return (
            self.mrkdwn(thing["text"]) if thing["type"] == "mrkdwn" else mrkdwn_html.plain_text_to_html(thing["text"])
        )

    def rich(self, parts: list[Json]) -> Markup:
        """The elements of a rich_text block as HTML."""
        return rich_text_html.to_html(parts, self.names)

    def markdown(self, text: str) -> Markup:
        """Markdown as HTML."""
        return markdown_html.to_html(text)

    def emoji(self, name: str) -> str:
        """The emoji character of a reaction."""
        return glyph(name)

    def href(self, url: str) -> str:
        """The URL when it is safe to link to, else ""."""
        return mrkdwn_html.safe_url(url) or ""

    def link(self, url: str, label: str) -> Markup:
        """A link, or only its label when the URL is not safe."""
        return mrkdwn_html.link(url, label)

    def picture(self, thing: Json) -> str:
        """The image URL of a block or element, on the web or among the workspace's files; "" for any other."""
        if "slack_file" in thing:
            key = thing["slack_file"].get("id") or thing["slack_file"].get("url", "").rpartition("/")[2]
            return f"/files/{key}" if key in self.ws.files else ""
        url = self.href(thing["image_url"])
        return url if url.startswith("http") else ""

    def kind_of(self, file: File) -> str:
        """How a file is shown: png, markdown, text or other (not shown)."""
        content = file.content or b""
        if content.startswith(PNG):
            return "png"
        if file.name.endswith((".md", ".markdown")):
            return "markdown"
        return "text" if b"\0" not in content[:1000] and len(content) < 200_000 else "other"

    def file_text(self, file: File) -> str:
        """The file's content as text; bytes that are not UTF-8 are replaced."""
        return (file.content or b"").decode(errors="replace")

    def value(self, state: Json, block: Json, element: Json) -> Any:
        """The current value of an input, or its initial one."""
        held = state.get(block["block_id"], {}).get(element["action_id"]) or forms.initial_state(element)
        return held[forms.INPUT_KEYS[element["type"]][0]]

    def choices(self, state: Json, block: Json, element: Json) -> list[MenuOption]:
        """The options of a menu, with the chosen ones marked."""
        return menu_options(self.ws, self.names, element, self.value(state, block, element))

    def options(self, element: Json) -> list[Json]:
        """The options, those of its groups included."""
        return block_contents.options_of(element)

    def local(self, seconds: int | None) -> str:
        """A time in seconds since 1970 as the value of a datetime-local input."""
        return f"{dates.from_seconds(seconds, self.names.zone):%Y-%m-%dT%H:%M}" if seconds else ""

    def cell(self, cell: Json) -> Markup:
        """A table cell as HTML."""
        return escape(cell["text"]) if cell["type"] == "raw_text" else self.rich(cell["elements"])

    def channel(self, this: Channel) -> str:
        """The channel's name as the reader sees it."""
        return self.names.channel(this)

    @property
    def zone(self) -> tzinfo:
        """The reader's time zone."""
        return self.names.zone
