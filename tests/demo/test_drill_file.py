"""A drill's file is strict, and each mistake says its line and what to write instead."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.demo.commands import list_drills
from bot.demo.drills import DrillError, drill_names, load

GOOD = """\
about: A test.
steps:
  - at: 0:00
    alert: memory
  - at: 1:02:03
    who: ada
    press: Acknowledge
"""


def written(folder: Path, text: str) -> str:
    path = folder / "mine.yml"
    path.write_text(text)
    return str(path)


def test_drill_can_be_a_file_of_ones_own(tmp_path: Path) -> None:
    drill = load(written(tmp_path, GOOD))
    assert (drill.name, drill.steps[0].alert is not None) == ("mine", True)
    assert drill.steps[1].at == timedelta(hours=1, minutes=2, seconds=3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (GOOD.replace("press:", "pres:"), r"line 7, steps\[1\]\.pres: is not known here \(did you mean press\?\)"),
        (GOOD.replace("0:00", "soon"), r"line 3, steps\[0\]\.at: “soon” is not a time.* as in 3:00"),
        (GOOD.replace("    who: ada\n", ""), r"line 5, steps\[1\]: who is missing; name a person for press, as in who: ada"),
        (GOOD.replace("alert: memory", "alert: disc"), r"line 4, steps\[0\]\.alert\.monitor: .*'memory', 'errors' or 'disk'"),
        (GOOD + "    say: hello\n", r"line 5, steps\[1\]: does press and say at once; write one step for each"),
        (GOOD.replace("0:00", "2:00:00"), "the steps are not in the order"),
        (GOOD.replace("about: A test.\n", ""), r"about: is missing \(add about:\)"),
        (GOOD + "about: Again.\n", "line 8, about: the key stands twice, first in line 1"),
        (GOOD + "expect: {incidents: {1: {state: done}}}\n", r"line 8, expect\.incidents\.1\.state: .*'cancelled'"),
        (GOOD.replace("ada", "{ada"), "is not YAML at column"),
        ("steps", "a drill is a mapping"),
        ("", "a drill is a mapping"),
    ],
)  # fmt: skip
def test_mistake_in_a_drill_names_file_line_and_next_step(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(DrillError, match=said) as caught:
        load(written(tmp_path, wrong))
    assert "mine.yml" in str(caught.value)


def test_mistakes_are_reported_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(DrillError) as caught:
        load(written(tmp_path, GOOD.replace("press:", "pres:").replace("0:00", "soon")))
    assert str(caught.value).count("line ") >= 2


def test_drill_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(DrillError, match="did you mean memory-leak"):
        load("memory-leek")


def test_drill_file_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(DrillError, match=r"nowhere\.yml cannot be played:\n.*cannot be read: No such file"):
        load("nowhere.yml")


def test_drill_list_has_a_sentence_for_each() -> None:
    assert [name for name, _ in list_drills()] == drill_names()
    assert all(about.endswith(".") for _, about in list_drills())


def test_documentation_example_is_a_valid_drill(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "drills.md").read_text()
    drill = load(written(tmp_path, text.split("```yaml\n")[1].split("```")[0]))
    assert [step.at.total_seconds() for step in drill.steps][:3] == [0, 20, 180]
    assert drill.expect.incidents[1].updates == "late"
