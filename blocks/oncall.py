"""Who is on call: the overview, an override wherever it is shown, and what is refused about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never
from urllib.parse import quote

from blocks import ids, kit, labels, text
from blocks.kit import Block, Card
from warroom.oncall.duty import Duty
from warroom.oncall.model import FeedLink, Override, OverrideState, Shift
from warroom.oncall.problems import ScheduleProblems
from warroom.oncall.rules import HORIZONS
from warroom.oncall.simulation import SimulatedPage, Simulation
from warroom.oncall.usecases import ScheduleOverview
from warroom.people.model import Resolution
from warroom.refusals import OnCallProblem, OnCallRefused

ASKED_SHOWN = 5
"""Questions for cover on one person's App Home."""
SHOWN = 15
"""Schedules and overrides in one answer."""


def overview_card(schedules: Sequence[ScheduleOverview], now: datetime, reader: str) -> Card:
    """Who is on call now, until when, who is next, and who covers. The mentions notify nobody: only `reader` sees it."""
    shown = [
        block for place, each in enumerate(schedules[:SHOWN]) for block in _schedule(each, now, place * SHOWN, reader)
    ]
    more = f"and {len(schedules) - SHOWN} more: `/incident oncall SCHEDULE`" if len(schedules) > SHOWN else ""
    return kit.card("Who is on call", [*shown, kit.context(more) if more else None])


def _schedule(each: ScheduleOverview, now: datetime, first: int, reader: str) -> Iterator[Block | None]:
    lines = [f"*{kit.line(each.name, 100)}*"]
    if each.shift.people:
        by = " (cover)" if each.shift.overrides else ""
        lines.append(f"Now: {_who(each.now)}{by}{_until(each.shift, now, each.timezone)}")
    else:
        lines.append(f"⚠️ Now: nobody{_until(each.shift, now, each.timezone)}")
    if each.next_shift:
        lines.append(f"Next: {_who(each.next)}, from {text.when(each.next_shift.start, each.timezone)}")
    if each.calendar and each.calendar.read_at is None:
        why = f": {kit.line(each.calendar.problem, 200)}" if each.calendar.problem else " yet"
        lines.append(f"⚠️ The calendar of this schedule was not read{why}")
    elif each.calendar and each.calendar.problem and each.calendar.read_at:
        since = text.when(each.calendar.read_at, each.timezone)
        lines.append(f"⚠️ The calendar cannot be read ({kit.line(each.calendar.problem, 200)}). This is as of {since}.")
    yield kit.section("\n".join(lines))
    for number, (override, other) in enumerate(list(_swaps_together(each.overrides))[:SHOWN], first):
        yield kit.section(_sentences(override, other, each.timezone), accessory=_button_for(reader, override, number))


def _button_for(reader: str, override: Override, number: int) -> Block | None:
    """What `reader` may do about it: take it, withdraw it, undo it; None where it is asked of somebody else."""
    if override.state is OverrideState.TAKEN:
        return _button("Undo", ids.nth(ids.UNDO_COVER, number), override)
    if override.by == reader:
        return _button("Withdraw", ids.nth(ids.UNDO_COVER, number), override)
    if override.asked in (None, reader):
        return _button(_take_label(override), ids.nth(ids.TAKE_COVER, number), override)
    return None


def _swaps_together(overrides: Sequence[Override]) -> Iterator[tuple[Override, Override | None]]:
    """Each override, with the other half of a swap where both are there."""
    known, shown = {each.id: each for each in overrides}, set()
    for each in overrides:
        if each.id not in shown:
            other = known.get(each.swapped_with or "")
            shown |= {each.id, each.swapped_with}
            yield each, other


def _until(shift: Shift, now: datetime, timezone: str) -> str:
    return f", until {text.when(shift.end, timezone)}" if shift.end - now < HORIZONS[-1] - timedelta(days=1) else ""


def _who(people: Resolution) -> str:
    unclear = [f"“{kit.line(each.said, 60)}” (could be several people)" for each in people.ambiguous]
    nobody = [f"“{kit.line(each.said, 60)}” ({labels.NOBODY[each.why]})" for each in people.unknown]
    found = text.mentions(match.person.id for match in people.found)
    return ", ".join(filter(None, [found, *unclear, *nobody]))


