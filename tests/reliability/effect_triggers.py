"""How each effect comes about: what people do, and what time and other systems bring."""

from __future__ import annotations

from datetime import timedelta

from sandbox.model import Json, SlackUser
from tests.reliability.effect_case import (
    ALERTS,
    DAY,
    DUTY,
    GROUP,
    REPAGE_AFTER,
    Run,
)
from tests.reliability.effect_results import (
    charts_sent,
    notices,
)
from warroom.escalation.silence import read_activity
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


async def resolve(run: Run) -> None:
    await run.house.type("ada", "resolve rolled back", run.house.room(run.known))


async def ask_review(run: Run) -> None:
    now = run.house.slack.clock.now()
    run.noted["week"] = week = f"{len(run.house.slack.calls)}"
    effect = PostReview(key=f"review:{week}", channel="#incidents", week=week, since=now - DAY, until=now)
    await run.house.ask(effect)


async def ask_metrics(run: Run) -> None:
    run.seen = await charts_sent(run)
    await run.house.type("ada", "metrics")


async def reply_to_source(run: Run) -> None:
    message = await run.house.slack.say("ada", "general", "is checkout broken?")
    run.noted["ts"] = message.ts
    key, channel = f"{run.known.id}:source", run.house.slack.channel("general").id
    await run.house.ask(ReplyToSource(incident_id=run.known.id, key=key, channel=channel, ts=message.ts))


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
