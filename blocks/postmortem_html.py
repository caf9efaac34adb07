"""The post-mortem as one HTML page that needs nothing else: for a browser, an archive, or a printer. Pure."""

from __future__ import annotations

import base64
import html
import re

from markdown_it import MarkdownIt

from blocks import labels
from blocks.postmortem_document import markdown
from warroom.incident.view import DocumentView

_READER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
# A picture of somewhere else would tell its server who reads the document.
_READER.disable("image")

_BOX = re.compile(r"<li>\[( |x)\] ")

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid #8884; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
img { max-width: 100%; height: auto; background: #fff; }
li.box { list-style: none; margin-left: -1.2em; }
@page { margin: 18mm; }
@media print {
  :root { color-scheme: light; }
  body { font-size: 10.5pt; max-width: none; margin: 0; padding: 0; }
  h2 { break-after: avoid; }
  li, tr, img { break-inside: avoid; }
  a[href^="http"]::after { content: " (" attr(href) ")"; font-size: 8pt; }
}
"""


def page(document: DocumentView, picture: bytes | None = None) -> str:
    """The whole page, with the picture of the timeline within it where there is one."""
    incident = document.view.incident
    title = html.escape(f"Post-mortem {incident.name}: {labels.title(incident)}")
    body = _BOX.sub(_box, _READER.render(markdown(document)))
    if picture is not None:
        data = base64.b64encode(picture).decode()
        shown = f'<p><img alt="Timeline of {incident.name}" src="data:image/png;base64,{data}"></p>\n'
        body = body.replace("<h2>Timeline</h2>\n", f"<h2>Timeline</h2>\n{shown}", 1)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


def _box(found: re.Match[str]) -> str:
    return f'<li class="box">{"☑" if found[1] == "x" else "☐"} '