def override_card(override: Override, timezone: str, other: Override | None = None) -> Card:
    """An override as it is now, for whoever is asked or told. `other` is the other half of a swap."""
    said = _sentences(override, other, timezone)
    buttons: list[Block | None] = []
    if override.state is OverrideState.ASKED:
        take = _button(_take_label(override), ids.TAKE_COVER, override, style="primary")
        buttons = [take, _button("Decline" if override.asked else "Withdraw", ids.UNDO_COVER, override)]
    elif override.state is OverrideState.TAKEN and override.undone_by is None:
        buttons = [_button("Undo", ids.UNDO_COVER, override)]
    return kit.card(said, [kit.section(said), kit.actions(buttons)])


def _button(label: str, action: str, override: Override, style: str | None = None) -> Block:
    return kit.button(label, action, ids.carry("", override.id), style=style)


def _take_label(override: Override) -> str:
    return "Swap" if override.swapped_with else "Take it"


def _sentences(override: Override, other: Override | None, timezone: str) -> str:
    """Of a swap both halves: nobody agrees to one without the other."""
    return "\n".join(_sentence(each, timezone) for each in (override, other) if each is not None)


def _sentence(override: Override, timezone: str) -> str:
    where = f"*{kit.line(override.schedule, 100)}*"
    time = f"{text.when(override.start, timezone)} to {text.when(override.end, timezone)}"
    asked_by = f", asked by {text.mention(override.by)}" if override.by and override.by != override.person else ""
    by = text.mention(override.by) if override.by else "The command line"
    match override.state:
        case OverrideState.ASKED if override.swapped_with and override.person:
            return f"🔁 {text.mention(override.person)} would be on call in {where} from {time}{asked_by}."
        case OverrideState.ASKED:
            if override.asked:
                return f"🙋 {by} asks {text.mention(override.asked)} to cover {where} from {time}."
            return f"🙋 {by} asks for cover in {where} from {time}."
        case OverrideState.TAKEN if override.undone_by:
            ended = f"ended the cover in {where} at {text.when(override.end, timezone)}"
            return f"↩️ {text.mention(override.undone_by)} {ended}; the schedule holds again."
        case OverrideState.TAKEN:
            return f"✅ {text.mention(override.person or '')} is on call in {where} from {time}{asked_by}."
        case OverrideState.UNDONE if override.person is None:
            # Nobody had taken it.
            who = text.mention(override.undone_by) if override.undone_by else by
            done = (
                "cannot cover" if override.asked and override.undone_by == override.asked else "no longer asks to cover"
            )
            return f"↩️ {who} {done} {where} from {time}."
        case OverrideState.UNDONE:
            undone = f" by {text.mention(override.undone_by)}" if override.undone_by else ""
            return f"↩️ Undone{undone}: {where} from {time} is as the schedule says."
    assert_never(override.state)


def feed_known(link: FeedLink) -> Card:
    """There is a link already, which cannot be shown again."""
    what = f"the shifts of *{kit.line(link.schedule, 100)}*" if link.schedule is not None else "your shifts"
    line = (
        f"You have a calendar link for {what} since {text.when(link.made_at)}. It was shown once and cannot be shown again. "
        "*New link* makes another one, and the one before stops working."
    )
    carried = ids.carry("", link.schedule or "")
    buttons = [kit.button("New link", ids.FEED_NEW, carried), kit.button("Revoke", ids.FEED_REVOKE, carried)]
    return kit.card(line, [kit.section(line), kit.actions(buttons)])


