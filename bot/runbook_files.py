"""Runbooks from files and from the policy: each checked, with every mistake and its line."""

from __future__ import annotations

import re
from pathlib import Path

import structlog

from bot.settings import Settings
from bot.yaml_file import UnreadableFile, at_line, read_yaml, text_of, whole_file
from warroom.capabilities import LogSource, MetricSource, StepSource
from warroom.policy import Mistake, Policy
from warroom.policy.mistake import did_you_mean
from warroom.policy.remediation import Remediation
from warroom.registry import Integrations
from warroom.runbooks.check import check
from warroom.runbooks.library import Kinds, Library, UnusableRunbook
from warroom.runbooks.model import Runbook
from warroom.runbooks.steps.all import all_kinds

log = structlog.get_logger(__name__)

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def kinds_with(integrations: Integrations) -> Kinds:
    """Every kind of step that there is with these integrations."""
    metrics = {each.name: each for each in integrations if isinstance(each, MetricSource)}
    logs = {each.name: each for each in integrations if isinstance(each, LogSource)}
    return all_kinds(metrics, logs, [kind for source in integrations.able(StepSource) for kind in source.step_kinds()])


def library(folder: Path | None, policy: Policy, kinds: Kinds) -> Library:
    """What is in the folder (None, or one that is not there: nothing) and in the policy. Files that cannot be used are named in it."""
    runbooks: dict[str, Runbook] = {}
    unusable: list[UnusableRunbook] = []
    for path in files_in(folder):
        found, mistakes = read(path, policy, kinds)
        _add(path.name, found, mistakes, runbooks, unusable)
    for key, data in policy.runbooks.items():
        checked = check(data, kinds, policy.remediation, key)
        mistakes = tuple(each.copy_with(path=f"runbooks.{key}.{each.path}".rstrip(".")) for each in checked.mistakes)
        if not KEY.fullmatch(key):
            mistakes += (_bad_key(key),)
        _add(f"runbooks.{key}", checked.runbook, mistakes, runbooks, unusable)
    return Library(tuple(runbooks.values()), kinds, tuple(unusable))


def _add(
    where: str,
    found: Runbook | None,
    mistakes: tuple[Mistake, ...],
    runbooks: dict[str, Runbook],
    unusable: list[UnusableRunbook],
) -> None:
    if found is not None and found.key in runbooks:
        mistakes = (*mistakes, whole_file(f"there is a runbook {found.key} already", "rename one of them"))
    if mistakes or found is None:
        unusable.append(UnusableRunbook(where, mistakes))
    else:
        runbooks[found.key] = found


def files_in(folder: Path | None) -> list[Path]:
    """Its runbooks, by name."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in (".yml", ".yaml") and path.is_file())


def read(path: Path, policy: Policy, kinds: Kinds) -> tuple[Runbook | None, tuple[Mistake, ...]]:
    """(the runbook in the file, or None with at least one mistake; the mistakes, by line)."""
    key = path.stem
    if not KEY.fullmatch(key):
        return None, (_bad_key(key),)
    try:
        text = text_of(path)
    except UnreadableFile as error:
        return None, (error.mistake,)
    return parsed(text, policy, kinds, key)


def parsed(text: str, policy: Policy, kinds: Kinds, key: str) -> tuple[Runbook | None, tuple[Mistake, ...]]:
    """As `read`, of the text of a file."""
    try:
        data, lines, twice = read_yaml(text)
    except UnreadableFile as error:
        return None, (error.mistake,)
    checked = check(data, kinds, policy.remediation, key)
    mistakes = (*twice, *(at_line(mistake, lines) for mistake in checked.mistakes))
    mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line or 0))
    return (None if mistakes else checked.runbook), mistakes


def _bad_key(key: str) -> Mistake:
    return whole_file(f"“{key}” cannot be the name of a runbook", "use small letters, digits, - and _")


def wanted(settings: Settings, policy: Policy) -> bool:
    """Whether this installation means to run runbooks, and does not only have a folder with examples."""
    return settings.warroom_runbooks is not None or bool(policy.runbooks) or policy.remediation != Remediation()


def unknown_allowances(remediation: Remediation, kinds: Kinds) -> list[str]:
    """A sentence for each key of `remediation.allow` that no kind of step knows: what it allows would never be allowed."""
    limits: dict[str, set[str]] = {}
    for kind in kinds.values():
        limits.setdefault(kind.step.partition(".")[0], set()).update(kind.limits)
    found = []
    for family, written in (remediation.allow.model_extra or {}).items():
        path = "Policy: remediation.allow"
        if family not in limits:
            found.append(f"{path}.{family}: there are no steps of that name; {did_you_mean(family, limits)}")
            continue
        found += [
            f"{path}.{family}.{limit}: there is no such limit; {did_you_mean(limit, sorted(limits[family]))}"
            for limit in written
            if limit not in limits[family]
        ]
    return found


def unusable(found: Library) -> list[str]:
    """A sentence for each runbook that cannot be used."""
    return [
        f"Runbook {each.key}: {each.mistakes[0] if each.mistakes else 'it is empty'}"
        + (f", and {len(each.mistakes) - 1} more: python -m bot runbook check" if len(each.mistakes) > 1 else "")
        for each in found.unusable
    ]


def say_unusable(found: Library) -> None:
    """One line of the log for each that cannot be used."""
    for each in found.unusable:
        first = str(each.mistakes[0]) if each.mistakes else "it is empty"
        log.warning(
            "a runbook cannot be used; see python -m bot runbook check",
            runbook=each.key,
            mistakes=len(each.mistakes),
            first=first,
        )
