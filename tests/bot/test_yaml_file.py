"""Every file that people write is read by one function, with one limit for what aliases repeat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot import policy_file, runbook_files
from bot.demo.drills import DrillError, load
from bot.yaml_file import BIGGEST
from warroom.policy import Policy
from warroom.runbooks.library import Kinds
from warroom.runbooks.steps.all import all_kinds

KINDS: Kinds = all_kinds({}, {}, [])
BEGINNINGS = {
    "runbook": "name: x\nsteps: [{id: a, do: say, with: {text: hi}}]\n",
    "policy": "workspace: {}\n",
    "drill": "about: x\nsteps: [{at: '0:00', tell: hi}]\n",
}


def runbook_mistakes(path: Path) -> str:
    found, mistakes = runbook_files.read(path, Policy(), KINDS)
    assert found is None
    return "\n".join(map(str, mistakes))


def policy_mistakes(path: Path) -> str:
    with pytest.raises(policy_file.PolicyError) as error:
        policy_file.load(path, Policy)
    return "\n".join(map(str, error.value.mistakes))


def drill_mistakes(path: Path) -> str:
    with pytest.raises(DrillError) as error:
        load(str(path))
    return str(error.value).partition("\n")[2]


READERS: dict[str, Callable[[Path], str]] = {
    "runbook": runbook_mistakes,
    "policy": policy_mistakes,
    "drill": drill_mistakes,
}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (
            "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 9)}]\n" for n in range(12)),
            "aliases repeat",
        ),
        ("more: &w {again: *w}\n", "nested too deeply"),
        (f"more: {'[' * 3000}{']' * 3000}\n", "nested too deeply"),
        ("more: [" + ", ".join("x" * 230_000) + "]\n", "bytes|aliases repeat"),
    ],
    ids=["aliases of aliases", "an alias of itself", "deep", "wide"],
)
def test_a_file_that_is_far_larger_than_it_looks_is_refused_at_once(
    kind: str, more: str, wanted: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.yml"
    path.write_text(BEGINNINGS[kind] + more)
    said = READERS[kind](path)
    assert any(each in said for each in wanted.split("|"))
    assert "\n" not in said, "in one line"


@pytest.mark.parametrize("kind", ["runbook", "drill"])
def test_a_file_of_many_megabytes_is_not_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text(BEGINNINGS[kind] + "# " + "x" * BIGGEST)
    assert f"has more than {BIGGEST} bytes" in READERS[kind](path)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("written", "wanted"),
    [(b"a: 2026-13-45\n", None), (b"a: \xff\n", "is not UTF-8"), (b"a: b: c\n", "is not YAML")],
    ids=["no date", "no UTF-8", "no YAML"],
)
def test_what_cannot_be_read_is_said(kind: str, written: bytes, wanted: str | None, tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_bytes(written)
    said = READERS[kind](path)
    assert (wanted or ("a" if kind == "drill" else "a value cannot be read")) in said
