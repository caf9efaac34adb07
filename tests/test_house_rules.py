"""What no single room can promise alone: that the parts, the documents and the manifest say the same."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import typer
import yaml

from bot.cli.app import cli
from bot.integrations import integrations_of, policy_model, settings_model
from bot.runtime.observability import Meters
from bot.runtime.web import Web
from handlers import feeds
from handlers.commands import SUBCOMMANDS
from handlers.webhooks import routes
from integrations.slack.performers import PERFORMERS
from integrations.slack.scopes import SCOPES, needed_scopes
from sandbox.installation import EVENT_SCOPES, Installation
from sandbox.methods import METHODS
from tests.clock import ManualClock
from tests.handlers.conftest import OneMessage
from tests.people import StoredPeople
from tests.stores import fresh_store
from warroom.escalation.timers import RULES
from warroom.incident.events import EffectKind, Event
from warroom.incident.notices import Notice
from warroom.incident.parts import Deadlines
from warroom.outbox.effects import Effect
from warroom.policy import Policy
from warroom.ports import World
from warroom.refusals import RuleRefusal

ROOT = Path(__file__).parents[1]
ROOMS = ("blocks", "bot", "handlers", "integrations", "sandbox", "storage", "warroom")
README = (ROOT / "README.md").read_text()
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())

DONE_IN_THE_PROCESS = {
    *("decide_alerts", "look_for_changes", "look_at_run", "begin_runbooks", "run_step", "investigate", "narrate"),
}
"""Effects that the process performs itself."""


def test_every_effect_has_a_performer_and_every_performer_an_effect() -> None:
    union = get_args(get_args(Effect)[0]) or get_args(Effect)
    kinds = {each.model_fields["kind"].default for each in union}
    assert kinds - DONE_IN_THE_PROCESS - {"external"} == set(PERFORMERS)


SILENT = {"private_reply", "sync_directory", "read_alert_channels", "read_room_members", "read_room_activity"}
"""Effects whose failure is not said anywhere: a failed answer cannot be answered, and the others are said by themselves
or asked for again."""
ABOUT_NO_INCIDENT = {
    "tell_everybody",
    "send_chart",
    "post_review",
    "publish_home",
    "show_override",
    "tell_morning",
    "tell_shift",
    "keep_user_group",
    "tell_user_group",
    "decide_alerts",
    "look_for_changes",
}


def test_the_failure_of_every_effect_about_an_incident_has_a_name() -> None:
    kinds = {each.model_fields["kind"].default for each in get_args(get_args(Effect)[0])}
    assert {*EffectKind} - {EffectKind.POST_UNDER_ANNOUNCEMENT} == kinds - SILENT - ABOUT_NO_INCIDENT


def test_every_deadline_has_a_rule_and_every_rule_a_deadline() -> None:
    assert set(RULES) == set(Deadlines.model_fields)


def test_the_manifest_asks_for_no_more_than_the_methods_and_events_need() -> None:
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    for_events = {scope for event in events for scope in EVENT_SCOPES[event]}
    asked = set(MANIFEST["oauth_config"]["scopes"]["bot"])
    assert needed_scopes() <= asked <= needed_scopes() | for_events
    app = Installation.from_manifest(MANIFEST)
    assert [event for event in events if not app.receives(event)] == []


def test_the_sandbox_knows_every_method_the_bot_calls() -> None:
    assert set(SCOPES) <= set(METHODS)


def test_the_manifest_is_one_that_slack_takes() -> None:
    """The rules of slackapi/manifest-schema for the parts we use: lengths, required keys, no unknown ones."""
    schema = yaml.safe_load((Path(__file__).parent / "manifest_schema.yml").read_text())
    jsonschema.validate(MANIFEST, schema)


def test_the_readme_names_every_setting_and_no_other() -> None:
    table = README[README.index("| setting |") : README.index("Routes:")]
    named = set(re.findall(r"`([A-Z][A-Z0-9_]{3,})`", table)) - {"DEBUG", "ERROR", "INFO"}
    assert named == {name.upper() for name in settings_model().model_fields}


def test_the_readme_names_every_command_and_no_other() -> None:
    found = re.search(r"^Commands: `python -m bot ([^`]+)`", README, re.MULTILINE)
    assert found is not None
    command = typer.main.get_command(cli)
    assert isinstance(command, typer.core.TyperGroup)
    assert sorted(found[1].split(" · ")) == sorted(command.commands)


async def test_the_readme_names_every_route_and_no_other() -> None:
    (line,) = re.findall(r"^Routes: .*$", README, re.MULTILINE)
    named = set(re.findall(r"`(/[\w/.]+)[^`]*`", line)) - {"/hooks/NAME"}

    async def nothing() -> Any:
        raise AssertionError

    async with fresh_store() as store:
        world = World(store, StoredPeople(store), Policy(), ManualClock(), OneMessage(), lambda: None)
        hooks = integrations_of(settings_model()(), policy=Policy()).webhooks
        web = Web("127.0.0.1", 0, nothing, nothing, [*routes(world, hooks, Meters().alerts), *feeds.routes(world)])
        there = {route.resource.canonical for route in web.app.router.routes() if route.resource}
    assert {re.sub(r"\{\w+\}", "X", each) for each in there} == {re.sub(r"SCHEDULE|ID", "X", each) for each in named}


def test_every_key_of_the_policy_is_in_the_documents() -> None:
    pages = "\n".join(page.read_text() for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    keys: set[str] = set()
    left: list[Any] = [policy_model().model_json_schema()]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            keys |= set(part.get("properties") or ())
            left += part.values()
        elif isinstance(part, list):
            left += part
    # In code, before a colon as in an example, or at the head of a column.
    written = r"`[^`\n]*\b{0}\b[^`\n]*`|\b{0}:|\| {0} \|"
    assert sorted(key for key in keys if not re.search(written.format(re.escape(key)), pages)) == []


def test_links_lead_to_parts_of_pages_that_exist() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    heads = {page: headings(page.read_text()) for page in pages}
    for page in pages:
        for link, part in re.findall(r"\]\(([^)#:\s]*)#([^)\s]+)\)", page.read_text()):
            target = (page.parent / link).resolve() if link else page
            assert part in heads[target], f"{page.name} links to {link}#{part}"


def headings(text: str) -> set[str]:
    """The parts of a page by the names that GitHub's links have for them."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"^#+ +(.+?)\s*$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in found}


