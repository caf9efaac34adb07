"""Every effect in Slack: how it comes about, which call it makes, and what is to be seen of it once it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.model import Json, SlackMessage, SlackUser
from tests.reliability.house import House
from tests.reliability.process import Forked
from tests.reliability.promises import rooms_of, said_under
from warroom.escalation.silence import read_activity
from warroom.incident.events import PageReason, PeoplePaged
from warroom.incident.model import Incident
from warroom.incident.record import read_members as members_of
from warroom.investigation.pictures import Picture
from warroom.oncall import shift_change
from warroom.oncall.model import Override, OverrideState, ScheduleState
from warroom.outbox.changes import Changeset
from warroom.outbox.effects import (
    ArchiveRoom,
    GroupNews,
    PostReview,
    PrivateReply,
    PublishHome,
    ReadAlertChannels,
    RenameRoom,
    ReplyToSource,
    ShareFindings,
    ShowInvestigation,
    ShowOverride,
    ShowRun,
    SyncDirectory,
    TellEverybody,
    TellMorning,
    TellShift,
    TellUserGroup,
    Withdraw,
)
from warroom.runbooks import run as runbooks

ALERTS = "datadog-alerts"
DUTY, GROUP = "duty", "duty-oncall"
"""A schedule, and the user group that is kept equal to who is on call in it."""
REPAGE_AFTER = timedelta(hours=12)
"""How long a severe incident may be silent: longer than any case lasts."""
DAY = timedelta(days=1)


def anything(_: Json) -> bool:
    """Every call of the method is meant."""
    return True


def keyed(part: str) -> Callable[[Json], bool]:
    """Messages of effects whose key has that part."""
    return lambda args: part in str(args.get("metadata"))


@dataclass
class Run:
    """One incident to which the trouble happens, and what was there before."""

    house: House[Forked]
    incident: Incident | None = None
    seen: int = 0
    noted: dict[str, str] = field(default_factory=dict)

    @property
    def known(self) -> Incident:
        assert self.incident is not None
        return self.incident


Step = Callable[[Run], Awaitable[None]]
Count = Callable[[Run], Awaitable[int]]


@dataclass(frozen=True)
class EffectCase:
    """`count` says how many results can be seen. `blind`: Slack gives no way to look for one, so that it is done again when
    an answer was not heard.
    """

    name: str
    effect: str
    method: str
    trigger: Step
    count: Count
    when: Callable[[Json], bool] = anything
    prepare: Step | None = None
    blind: bool = False
    cautious: bool = False
    """In doubt it is not done again."""


async def opened(run: Run) -> None:
    run.incident = await run.house.declared()


async def resolved(run: Run) -> None:
    await opened(run)
    await run.house.type("ada", "resolve rolled back", run.house.room(run.known))
    await run.house.settle()


async def told(run: Run) -> None:
    await opened(run)
    await severity(run)
    await run.house.settle()


async def declare(run: Run) -> None:
    await run.house.type("ada", "declare checkout returns 500s --sev 1 --team platform grace@example.com")


async def acknowledge(run: Run) -> None:
    house = run.house
    await house.slack.click("ada", house.room(run.known), house.card(run.known), "Acknowledge")


async def severity(run: Run) -> None:
    await run.house.type("ada", "sev 2", run.house.room(run.known))


async def rename(run: Run) -> None:
    await run.house.ask(RenameRoom(incident_id=run.known.id, key=f"{run.known.id}:rename"))


async def edited(run: Run) -> None:
    await opened(run)
    await run.house.type("ada", "edit title payments time out", run.house.room(run.known))
    await run.house.settle()


async def cancelled(run: Run) -> None:
    await opened(run)
    await run.house.type("ada", "cancel a drill", run.house.room(run.known))
    await run.house.settle()


async def archive(run: Run) -> None:
    await run.house.ask(ArchiveRoom(incident_id=run.known.id, key=f"{run.known.id}:archive"))


async def archived_by_hand(run: Run) -> None:
    await resolved(run)
    await run.house.slack.archive("grace", run.house.room(run.known))
    await run.house.settle()


async def reopen(run: Run) -> None:
    await run.house.type("ada", f"reopen #{run.known.number}")


async def withdraw(run: Run) -> None:
    ts = notices(run)[0].ts
    await run.house.ask(Withdraw(incident_id=run.known.id, key=f"{run.known.id}:withdraw:{ts}", ts=ts))


async def investigate(run: Run) -> None:
    await run.house.ask(ShowInvestigation(incident_id=run.known.id, key=f"{run.known.id}:investigation"))


async def findings(run: Run) -> None:
    points = tuple((run.known.declared_at + timedelta(minutes=each), float(each)) for each in range(5))
    picture = Picture(service="checkout", signal="errors", points=points)
    run.noted["run"] = str(len(run.house.slack.calls))
    key = f"{run.known.id}:findings:{run.noted['run']}"
    await run.house.ask(
        ShareFindings(incident_id=run.known.id, key=key, run=int(run.noted["run"]), pictures=(picture,))
    )


async def postmortem(run: Run) -> None:
    await run.house.type("ada", "postmortem", run.house.room(run.known))


async def ask_help(run: Run) -> None:
    run.seen = len(run.house.slack.ephemerals("ada"))
    await run.house.type("ada", "help")


async def private_reply(run: Run, channel: str | None) -> None:
    house = run.house
    run.noted["text"] = f"Only for Ada, {len(house.slack.calls)}"
    ada = house.slack.person("ada").id
    await house.ask(
        PrivateReply(key=f"private_reply:{run.noted['text']}", user=ada, channel=channel, text=run.noted["text"])
    )


async def private_reply_in_channel(run: Run) -> None:
    await private_reply(run, run.known.room.channel_id)


async def private_reply_directly(run: Run) -> None:
    await private_reply(run, None)


async def look_at_home(run: Run) -> None:
    ada = run.house.slack.person("ada").id
    await run.house.ask(PublishHome(key=f"home:{ada}", user=ada))


async def somebody_new(run: Run) -> None:
    workspace = run.house.slack.workspace
    name = f"new-{len(workspace.people)}"
    person = SlackUser("", name, name.title(), email=f"{name}@example.com")
    workspace.add_person(person)
    run.noted["person"] = person.id


async def sync(run: Run) -> None:
    await run.house.ask(SyncDirectory(key="directory"))


async def tell_everybody(run: Run) -> None:
    run.noted["key"] = f"unreadable:{len(run.house.slack.calls)}"
    await run.house.ask(TellEverybody(key=run.noted["key"], channel="#incidents", what="Alerts are not seen"))


async def ask_for_cover(run: Run) -> None:
    await _ask_for_cover(run, "#incidents")


async def ask_ben_for_cover(run: Run) -> None:
    await _ask_for_cover(run, run.house.slack.person("ben").id)


async def _ask_for_cover(run: Run, to: str) -> None:
    house, number = run.house, len(run.house.slack.calls)
    now, ada = house.slack.clock.now(), house.slack.person("ada").id
    asked = Override(
        id=f"cover{number}",
        schedule="platform",
        start=now,
        end=now + timedelta(hours=4),
        state=OverrideState.ASKED,
        by=ada,
        made_at=now,
    )
    run.noted["key"] = f"override:{asked.id}:{to}:v1"
    shown = ShowOverride(key=run.noted["key"], override_id=asked.id, to=to, news=True)
    await house.process.commit(Changeset(now=now, overrides=(asked,), effects=(shown,)))


async def shift_changes(run: Run) -> None:
    await shift_change_told(run, "#incidents")


async def ada_takes_over(run: Run) -> None:
    await shift_change_told(run, run.house.slack.person("ada").id)


async def shift_change_told(run: Run, to: str) -> None:
    house, ada = run.house, run.house.slack.person("ada").id
    known = await house.store.schedule_state("platform")
    state = (known or ScheduleState(schedule="platform", since=house.slack.clock.now())).copy_with(people=(ada,))
    run.noted["key"] = f"shift:{len(house.slack.calls)}"
    news = TellShift(key=run.noted["key"], schedule="platform", to=to, people=(ada,))
    await house.process.commit(Changeset(now=house.slack.clock.now(), schedule_states=(state,), effects=(news,)))


async def begin_run(run: Run) -> None:
    """A checklist: its steps call nobody."""
    known = await run.house.store.incident(run.known.id)
    assert known is not None
    book = {"key": "look", "name": "Look around", "checklist": "- [ ] look"}
    run.noted["run"] = name = f"{known.id}:run1"
    begun = runbooks.Run(
        id=name,
        number=1,
        incident_id=known.id,
        definition=book,
        begun_at=run.house.slack.clock.now(),
        steps=(runbooks.StepRun(id="box1", do="check", state=runbooks.StepState.ASKED, question="look"),),
    )
    shown = ShowRun(incident_id=known.id, key=f"{name}:show", run_id=name)
    await run.house.process.commit(Changeset(now=run.house.slack.clock.now(), runs=(begun,), effects=(shown,)))


async def run_shown(run: Run) -> None:
    await opened(run)
    await begin_run(run)
    await run.house.settle()


async def stop_run(run: Run) -> None:
    kept = await run.house.store.run(run.noted["run"])
    assert kept is not None
    over = kept.copy_with(state=runbooks.RunState.STOPPED)
    shown = ShowRun(incident_id=run.known.id, key=f"{over.id}:show", run_id=over.id)
    await run.house.process.commit(Changeset(now=run.house.slack.clock.now(), runs=(over,), effects=(shown,)))


async def shown_runs(run: Run) -> int:
    return sum("Look around" in each.plain() for each in notices(run))


async def stopped_runs(run: Run) -> int:
    return sum("stopped" in each.plain() for each in notices(run) if "Look around" in each.plain())


async def on_duty(run: Run) -> None:
    """Somebody else covers from now on."""
    house = run.house
    group, now = house.slack.usergroup(GROUP), house.slack.clock.now()
    ada, ben = house.slack.person("ada").id, house.slack.person("ben").id
    run.noted["person"] = ben if group.users == [ada] else ada
    cover = Override(
        id=f"duty{len(house.slack.calls)}",
        schedule=DUTY,
        start=now,
        end=now + timedelta(days=60),
        person=run.noted["person"],
        made_at=now,
    )
    await house.process.commit(Changeset(now=now, overrides=(cover,), timers=(shift_change.timer(DUTY, now),)))


async def group_follows(run: Run) -> int:
    return int(run.house.slack.usergroup(GROUP).users == [run.noted["person"]])


async def group_news(run: Run) -> None:
    run.noted["key"] = f"usergroup:{DUTY}:{len(run.house.slack.calls)}"
    ada = run.house.slack.person("ada").id
    news = TellUserGroup(key=run.noted["key"], schedule=DUTY, to="#incidents", news=GroupNews.SET_AGAIN, added=(ada,))
    await run.house.ask(news)


async def morning_comes(run: Run) -> None:
    """Ben is paged for an incident that waited for his morning."""
    house, ben = run.house, run.house.slack.person("ben").id
    now, stored = house.slack.clock.now(), await house.store.incident(run.known.id)
    assert stored is not None
    waited = stored.copy_with(escalation=stored.escalation.copy_with(waited=(ben,), waiting_until=now))
    run.noted["key"] = f"morning:{ben}:{len(house.slack.calls)}"
    told_of = TellMorning(key=run.noted["key"], user=ben, morning=now)
    await house.process.commit(Changeset(now=now, incident=waited, effects=(told_of,)))


async def acknowledged(run: Run) -> None:
    await opened(run)
    await acknowledge(run)
    await run.house.settle()


async def nobody_heard_of(run: Run) -> None:
    """Nobody has been heard of for longer than the policy allows."""
    house = run.house
    now, stored = house.slack.clock.now(), await house.store.incident(run.known.id)
    assert stored is not None
    silent = stored.copy_with(escalation=stored.escalation.copy_with(heard_at=now - 2 * REPAGE_AFTER))
    await house.process.commit(Changeset(now=now, incident=silent, effects=(read_activity(silent),)))


def whole_room(args: Json) -> bool:
    """Reading what was written last; alert channels are read from where reading stopped."""
    return not args.get("oldest") and not args.get("latest")


async def silent_pages(run: Run) -> int:
    entries = await run.house.store.timeline(run.known.id)
    return sum(isinstance(each.event, PeoplePaged) and each.event.reason is PageReason.SILENCE for each in entries)


async def told_everybody(run: Run) -> int:
    return len(said_under(run.house.slack, run.noted["key"]))


async def datadog_app(run: Run) -> SlackUser:
    """Datadog's Slack app, and the number of incidents before it says anything."""
    slack = run.house.slack
    run.seen = await run.house.store.last_number()
    known = next((each for each in slack.people() if each.name == "datadog"), None)
    app = known or await slack.save_person(SlackUser("", "datadog", "Datadog", is_bot=True))
    await run.house.settle()
    return app


