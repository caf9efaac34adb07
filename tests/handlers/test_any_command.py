"""Whatever somebody types after /incident is done or refused in words; nothing breaks, and nothing typed mentions anybody."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.commands import SUBCOMMANDS, listener
from storage import Database
from tests.clock import NIGHT, ManualClock
from tests.handlers.conftest import COMPANY, ONCALL, HandlerHarness, OneMessage
from tests.people import ADA, GRACE, StoredPeople
from tests.stores import empty, fresh_store
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import Effect, OpenRoom, Post, PrivateReply, ShareDocument, ShowCard
from warroom.policy import check
from warroom.ports import World

NAMES = st.sampled_from([name for each in SUBCOMMANDS for name in (each.name, *each.also)])
WORDS = ["#1", "1", "#99999999999999999999", "--sev", "--sev=1", "—team", "add", "due", "friday", "commander"]
MARKUP = ["@ada", "<@UADA>", "<!channel>", "<!subteam^SONCALL>", "<#C1|x>", "&lt;!here&gt;", "```"]
PIECES = st.sampled_from(WORDS) | st.sampled_from(MARKUP) | st.sampled_from("“\"',\x00\ud800\u202e")
TYPED = st.builds(
    lambda name, rest: f"{name} {' '.join(rest)}",
    NAMES | st.text(max_size=5),
    st.lists(PIECES | st.text(max_size=6), max_size=8),
)

SEEN = (PrivateReply, Post, ShowCard, OpenRoom, ShareDocument)
"""Effects by which whoever typed sees what came of it."""


async def play(typed: list[str]) -> list[tuple[list[Effect], int]]:
    """The commands one after another, as Slack delivers them. For each (effects it asked for, forms it opened).

    Raises whatever a listener raises.
    """
    async with fresh_store() as store:
        return await play_in(store, typed)


async def play_in(store: Database, typed: list[str]) -> list[tuple[list[Effect], int]]:
    """The same in an empty store that is open already."""
    checked = check(COMPANY)
    assert checked.policy is not None
    await store.commit(Changeset(now=NIGHT, people=(ADA, GRACE), groups=(ONCALL,), directory_complete=True))
    world = World(store, StoredPeople(store), checked.policy, ManualClock(), OneMessage(), lambda: None)
    desk = HandlerHarness(world, ManualClock())
    await desk.room()
    await desk.outbox()
    answers = []

    async def ack(**_: object) -> None:
        return None

    for number, text in enumerate(typed):
        body = {"user_id": "UADA", "channel_id": "C1", "text": text, "command": "/incident", "trigger_id": f"t{number}"}
        opened = len(desk.forms.views)
        await listener(world)(ack=ack, body=body, client=desk.client)
        answers.append((await desk.outbox(), len(desk.forms.views) - opened))
    assert len(await store.audit(limit=100)) == len(typed)
    return answers


def test_any_command_is_answered() -> None:
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        store = runner.run(opened.enter_async_context(fresh_store()))

        @settings(max_examples=60)
        @given(st.lists(TYPED, min_size=1, max_size=4))
        def answered(typed: list[str]) -> None:
            runner.run(empty(store))
            answers = runner.run(play_in(store, typed))
            for text, (effects, forms) in zip(typed, answers, strict=True):
                private_replies = [effect for effect in effects if isinstance(effect, PrivateReply)]
                seen = [effect for effect in effects if isinstance(effect, SEEN)]
                assert len(seen) + forms > 0, f"nobody sees that {text!r} was typed"
                for private_reply in private_replies:
                    shown = json.dumps(private_reply.blocks) + private_reply.text
                    assert private_reply.text
                    assert "<!channel" not in shown
                    assert "<!subteam" not in shown

        answered()
        runner.run(opened.aclose())
