"""The full text of incidents: SQLite's FTS5, PostgreSQL's text search. Both know English word forms."""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlalchemy as sa

from storage.sql import rows
from storage.sql.connection import Connected
from storage.sql.tables import INCIDENT
from warroom.incident.model import Incident, State

OVER = [State.RESOLVED.value, State.CLOSED.value]
_WORD = re.compile(r"[a-z0-9]+")

_WORDS = sa.table("incident_words", sa.column("rowid", sa.Integer), sa.column("incident_words", sa.Text))
"""SQLite's table of words, which triggers keep; its own name as a column is what MATCH and bm25 take."""


class SqlWords(Connected):
    """`warroom.stores.FullText`."""

    async def ended_with(self, words: Sequence[str], limit: int) -> list[Incident]:
        """See `warroom.stores.FullText.ended_with`."""
        asked = self._query(words)
        if asked is None:
            return []
        there = sa.and_(INCIDENT.c.state.in_(OVER), INCIDENT.c.private.is_(False))
        if self._address.kind == "postgresql":
            vector, query = _vector(), _asked(asked)
            found = sa.select(INCIDENT).where(vector.op("@@")(query), there)
            found = found.order_by(sa.func.ts_rank(vector, query).desc(), INCIDENT.c.number.desc())
        else:
            joined = INCIDENT.join(_WORDS, _WORDS.c.rowid == INCIDENT.c.number)
            found = sa.select(INCIDENT).select_from(joined).where(_WORDS.c.incident_words.match(asked), there)
            found = found.order_by(sa.func.bm25(_WORDS.c.incident_words), INCIDENT.c.number.desc())
        async with self._reading() as conn:
            return [rows.incident_of(row) for row in (await conn.execute(found.limit(limit))).mappings()]

    async def count_with(self, groups: Sequence[Sequence[str]]) -> list[int]:
        """See `warroom.stores.FullText.count_with`."""
        async with self._reading() as conn:
            return [int((await conn.execute(self._count(words))).scalar_one()) for words in groups]

    def _count(self, words: Sequence[str]) -> sa.Select[int]:
        asked = self._query(words)
        if asked is None:
            return sa.select(sa.literal(0, sa.Integer))
        if self._address.kind == "postgresql":
            return sa.select(sa.func.count()).select_from(INCIDENT).where(_vector().op("@@")(_asked(asked)))
        return sa.select(sa.func.count()).select_from(_WORDS).where(_WORDS.c.incident_words.match(asked))

    def _query(self, words: Sequence[str]) -> str | None:
        """Any of the words, in the engine's language; None where no word is left. Words hold letters and digits alone."""
        plain = list(dict.fromkeys(word for each in words for word in _WORD.findall(each.casefold())))
        if not plain:
            return None
        return " | ".join(plain) if self._address.kind == "postgresql" else " OR ".join(f'"{word}"' for word in plain)


def _vector() -> sa.ColumnElement[object]:
    # As in the index, to the letter: otherwise PostgreSQL does not use it.
    return sa.func.to_tsvector(sa.literal_column("'english'"), INCIDENT.c.search)


def _asked(query: str) -> sa.ColumnElement[object]:
    return sa.func.to_tsquery(sa.literal_column("'english'"), query)
