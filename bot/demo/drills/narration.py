"""Prints a drill in the terminal: a line for what people do, a box for what they see, without Slack's markup."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.panel import Panel

from sandbox import Sandbox, SlackMessage
from sandbox.block_contents import plain
from sandbox.forms import Form
from sandbox.systems import CompanySystem

WIDTH = 92
_TOKEN = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_ITALIC = re.compile(r"(?<![\w_])_([^_\n]+)_(?![\w_])")


def readable(slack: Sandbox, text: str) -> str:
    """Slack's mrkdwn as plain text: names in place of mentions, labels in place of links and dates.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return html.unescape(_TOKEN.sub(lambda token: _token_text(slack, token[1], token[2], token[3]), text))


def _token_text(slack: Sandbox, sign: str, what: str, label: str | None) -> str:
    if sign == "@":
        person = slack.workspace.people.get(what)
        return f"@{person.name if person else label or what}"
    if sign == "#":
        channel = slack.workspace.channels.get(what)
        return f"#{channel.name if channel else label or what}"
    if sign == "!":
        if what.startswith("subteam^"):
            group = slack.workspace.groups.get(what.removeprefix("subteam^"))
            return f"@{group.handle}" if group else label or what
        return label if label is not None else f"@{what}"
    return label or what


def _marked(text: str) -> str:
    """Readable mrkdwn with the terminal's markup in place of * and _."""
    return _ITALIC.sub(r"[italic]\1[/]", _BOLD.sub(r"[bold]\1[/]", escape(text)))


def body(message: SlackMessage) -> str:
    """The message's text without its buttons and menus, which are `labels`."""
    if not message.blocks:
        return message.plain()
    kept = [
        {key: value for key, value in block.items() if key != "accessory"}
        for block in message.blocks
        if block["type"] != "actions"
    ]
    return "\n".join(piece for piece in [plain(kept), plain(message.attachments)] if piece)


class Narrator:
    """Prints one drill."""

    def __init__(self, slack: Sandbox, out: Console) -> None:
        self._slack, self.out = slack, out

    def tell(self, at: timedelta, text: str) -> None:
        """Print a line with the time since the start of the drill. `text` may contain mrkdwn, but no terminal markup."""
        minutes, seconds = divmod(int(at.total_seconds()), 60)
        clock = f"{minutes}:{seconds:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        self.out.print(f"[bold]{clock:>8}[/]  {escape(readable(self._slack, text))}")

    def show_message(self, message: SlackMessage, title: str) -> None:
        """Print a box with a message and its buttons."""
        text = _marked(readable(self._slack, body(message)))
        buttons = "  ".join(f"[reverse] {escape(label)} [/]" for label in message.labels())
        self.out.print(
            Panel(text + (f"\n\n{buttons}" if buttons else ""), title=escape(title), title_align="left", width=WIDTH,
                  border_style="dim")
        )  # fmt: skip

    def show_form(self, form: Form) -> None:
        """Print a box with a form as a person sees it."""
        text = _marked(readable(self._slack, form.plain()))
        self.out.print(Panel(text, title=escape(form.title), title_align="left", width=WIDTH, border_style="dim"))

    def show_system(self, system: CompanySystem) -> None:
        """Print a box with what one of the company's other systems shows."""
        lines: list[str] = []
        for table in system.tables():
            for row in table.rows:
                lines.append(escape(" · ".join(cell for cell in row.cells if cell)))
                lines += [f"    {escape(line)}" for line in row.lines]
        text = "\n".join(lines) or "nothing"
        self.out.print(Panel(text, title=system.title, title_align="left", width=WIDTH, border_style="dim"))

    def document(self, text: str, title: str) -> None:
        """Print a box with a Markdown document."""
        self.out.print(Panel(Markdown(text), title=title, title_align="left", width=WIDTH, border_style="dim"))
