"""Plays a drill in the sandbox: moves the clock from step to step and acts as the people of the drill."""

from __future__ import annotations

import asyncio
from functools import partial

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bot.demo.demo_company import DISK_ALERT, ERROR_RATE_ALERT, MEMORY_ALERT, Monitors, send_alert
from bot.demo.drills.drill_file import Drill, DrillError, DrillStep, TroubleStep
from bot.demo.drills.narration import Narrator, readable
from bot.demo.drills.review import ReviewLine, cause_line, differences, review
from bot.demo.shared_clock import advance_clock, settle
from bot.runtime.app import Bot
from sandbox import Channel, Sandbox, SlackMessage
from sandbox.company import Trouble
from sandbox.company.running import RunningCompany
from sandbox.company.troubles import KINDS
from warroom.incident.model import Incident
from warroom.policy import Policy
from warroom.policy.mistake import did_you_mean

MONITORS = {"memory": MEMORY_ALERT, "errors": ERROR_RATE_ALERT, "disk": DISK_ALERT}
FORM_WITHIN = 15.0
"""Real seconds for a form to open."""
SIGNS = {
    "named": "[green]✓[/]",
    "missed": "[red]✗[/]",
    "in time": "[green]✓[/]",
    "late": "[red]✗[/]",
    "never": "[red]✗[/]",
}


async def play_drill(drill: Drill, slack: Sandbox, bot: Bot, policy: Policy, out: Console) -> list[str]:
    """Play the drill, print it and its review. Returns the differences from its expectations, a sentence each.

    Raises DrillError, which names the step, when a person cannot do what the file says.
    """
    player = _Player(slack, bot, Narrator(slack, out))
    slack.scenarios = player.monitors.scenarios()
    for number, step in enumerate(drill.steps):
        try:
            await player.step(step)
        except (LookupError, ValueError, TimeoutError) as error:
            said = str(error).strip("'\"")
            raise DrillError(f"The drill {drill.name} stops at steps[{number}], {step.at}: {said}") from None
    return await _end(drill, player, policy, out)


