"""The post-mortem as a page: complete, self-contained, and nothing in it acts."""

from __future__ import annotations

from html.parser import HTMLParser

from blocks.postmortem_html import page
from tests.blocks.test_postmortem_document import NAMES, NIGHT_STORY, resolved
from tests.blocks.test_postmortem_document import seen as view_of
from tests.warroom.conftest import minutes
from warroom.incident.view import DocumentView
from warroom.policy import Policy


def document(policy: Policy, **changes: object) -> DocumentView:
    view = view_of(resolved(**changes), policy)
    return DocumentView(view=view, entries=NIGHT_STORY, names=NAMES, written_at=minutes(90))


class Seen(HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


def seen(view: DocumentView, picture: bytes | None = None) -> Seen:
    found = Seen()
    found.feed(page(view, picture))
    return found


def test_it_is_one_page_with_the_picture_in_it(policy: Policy) -> None:
    shown = page(document(policy), b"\x89PNG")
    assert shown.startswith("<!doctype html>")
    assert "<h2>Timeline</h2>\n<p><img" in shown
    assert "data:image/png;base64,iVBORw" in shown
    assert "@media print" in shown
    assert "<img" not in page(document(policy))


def test_what_people_wrote_is_text(policy: Policy) -> None:
    hostile = (
        "<script>alert(1)</script> ![x](https://evil.example/x.png) [y](javascript:alert(1)) <img src=x onerror=1>"
    )
    found = seen(document(policy, title=hostile, description=hostile, impact=hostile, summary=hostile, postmortem=None))
    assert not {"script", "img", "iframe", "form", "object"} & found.tags
    assert not [each for each in found.addresses if not each.startswith(("http://", "https://", "mailto:"))]
