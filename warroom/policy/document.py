"""Templates of the post-mortem in the policy: Jinja2 in a sandbox, of which every section is one value of Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, StringConstraints

from warroom.policy.mistake import Wrong, did_you_mean

SECTIONS = (
    "title", "about", "summary", "impact", "times", "severity", "people", "alerts", "escalation", "updates", "timeline",
    "root_cause", "went_well", "improve", "action_items", "similar", "links",
)  # fmt: skip
"""Sections of the document, each with its heading; empty where there is nothing to say."""
VALUES = ("name", "number", "severity_name", "state", "team", "services")
"""Single values, as Markdown."""

UNFILLED = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError)
"""What filling in a template may raise."""
LONGEST = 1_000_000
"""Characters of a document; a template that makes more of it is cut."""
_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
)  # Markdown
_ENVIRONMENT.globals.clear()


def rendered(source: str, values: Mapping[str, str]) -> str:
    """The document, without the empty lines that empty sections leave, ending in a line feed. Raises UNFILLED."""
    text = _compiled(source).render(values)[:LONGEST]
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@cache
def _compiled(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def _checked(source: str) -> str:
    """The template, which was tried with every section and with none. Raises Wrong."""
    try:
        used = meta.find_undeclared_variables(_ENVIRONMENT.parse(source))
    except TemplateSyntaxError as error:
        raise Wrong(f"line {error.lineno}: {error.message}", "see jinja.palletsprojects.com for the syntax") from None
    known = (*SECTIONS, *VALUES)
    for name in sorted(used - set(known)):
        raise Wrong(f"there is no value {{{{ {name} }}}}", did_you_mean(name, known))
    try:
        for text in ("text", ""):
            rendered(source, dict.fromkeys(known, text))
    except SecurityError as error:
        raise Wrong(f"does what a template may not: {error}", "use values, if and for") from None
    except UNFILLED as error:
        raise Wrong(
            f"cannot be filled in: {error}", "every value is text; it is empty where there is nothing"
        ) from None
    return source


DocumentTemplate = Annotated[str, StringConstraints(min_length=1, max_length=50_000), AfterValidator(_checked)]
"""A Jinja2 template of the post-mortem."""
