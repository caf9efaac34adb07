"""Messages of Datadog's Slack app as alerts: the same ones, with the same keys, as its webhook brings.

Nothing in such a message is promised by Datadog (https://docs.datadoghq.com/integrations/slack/): the link to the
monitor says most, then the title's first word, then whatever text there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from integrations.datadog.parsing.texts import from_link
from integrations.datadog.parsing.variables import read
from warroom.alerts.app_messages import author_of
from warroom.alerts.model import Alert
from warroom.alerts.parsing import words
from warroom.alerts.parsing.body import Unusable
from warroom.alerts.parsing.fields import plain_name
from warroom.alerts.parsing.formats import Arrival
from warroom.alerts.parsing.keys import names_an_event
from warroom.alerts.parsing.parse import Parsed

SENDER = "datadog"
"""How the app is called, without case."""
MOST_PARTS = 20
_LINK = re.compile(r"<(https?://[^|<>\s]+)(?:\|([^<>]*))?>")
_EMOJI = re.compile(r"^(?:\s*:[a-z0-9_+-]+:)+\s*")
_PREFIX = re.compile(
    r"^(?P<word>[A-Za-z][A-Za-z -]{1,20}?)(?: on (?P<scope>\{.{0,2000}?\}))?\s*:\s+(?P<name>.+)$", re.DOTALL
)
_TAGS = re.compile(r"^\*?(?:related )?tags\*?:?\*?[ \t]+(?P<tags>\S.*)$", re.IGNORECASE | re.MULTILINE)
_DULL = frozenset({"notified", "tags", "relatedtags"})


class Piece(NamedTuple):
    """What one attachment, or the message itself, says."""

    title: str = ""
    link: str = ""
    text: str = ""
    image: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def wrote(message: Mapping[str, Any]) -> bool:
    """Whether an app called Datadog wrote it, or one without a name that links to a monitor."""
    names = author_of(message).names
    return any(name.startswith(SENDER) for name in names) or (not names and bool(_monitor_link(_pieces(message))))


def parse_message(message: Mapping[str, Any], channel_id: str, received_at: datetime) -> Parsed:
    """The alerts in a message, usually one; none, and nothing refused, when it is no monitor's message. Raises nothing."""
    pieces = _pieces(message)
    heads = [piece for piece in pieces if _is_head(piece)]
    if not heads and (link := _monitor_link(pieces)):
        title = next((piece.title for piece in pieces if piece.title), "")
        heads = [Piece(title=title, link=link)]
    alerts: dict[str, Alert] = {}
    refused = []
    ts = str(message.get("ts") or "")
    for number, head in enumerate(heads):
        others = [piece for piece in pieces if piece is not head and not _is_head(piece)] if number == 0 else []
        try:
            alert = _alert(head, others, ts, received_at)
        except Unusable as error:
            refused.append(f"The message {ts} {error.reason}.")
            continue
        if not names_an_event(alert.delivery_id):
            place = f":{number}" if number else ""
            alert = alert.copy_with(delivery_id=f"1:slack:{channel_id}:{ts}{place}:{alert.transition}")
        alerts.setdefault(alert.delivery_id, alert)
    return Parsed(alerts=tuple(alerts.values()), refused=tuple(refused))


def _alert(head: Piece, others: Sequence[Piece], ts: str, received_at: datetime) -> Alert:
    word, title = _heading(head.title)
    texts = [piece.text for piece in (head, *others) if piece.text]
    text = "\n".join(dict.fromkeys(texts))
    link = _monitor_link([head]) or _monitor_link(others) or head.link
    fields = [pair for piece in (head, *others) for pair in piece.fields]
    tags = [value for name, value in fields if plain_name(name) in ("tags", "relatedtags")]
    tags += [found["tags"] for found in _TAGS.finditer(text)]
    item: dict[str, object] = {name: value for name, value in fields if plain_name(name) not in _DULL}
    item |= {
        "title": title,
        "body": text,
        "link": link,
        "snapshot": next((piece.image for piece in (head, *others) if piece.image), ""),
        "tags": ",".join(tag.strip(" `") for part in tags for tag in part.split(",")),
        "date": _event_time(link) or ts,
    }
    if word:
        item["alert_transition"] = word
    return read(item, Arrival(received_at))


