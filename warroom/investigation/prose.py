"""What a language model wrote about an answer, and how it is checked: every sentence rests on what was collected. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from warroom.changes.model import Change
from warroom.investigation.model import Answer, Evidence, Findings
from warroom.text import clean, cut
from warroom.value import Stored

MOST_ITEMS = 60
"""Items that a model is given to begin with."""
MOST_OF_A_KIND = 10
"""Changes and facts, each, beside those that are evidence already."""
LONGEST_ITEM = 400
MOST_SENTENCES, LONGEST_SENTENCE = 8, 350
MOST_CITED = 20

Kind = Literal["series", "log", "change", "fact", "graph", "similar", "ruled_out"]


class Item(Stored):
    """One thing that was collected, under the id by which a sentence cites it."""

    id: str
    kind: Kind
    text: str
    service: str = ""
    at: datetime | None = None
    url: str = ""


class Sentence(Stored):
    """One sentence, and the ids of the items that it rests on."""

    text: str
    cites: tuple[str, ...]


class Prose(Stored):
    """What a model made of the answer of one run."""

    run: int
    pending: bool = False
    """It was asked, and has not answered yet."""
    sentences: tuple[Sentence, ...] = ()
    cited: tuple[Item, ...] = ()
    """What the sentences cite."""
    left_out: int = 0
    """Sentences that cited nothing, or nothing that was collected."""
    look_ups: int = 0
    tokens: int = 0
    problem: str = ""
    """Why there is none; "" where there is, or it is awaited."""


def identified(items: Iterable[Item], after: int = 0) -> tuple[Item, ...]:
    """The items under ids of their own, counted on from `after`, each text in the length in which it is kept."""
    return tuple(
        each.copy_with(
            id=f"E{number}",
            text=cut(" ".join(clean(each.text).split()), LONGEST_ITEM),
            service=cut(each.service, 100),
            url=each.url if len(each.url) <= 2_000 else "",
        )
        for number, each in enumerate(items, after + 1)
    )


def material_of(answer: Answer, findings: Findings) -> tuple[Item, ...]:
    """What a model is given: all evidence of the answer, what was ruled out, incidents like it, changes and facts of the time."""
    found = [*_of_causes(answer)]
    found += [Item(id="", kind="ruled_out", service=each.service, text=each.why) for each in answer.ruled_out]
    found += [
        Item(
            id="",
            kind="similar",
            service=each.cause or "",
            text=f"#{each.number} {each.title}" + (f"; fixed by: {each.fixed_by}" if each.fixed_by else ""),
            url=each.url,
        )
        for each in answer.similar
    ]
    named = {each.change.id for each in answer.causes if each.change}
    found += [of_change(each) for each in findings.changes[-MOST_OF_A_KIND:] if each.id not in named]
    found += [
        Item(id="", kind="fact", service=each.service, text=each.text, at=each.at, url=each.url)
        for each in findings.facts[-MOST_OF_A_KIND:]
    ]
    return identified(found[:MOST_ITEMS])


def of_change(change: Change) -> Item:
    """A change as an item, without its id."""
    said = " ".join(part for part in (change.kind, change.version) if part)
    text = f"{said}: {change.text}" if change.text else said
    return Item(id="", kind="change", service=change.service, text=text, at=change.at, url=change.url)


def _of_causes(answer: Answer) -> Iterator[Item]:
    for cause in answer.causes:
        for each in cause.evidence:
            yield _item(cause.service, each, "")
        for each in cause.against:
            yield _item(cause.service, each, "Against it: ")


def _item(service: str, each: Evidence, before: str) -> Item:
    return Item(id="", kind=each.kind, service=service, text=f"{before}{each.text}", at=each.since, url=each.url)


_CITED = re.compile(r"\[\s*(E\d{1,4}(?:\s*[,;]\s*E\d{1,4})*)\s*\]")
_BEHIND = re.compile(rf"([.!?])\s*((?:{_CITED.pattern}\s*)+)")
"""Ids behind the full stop belong to the sentence before it."""
_END = re.compile(r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)\s+")
_MARKED = re.compile(r"^\s*(?:[-*•#>]+|\d{1,2}[.)])\s+")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|\bwww\.|\bmailto:|[\w.+-]+@[\w-]+\.\w", re.IGNORECASE)
_FORMATTING = str.maketrans("", "", "*`")
"""Of Markdown, which models like to write; what else looks like formatting is drawn as it is."""


def checked(written: str, items: Sequence[Item]) -> tuple[tuple[Sentence, ...], int]:
    """(the sentences that may be shown, how many may not). One is left out that has no id, an id that was not given out, or an
    address of its own.
    """
    known = {each.id for each in items}
    kept: list[Sentence] = []
    left_out = 0
    for said in _sentences(written):
        cites = tuple(dict.fromkeys(re.findall(r"E\d+", " ".join(each[1] for each in _CITED.finditer(said)))))
        text = " ".join(_CITED.sub(" ", said).translate(_FORMATTING).split())
        text = re.sub(r"\s+([.,;:!?])", r"\1", text)
        if len(re.sub(r"[\W_]", "", text)) < 3:
            continue
        if not cites or not known.issuperset(cites) or _ADDRESS.search(said) or len(kept) >= MOST_SENTENCES:
            left_out += 1
            continue
        kept.append(Sentence(text=cut(text, LONGEST_SENTENCE), cites=cites))
    return tuple(kept), left_out


LONGEST_READ = 12_000
"""Characters of what a model wrote that are read."""


def _sentences(written: str) -> Iterator[str]:
    for line in clean(written[:LONGEST_READ]).splitlines():
        moved = _BEHIND.sub(lambda found: f" {found[2].strip()}{found[1]} ", _MARKED.sub("", line))
        yield from (each for each in _END.split(moved) if each.strip())


def cited_of(sentences: Sequence[Sentence], items: Sequence[Item]) -> tuple[Item, ...]:
    """The items that the sentences cite, in the order of their ids, as many as are shown."""
    wanted = {each for sentence in sentences for each in sentence.cites}
    return tuple(each for each in items if each.id in wanted)[:MOST_CITED]
