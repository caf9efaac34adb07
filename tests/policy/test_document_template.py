"""The policy's template of the post-mortem: checked when the file is read, and unable to do anything but show text."""

from __future__ import annotations

import pytest

from warroom.policy import check
from warroom.policy.document import SECTIONS, VALUES, rendered


def mistake(template: str) -> str:
    checked = check({"postmortem": {"template": template}})
    assert checked.policy is None
    (found,) = checked.mistakes
    assert found.path == "postmortem.template"
    return f"{found.problem} {found.suggestion}"


def test_sections_that_are_empty_leave_no_hole() -> None:
    values = dict.fromkeys((*SECTIONS, *VALUES), "") | {"title": "# It fell", "summary": "## Summary\n\nIt fell."}
    source = "{{ title }}\n\n{{ links }}\n\n{% if alerts %}{{ alerts }}{% endif %}\n\n{{ summary }}"
    assert rendered(source, values) == "# It fell\n\n## Summary\n\nIt fell.\n"


def test_an_own_template_comes_before_the_one_for_all() -> None:
    data = {
        "postmortem": {"template": "all {{ name }}"},
        "templates": {"security": {"postmortem": "security {{ name }}"}, "plain": {}},
    }
    policy = check(data).policy
    assert policy is not None
    assert policy.document_template("security") == "security {{ name }}"
    assert policy.document_template("plain") == policy.document_template(None) == "all {{ name }}"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ sumary }}", "did you mean summary?"),
        ("{% if summary %}", "line 1"),
        ("{{ ''.__class__.__mro__ }}", "does what a template may not"),
        ("{{ 1 / 0 }}", "cannot be filled in"),
        ("{{ range(9) }}", "there is no value"),
        ("{% include 'other' %}", "cannot be filled in"),
    ],
)
def test_what_is_wrong_is_said_when_the_policy_is_checked(template: str, said: str) -> None:
    assert said in mistake(template)
