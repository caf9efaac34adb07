"""The words for every refusal: why it does not apply now and what to do instead, in the chat and on the command line.

What comes back is text with people by mention; whoever shows it in the chat escapes the rest (`text.spoken`). A file for each subject,
as in `warroom.refusals`; a kind without words is an error of the type checker.
"""

from __future__ import annotations

from typing import assert_never, cast

from blocks.oncall import on_call_refusal
from blocks.refusals import access, lifecycle, people, postmortem, runbooks
from blocks.refusals.medium import CHAT, TERMINAL, Medium
from blocks.usage import Usage, usage_words
from warroom import refusals
from warroom.errors import Reason
from warroom.refusals import RuleRefusal

__all__ = ["CHAT", "TERMINAL", "Medium", "refusal_words"]


def refusal_words(reason: Reason, medium: Medium = CHAT) -> str:
    """Why, and what to do next. Every class of reason is one of the union: a test holds them against each other."""
    known = cast("RuleRefusal | Usage", reason)
    return usage_words(known) if isinstance(known, Usage) else _words(known, medium)


def _words(reason: RuleRefusal, medium: Medium) -> str:
    if isinstance(reason, refusals.LifecycleRefusal):
        return lifecycle.words(reason, medium)
    if isinstance(reason, refusals.PeopleRefusal):
        return people.words(reason, medium)
    if isinstance(reason, refusals.AccessRefusal):
        return access.words(reason, medium)
    if isinstance(reason, refusals.PostmortemRefusal):
        return postmortem.words(reason, medium)
    if isinstance(reason, refusals.RunRefusal):
        return runbooks.words(reason, medium)
    if isinstance(reason, refusals.OnCallRefused):
        return on_call_refusal(reason, medium.person)
    assert_never(reason)
