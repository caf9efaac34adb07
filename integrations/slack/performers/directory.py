"""Reading the workspace's user groups and people into the directory; the groups first, for they are one call.

A large workspace has more pages than one lease or one minute's budget has room for. Each page is stored when it is
read, and the cursor is kept in memory: when the budget or Slack says wait, the next try goes on where this one stopped.
A process that starts anew, or another replica, begins at the first page; the directory counts as complete when one of
them reached the end.
"""

from __future__ import annotations

from integrations.slack.failures import SlackDeclined
from integrations.slack.performers.performer import EffectContext, SyncProgress
from integrations.slack.rate_limits import PAGE, next_cursor
from integrations.slack.reader import groups_of, person_from
from warroom.errors import Retryable
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import SyncDirectory

PAGES_AT_ONCE = 5
"""Pages read under one lease."""


async def sync_directory(context: EffectContext[SyncDirectory]) -> None:
    """Read people page by page, then groups. Raises Retryable while there is more to read."""
    progress = context.deps.sync
    if progress.cursor is None and not progress.people_read:
        await _read_groups(context)
    for _ in range(PAGES_AT_ONCE):
        if progress.people_read:
            break
        await _read_page(context, progress)
    if not progress.people_read:
        raise Retryable("there are more people to read", after=0.0)
    await context.deps.store.commit(Changeset(now=context.now, directory_complete=True))
    context.deps.sync = SyncProgress()


async def _read_page(context: EffectContext[SyncDirectory], progress: SyncProgress) -> None:
    try:
        page = await context.call("users.list", limit=PAGE, cursor=progress.cursor)
    except SlackDeclined as refusal:
        if refusal.code != "invalid_cursor" or progress.cursor is None:
            raise
        # Cursors expire; what was read is stored, and reading it again is harmless.
        progress.cursor = None
        raise Retryable("the list of people must be read from its start again") from refusal
    people = tuple(person_from(user) for user in page.get("members") or [])
    await context.deps.store.commit(Changeset(now=context.now, people=people))
    progress.cursor = next_cursor(page)
    progress.people_read = progress.cursor is None


async def _read_groups(context: EffectContext[SyncDirectory]) -> None:
    await context.deps.store.commit(Changeset(now=context.now, groups=await groups_of(context.line)))
