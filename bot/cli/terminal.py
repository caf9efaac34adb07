"""What every command of the command line shares: settings, policy, and failures as sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Never, TypeVar

import typer
from rich.console import Console

from blocks.refusals import TERMINAL, refusal_words
from bot.integrations import policy_model, settings_model
from bot.policy_file import PolicyError, load
from bot.runtime.observability import hide, hide_secrets, set_up_logging
from bot.settings import Settings, SettingsError, load_settings
from warroom.errors import Refused, WarroomError
from warroom.policy import Policy

out = Console()
err = Console(stderr=True)

T = TypeVar("T")


def fail(text: object, code: int = 1) -> Never:
    """The sentence in red, and the end of the program."""
    err.print(hide(str(text)), style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def do(work: Coroutine[Any, Any, T]) -> T:
    """Run it to the end; what a person can mend becomes a sentence."""
    try:
        return asyncio.run(work)
    except Refused as refused:
        fail(refusal_words(refused.reason, TERMINAL))
    except (SettingsError, PolicyError, WarroomError) as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def settings_or_exit() -> Settings:
    """The settings; the end when they are wrong."""
    try:
        settings = load_settings(settings_model())
    except SettingsError as error:
        fail(error, 2)
    hide_secrets(settings.secrets)
    set_up_logging(settings.log_level, settings.log_format)
    return settings


def policy_of(settings: Settings) -> Policy:
    """The policy, its warnings said; the end when it is wrong."""
    return policy_at(settings.policy_path)


def policy_at(path: Path | None) -> Policy:
    """The policy in that file, its warnings said; the end when it is wrong."""
    try:
        loaded = load(path, policy_model())
    except PolicyError as error:
        fail(error, 2)
    for warning in loaded.warnings:
        err.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    return loaded.policy
