"""What is to be seen in Slack of each effect, counted."""

from __future__ import annotations

from sandbox.model import SlackMessage
from tests.reliability.effect_case import (
    GROUP,
    Count,
    Run,
)
from tests.reliability.promises import rooms_of, said_under
from warroom.incident.events import PageReason, PeoplePaged


async def shown_runs(run: Run) -> int:
    return sum("Look around" in each.plain() for each in notices(run))


async def stopped_runs(run: Run) -> int:
    return sum("closed" in each.plain() for each in notices(run) if "Look around" in each.plain())


async def group_follows(run: Run) -> int:
    return int(run.house.slack.usergroup(GROUP).users == [run.noted["person"]])


async def silent_pages(run: Run) -> int:
    entries = await run.house.store.timeline(run.known.id)
    return sum(isinstance(each.event, PeoplePaged) and each.event.reason is PageReason.SILENCE for each in entries)


async def told_everybody(run: Run) -> int:
    return len(said_under(run.house.slack, run.noted["key"]))


def notices(run: Run) -> list[SlackMessage]:
    room = run.house.room(run.known)
    return [each for each in room.log if each.by_app and not each.deleted and each.ts != run.known.room.card_ts]


async def rooms(run: Run) -> int:
    return len(rooms_of(run.house.slack, run.known))


def said(part: str) -> Count:
    async def count(run: Run) -> int:
        return len(said_under(run.house.slack, f"{run.known.id}:{part}"))

    return count


def drawn(part: str) -> Count:
    """How many of these messages show who acknowledged."""

    async def count(run: Run) -> int:
        ada = run.house.slack.person("ada").id
        return sum(
            f"<@{ada}>" in each.plain() + str(each.blocks)
            for each in said_under(run.house.slack, f"{run.known.id}:{part}")
        )

    return count


async def pins(run: Run) -> int:
    return len(run.house.room(run.known).pins)


def lines(subtype: str) -> Count:
    """Lines that Slack itself writes into the room."""

    async def count(run: Run) -> int:
        return sum(each.subtype == subtype for each in run.house.room(run.known).notices)

    return count


async def joined(run: Run) -> int:
    house = run.house
    grace = house.slack.person("grace").id
    return sum(each.subtype == "channel_join" and each.user == grace for each in house.room(run.known).notices)


async def archivings(run: Run) -> int:
    assert run.house.room(run.known).is_archived
    return sum(each.subtype == "channel_archive" for each in run.house.room(run.known).notices)


async def new_rooms(run: Run) -> int:
    return sum(not each.is_archived for each in rooms_of(run.house.slack, run.known))


async def bookmarks(run: Run) -> int:
    return len(run.house.room(run.known).bookmarks)


async def posts(run: Run) -> int:
    return sum("SEV-2" in each.plain() for each in notices(run))


async def withdrawn(run: Run) -> int:
    return int(not notices(run))


async def files(run: Run) -> int:
    return sum(file.name.endswith(".md") for file in run.house.room(run.known).files)


async def canvases(run: Run) -> int:
    made = run.house.slack.workspace.canvases.values()
    stored = await run.house.store.incident(run.known.id)
    shown = stored.room.canvas_id if stored else None
    return sum(each.title == f"Post-mortem {run.known.name}" and each.id == shown for each in made)


async def pictures(run: Run) -> int:
    return sum(file.name.startswith("timeline-") for file in run.house.room(run.known).files)


async def investigations(run: Run) -> int:
    return len(said_under(run.house.slack, f"{run.known.id}:investigation"))


async def found(run: Run) -> int:
    name = f"investigation-inc-{run.known.number}-{run.noted['run']}.png"
    return sum(file.name == name for file in run.house.room(run.known).files)


async def reviews(run: Run) -> int:
    return len(said_under(run.house.slack, f"review:{run.noted['week']}"))


async def charts_sent(run: Run) -> int:
    return sum(file.name == "incidents.png" and bool(file.shares) for file in run.house.slack.workspace.files.values())


async def charts(run: Run) -> int:
    return await charts_sent(run) - run.seen


async def answers(run: Run) -> int:
    return len(run.house.slack.ephemerals("ada")) - run.seen


async def private_replies(run: Run) -> int:
    slack = run.house.slack
    return sum(each.text == run.noted["text"] for each in [*slack.ephemerals("ada"), *slack.direct("ada")])


async def homes(run: Run) -> int:
    return int(run.known.name in str(run.house.slack.home("ada")))


async def people(run: Run) -> int:
    return int(await run.house.store.person(run.noted["person"]) is not None)


async def incidents(run: Run) -> int:
    return await run.house.store.last_number() - run.seen


def direct_to_ben(run: Run) -> list[SlackMessage]:
    """Ben is on call, so he is paged."""
    return [each for each in run.house.slack.direct("ben") if f"{run.known.name} " in each.plain()]


async def written_to_ben(run: Run) -> int:
    return len(direct_to_ben(run))


async def ben_sees_who_has_it(run: Run) -> int:
    ada = run.house.slack.person("ada").id
    return sum(f"by <@{ada}>" in each.plain() for each in direct_to_ben(run))


async def replies(run: Run) -> int:
    log = run.house.slack.channel("general").log
    return sum(len(each.replies) for each in log if each.ts == run.noted["ts"])


async def out(run: Run) -> int:
    """Whether it is known that Ben is not in the room."""
    found = await run.house.store.incident(run.known.id)
    return int(found is not None and not found.shown_to(run.house.slack.person("ben").id))
