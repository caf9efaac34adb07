"""What can go wrong, as types.

WarroomError
 ├─ Refused            a person asked for something that does not apply now; `reason` says why, as a value
 │   ├─ NotFound       no such incident
 │   ├─ Forbidden      the policy leaves it to others
 │   └─ AlreadyDone    somebody did it before; nothing changed
 ├─ Conflict           another writer was faster: load and decide again
 ├─ LeaseLost          the claim was taken over by somebody else: drop the result
 ├─ StoreUnavailable   the database cannot be reached or is locked; nothing was stored
 ├─ Retryable          an outside call failed in a way that may pass
 └─ Rejected           an outside call failed for good
"""

from __future__ import annotations

from warroom.value import Value


class WarroomError(Exception):
    """The root of the tree above."""


class Reason(Value):
    """Why something is refused. Its subclasses are in `warroom.refusals` and `blocks.usage`, their words in `blocks.refusals`."""


class Refused(WarroomError):
    """A request that does not apply now, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return repr(self.reason)


class NotFound(Refused):
    """There is no such incident."""


class Forbidden(Refused):
    """The policy leaves it to others."""


class AlreadyDone(Refused):
    """It was done before; a repeat changes nothing."""


class Conflict(WarroomError):
    """Another writer was faster. Load again and decide again."""


class LeaseLost(WarroomError):
    """The claim is no longer ours; whoever has it now records its result."""


class StoreUnavailable(WarroomError):
    """The database could not be reached, was locked for too long, is full or read-only. Nothing was stored."""


class Retryable(WarroomError):
    """An outside call failed and may succeed later.

    `after` is in seconds, None leaves it to the back-off. `outcome_unknown` says that the act may have happened all the same,
    so it must be looked for before it is done again.
    """

    def __init__(self, message: str, *, after: float | None = None, outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.outcome_unknown = outcome_unknown


class Rejected(WarroomError):
    """An outside call failed for good. `code` is the other system's word, `advice` the next step for a person."""

    def __init__(self, message: str, *, code: str = "", advice: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice


UNEXPECTED_SHAPE_ERRORS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading a body or an answer raises that lacks what the other system's documentation promises, or is nested without end."""