def feed_view(schedule: str | None, person: str, key: str, url: str | None) -> Block:
    """The link, for one person's eyes, once."""
    place = f"people/{quote(person, safe='')}" if schedule is None else quote(schedule, safe="", errors="replace")
    what = f"Shifts of *{kit.line(schedule, 100)}*" if schedule is not None else "Your shifts in all schedules"
    link = f"{(url or 'https://ADDRESS-OF-WARROOM').rstrip('/')}/oncall/{place}.ics?key={key}"
    where = (
        ""
        if url
        else "Put the address under which Warroom is reached in the place of ADDRESS-OF-WARROOM; whoever runs it knows."
    )
    how = (
        "*Google Calendar*: Other calendars → From URL. *Apple Calendar*: File → New Calendar Subscription. "
        "*Outlook*: Add calendar → Subscribe from web."
    )
    secret = "Whoever has the link can read these shifts. It is shown only now. To end it: `/incident oncall calendar revoke`"
    shown = [
        kit.section(f"{what}. Copy this link into your calendar:"),
        kit.section(f"```{link}```"),
        kit.section(where) if where else None,
        kit.section(how),
        kit.context(secret),
    ]
    return kit.modal("Calendar link", None, shown, callback_id=ids.VIEW_FEED, close="Done")


def duty_section(duty: Duty, now: datetime) -> Iterator[Block | None]:
    """What one person has to do with schedules, for their App Home; nothing for whoever has nothing to do with any."""
    if not duty.member and not duty.asked:
        return
    yield kit.divider()
    lines = ["*On call*"]
    for each in duty.now:
        cover = " (cover)" if each.cover else ""
        until = "" if each.endless else f", until {text.when(each.end, each.timezone)}"
        lines.append(f"📟 You are on call in *{kit.line(each.schedule, 100)}*{cover}{until}")
    if duty.member and not duty.now:
        lines.append("You are not on call now.")
    for place, each in enumerate(duty.coming):
        cover = " (cover)" if each.cover else ""
        span = f"{text.when(each.start, each.timezone)} to {text.when(each.end, each.timezone)}"
        span = f"from {text.when(each.start, each.timezone)}" if each.endless else span
        lines.append(f"{'Next' if not place else 'Then'}: *{kit.line(each.schedule, 100)}*{cover}, {span}")
    if duty.member and not duty.now and not duty.coming:
        lines.append("No shift in the next two months.")
    yield kit.section("\n".join(lines))
    for number, question in enumerate(duty.asked[:ASKED_SHOWN]):
        button = _button(_take_label(question.override), ids.nth(ids.TAKE_COVER, number), question.override)
        yield kit.section(_sentences(question.override, question.other, question.timezone), accessory=button)
    if len(duty.asked) > ASKED_SHOWN:
        yield kit.context(f"and {len(duty.asked) - ASKED_SHOWN} more: `/incident oncall`")
    yield kit.actions([kit.button("Calendar link", ids.FEED, ids.carry("", ""))])


def schedule_problem_lines(found: ScheduleProblems, *, people_known: bool) -> list[str]:
    """What is wrong with a schedule, a sentence each, for the command line. `people_known`: the directory was read."""
    name, lines = found.schedule, []
    if found.gaps:
        first, long = found.gaps[0], sum((gap.end - gap.start for gap in found.gaps), timedelta(0))
        span = f"from {text.moment(first.start, found.timezone)} to {text.moment(first.end, found.timezone)}."
        often = (
            f"{text.count(len(found.gaps), 'time')} in the next 90 days ({text.duration(long)} in all), first {span}"
        )
        once = f"for {text.duration(long)} of the next 90 days, {span}"
        lines.append(f"Schedule {name}: nobody is on call {once if len(found.gaps) == 1 else often}")
    lines += [
        f"Schedule {name}: layers[{index}] never says who is on call. Look at its from, until, hours and days, and whether a "
        "later layer always takes its place."
        for index in found.unused
    ]
    if people_known:
        lines += [f"Schedule {name}: “{each.said}”: {labels.NOBODY[each.why]}." for each in found.unknown]
        if found.group:
            lines.append(
                f"Schedule {name}: there is no user group {found.group} that could be kept equal to who is on call."
            )
        lines += [f"Schedule {name}: “{each.said}” could be several people; write the email." for each in found.unclear]
    return lines


def group_refused_line(schedule: str, group: str, problem: str) -> str:
    """Slack let the running bot not change the user group the last time, for the command line."""
    return f"Schedule {schedule}: the user group {group} could not be changed the last time ({problem})."


