"""What holds for the arrangement of the code beside the arrows in `.importlinter`."""

from __future__ import annotations

import re
from pathlib import Path

import grimp
import pytest

from bot.integrations import INTEGRATIONS

ROOT = Path(__file__).parents[1]
ROOMS = ("blocks", "bot", "handlers", "integrations", "sandbox", "storage", "warroom")

VENDORS = {
    *(kind.name for kind in INTEGRATIONS),
    *(path.name for path in (ROOT / "integrations").iterdir() if path.is_dir() and path.name[0] not in "._"),
    *("alertmanager", "elasticsearch", "github", "grafana", "jira", "loki", "opensearch", "opsgenie"),
    *("pagerduty", "prometheus", "statuspage", "victorops"),
} - {"slack", "changes", "sources", "health", "calls"}
"""Systems that integrations are for, now or soon. Slack is the one that everything is drawn in. Changes, sources, health checks and
calls are no vendor.
"""
WITHOUT_VENDORS = ("warroom", "blocks", "handlers", "storage")
TOPICS = "warroom/similar/words.py"
"""Words that people use of an incident; what things run on is one of them."""
RELEASED = "tests/storage/fixtures/"
"""Databases as an earlier release wrote them, and what wrote them there; that release knew one vendor by name."""


@pytest.mark.parametrize("room", [*WITHOUT_VENDORS, *(f"tests/{room}" for room in WITHOUT_VENDORS)])
def test_no_vendor_is_named_outside_of_the_integrations(room: str) -> None:
    named = re.compile("|".join(sorted(VENDORS)), re.IGNORECASE)
    found = [
        f"{name}:{number}: {line.strip()}"
        for path in sorted((ROOT / room).rglob("*"))
        if path.is_file()
        and path.suffix != ".pyc"
        and not (name := str(path.relative_to(ROOT))).startswith((RELEASED, TOPICS))
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if named.search(line)
    ]
    assert found == []


def test_no_module_imports_itself_by_a_detour() -> None:
    """Imports inside of functions and for types only count too: they hide a cycle, they do not end it."""
    graph = grimp.build_graph(*ROOMS)
    left = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    # What imports nothing that is left is in no cycle.
    while free := [module for module, imported in left.items() if not imported & left.keys()]:
        for module in free:
            del left[module]
    cycle = {module: sorted(imported & left.keys()) for module, imported in left.items()}
    assert cycle == {}


def test_the_process_names_no_vendor_either() -> None:
    """Everything that is particular to an integration follows from the tuple in bot/integrations.py."""
    named = re.compile("|".join(sorted(VENDORS - {"prometheus"})), re.IGNORECASE)
    files = [*(ROOT / "bot/runtime").glob("*.py"), ROOT / "bot/settings.py", *(ROOT / "bot/cli").glob("*.py")]
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files
        for line in path.read_text().splitlines()
        if named.search(line)
    ]
    assert found == []


TOUR = re.compile(r"^\| (?P<number>\d+) \| `(?P<path>[\w/.]+)` \| (?P<told>.*) \|$", re.MULTILINE)
LONGEST_TOUR = 20
"""Files that are opened to follow one Acknowledge."""


def test_the_tour_of_one_acknowledge_is_short_and_names_what_is_there() -> None:
    stops = list(TOUR.finditer((ROOT / "docs/architecture.md").read_text()))
    assert [int(stop["number"]) for stop in stops] == [*range(1, len(stops) + 1)]
    assert 0 < len(stops) <= LONGEST_TOUR
    for stop in stops:
        text = (ROOT / stop["path"]).read_text()
        for name in re.findall(r"`([\w.]+)`", stop["told"]):
            short = name.rpartition(".")[2]
            assert re.search(rf"\b{short}\b", text), f"{stop['path']} has no {name}"
