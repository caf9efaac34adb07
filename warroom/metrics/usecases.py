"""Figures for whoever asks: of the incidents that this person may know of."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from warroom.metrics.model import IncidentFigures
from warroom.metrics.report import Report
from warroom.metrics.rules import report
from warroom.policy import Policy
from warroom.stores import Store

USUAL_SPAN = timedelta(days=30)
LONGEST_SPAN = timedelta(days=3650)


async def report_for(
    store: Store, policy: Policy, user: str | None, *, since: datetime, until: datetime, team: str | None = None
) -> Report:
    """What a person sees of the span. Private incidents count for those alone who may know of them, in every number.

    `user` None is whoever runs the bot, at the command line. Raises StoreUnavailable.
    """
    found = [each for each in await _read(store, since, until) if each.shown_to(user)]
    return await _reported(store, policy, found, since, until, team)


async def public_report(
    store: Store, policy: Policy, *, since: datetime, until: datetime, team: str | None = None
) -> Report:
    """What everybody may see of the span: no private incident is in any number. Raises StoreUnavailable."""
    found = [each for each in await _read(store, since, until) if not each.private]
    return await _reported(store, policy, found, since, until, team)


async def _read(store: Store, since: datetime, until: datetime) -> list[IncidentFigures]:
    return await store.figures(since - (until - since), until)


async def _reported(
    store: Store,
    policy: Policy,
    found: list[IncidentFigures],
    since: datetime,
    until: datetime,
    team: str | None,
) -> Report:
    zones = await zones_of(store, found)
    return report(found, since=since, until=until, now=until, policy=policy, zones=zones, team=team)


async def zones_of(store: Store, found: list[IncidentFigures]) -> dict[str, str]:
    """The time zones that whoever was paged chose in the chat, by id, as far as this machine knows them."""
    people = {person for each in found for page in each.pages for person in page.people}
    known = await store.people_by_id(sorted(people)) if people else []
    return {person.id: person.tz for person in known if person.tz and _is_zone(person.tz)}


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
