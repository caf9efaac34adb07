"""The kinds of steps `http.request` and `command`. There is nothing to set up: the policy's `remediation.allow` says what they may do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from integrations.calls.command import Command
from integrations.calls.request import Request
from warroom.capabilities import StepBase
from warroom.integration import Integration, NoSettings
from warroom.policy import Policy
from warroom.ports import Clock


class Calls(Integration[NoSettings]):
    """`warroom.capabilities.StepSource`."""

    name: ClassVar[str] = "calls"
    title: ClassVar[str] = "HTTP and commands"

    def __init__(self, settings: NoSettings) -> None:
        super().__init__(settings)
        self._request, self._command = Request(), Command()

    def step_kinds(self) -> Sequence[StepBase[Any]]:
        """Both."""
        return [self._request, self._command]

    async def start(self, policy: Policy, clock: Clock) -> None:
        """They are bound by that policy from now on, beside the check that the rules make."""
        self._request.allow = policy.remediation.allow
        self._command.allow = policy.remediation.allow
