"""YAML that people write by hand: where in the file everything stands, and what is wrong with it in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from warroom.policy import Mistake
from warroom.policy.check import path_of

BIGGEST = 500_000
"""Bytes of a file."""
MOST_VALUES = 20_000
"""Of a file, with what its aliases repeat counted each time."""


class UnreadableFile(Exception):
    """A file whose data nobody has seen yet, so `mistake` is the only one."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(str(mistake))
        self.mistake = mistake


class YamlFile(NamedTuple):
    """The data of a file; the line of each path; a mistake for each key that stands twice in one mapping."""

    data: Any
    lines: dict[str, int]
    twice: list[Mistake]


class Loader(yaml.SafeLoader):
    """A date or a number that there is not stays text, so that what reads the value names it with its line."""


def _or_text(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    try:
        return yaml.SafeLoader.yaml_constructors[node.tag](loader, node)
    except ValueError:
        return node.value


for _tag in ("timestamp", "int", "float"):
    Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _or_text)


def text_of(path: Path, hint: str = "", biggest: int = BIGGEST) -> str:
    """The text of a file that people wrote, of at most `biggest` bytes; `hint` is what to do where there is none. Raises
    UnreadableFile.
    """
    try:
        with path.open("rb") as file:
            read = file.read(biggest + 1)
        if len(read) > biggest:
            raise UnreadableFile(whole_file(f"has more than {biggest} bytes", "make it smaller"))
        return read.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(whole_file(f"byte {error.start} is not UTF-8", "save the file as UTF-8 text")) from None
    except OSError as error:
        raise UnreadableFile(whole_file(f"cannot be read: {error.strerror or error}", hint)) from None


def read_yaml(text: str, loader: type[yaml.SafeLoader | yaml.BaseLoader] = Loader, most: int = MOST_VALUES) -> YamlFile:
    """What the text says. Raises UnreadableFile where it is not YAML, or has more than `most` values."""
    try:
        node = yaml.compose(text, Loader=loader)
        if (mistake := too_much(node, most)) is not None:
            raise UnreadableFile(mistake)
        lines, twice = walked(node)
        data = loader("").construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise UnreadableFile(syntax(error)) from None
    except ValueError as error:
        hint = "put text that looks like a date or number in quotes"
        raise UnreadableFile(whole_file(f"a value cannot be read: {error}", hint)) from None
    except RecursionError:
        raise UnreadableFile(_TOO_DEEP) from None
    return YamlFile(data, lines, twice)


def whole_file(problem: str, suggestion: str = "", line: int | None = None) -> Mistake:
    """A mistake that belongs to no key."""
    return Mistake(path="", problem=problem, suggestion=suggestion, line=line)


_TOO_DEEP = whole_file(
    "is nested too deeply, or an alias stands within what it repeats",
    "look for brackets that are never closed; write it without aliases",
)


def syntax(error: yaml.YAMLError) -> Mistake:
    """What keeps the file from being YAML, and what to write instead."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return whole_file(f"is not YAML: {' '.join(str(error).split())}", "look for characters that cannot be seen")
    mark, problem = error.problem_mark, error.problem or "cannot be understood"
    hints = {
        r"\\t": "indent with spaces, not tabs",
        "mapping values are not allowed": "put quotes around text that contains a colon",
        "expected <block end>": "lines of one block begin in the same column",
        "could not find expected ':'": "a key is followed by a colon and a space",
        "expected ',' or": "a bracket or brace is not closed",
        "found unknown escape": "use single quotes around text with backslashes",
        "expected a single document": "keep one policy in the file, without ---",
        "cannot start any token": "put quotes around text that begins with @, ` or %",
        "undefined alias": "put quotes around text that begins with *",
        "while scanning an alias": "put quotes around text that begins with *",
    }
    said = f"{error.context or ''} {problem}"
    hint = next((hint for sign, hint in hints.items() if re.search(sign, said) or sign in said), "")
    return whole_file(f"is not YAML at column {mark.column + 1}: {problem}", hint, mark.line + 1)


def walked(root: yaml.Node | None) -> tuple[dict[str, int], list[Mistake]]:
    """(the line of each path, a mistake for each key that stands twice in one mapping)."""
    lines: dict[str, int] = {}
    twice: list[Mistake] = []
    seen: set[int] = set()

    def walk(node: yaml.Node, where: tuple[str | int, ...]) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        known: dict[str, int] = {}
        for key, line, child in _children(node):
            path = path_of((*where, key))
            lines[path] = line
            if isinstance(key, str) and key in known and key != "<<":
                problem = f"the key stands twice, first in line {known[key]}; YAML would keep only one of them"
                twice.append(Mistake(path=path, problem=problem, suggestion="put both into one", line=line))
            known.setdefault(str(key), line)
            walk(child, (*where, key))

    if root is not None:
        walk(root, ())
    return lines, twice


def too_much(root: yaml.Node | None, most: int = MOST_VALUES) -> Mistake | None:
    """What is wrong with a file whose aliases make it endless, or far larger than it looks; None where nothing is."""
    sizes: dict[int, int] = {}
    inside: set[int] = set()

    def size(node: yaml.Node) -> int:
        if id(node) in inside:
            raise RecursionError("an alias stands within what it repeats")
        if id(node) not in sizes:
            inside.add(id(node))
            parts = (
                [part for pair in node.value for part in pair]
                if isinstance(node, yaml.MappingNode)
                else (node.value if isinstance(node, yaml.SequenceNode) else [])
            )
            sizes[id(node)] = 1 + sum(size(part) for part in parts)
            inside.discard(id(node))
        return sizes[id(node)]

    try:
        values = size(root) if root is not None else 0
    except RecursionError:
        return _TOO_DEEP
    if values > most:
        return whole_file(f"has {values} values with what its aliases repeat; {most} are the most", "make it smaller")
    return None


def _children(node: yaml.Node) -> Iterator[tuple[str | int, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value.start_mark.line + 1, value


def at_line(mistake: Mistake, lines: dict[str, int]) -> Mistake:
    """With the line of its path, or of the nearest thing around it that the file contains."""
    path = mistake.path
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return mistake.copy_with(line=lines.get(path))