class _Player:
    def __init__(self, slack: Sandbox, bot: Bot, narrator: Narrator) -> None:
        self.slack, self.bot, self.narrator = slack, bot, narrator
        self.monitors = Monitors(partial(send_alert, bot))
        self.start = slack.clock.now()
        self.troubles: list[Trouble] = []

    async def step(self, step: DrillStep) -> None:
        ahead = self.start + step.at - self.slack.clock.now()
        if ahead.total_seconds() > 0:
            await advance_clock(self.slack, self.bot, ahead)
        await settle(self.slack, self.bot)
        self.narrator.tell(step.at, step.tell or self._default_text(step))
        await self._do(step)
        await settle(self.slack, self.bot)
        if step.show:
            await self._show(step)

    def _default_text(self, step: DrillStep) -> str:
        who = self.slack.person(step.who).name.title() if step.who else ""
        if step.alert is not None:
            title = MONITORS[step.alert.monitor]["alert_title"]
            hosts = f" on {step.alert.hosts} hosts" if step.alert.hosts > 1 else ""
            return f"Datadog: {title}{hosts} {'fires' if step.alert.state == 'triggered' else 'has recovered'}."
        if step.trouble is not None:
            return f"What nobody knows yet: {KINDS[self._trouble_kind(step.trouble)].title.lower()}."
        actions = (
            (step.operate, "does:"), (step.press, "presses"), (step.type, "types"), (step.say, "writes:"),
            (step.react, "reacts with"), (step.pin, "pins:"),
        )  # fmt: skip
        return next((f"{who} {verb} {what}" for what, verb in actions if what), "")

    async def _do(self, step: DrillStep) -> None:
        if step.alert is not None:
            await self._alert(step)
        elif step.trouble is not None:
            wrong = step.trouble
            self.troubles.append(
                await self._company.start_trouble(self._trouble_kind(wrong), wrong.service, strength=wrong.strength)
            )
        elif step.who is None:
            return
        elif step.operate is not None:
            await self._operate(step.operate)
        elif step.press is not None:
            await self._press(step, step.who, step.press)
        elif step.type is not None:
            command, _, text = step.type.partition(" ")
            answer = await self.slack.slash(step.who, await self._place(step), command, text)
            _require_acknowledged(answer.acked, answer.error)
        elif step.say is not None:
            await self.slack.say(step.who, await self._place(step), step.say)
        else:
            await self._react_or_pin(step, step.who)

    @property
    def _company(self) -> RunningCompany:
        assert self.slack.company is not None, "the workspace of a drill has one"
        return self.slack.company

    def _trouble_kind(self, trouble: TroubleStep) -> str:
        if trouble.kind not in KINDS:
            raise ValueError(f"{trouble.kind} is no trouble; {did_you_mean(trouble.kind, list(KINDS))}")
        return trouble.kind

    async def _operate(self, words: str) -> None:
        do, service, number = [*words.split(), "", "", ""][:3]
        await self._company.act(do, service, **({"replicas": int(number)} if number.isdigit() else {}))

    async def _alert(self, step: DrillStep) -> None:
        assert step.alert is not None
        alerts = self.monitors.on_hosts(MONITORS[step.alert.monitor], step.alert.hosts)
        do = self.monitors.recover_one if step.alert.state == "recovered" else self.monitors.trigger
        await asyncio.gather(*(do(alert) for alert in alerts))

    async def _press(self, step: DrillStep, who: str, label: str) -> None:
        message = await self._with_button(step, who, label)
        answer = await self.slack.click(who, message.channel, message, label)
        _require_acknowledged(answer.acked, answer.error)
        if not step.fill:
            return
        form = await self.slack.modal(who, timeout=FORM_WITHIN)
        for name, value in step.fill.items():
            form.fill(name, value)
        sent = await self.slack.submit(who, form)
        _require_acknowledged(sent.acked, "the form is not answered")
        if sent.errors:
            raise ValueError("; ".join(f"{name}: {problem}" for name, problem in sent.errors.items()))

    async def _with_button(self, step: DrillStep, who: str, label: str) -> SlackMessage:
        place = await self._place(step)
        seen = [*place.messages_by_bot(), *self.slack.direct(who), *self.slack.ephemerals(who)]
        for message in sorted(seen, key=lambda message: message.ts, reverse=True):
            if label in message.labels():
                return message
        known = sorted({each for message in seen for each in message.labels()})
        raise LookupError(f"nothing that {who} sees in #{place.name} is called {label!r}; there are {', '.join(known)}")

    async def _react_or_pin(self, step: DrillStep, who: str) -> None:
        place = await self._place(step)
        part = step.pin or ""
        said = [m for m in place.messages if not m.by_app and not m.subtype and part in m.text]
        if not said:
            raise LookupError(f"nobody said anything in #{place.name}" + (f" with {part!r} in it" if part else ""))
        if step.react is not None:
            await self.slack.react(who, said[-1], step.react)
        else:
            await self.slack.pin(who, said[-1])

    async def _incident(self, step: DrillStep) -> Incident | None:
        digits = step.where.upper().removeprefix("INC-")
        return await self.bot.store.incident_numbered(int(digits)) if digits.isdigit() else None

    async def _place(self, step: DrillStep) -> Channel:
        if step.where.startswith("#"):
            return self.slack.channel(step.where)
        incident = await self._incident(step)
        if incident is None or incident.room.channel_id is None:
            raise LookupError(
                f"there is no room of {step.where} yet; where: takes an incident like INC-1 or a #channel"
            )
        return self.slack.channel(incident.room.channel_id)

    async def _show(self, step: DrillStep) -> None:
        place = await self._place(step)
        if step.show == "announcement":
            incident = await self._incident(step)
            if incident is None or incident.room.announced_in is None:
                raise LookupError(f"{step.where} was announced nowhere")
            place = self.slack.channel(incident.room.announced_in)
            shown = [m for m in place.messages_by_bot() if m.ts == incident.room.announced_ts]
        elif step.show == "thread":
            card = place.messages_by_bot()[0]
            under = [m for m in place.log if m.by_app and m.thread_ts == card.ts and m.ts != card.ts and not m.deleted]
            shown = [m for m in under if m.blocks] or under  # pictures say nothing here
        elif step.show == "only you":
            shown = self.slack.ephemerals(step.who or "")
        else:
            shown = place.messages_by_bot()[:1] if step.show == "card" else place.messages_by_bot()[-1:]
        if not shown:
            raise LookupError(f"there is nothing to show in #{place.name}")
        only = f", only for {step.who}" if step.show == "only you" else ""
        self.narrator.show_message(shown[-1], f"#{place.name}{only}")


def _require_acknowledged(acked: bool, error: str) -> None:
    if not acked:
        raise ValueError(f"the bot did not answer: {error}")


async def _end(drill: Drill, player: _Player, policy: Policy, out: Console) -> list[str]:
    slack, store = player.slack, player.bot.store
    ended: list[tuple[Incident, list[ReviewLine]]] = []
    for incident in reversed(await store.incidents()):
        timeline = await store.timeline(incident.id)
        lines = review(incident, timeline, policy, slack.clock.now())
        # The first incident is about the first trouble.
        lines += [
            cause_line(incident, each.service, KINDS[each.kind].title)
            for each in player.troubles[incident.number - 1 :][:1]
        ]
        ended.append((incident, lines))
        room = incident.room.channel_id
        documents = [file for file in slack.channel(room).files if file.name.endswith(".md")] if room else []
        if documents:
            player.narrator.document(documents[-1].text, "post-mortem")
    out.print(_table(slack, ended))
    rooms = sum(incident.room.channel_id is not None for incident, _ in ended)
    out.print(f"{len(slack.calls)} Slack calls, {rooms} {'room' if rooms == 1 else 'rooms'}.", style="dim")
    return differences(drill, ended, rooms)


def _table(slack: Sandbox, ended: list[tuple[Incident, list[ReviewLine]]]) -> Table:
    table = Table(
        "incident", "", "policy", "what happened", "", title="The drill against the policy", box=SIMPLE_HEAD,
        title_justify="left",
    )  # fmt: skip
    for incident, lines in ended:
        named = f"{incident.name} {incident.severity}\n{incident.state}"
        for line in lines:
            sign = SIGNS.get(line.outcome, "")
            table.add_row(named, line.question, line.asked, readable(slack, line.happened),
                          sign if line.outcome.isdigit() else f"{sign} {line.outcome}".strip())  # fmt: skip
            named = ""
        table.add_section()
    return table
