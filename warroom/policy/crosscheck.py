"""What one part of a policy file says of another.

Read from the data as written, so that a mistake in one place hides none in another; anything of the wrong shape is left
to the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from warroom.durations import parse_duration
from warroom.people.model import normal
from warroom.policy.investigation import investigate_mistakes, service_mistakes, service_warnings
from warroom.policy.mistake import Mistake, did_you_mean, shown, unknown_name
from warroom.policy.model import Policy
from warroom.policy.permissions import WORDS
from warroom.policy.reach import shadows
from warroom.policy.rule import OUTCOMES
from warroom.policy.schedule import reference
from warroom.policy.section import KnownNames, sections_of
from warroom.policy.severity import BUILT_IN, number_of


def mistakes_between(
    data: Mapping[Any, Any], whole: Mapping[Any, Any], schema: type[Policy] = Policy
) -> Iterator[Mistake]:
    """Mistakes in the data as written; `whole` is the same with the built-in severities filled in."""
    severities, teams = _mapping(whole.get("severities", BUILT_IN)), _texts(_mapping(data.get("teams")))
    words, keys = _severity_words(severities), _texts(severities)
    yield from _removed_strangers(_mapping(data.get("severities")))
    yield from _words_twice(severities)
    yield from _names_twice("teams", teams, "team")
    said = _mapping(data.get("workspace")).get("default_team")
    yield from unknown_name("workspace.default_team", said, "team", teams)
    for name, team in _mapping(data.get("teams")).items():
        yield from _levels(f"teams.{name}.escalation", _list(_mapping(team).get("escalation")), words, keys)
    templates = _texts(_mapping(data.get("templates")))
    for index, rule in enumerate(_list(data.get("rules"))):
        for outcome in OUTCOMES[:2]:
            path, opening = f"rules[{index}].{outcome}", _mapping(_mapping(rule).get(outcome))
            yield from unknown_name(f"{path}.severity", opening.get("severity"), "severity", words, keys)
            yield from unknown_name(f"{path}.team", opening.get("team"), "team", teams)
            yield from unknown_name(f"{path}.template", opening.get("template"), "template", templates)
    yield from _fields(_mapping(data.get("templates")))
    for name, template in _mapping(data.get("templates")).items():
        for place, said in enumerate(_list(_mapping(template).get("teams"))):
            yield from unknown_name(f"templates.{name}.teams[{place}]", said, "team", teams)
        for place, said in enumerate(_list(_mapping(template).get("severities"))):
            yield from unknown_name(f"templates.{name}.severities[{place}]", said, "severity", words)
    for name in _texts(_mapping(_mapping(data.get("links")).get("dashboards"))):
        yield from unknown_name(f"links.dashboards.{name}", name, "team", teams)
    yield from _permissions(_mapping(data.get("permissions")), teams)
    yield from _schedules(data, _texts(_mapping(data.get("schedules"))))
    yield from service_mistakes(_mapping(data.get("services")), teams)
    reads = {name: section.reads for name, section in sections_of(schema).items()}
    yield from investigate_mistakes(_mapping(data.get("investigate")), words, keys, reads)
    known = KnownNames(tuple(words), tuple(teams), tuple(templates), tuple(keys))
    for name, section in sections_of(schema).items():
        for mistake in section.mistakes(_mapping(data.get(name)), known):
            yield mistake.copy_with(path=f"{name}.{mistake.path}")


def _permissions(written: Mapping[Any, Any], teams: list[str]) -> Iterator[Mistake]:
    """A name without an @ is a team or one of our words."""
    for case, said in written.items():
        many = isinstance(said, list | tuple)
        for place, name in enumerate(_list(said)):
            path = f"permissions.{case}[{place}]" if many else f"permissions.{case}"
            known = [*WORDS, *teams]
            if isinstance(name, str) and "@" not in name and normal(name) not in {normal(word) for word in known}:
                hint = did_you_mean(name, known)
                yield Mistake(
                    path=path, problem=f"{shown(name)} is no team, and no person without an @", suggestion=hint
                )


def _schedules(data: Mapping[Any, Any], schedules: list[str]) -> Iterator[Mistake]:
    """Schedules that cannot be told apart, and names that mean one which there is not."""
    yield from _names_twice("schedules", schedules, "schedule")
    for name, schedule in _mapping(data.get("schedules")).items():
        for index, layer in enumerate(_list(_mapping(schedule).get("layers"))):
            path = f"schedules.{name}.layers[{index}].people"
            for turn in _list(_mapping(layer).get("people")):
                for person in _list(turn):
                    if isinstance(person, str) and reference(person, ()):
                        problem = f"{shown(person)} is a schedule, and a schedule names people"
                        yield Mistake(path=path, problem=problem, suggestion="name the people themselves")
    named = [
        (f"teams.{team}.escalation[{index}].notify[{place}]", name)
        for team, entry in _mapping(data.get("teams")).items()
        for index, level in enumerate(_list(_mapping(entry).get("escalation")))
        for place, name in enumerate(_list(_mapping(level).get("notify")))
    ]
    for index, rule in enumerate(_list(data.get("rules"))):
        for outcome in OUTCOMES[:2]:
            path, opening = f"rules[{index}].{outcome}", _mapping(_mapping(rule).get(outcome))
            named.append((f"{path}.commander", opening.get("commander")))
            named += [(f"{path}.people[{place}]", name) for place, name in enumerate(_list(opening.get("people")))]
    for path, said in named:
        if isinstance(said, str) and (meant := reference(said, schedules)):
            yield from unknown_name(path, meant.schedule, "schedule", schedules)


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] if isinstance(value, str) else []


def _texts(values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _severity_words(severities: Mapping[Any, Any]) -> list[str]:
    """Every word that means a severity, keys first (they make the better suggestions)."""
    keys = _texts(severities)
    entries = [_mapping(severities[key]) for key in keys]
    names = _texts(entry.get("name") for entry in entries)
    numbers = [word for key in keys if (n := number_of(key)) for word in (n, f"sev{n}", f"severity{n}")]
    return [*keys, *names, *(word for entry in entries for word in _texts(_list(entry.get("aliases")))), *numbers]


def _removed_strangers(written: Mapping[Any, Any]) -> Iterator[Mistake]:
    for key, entry in written.items():
        if entry is None and key not in BUILT_IN:
            problem = "null takes out a built-in severity, and this is none"
            yield Mistake(path=f"severities.{key}", problem=problem, suggestion=did_you_mean(str(key), BUILT_IN))


def _words_twice(severities: Mapping[Any, Any]) -> Iterator[Mistake]:
    """A word for a severity that means another one too, or nothing at all."""
    owners = {normal(key): key for key in _texts(severities)}
    for key in _texts(severities):
        entry = _mapping(severities[key])
        named = [("", key), (".name", entry.get("name"))]
        named += [(f".aliases[{i}]", alias) for i, alias in enumerate(_list(entry.get("aliases")))]
        for where, word in named:
            path = f"severities.{key}{where}"
            if not isinstance(word, str) or not word.strip():
                continue
            if not normal(word):
                yield Mistake(
                    path=path, problem=f"{shown(word)} has no letter or digit", suggestion="people have to type it"
                )
            elif (owner := owners.setdefault(normal(word), key)) != key:
                problem = f"{shown(word)} already means {owner}"
                yield Mistake(path=path, problem=problem, suggestion="a word can mean one severity only")


def _names_twice(key: str, names: list[str], what: str) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for name in names:
        if not normal(name):
            problem = f"a {what}'s name needs a letter or digit"
            yield Mistake(path=f"{key}.{name}", problem=problem, suggestion="people have to type it")
        elif (other := seen.setdefault(normal(name), name)) != name:
            problem = f"is the same name as {shown(other)} (case, spaces and punctuation do not count)"
            yield Mistake(path=f"{key}.{name}", problem=problem, suggestion="keep one of the two")


def _levels(path: str, levels: list[Any], words: list[str], keys: list[str]) -> Iterator[Mistake]:
    last = None
    for index, level in enumerate(levels):
        level = _mapping(level)
        for place, word in enumerate(_list(level.get("only"))):
            yield from unknown_name(f"{path}[{index}].only[{place}]", word, "severity", words, keys)
        try:
            after = parse_duration(level.get("after"))
        except ValueError:
            continue  # the schema says so
        if last is not None and after <= last:
            problem = f"{shown(level.get('after'))} is not later than the level before it"
            yield Mistake(
                path=f"{path}[{index}].after", problem=problem, suggestion="write the levels in order of time"
            )
        last = after if last is None else max(after, last)


def _fields(templates: Mapping[Any, Any]) -> Iterator[Mistake]:
    for name, template in templates.items():
        seen: set[str] = set()
        for index, field in enumerate(_list(_mapping(template).get("fields"))):
            field, path = _mapping(field), f"templates.{name}.fields[{index}]"
            options = _list(field.get("options"))
            if field.get("type") == "choice" and not options:
                yield Mistake(
                    path=path, problem="a choice needs options", suggestion="for example options: [yes, no, unknown]"
                )
            if options and field.get("type") != "choice":
                yield Mistake(path=path, problem="options belong to a choice", suggestion="add type: choice")
            title = field.get("name")
            if isinstance(title, str) and title.strip() in seen:
                yield Mistake(
                    path=f"{path}.name", problem=f"{shown(title)} is asked twice", suggestion="keep one of the two"
                )
            seen |= {title.strip()} if isinstance(title, str) else set()


def warnings_about(policy: Policy) -> Iterator[Mistake]:
    """What is allowed but looks like an oversight in a policy without mistakes."""
    for index, taker in shadows(policy.rules):
        always = policy.rules[taker].when.always
        problem = f"is never reached: rules[{taker}] takes every {'' if always else 'such '}alert before it"
        suggestion = "move the rule for everything else to the end" if always else f"move it before rules[{taker}]"
        yield Mistake(path=f"rules[{index}]", problem=problem, suggestion=suggestion)
    owners: dict[str, str] = {}
    for name, team in policy.teams.items():
        for service in team.services:
            if (owner := owners.setdefault(normal(service), name)) != name:
                problem = f"{shown(service)} belongs to {owner} already; the first team gets its incidents"
                yield Mistake(path=f"teams.{name}.services", problem=problem)
        if not team.escalation:
            problem = "has no escalation, so nobody is called for its incidents but the declarer"
            yield Mistake(
                path=f"teams.{name}", problem=problem, suggestion="add escalation: [{after: 0m, notify: [...]}]"
            )
    words: dict[str, str] = {}
    for name, role in policy.roles.items():
        for word in (name, *role.aliases):
            if (first := words.setdefault(normal(word), name)) != name:
                yield Mistake(path=f"roles.{name}", problem=f"{shown(word)} means {first} already")
    yield from service_warnings(policy.services, policy.investigate, owners)
    for name, section in sections_of(type(policy)).items():
        for warning in policy.section(name, section).warnings(policy):
            yield warning.copy_with(path=f"{name}.{warning.path}")
    numbered = [(key, int(number)) for key in policy.severities if (number := number_of(key))]
    for (before, high), (key, low) in pairwise(numbered):
        if low < high:
            problem = f"stands after {before}, so it counts as less severe"
            suggestion = f"severities are ordered as written; write {before} after it"
            yield Mistake(path=f"severities.{key}", problem=problem, suggestion=suggestion)