def _heading(title: str) -> tuple[str, str]:
    """(the transition's word or "", the title as the webhook words it)."""
    title = _EMOJI.sub("", title).strip()
    found = _PREFIX.match(title)
    if found and words.of_title(found["word"]) is not None:
        scope = f" on {found['scope']}" if found["scope"] else ""
        return found["word"], f"[{found['word']}{scope}] {found['name'].strip()}"
    return "", title


def _is_head(piece: Piece) -> bool:
    return bool(piece.title) and (bool(_heading(piece.title)[0]) or from_link(piece.link).monitor_id is not None)


def _monitor_link(pieces: Sequence[Piece]) -> str:
    for piece in pieces:
        for said in (piece.link, piece.text):
            if (found := from_link(said)).monitor_id is not None:
                return found.link or ""
    return ""


def _event_time(link: str) -> str:
    """Seconds since 1970 that the link names, "" when it names none."""
    try:
        query = parse_qs(urlsplit(link).query, max_num_fields=50)
    except ValueError:
        return ""
    return query.get("link_event_ts", [""])[0]


def _pieces(message: Mapping[str, Any]) -> list[Piece]:
    """The message's attachments, then the message itself with its blocks; empty ones left out."""
    parts = [_mapping(part) for part in _list(message.get("attachments"))[:MOST_PARTS]]
    found = [_piece(part) for part in parts]
    whole = _blocks(message.get("blocks"))
    said = _plain(message.get("text"))
    if not whole.title and not found:
        first, _, rest = said.partition("\n")
        whole = whole._replace(title=first, text=whole.text or rest)
    found.append(whole._replace(text=whole.text or said))
    return [piece for piece in found if any(piece)]


def _piece(part: Mapping[str, Any]) -> Piece:
    inside = _blocks(part.get("blocks"))
    fallback = _plain(part.get("fallback"))
    text = _plain(part.get("text")) or inside.text
    link = _string(part.get("title_link")) or inside.link or _string(part.get("from_url"))
    entries = [_mapping(entry) for entry in _list(part.get("fields"))[:MOST_PARTS]]
    return Piece(
        title=_plain(part.get("title")) or inside.title or (fallback.partition("\n")[0] if not text else ""),
        link=link,
        text="\n".join(filter(None, (_plain(part.get("pretext")), text))),
        image=_string(part.get("image_url")) or inside.image,
        fields=tuple((_plain(each.get("title")), _plain(each.get("value"))) for each in entries) + inside.fields,
    )


def _blocks(blocks: object) -> Piece:
    """What Block Kit says: the header or first linked line is the title."""
    title = link = image = ""
    texts: list[str] = []
    for block in map(_mapping, _list(blocks)[: 2 * MOST_PARTS]):
        kind = block.get("type")
        image = image or _string(block.get("image_url"))
        if kind == "header":
            title = title or _plain(_mapping(block.get("text")).get("text"))
            continue
        for raw in _texts(block):
            found = _LINK.search(raw)
            if found and not link and from_link(found[1].replace("&amp;", "&")).monitor_id:
                link = found[1].replace("&amp;", "&")
                if not title and found[2]:
                    title, raw = _plain(raw.partition("\n")[0]), raw.partition("\n")[2]
            texts.append(_plain(raw))
        link = link or next((url for url in _urls(block) if from_link(url).monitor_id), "")
    if not title and texts:
        title, _, rest = texts[0].partition("\n")
        texts[0] = rest
    return Piece(title.strip(" *"), link, "\n".join(text for text in texts if text), image)


def _texts(block: Mapping[str, Any]) -> Iterator[str]:
    yield from filter(None, (_string(_mapping(block.get("text")).get("text")),))
    for field in map(_mapping, _list(block.get("fields"))):
        yield from filter(None, (_string(field.get("text")),))
    if block.get("type") == "context":
        for element in map(_mapping, _list(block.get("elements"))):
            yield from filter(None, (_string(element.get("text")),))


def _urls(block: Mapping[str, Any]) -> Iterator[str]:
    for element in map(_mapping, [*_list(block.get("elements")), block.get("accessory")]):
        yield from filter(None, (_string(element.get("url")),))


def _plain(said: object) -> str:
    """Slack's markup as plain text: a link is its label. Entities are unescaped by whoever cleans the value."""
    return _LINK.sub(lambda found: found[2] or found[1], _string(said)).strip()


def _string(said: object) -> str:
    return said if isinstance(said, str) else ""


def _mapping(said: object) -> Mapping[str, Any]:
    return said if isinstance(said, Mapping) else {}


def _list(said: object) -> list[Any]:
    return said if isinstance(said, list) else []