async def missed_alert(run: Run) -> None:
    """Datadog posts, and Slack's event about it is lost."""
    slack, app = run.house.slack, await datadog_app(run)
    number = 9_000_000_000_000_000_000 + run.seen
    link = f"https://app.datadoghq.eu/monitors/{run.seen + 100}?event_id={number}"
    slack.sockets.held = []
    await slack.say(app.id, ALERTS, "", attachments=[{"title": "Triggered: Disk", "title_link": link, "text": ""}])
    slack.sockets.held = None


async def missed_reply(run: Run) -> None:
    """Datadog posts in a thread, and Slack's events about it are lost."""
    slack, app = run.house.slack, await datadog_app(run)
    number = 9_500_000_000_000_000_000 + run.seen
    link = f"https://app.datadoghq.eu/monitors/{run.seen + 5_000}?event_id={number}"
    slack.sockets.held = []
    parent = await slack.say(app.id, ALERTS, "", attachments=[{"title": "Monitors", "text": "what follows is below"}])
    alert = {"title": "Triggered: Threads", "title_link": link, "text": ""}
    await slack.say(app.id, ALERTS, "", attachments=[alert], thread=parent)
    slack.sockets.held = None


async def read_channels(run: Run) -> None:
    await run.house.ask(ReadAlertChannels())


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