def test_the_readme_names_only_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^\s*make ([a-z]+)", README, re.MULTILINE)) | set(re.findall(r"`make ([a-z]+)`", README))
    assert named <= targets


def test_the_readme_names_only_pages_that_exist() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_glossary_names_only_files_that_exist() -> None:
    page = (ROOT / "docs/glossary.md").read_text()
    named = re.findall(rf"`((?:{'|'.join(ROOMS)})/[\w/.]*)`", page)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    asked += [each for extra in project["project"].get("optional-dependencies", {}).values() for each in extra]
    explained = (ROOT / "docs/dependencies.md").read_text()
    names = {re.split(r"[\[<>=~ ]", each)[0] for each in asked}
    assert {name for name in names if name.removeprefix("types-") not in explained} == set()


def test_every_locked_library_is_one_version_with_its_hashes() -> None:
    locked = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())
    loose = [
        each.partition(" ")[0]
        for each in locked
        if not re.match(r"[\w.\[\]-]+==\S+", each) or "--hash=sha256:" not in each
    ]
    assert loose == []


def test_help_names_what_is_there() -> None:
    for each in SUBCOMMANDS:
        assert each.usage.startswith(each.name)
        assert each.help


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_read_from_the_environment_at_import(room: str, tmp_path: Path) -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / room).rglob("*.py")
        if path.name not in ("__main__.py", "env.py") and path.parent.name != "versions"
    ]
    lines = "\n".join(f"import {name.removesuffix('.__init__')}" for name in sorted(names))
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", lines],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


WORDED_IN_BLOCKS = (
    {"Refused", "AlreadyDone", "NotFound", "Forbidden"}
    | {each.__name__ for each in get_args(get_args(Event)[0])}
    | {each.__name__ for each in get_args(get_args(Notice)[0])}
    | {each.__name__ for each in get_args(RuleRefusal)}
)


def test_the_rules_say_nothing_in_sentences() -> None:
    """What people read about an incident is a value in the rules, and worded in `blocks`."""
    said = []
    for path in (ROOT / "warroom").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and _name(call.func) in WORDED_IN_BLOCKS:
                constants = (each.value for each in ast.walk(call) if isinstance(each, ast.Constant))
                texts = [each for each in constants if isinstance(each, str)]
                said += [f"{path.name}:{call.lineno}: {text}" for text in texts if len(text.split()) > 2]
    assert said == []


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_no_two_classes_of_the_rules_pictures_and_handlers_have_the_same_name() -> None:
    found: dict[str, list[str]] = {}
    for path in (path for room in ("warroom", "blocks", "handlers") for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(path.name)
    assert {name: files for name, files in found.items() if len(files) > 1} == {}