def simulation_lines(found: Simulation, names: Mapping[str, str], timezone: str) -> list[str]:
    """What a simulation found, as lines of plain text."""

    def page(each: SimulatedPage) -> str:
        night = "  at night" if each.at_night else ""
        return f"  {text.moment(each.at, timezone)}  {names.get(each.person, each.person)}{night}  {each.incident}"

    def woken(nights: Mapping[str, int]) -> str:
        return ", ".join(f"{names.get(each, each)} {often}×" for each, often in nights.items()) or "nobody"

    lines = [
        f"{text.moment(found.since, timezone)} to {text.moment(found.until, timezone)}, {text.count(found.alerts, 'alert')}",
        f"rooms: {len(found.rooms)} (there were {found.rooms_before})",
    ]
    lines += [
        f"  {text.moment(room.at, timezone)}  {room.happened_as or 'new'}  {room.severity}  {room.team or '-'}  {room.title}"
        for room in found.rooms
    ]
    if found.rooms_gone:
        lines.append(f"no room of their own: {', '.join(found.rooms_gone)}")
    lines += [f"pages: {len(found.pages)} (there were {found.pages_before})", *map(page, found.pages)]
    lines += [f"woken at night: {woken(found.woken)} (it was: {woken(found.woken_before)})"]
    lines += ["pages that there were not:", *map(page, found.pages_added)] if found.pages_added else []
    lines += ["pages that would not be:", *map(page, found.pages_gone)] if found.pages_gone else []
    if not (found.pages_added or found.pages_gone or found.rooms_gone or len(found.rooms) != found.rooms_before):
        lines.append("Nothing differs from what happened.")
    if found.not_found:
        lines.append(
            f"Nobody was found for {', '.join(found.not_found)}, so no page to them is among these. Names are looked for where "
            "the running bot has read them: start it once, or correct the policy file."
        )
    return lines


def on_call_refusal(reason: OnCallRefused, person: Callable[[str], str]) -> str:
    """Why something about schedules does not apply, and what to do instead."""
    who = person(reason.person) if reason.person else "somebody"
    match reason.problem:
        case OnCallProblem.NO_SCHEDULES:
            return "There are no schedules yet: they are described in the policy file, under schedules."
        case OnCallProblem.UNKNOWN_SCHEDULE:
            return f"There is no schedule “{reason.schedule}”. Known schedules: {', '.join(reason.known)}."
        case OnCallProblem.USAGE:
            return (
                "Say which schedule and when, for example: oncall cover platform tomorrow 18:00 to 22:00, "
                "oncall cover platform friday to sunday @ben, oncall override platform now to 22:00 @ben, oncall swap platform @ben"
            )
        case OnCallProblem.PERIOD_UNCLEAR:
            return "From when to when? For example: tomorrow 18:00 to 22:00, friday to sunday, 2026-12-24 09:00 for 8h."
        case OnCallProblem.IN_PAST:
            return "That time is over already."
        case OnCallProblem.TOO_LONG:
            return "That is longer than 92 days. Change the schedule in the policy file instead."
        case OnCallProblem.GONE:
            return "There is no such override any more. `/incident oncall` shows those there are."
        case OnCallProblem.TAKEN:
            return f"{who} has taken it already. Thank you."
        case OnCallProblem.UNDONE:
            return f"It was undone by {who} already."
        case OnCallProblem.OVER:
            return "That time is over; it stays as it was."
        case OnCallProblem.ASKED_OTHER:
            return f"{who} is asked to take it. They can, or whoever asked can undo it."
        case OnCallProblem.OWN_REQUEST:
            return "You cannot cover for yourself. Undo it when you need no cover."
        case OnCallProblem.NO_SHIFT:
            return f"{who} has no shift in {reason.schedule} in the next 92 days."
        case OnCallProblem.GUEST:
            return "Guests may change who is on call only in schedules that name them. Ask somebody who is on call."
        case OnCallProblem.SPAN_UNCLEAR:
            return "Which time? For example: oncall report 30d, oncall report next 90d. At most 366d."
    assert_never(reason.problem)