async def resolve(run: Run) -> None:
    await run.house.type("ada", "resolve rolled back", run.house.room(run.known))


async def pictures(run: Run) -> int:
    return sum(file.name.startswith("timeline-") for file in run.house.room(run.known).files)


async def investigations(run: Run) -> int:
    return len(said_under(run.house.slack, f"{run.known.id}:investigation"))


async def found(run: Run) -> int:
    name = f"investigation-inc-{run.known.number}-{run.noted['run']}.png"
    return sum(file.name == name for file in run.house.room(run.known).files)


async def ask_review(run: Run) -> None:
    now = run.house.slack.clock.now()
    run.noted["week"] = week = f"{len(run.house.slack.calls)}"
    effect = PostReview(key=f"review:{week}", channel="#incidents", week=week, since=now - DAY, until=now)
    await run.house.ask(effect)


async def reviews(run: Run) -> int:
    return len(said_under(run.house.slack, f"review:{run.noted['week']}"))


async def ask_metrics(run: Run) -> None:
    run.seen = await _charts(run)
    await run.house.type("ada", "metrics")


async def _charts(run: Run) -> int:
    return sum(file.name == "incidents.png" and bool(file.shares) for file in run.house.slack.workspace.files.values())


async def charts(run: Run) -> int:
    return await _charts(run) - run.seen


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


