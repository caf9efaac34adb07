"""What a language model may ask for while it writes: the policy's own signals, logs, changes and facts of the policy's own services.

It chooses among them by name. No query, address or time is ever its own, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from warroom.capabilities import QueryLanguage, Tool, ToolCall
from warroom.errors import Rejected
from warroom.investigation.looks import (
    MOST_LINES,
    Found,
    Look,
    Request,
    Sources,
    change_look,
    fact_looks,
    known_service,
    signal_look,
)
from warroom.investigation.model import NotLookedAt, ObservedLogs, ObservedSeries
from warroom.investigation.prose import Item, of_change
from warroom.investigation.usecases import SideBySide
from warroom.people.model import normal
from warroom.policy import Policy
from warroom.stores import Store

MOST_FOUND = 20
"""Items that one look-up brings."""
MOST_LISTED = 200
"""Services that are listed for the model."""
LONGEST_WANTED = 100
MOST_VALUES = 24

READ_SIGNAL, SEARCH_LOG, LIST_CHANGES, LIST_FACTS = "read_signal", "search_log", "list_changes", "list_facts"


class NotOffered(Exception):
    """The model asked for something that it may not have. The message says what it may."""


@dataclass(frozen=True, slots=True)
class LookUps:
    """What can be asked for about one investigation."""

    request: Request
    policy: Policy
    sources: Sources
    store: Store | None
    side_by_side: SideBySide

    def tools(self) -> tuple[Tool, ...]:
        """The functions, as far as the policy has something for them."""
        said = self.policy.investigate
        services = services_of(self.policy)
        if not services:
            return ()
        service = {"type": "string", "enum": list(services.values())[:MOST_LISTED]}
        found = []
        if said.signals:
            signal = {"type": "string", "enum": list(said.signals)}
            about = "Read one signal of one service in the window, and what is usual for it."
            found.append(_tool(READ_SIGNAL, about, {"signal": signal, "service": service}))
        if said.logs:
            contains = {"type": "string", "maxLength": LONGEST_WANTED, "description": "Plain text, not a pattern."}
            about = (
                "Read the newest lines of one service's log in the window that contain a text; an empty text fits all."
            )
            found.append(_tool(SEARCH_LOG, about, {"service": service, "contains": contains}))
        if self.store is not None:
            about = "List what was changed at one service shortly before and during the window."
            found.append(_tool(LIST_CHANGES, about, {"service": service}))
        if self.store is not None or self.sources.facts:
            about = "List restarts, failed health checks and alerts of one service in the window."
            found.append(_tool(LIST_FACTS, about, {"service": service}))
        return tuple(found)

    async def look_up(self, call: ToolCall) -> tuple[list[Item], str]:
        """(what was found, without ids; why there is nothing, "" where there is). Never raises for what the model wrote."""
        try:
            planned, read = self._planned(call)
        except NotOffered as error:
            return [], str(error)
        results = await self.side_by_side(planned, _nobody)
        items = [item for each in results if isinstance(each, Found) for item in read(each)]
        missed = [f"{each.source} gave no answer: {each.why}" for each in results if isinstance(each, NotLookedAt)]
        return items[:MOST_FOUND], "; ".join(missed) or ("" if items else "nothing was found")

    def _planned(self, call: ToolCall) -> tuple[list[Look], Callable[[Found], list[Item]]]:
        """(what is looked at, how items are made of what it finds). Raises NotOffered."""
        tools = {each.name: each for each in self.tools()}
        tool = tools.get(call.name)
        if tool is None:
            raise NotOffered(f"there is no such function; there are {', '.join(tools)}")
        said = _arguments(tool, call.arguments)
        service = services_of(self.policy).get(normal(said["service"]))
        if service is None:
            raise NotOffered("the policy names no such service")
        request, policy, store = self.request, self.policy, self.store
        if call.name == READ_SIGNAL:
            signal = policy.investigate.signals.get(said["signal"])
            if signal is None:
                raise NotOffered(f"the policy names no such signal; it names {', '.join(policy.investigate.signals)}")
            look = signal_look(said["signal"], signal, request, policy, self.sources)
            begins = request.window_from(policy)
            return [look], lambda found: [
                _of_series(each, begins) for each in found.series if normal(each.service) == normal(service)
            ]
        if call.name == SEARCH_LOG:
            wanted = said["contains"].casefold()
            return [self._log(service)], lambda found: _of_log(found, wanted)
        if call.name == LIST_CHANGES and store is not None:
            return [change_look(store, request, policy)], lambda found: _of_changes(found, service)
        return fact_looks(request, policy, self.sources, store), lambda found: _of_facts(found, service)

    def _log(self, service: str) -> Look:
        logs, sources = self.policy.investigate.logs, self.sources
        assert logs is not None, "the function is only there where the policy has logs"

        async def run() -> Found:
            source = sources.logs.get(logs.source)
            if source is None or not isinstance(source, QueryLanguage):
                raise Rejected("it is not set up", code="not_set_up")
            # What the model wants to find is compared here, and never becomes a part of the query.
            query = source.filled(logs.query, {"service": service})
            lines = await source.lines(query, self.request.window_from(self.policy), self.request.until, MOST_LINES)
            return Found(logs=(ObservedLogs(service=service, lines=tuple(lines)),))

        return Look(f"log of {service}", run)


def services_of(policy: Policy) -> dict[str, str]:
    """Every service that the policy names, by its normal spelling."""
    named: list[str] = list(policy.services)
    named += [known_service(each, policy) for service in policy.services.values() for each in service.depends_on]
    named += [each for several in policy.services_by_team().values() for each in several]
    found: dict[str, str] = {}
    for each in named:
        if normal(each):
            found.setdefault(normal(each), each)
    return found


def _tool(name: str, about: str, properties: Mapping[str, Any]) -> Tool:
    parameters = {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
    return Tool(name=name, about=about, parameters=parameters)


def _arguments(tool: Tool, said: Mapping[str, Any] | None) -> dict[str, str]:
    """Exactly the parameters, each a text. Raises NotOffered."""
    wanted = list(tool.parameters["properties"])
    if said is None or set(said) != set(wanted):
        raise NotOffered(f"the arguments must be exactly {', '.join(wanted)}")
    if not all(isinstance(each, str) and len(each) <= LONGEST_WANTED for each in said.values()):
        raise NotOffered(f"every argument must be a text of at most {LONGEST_WANTED} characters")
    return {str(name): str(value) for name, value in said.items()}


async def _nobody(_look: Look, _came: Found | NotLookedAt) -> None:
    """Nobody waits for progress."""


def _of_series(series: ObservedSeries, begins: datetime) -> Item:
    before = [value for at, value in series.points if at < begins]
    window = [(at, value) for at, value in series.points if at >= begins]
    usual = f"usually {median(before):.4g} (median)" if before else "nothing is known of before"
    if window:
        most = max(window, key=lambda each: each[1])
        least = min(window, key=lambda each: each[1])
        every = -(-len(window) // MOST_VALUES)
        values = ", ".join(f"{at:%H:%M} {value:.3g}" for at, value in window[::every])
        seen = f"from {least[1]:.4g} at {least[0]:%H:%M} to {most[1]:.4g} at {most[0]:%H:%M}: {values}"
    else:
        seen = "no samples"
    text = f"{series.signal} of {series.service}: {usual}; in the window {seen}"
    return Item(id="", kind="series", service=series.service, text=text, at=begins, url=series.url)


def _of_log(found: Found, wanted: str) -> list[Item]:
    fitting = [(each.service, line) for each in found.logs for line in each.lines if wanted in line.text.casefold()]
    newest = sorted(fitting, key=lambda each: each[1].at)[-MOST_FOUND:]
    return [Item(id="", kind="log", service=service, text=line.text, at=line.at) for service, line in newest]


def _of_changes(found: Found, service: str) -> list[Item]:
    mine = sorted((each for each in found.changes if normal(each.service) == normal(service)), key=lambda one: one.at)
    return [of_change(each) for each in mine[-MOST_FOUND:]]


def _of_facts(found: Found, service: str) -> list[Item]:
    mine = [each for each in found.facts if normal(each.service) == normal(service)]
    return [
        Item(id="", kind="fact", service=each.service, text=f"{each.kind}: {each.text}", at=each.at, url=each.url)
        for each in mine[-MOST_FOUND:]
    ]
