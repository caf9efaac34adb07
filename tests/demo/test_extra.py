"""Production does without the libraries of the extra `sandbox`: only `sandbox` and `demo` need them, and say so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.sandbox import SANDBOX_LIBRARIES

ROOT = Path(__file__).parents[2]


def without(modules: list[str], code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a Python that cannot import these modules."""
    block = f"import sys; sys.modules.update(dict.fromkeys({modules!r})); "
    return subprocess.run([sys.executable, "-c", block + code], cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("module", SANDBOX_LIBRARIES)
@pytest.mark.parametrize("command", ["sandbox", "demo"])
def test_sandbox_command_names_the_extra_when_a_library_is_missing(command: str, module: str) -> None:
    done = without([module], f"from bot.cli.app import cli; cli([{command!r}])")
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith(f"The sandbox needs {module}, which is not installed."), done.stderr
    assert "extra `sandbox`" in done.stderr
    assert "Traceback" not in done.stderr


def test_bot_is_imported_without_the_extra() -> None:
    done = without(["emoji"], "import bot.runtime.app, bot.cli.app; bot.cli.app.cli(['--help'])")
    assert done.returncode == 0, done.stderr
    assert "declare" in done.stdout
