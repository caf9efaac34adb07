"""Reading the workspace's user groups and people into the directory; the groups first, for they are one call.

A large workspace has more pages than one lease or one minute's budget has room for. Each page is stored when it is
read, and the cursor is kept in memory: when the budget or Slack says wait, the next try goes on where this one stopped.
A process that starts anew, or another replica, begins at the first page; the directory counts as complete when one of
them reached the end.
"""

from __future__ import annotations

from integrations.slack.failures import Declined
from integrations.slack.line import PAGE, next_cursor
from integrations.slack.people import groups_of, person_from
from integrations.slack.performers.act import Act, SyncProgress
from warroom.changes import Changeset
from warroom.effects import SyncDirectory
from warroom.errors import Retryable

PAGES_AT_ONCE = 5
"""Pages read under one lease."""


async def sync_directory(act: Act[SyncDirectory]) -> None:
    """Read people page by page, then groups. Raises Retryable while there is more to read."""
    progress = act.desk.sync
    if progress.cursor is None and not progress.people_read:
        await _read_groups(act)
    for _ in range(PAGES_AT_ONCE):
        if progress.people_read:
            break
        await _read_page(act, progress)
    if not progress.people_read:
        raise Retryable("there are more people to read", after=0.0)
    await act.desk.store.commit(Changeset(now=act.now, directory_complete=True))
    act.desk.sync = SyncProgress()


async def _read_page(act: Act[SyncDirectory], progress: SyncProgress) -> None:
    try:
        page = await act.call("users.list", limit=PAGE, cursor=progress.cursor)
    except Declined as refusal:
        if refusal.code != "invalid_cursor" or progress.cursor is None:
            raise
        # Cursors expire; what was read is stored, and reading it again is harmless.
        progress.cursor = None
        raise Retryable("the list of people must be read from its start again") from refusal
    people = tuple(person_from(user) for user in page.get("members") or [])
    await act.desk.store.commit(Changeset(now=act.now, people=people))
    progress.cursor = next_cursor(page)
    progress.people_read = progress.cursor is None


async def _read_groups(act: Act[SyncDirectory]) -> None:
    await act.desk.store.commit(Changeset(now=act.now, groups=await groups_of(act.line)))
