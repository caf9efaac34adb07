"""Lines of a log as templates: which are new, and which have become more. Pure.

Clustered after the idea of Drain (He and others, "Drain: An Online Log Parsing Approach with Fixed Depth Tree", 2017): what looks
like a value is masked, lines of as many words and the same beginning are compared word by word, and where enough words agree
the others become a placeholder. Written here in a hundred lines: see docs/dependencies.md for why no library does it.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from warroom.investigation.model import Findings

LINE_LIMIT = 400
"""Characters of a line that are looked at."""
WORD_LIMIT = 40
ALIKE = 0.6
"""Share of words that must agree."""
MOST_TEMPLATES = 2_000
ANY = "<*>"

_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I), "<id>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<address>"),
    (re.compile(r"\b(?:0x)?[0-9a-f]{8,}\b", re.I), "<id>"),
    (re.compile(r"(?<![A-Za-z])[-+]?\d+(?:[.,:]\d+)*"), "<n>"),
)
BAD_WORDS = re.compile(
    r"error|fail|fatal|panic|exception|timeout|timed out|refused|denied|unavailable|expired|exhaust|out of memory|oom|killed|"
    r"cannot|could not|unable|no space|deadlock|too many|reset by peer|certificate|invalid|unreachable",
    re.I,
)


@dataclass(frozen=True)
class LogTemplate:
    """Lines that say the same. `usual` is how many a window had before."""

    text: str
    sample: str
    first: datetime
    count: int
    usual: float
    new: bool
    weight: float
    """0 to 1: how much it tells."""
    query: str = ""
    url: str = ""


@dataclass
class _Cluster:
    words: list[str]
    before: int = 0
    during: int = 0
    first: datetime | None = None
    sample: str = ""
    times: list[datetime] = field(default_factory=list)


def masked(line: str) -> list[str]:
    """The words of a line, values replaced by what they are."""
    line = line[:LINE_LIMIT]
    for pattern, name in _MASKS:
        line = pattern.sub(name, line)
    return line.split()[:WORD_LIMIT] or [""]


def templates(findings: Findings) -> dict[str, tuple[LogTemplate, ...]]:
    """By service the templates that are new in the window or have grown, those that tell most first."""
    begins = findings.at - findings.window * 1.5
    found: dict[str, list[LogTemplate]] = defaultdict(list)
    for logs in sorted(findings.logs, key=lambda each: (each.service, each.source, each.query)):
        clusters: dict[tuple[int, str], list[_Cluster]] = defaultdict(list)
        known = 0
        earliest = latest = None
        for line in sorted(logs.lines, key=lambda each: (each.at, each.text)):
            if line.at > findings.until:
                continue
            earliest, latest = earliest or line.at, line.at
            words = masked(line.text)
            place = clusters[len(words), words[0] if not words[0].startswith("<") else ANY]
            cluster = _matching(place, words)
            if cluster is None:
                if known >= MOST_TEMPLATES:
                    continue
                known += 1
                cluster = _Cluster(words)
                place.append(cluster)
            else:
                pairs = zip(cluster.words, words, strict=True)
                cluster.words = [mine if mine == other else ANY for mine, other in pairs]
            if line.at < begins:
                cluster.before += 1
            else:
                cluster.during += 1
                if cluster.first is None:
                    cluster.first, cluster.sample = line.at, line.text[:LINE_LIMIT]
        if earliest is None or latest is None:
            continue
        past = max(0.0, (begins - earliest).total_seconds())
        now = max(1.0, (latest - max(begins, earliest)).total_seconds())
        for cluster in (each for place in clusters.values() for each in place):
            if (template := _told(cluster, past, now, logs.query, logs.url)) is not None:
                found[logs.service].append(template)
    return {
        service: tuple(sorted(each, key=lambda one: (-one.weight, one.first, one.text))[:5])
        for service, each in found.items()
    }


def _matching(place: Sequence[_Cluster], words: Sequence[str]) -> _Cluster | None:
    best, most = None, ALIKE
    for cluster in place:
        same = sum(a == b for a, b in zip(cluster.words, words, strict=True)) / len(words)
        if same >= most and (best is None or same > most):
            best, most = cluster, same
    return best


def _told(cluster: _Cluster, past: float, now: float, query: str, url: str) -> LogTemplate | None:
    """What a template says, when it is new or several times as frequent as it was."""
    if not cluster.during or cluster.first is None:
        return None
    usual = cluster.before / past * now if past else 0.0
    # How many times as many as before, one seen before and one after taken off for luck.
    grown = (cluster.during + 0.5) / (usual + 1.5)
    if past and cluster.before and (grown < 3 or cluster.during < 5):
        return None
    bad = bool(BAD_WORDS.search(cluster.sample))
    new = not cluster.before
    certain = 1.0 if past else 0.5
    weight = certain * min(1.0, math.log1p(cluster.during) / 4) * (1.0 if bad else 0.35) * (1.0 if new else 0.7)
    return LogTemplate(
        " ".join(cluster.words), cluster.sample, cluster.first, cluster.during, usual, new, weight, query, url
    )
