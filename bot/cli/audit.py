"""What the command line changes is a row of the audit trail, as every gesture in Slack does."""

from __future__ import annotations

from bot.clock import SystemClock
from warroom.outbox.changes import Audited, Changeset
from warroom.stores import Commits

OPERATOR = "command line"


async def leave_row(store: Commits, what: str, said: str, incident: str | None = None, result: str = "done") -> None:
    """The operator did that just now. Raises StoreUnavailable."""
    now = SystemClock().now()
    row = Audited(at=now, by=OPERATOR, what=what, incident=incident, said=said[:1000], result=result)
    await store.commit(Changeset(now=now, audited=(row,)))
