"""Cases of integrations: each brings its own in `cases.py` of its folder in tests/integrations, where they are found by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.integrations import INTEGRATIONS, Kinds
from sandbox.vendors.system import FakeSystem
from tests.reliability.effect_case import EffectCase
from warroom.integration import Integration

FOLDER = Path(__file__).parents[1] / "integrations"


@dataclass(frozen=True)
class ExternalCases:
    """What the matrix needs to know of an integration."""

    integration: type[Integration[Any]]
    system: Callable[[], FakeSystem]
    settings: Callable[[Any], dict[str, Any]]
    """What to set so that the bot uses that system."""
    cases: tuple[EffectCase, ...]
    """Their method is the call's method and how its path begins: "POST /pages"."""
    policy: dict[str, Any] = field(default_factory=dict)
    """The integration's section."""
    environment: dict[str, str] = field(default_factory=dict)
    """The secrets that the section names."""

    @property
    def kinds(self) -> Kinds:
        """The bot's integrations, with this one."""
        return tuple(dict.fromkeys((*INTEGRATIONS, self.integration)))


def external_cases() -> list[ExternalCases]:
    """Those of every folder, by name."""
    modules = [importlib.import_module(f"tests.integrations.{path.parent.name}.cases") for path in _files()]
    return [module.CASES for module in modules]


def _files() -> list[Path]:
    return sorted(FOLDER.glob("*/cases.py"))
