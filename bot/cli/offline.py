"""What the command line does with the record alone; Slack is left to the running bot."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from blocks.charts import DARK, LIGHT, available
from blocks.declare_form import services_written
from blocks.incident_picture import incident_picture
from blocks.postmortem_document import markdown
from blocks.postmortem_html import page
from blocks.refusals import TERMINAL, refusal_words
from blocks.timeline import words
from bot.clock import SystemClock
from bot.integrations import integrations_of, register_upgrades
from bot.runbook_files import kinds_with, library
from bot.runtime.directory import CachedDirectory
from bot.settings import Settings
from storage import open_store
from warroom.alerts import app_messages, channels
from warroom.alerts.quarantine import Reading, Replayed, replay
from warroom.changes.model import Change
from warroom.changes.usecases import record_changes
from warroom.errors import NotFound, Rejected
from warroom.incident.declaration import Declare
from warroom.incident.declare import DeclareResult, check_services, declare
from warroom.incident.lookup import by_number_or_room
from warroom.incident.model import Incident, Origin
from warroom.incident.timeline import Entry
from warroom.incident.title import TitleWords, read_title
from warroom.oncall.directory import OnCallDirectory
from warroom.outbox.changes import AlertDecision, Audited, Changeset, DeadLetter, Quarantined, ReceivedAlert
from warroom.outbox.incoming import Incoming
from warroom.people.model import Group, Person
from warroom.policy import Policy
from warroom.ports import Clock, Message, Store, World
from warroom.postmortem.usecases import document_view
from warroom.registry import Integrations
from warroom.stores import Commits
from warroom.text import readable
from warroom.webhook import WebhookBody

SILENT = timedelta(seconds=30)
"""A bot that runs says so every ten seconds at least."""


class _NoChat:
    """There is no chat on the command line: nothing can be looked up in it."""

    async def message(self, channel_id: str, ts: str) -> Message | None:
        return None

    async def permalink(self, channel_id: str, ts: str) -> str | None:
        return None

    async def lookup_person(self, user_id: str) -> Person | None:
        return None

    async def lookup_email(self, email: str) -> Person | None:
        return None

    async def lookup_groups(self) -> tuple[Group, ...]:
        return ()


@contextlib.asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store]:
    """The database, closed at the end. Raises StoreUnavailable."""
    register_upgrades()
    store = await open_store(settings.database_url.get_secret_value())
    try:
        yield store
    finally:
        await store.close()


async def audit_offline(settings: Settings, number: int | None, limit: int) -> list[Audited]:
    """Who did what, newest first; about one incident or everything. Raises StoreUnavailable."""
    async with opened_store(settings) as store:
        return await store.audit(None if number is None else f"INC-{number}", limit)


def world_without_chat(settings: Settings, store: Store, policy: Policy, clock: Clock | None = None) -> World:
    """The world as the command line has it: what follows from a change is stored, and left to the running bot."""
    chat, clock = _NoChat(), clock or SystemClock()
    integrations = integrations_of(settings, policy=policy)
    return World(
        store=store,
        directory=OnCallDirectory(CachedDirectory(store, chat), store, policy, clock),
        policy=policy,
        clock=clock,
        rooms=chat,
        nudge=lambda: None,
        integrations=integrations,
        library=library(settings.runbooks_path, policy, kinds_with(integrations)),
    )


async def declare_offline(
    settings: Settings,
    policy: Policy,
    *,
    title: str,
    severity: str | None,
    team: str | None,
    services: tuple[str, ...],
    description: str,
    people: tuple[str, ...],
    private: bool,
    key: str | None,
) -> tuple[DeclareResult, bool]:
    """(the declared incident, whether a bot is running that opens its channel). Raises Refused, StoreUnavailable."""
    async with opened_store(settings) as store:
        words = read_title(title, policy) if severity is None else TitleWords(title=title, severity=severity)
        names, sure = services_written(",".join(services))
        world = world_without_chat(settings, store, policy)
        check_services(world, names, sure)
        what = Declare(
            origin=Origin.CLI,
            origin_key=f"cli:{key or uuid.uuid4().hex}",
            title=words.title,
            severity=words.severity,
            team=team,
            services=names,
            description=description,
            people=people,
            private=private,
        )
        declared = await declare(world, what)
        result = "nothing to do: declared before" if declared.existed else "done"
        await leave_row(store, "declare", title, declared.incident.name, result)
        last = await store.last_heartbeat()
        return declared, last is not None and last < SILENT


async def alerts_offline(settings: Settings, limit: int) -> list[tuple[ReceivedAlert, AlertDecision | None]]:
    """The last accepted alerts with what became of them, newest first. Raises StoreUnavailable."""
    async with opened_store(settings) as store:
        return await store.alerts(limit)


async def quarantined_offline(settings: Settings) -> list[Quarantined]:
    """What could not be used, newest first. Raises StoreUnavailable."""
    async with opened_store(settings) as store:
        return await store.quarantined(1000)


async def dead_letters_offline(settings: Settings) -> list[tuple[DeadLetter, Incident | None]]:
    """Effects that failed for good with their incidents, newest first. Raises StoreUnavailable."""
    async with opened_store(settings) as store:
        return [
            (dead_letter, await store.incident(dead_letter.incident_id) if dead_letter.incident_id else None)
            for dead_letter in await store.dead_letters(1000)
        ]


async def retry_offline(settings: Settings, keys: list[str]) -> list[str]:
    """Dead letters are due again; the running bot does them. Returns the keys of those that were dead.

    Raises StoreUnavailable.
    """
    async with opened_store(settings) as store:
        again = await store.requeue(keys, SystemClock().now())
        await leave_row(store, "outbox --retry", "\n".join(again))
        return again


async def replay_offline(settings: Settings, policy: Policy, ids: list[str]) -> list[Replayed]:
    """Read them again; the running bot decides about what is usable. Raises StoreUnavailable."""
    done = []
    async with opened_store(settings) as store:
        world = world_without_chat(settings, store, policy)
        read_again = reading(integrations_of(settings, policy=policy))
        for name in ids:
            try:
                found = await replay(world, name, read_again)
            except NotFound as error:
                found = Replayed(id=name, accepted=0, refused=(refusal_words(error.reason, TERMINAL),))
            refused = f"; refused: {'; '.join(found.refused)}" if found.refused else ""
            await leave_row(store, "alerts --replay", name, result=f"{found.accepted} accepted{refused}")
            done.append(found)
    return done


async def incidents_offline(settings: Settings, *, open_only: bool) -> list[Incident]:
    """Incidents, newest first. Raises StoreUnavailable."""
    async with opened_store(settings) as store:
        return await store.incidents(open_only=open_only, limit=500)


async def story_offline(settings: Settings, policy: Policy, number: int) -> str:
    """One incident and its timeline as plain text. Raises NotFound, StoreUnavailable."""
    async with opened_store(settings) as store:
        world = world_without_chat(settings, store, policy)
        incident = await by_number_or_room(world, number, None)
        lines = [
            f"{incident.name}  {incident.severity}  {incident.state}  {incident.title}",
            f"channel    {'#' + incident.room.channel_name if incident.room.channel_name else 'not open yet'}",
            f"team       {incident.team or 'none'}",
            f"commander  {incident.commander or 'none'}",
            f"alerts     {incident.alerts.count} ({incident.alerts.firing} firing)",
            "",
        ]
        view = await document_view(world, incident)
        return "\n".join([*lines, *(_line(entry, view.names) for entry in view.entries)])


def _line(entry: Entry, names: Mapping[str, str]) -> str:
    """An entry of the timeline as plain text, with people by name."""
    what, more = words(entry.event, lambda person: names.get(person, person))
    who = names.get(entry.by, entry.by) if entry.by else readable(entry.name, names)
    by = f" by {who}" if who else ""
    where = f" in {entry.source}" if entry.source else ""
    text = f": {readable(more, names)}" if more else ""
    return f"{entry.at:%Y-%m-%d %H:%M:%S}  {what}{by}{where}{text}"


async def document_offline(settings: Settings, policy: Policy, number: int, *, as_html: bool = False) -> str:
    """The post-mortem as Markdown, or as a page of HTML. Raises NotFound, StoreUnavailable."""
    async with opened_store(settings) as store:
        world = world_without_chat(settings, store, policy)
        incident = await by_number_or_room(world, number, None)
        document = await document_view(world, incident)
        if not as_html:
            return markdown(document)
        drawn = incident_picture(document, tuple(policy.severities)) if available() else None
        return page(document, drawn)


async def picture_offline(settings: Settings, policy: Policy, number: int, *, dark: bool) -> bytes:
    """The timeline as a PNG. Raises NotFound, StoreUnavailable."""
    async with opened_store(settings) as store:
        world = world_without_chat(settings, store, policy)
        incident = await by_number_or_room(world, number, None)
        document = await document_view(world, incident)
        return incident_picture(document, tuple(policy.severities), DARK if dark else LIGHT)


async def change_offline(settings: Settings, policy: Policy, change: Change) -> None:
    """The change is stored; the running bot tells the rooms that it concerns. Raises StoreUnavailable."""
    async with opened_store(settings) as store:
        await record_changes(world_without_chat(settings, store, policy), (change,))
        await leave_row(store, "change", f"{change.kind} of {change.service} {change.version}".rstrip())


async def changes_offline(settings: Settings, since: datetime, services: tuple[str, ...]) -> list[Change]:
    """What was changed since then, newest first. Raises StoreUnavailable."""
    async with opened_store(settings) as store:
        return await store.service_changes(since, SystemClock().now() + timedelta(days=1), services, 500)


def reading(integrations: Integrations) -> Reading:
    """How something that could not be used when it came is read again, as if it came at that time."""

    def read_again(kept: Quarantined) -> Incoming:
        if kept.source == app_messages.SOURCE:
            parsed = channels.read_kept(kept, integrations.message_readers)
            return Incoming(alerts=parsed.alerts, refused=parsed.refused)
        try:
            webhook = integrations.webhook(kept.source)
        except Rejected as error:
            return Incoming(refused=(f"{error}. {error.advice}",))
        return webhook.read(WebhookBody(kept.body, kept.content_type, kept.received_at))

    return read_again


OPERATOR = "command line"


async def leave_row(store: Commits, what: str, said: str, incident: str | None = None, result: str = "done") -> None:
    """The operator did that just now. Raises StoreUnavailable."""
    now = SystemClock().now()
    row = Audited(at=now, by=OPERATOR, what=what, incident=incident, said=said[:1000], result=result)
    await store.commit(Changeset(now=now, audited=(row,)))
