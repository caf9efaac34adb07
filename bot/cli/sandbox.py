"""`python -m bot sandbox` and `python -m bot demo`. Their libraries are an extra, which production does not install."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import do, fail, say
from bot.runtime.observability import set_up_logging

SANDBOX_LIBRARIES = {"emoji": "emoji", "numpy": "numpy"}
"""The modules of the extra `sandbox` and the packages that they come from."""


@contextlib.contextmanager
def _sandbox_libraries() -> Iterator[None]:
    """Around imports of the sandbox: exit with a sentence that names the extra when one of its libraries is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in SANDBOX_LIBRARIES:
            raise
        fail(
            f"The sandbox needs {error.name}, which is not installed. It belongs to the extra `sandbox` of pyproject.toml, "
            "which `make setup` installs; by hand: pip install " + " ".join(SANDBOX_LIBRARIES.values())
        )


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The workspace's port; 0 takes a free one.")] = 0,
    people: Annotated[int, typer.Option(min=40, max=100_000, help="How many people the company has.")] = 40,
    picture: Annotated[
        Path | None, typer.Option(help="Only save a picture of an incident's channel as this PNG file.")
    ] = None,
) -> None:
    """Start a Slack-compatible workspace on this machine with the bot in it; it is used in a browser."""
    with _sandbox_libraries():
        from bot.demo.commands import open_sandbox
        from bot.demo.picture import take_picture

    set_up_logging("WARNING", "console")
    try:
        do(take_picture(picture) if picture else open_sandbox(port, people))
    except OSError as error:
        taken = f"Port {port} is taken by another program; leave out --port to take a free one."
        fail(taken if error.errno == errno.EADDRINUSE else error)
    except ImportError as error:
        fail(f"Drawing the picture needs Playwright, which `make setup` installs: {error}")


def demo(
    name: Annotated[str, typer.Argument(help="A drill of --list, or a .yml file of your own.")] = "leaking-release",
    show: Annotated[bool, typer.Option("--list", help="Only list the drills.")] = False,
) -> None:
    """Play a drill in the sandbox, and compare what its people did with the policy."""
    with _sandbox_libraries():
        from bot.demo.commands import list_drills, play
        from bot.demo.drills import DrillError

    set_up_logging("ERROR", "console")
    stay = sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")
    try:
        if show:
            for drill, about in list_drills():
                say(f"{drill:<16} {about}")
            return
        differences = do(play(name, stay=stay))
    except DrillError as error:
        fail(error)
    if differences:
        fail("\n".join(["The drill did not end as its file expects:", *(f"  {each}" for each in differences)]))