async def reply_to_source(run: Run) -> None:
    message = await run.house.slack.say("ada", "general", "is checkout broken?")
    run.noted["ts"] = message.ts
    key, channel = f"{run.known.id}:source", run.house.slack.channel("general").id
    await run.house.ask(ReplyToSource(incident_id=run.known.id, key=key, channel=channel, ts=message.ts))


async def replies(run: Run) -> int:
    log = run.house.slack.channel("general").log
    return sum(len(each.replies) for each in log if each.ts == run.noted["ts"])


async def private_room(run: Run) -> None:
    """Ada and Ben are in a private room; Slack's word of Ben's leaving is lost."""
    house = run.house
    run.incident = await house.declared("leaked key --sev 1 --private @ben")
    slack = house.slack
    slack.sockets.held = []
    await slack.leave("ben", house.room(run.known))
    slack.sockets.held = None


async def read_members(run: Run) -> None:
    await run.house.ask(members_of(run.known))


async def out(run: Run) -> int:
    """Whether it is known that Ben is not in the room."""
    found = await run.house.store.incident(run.known.id)
    return int(found is not None and not found.shown_to(run.house.slack.person("ben").id))


EFFECT_CASES = (
    EffectCase("open the room", "open_room", "conversations.create", declare, rooms),
    EffectCase("post the card", "show_card", "chat.postMessage", declare, said("card"), keyed(":card")),
    EffectCase("redraw the card", "show_card", "chat.update", acknowledge, drawn("card"), keyed(":card"), opened),
    EffectCase(
        "rename the channel", "rename_room", "conversations.rename", rename, lines("channel_name"), prepare=edited
    ),
    EffectCase("archive the channel", "archive_room", "conversations.archive", archive, archivings, prepare=cancelled),
    EffectCase(
        "unarchive the channel, or open another",
        "unarchive_room",
        "conversations.unarchive",
        reopen,
        new_rooms,
        prepare=archived_by_hand,
    ),
    EffectCase("pin the card", "pin_card", "pins.add", declare, pins),
    EffectCase("invite", "invite", "conversations.invite", declare, joined),
    EffectCase("set the topic", "set_topic", "conversations.setTopic", declare, lines("channel_topic")),
    EffectCase("set the purpose", "set_purpose", "conversations.setPurpose", declare, lines("channel_purpose")),
    EffectCase("add a bookmark", "add_bookmark", "bookmarks.add", declare, bookmarks),
    EffectCase("announce", "announce", "chat.postMessage", declare, said("announce"), keyed(":announce")),
    EffectCase(
        "redraw the announcement", "announce", "chat.update", acknowledge, drawn("announce"), keyed(":announce"), opened
    ),
    EffectCase("tell the team", "tell_team", "chat.postMessage", declare, said("team"), keyed(":team")),
    EffectCase(
        "tell of an unreadable channel",
        "tell_everybody",
        "chat.postMessage",
        tell_everybody,
        told_everybody,
        keyed("unreadable:"),
    ),
    EffectCase(
        "ask who covers",
        "show_override",
        "chat.postMessage",
        ask_for_cover,
        told_everybody,
        keyed("override:"),
    ),
    EffectCase(
        "show a run of a runbook", "show_run", "chat.postMessage", begin_run, shown_runs, keyed(":show"), opened
    ),
    EffectCase("redraw it", "show_run", "chat.update", stop_run, stopped_runs, keyed(":show"), run_shown),
    EffectCase("say who takes over", "tell_shift", "chat.postMessage", shift_changes, told_everybody, keyed("shift:")),
    EffectCase(
        "ask a person to cover",
        "show_override",
        "chat.postMessage",
        ask_ben_for_cover,
        told_everybody,
        keyed("override:"),
        blind=True,
    ),
    EffectCase(
        "tell whoever takes over",
        "tell_shift",
        "chat.postMessage",
        ada_takes_over,
        told_everybody,
        keyed("shift:"),
        blind=True,
    ),
    EffectCase("keep a user group", "keep_user_group", "usergroups.users.update", on_duty, group_follows),
    EffectCase("look at a user group", "keep_user_group", "usergroups.users.list", on_duty, group_follows),
    EffectCase(
        "say what became of a user group",
        "tell_user_group",
        "chat.postMessage",
        group_news,
        told_everybody,
        keyed("usergroup:"),
    ),
    EffectCase(
        "page for what waited for the morning",
        "tell_morning",
        "chat.postMessage",
        morning_comes,
        told_everybody,
        keyed("morning:"),
        opened,
        cautious=True,
    ),
    EffectCase(
        "read whether anybody writes",
        "read_room_activity",
        "conversations.history",
        nobody_heard_of,
        silent_pages,
        whole_room,
        acknowledged,
    ),
    EffectCase("say something in the room", "post", "chat.postMessage", severity, posts, keyed(":post:"), opened),
    EffectCase(
        "page directly", "send_direct", "chat.postMessage", declare, written_to_ben, keyed(":page:"), cautious=True
    ),
    EffectCase(
        "redraw a direct message",
        "redraw_direct",
        "chat.update",
        acknowledge,
        ben_sees_who_has_it,
        keyed(":page:"),
        opened,
    ),
    EffectCase(
        "reply to the message it came from",
        "reply_to_source",
        "chat.postMessage",
        reply_to_source,
        replies,
        keyed(":source"),
        opened,
    ),
    EffectCase("withdraw a message", "withdraw", "chat.delete", withdraw, withdrawn, prepare=told),
    EffectCase("answer a command", "private_reply", "response_url", ask_help, answers, blind=True),
    EffectCase(
        "answer in a channel",
        "private_reply",
        "chat.postEphemeral",
        private_reply_in_channel,
        private_replies,
        prepare=opened,
        blind=True,
    ),
    EffectCase(
        "answer directly", "private_reply", "chat.postMessage", private_reply_directly, private_replies, blind=True
    ),
    EffectCase(
        "share the document: ask", "share_document", "files.getUploadURLExternal", postmortem, files, prepare=resolved
    ),
    EffectCase("share the document: send", "share_document", "upload", postmortem, files, prepare=resolved),
    EffectCase(
        "share the document: show",
        "share_document",
        "files.completeUploadExternal",
        postmortem,
        files,
        prepare=resolved,
    ),
    EffectCase(
        "share the canvas", "share_canvas", "conversations.canvases.create", postmortem, canvases, prepare=resolved
    ),
    EffectCase(
        "show an investigation",
        "show_investigation",
        "chat.postMessage",
        investigate,
        investigations,
        keyed(":investigation"),
        prepare=opened,
    ),
    EffectCase(
        "share what was found", "share_findings", "files.completeUploadExternal", findings, found, prepare=opened
    ),
    EffectCase("share the picture", "share_picture", "files.completeUploadExternal", resolve, pictures, prepare=opened),
    EffectCase(
        "send a chart", "send_chart", "files.completeUploadExternal", ask_metrics, charts, prepare=opened, blind=True
    ),
    EffectCase("post the week's review", "post_review", "chat.postMessage", ask_review, reviews, keyed("review:")),
    EffectCase("draw the Home tab", "publish_home", "views.publish", look_at_home, homes, prepare=opened),
    EffectCase("read the people", "sync_directory", "users.list", sync, people, prepare=somebody_new),
    EffectCase(
        "read who is in a private room",
        "read_room_members",
        "conversations.members",
        read_members,
        out,
        prepare=private_room,
    ),
    EffectCase(
        "read an alert channel",
        "read_alert_channels",
        "conversations.history",
        read_channels,
        incidents,
        prepare=missed_alert,
    ),
    EffectCase(
        "read its threads",
        "read_alert_channels",
        "conversations.replies",
        read_channels,
        incidents,
        prepare=missed_reply,
    ),
)
