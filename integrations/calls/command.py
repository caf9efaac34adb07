"""`command`: a program with arguments that the policy allows. There is no shell, and no secret of ours in its environment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from warroom.capabilities import Finished, Placed, StepCall, StepKind, StepOutcome
from warroom.durations import Duration, format_duration
from warroom.errors import Rejected
from warroom.policy.mistake import Wrong, shown
from warroom.policy.remediation import Allowed, arguments_fit
from warroom.value import Value

LONGEST = timedelta(seconds=10)
"""Of one command: less than the lease of the effect that runs it."""
MOST_BYTES = 64 * 1024
"""Of its output; one that writes more is ended."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class CommandParameters(Value):
    """What `command` takes."""

    run: Annotated[tuple[str, ...], Placed.ARGUMENT] = Field(
        description="The program and its arguments, one text each. There is no shell: *, $ and | are letters like others.",
        min_length=1,
        max_length=50,
    )
    limit: Duration = Field(default=LONGEST, description="It is ended after so long; at most 10s.")

    @field_validator("run")
    @classmethod
    def _arguments(cls, said: tuple[str, ...]) -> tuple[str, ...]:
        if not said[0] or said[0].startswith("-"):
            raise Wrong("begins with no program", "write the program first")
        for each in said:
            if len(each) > 1_000 or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", each):
                raise Wrong(
                    f"{shown(each)} cannot be an argument",
                    "arguments have at most 1,000 characters and no control characters",
                )
        return said

    @field_validator("limit")
    @classmethod
    def _short(cls, said: timedelta) -> timedelta:
        if said > LONGEST:
            raise Wrong(
                "a command may take 10s at most", "begin something in the background, and look at it with another step"
            )
        return said


class Command(StepKind[CommandParameters]):
    """A program."""

    step = "command"
    about = "Runs a program where Warroom runs, with the arguments that the policy allows and without a shell."
    parameters = CommandParameters
    outputs: ClassVar = {"code": "its exit status, 0", "output": "what it wrote", "error": "what it wrote as errors"}
    changes = True
    looks = False
    limits = ("arguments",)
    example = """{id: reload, do: command, with: {run: ["/usr/local/bin/reload-proxy", "--site", "{service}"]}}"""

    def __init__(self) -> None:
        self.allow = Allowed()
        """The policy of the process, by which every call is checked once more."""

    def plan(self, parameters: CommandParameters) -> Sequence[str]:
        return ["Run " + " ".join(_quoted(each) for each in parameters.run)]

    def refused(self, parameters: CommandParameters, allow: Allowed) -> str:
        if not allow.command:
            return "the policy allows no command; add its argument list to remediation.allow.command"
        if not any(arguments_fit(patterns, parameters.run) for patterns in allow.command):
            return f"the policy does not allow “{' '.join(parameters.run)}” in remediation.allow.command"
        return ""

    def targets(self, parameters: CommandParameters) -> Sequence[str]:
        return [f"command:{' '.join(parameters.run)}"]

    async def run(self, parameters: CommandParameters, call: StepCall) -> StepOutcome:
        if refused := self.refused(parameters, self.allow):
            raise Rejected(refused, code="not_allowed", advice="Ask whoever keeps the policy.")
        program = shutil.which(parameters.run[0], path=PATH)
        if program is None:
            raise Rejected(
                f"there is no program {parameters.run[0]} here", code="no_program", advice="Write its whole path."
            )
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *parameters.run[1:],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={"PATH": PATH, "LANG": "C.UTF-8", "WARROOM_KEY": call.key},
                cwd="/",
                start_new_session=True,
            )
        except OSError as failure:
            # Nothing has begun: it is no program, or may not be run.
            said = f"{parameters.run[0]} cannot be started ({failure.strerror})"
            raise Rejected(said, code="not_started", advice="Try it there by hand.") from failure
        try:
            async with asyncio.timeout(parameters.limit.total_seconds()):
                output, error, code = await asyncio.gather(_read(process.stdout), _read(process.stderr), process.wait())
        except TimeoutError:
            raise Rejected(
                f"it was ended after {format_duration(parameters.limit)}, and may have done part of its work",
                code="too_long",
            ) from None
        except _TooMuch:
            raise Rejected(f"it wrote more than {MOST_BYTES} bytes and was ended", code="too_much") from None
        finally:
            _end(process)
            # Its pipes too, of which some may be unread; what runs on elsewhere may hold them open. asyncio has no public way to do it.
            process._transport.close()  # type: ignore[attr-defined]
        if code != 0:
            lines = (error or output).strip().splitlines()
            why = f": {lines[-1][:200]}" if lines else ", and it wrote nothing"
            raise Rejected(f"exit status {code}{why}", code=str(code))
        outputs = {"code": code, "output": output, "error": error}
        first = output.strip().splitlines()[:1]
        return Finished(outputs=outputs, said=first[0][:200] if first else "Exit status 0")


class _TooMuch(Exception):
    """More output than is read."""


async def _read(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    found = bytearray()
    while chunk := await stream.read(8_192):
        found += chunk
        if len(found) > MOST_BYTES:
            raise _TooMuch
    return found.decode("utf-8", "replace")


def _end(process: asyncio.subprocess.Process) -> None:
    """The program and whatever it started, which has its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _quoted(argument: str) -> str:
    return argument if re.fullmatch(r"[\w./:=@%+,-]+", argument) else f"“{argument}”"
