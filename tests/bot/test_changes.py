"""`python -m bot change` and `python -m bot changes`: what a deploy script says, and what was said."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from bot.cli.app import cli

pytestmark = pytest.mark.usefixtures("alone")


def test_a_deploy_script_says_it_by_command() -> None:
    run = CliRunner()
    for _ in range(2):
        said = run.invoke(cli, ["change", "checkout", "--version", "v7", "--author", "ada", "--key", "build-7"])
        assert (said.exit_code, said.output) == (0, "deployment of checkout v7\n")
    listed = run.invoke(cli, ["changes", "--since", "1h"], env={"COLUMNS": "200"})
    assert listed.output.count("v7") == 1
    assert "ada" in listed.output
    assert "Nothing was changed" in run.invoke(cli, ["changes", "--service", "api"]).output
    assert run.invoke(cli, ["change", "checkout", "--at", "yesterday"]).exit_code == 1
