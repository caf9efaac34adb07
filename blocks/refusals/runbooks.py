"""Why a runbook is not run, or nothing is investigated."""

from __future__ import annotations

from typing import assert_never

from blocks.refusals.medium import Medium
from warroom import refusals
from warroom.refusals import RunbookRefused, RunbookWhy, RunRefusal


def words(reason: RunRefusal, medium: Medium) -> str:
    """Why, and what to do next."""
    match reason:
        case refusals.Investigating():
            return f"{reason.incident} is being investigated already. The answer comes in the thread of its card."
        case refusals.NoCauseNamed():
            return f"No investigation of {reason.incident} named a cause. Start one: /incident investigate"
        case refusals.CauseAnsweredBefore():
            by = f" by {medium.person(reason.by)}" if reason.by else ""
            return f"Said before{by}: the cause was {'right' if reason.right else 'wrong'}."
        case refusals.RunbookRefused():
            return _runbook(reason)
    assert_never(reason)


def _runbook(reason: RunbookRefused) -> str:
    """Why a runbook is not run, or a button of a run does nothing; and what to do."""
    name, details = reason.runbook, "; ".join(reason.details)
    match reason.why:
        case RunbookWhy.UNKNOWN:
            known = ", ".join(reason.details)
            return f"There is no runbook “{name}”. " + (
                f"Those there are: {known}." if known else "There are none yet."
            )
        case RunbookWhy.LINK:
            return f"{name} has no steps. Read it: {details}"
        case RunbookWhy.INPUTS:
            return f"{name} cannot be run: {details}."
        case RunbookWhy.NOT_POSSIBLE:
            return f"{name} cannot be run here: {details}. Change the runbook, or the policy's remediation."
        case RunbookWhy.TOO_OFTEN:
            target, rate = (*reason.details, "", "")[:2]
            again = f" It can be run again at {reason.until:%H:%M} UTC." if reason.until else ""
            return f"{target} was changed {rate} already, which is the most that the policy allows.{again}"
        case RunbookWhy.RUNNING:
            return f"{name} is running in this incident already. Its message shows where it is."
        case RunbookWhy.OVER:
            return f"That run of {name} is over. Start it again with /incident run."
        case RunbookWhy.OUTDATED:
            return "That button is of an earlier moment of the run. The run's message shows what is asked now."
        case RunbookWhy.SECOND_PERSON:
            return f"You asked for {name}, and a second person has to approve it."
        case RunbookWhy.GONE:
            return "That run is not in the record any more."
    assert_never(reason.why)
