"""What is in `deploy/`: right for the linters of its field, and in step with the program."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.integrations import settings_model
from tests.tools import missing

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted(path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml")
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
OTHER_VARIABLES = {"MPLCONFIGDIR", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "POSTGRES_PASSWORD"}


def run(*command: str | Path) -> None:
    """Fails with what the command wrote, unless it ended with 0."""
    program = shutil.which(str(command[0]), path=str(Path(sys.executable).parent)) or shutil.which(str(command[0]))
    if program is None:
        missing(f"{command[0]} is not installed")
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_container_file() -> None:
    run("hadolint", DEPLOY / "Containerfile")


def test_the_compose_file() -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yml")


def test_the_workflow() -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", ROOT / ".github/workflows/ci.yml")


def test_the_aws_template() -> None:
    run("cfn-lint", DEPLOY / "aws/template.yaml")


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_takes_the_manifest(path: Path) -> None:
    run("kubernetes-validate", "--strict", path)


def test_every_manifest_is_applied() -> None:
    listed = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text())
    assert sorted(listed["resources"]) == [path.name for path in MANIFESTS]


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """The programs that it starts are elsewhere on this machine, so this machine's Python stands in for them."""
    unit = (DEPLOY / "systemd/warroom.service").read_text()
    here = unit.replace("/opt/warroom/.venv/bin/python", sys.executable).replace("/opt/warroom", str(ROOT))
    (tmp_path / "warroom.service").write_text(here)
    run("systemd-analyze", "verify", "--man=no", tmp_path / "warroom.service")


def test_the_image_has_every_package_of_the_program() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert {name for name in packages if f"COPY {name} {name}" not in CONTAINERFILE} == set()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {name for name in packages if f"!{name}" not in ignored} == set()


def test_every_setting_it_names_exists() -> None:
    settings = {name.upper() for name in settings_model().model_fields}
    named = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "warroom.env.example").read_text(), re.MULTILINE))
    compose = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    named |= set(compose["services"]["warroom"]["environment"])
    named |= set(re.findall(r"\b([A-Z_]{4,})=", CONTAINERFILE.partition("ENV PATH")[2].partition("USER")[0]))
    unit = (DEPLOY / "systemd/warroom.service").read_text()
    named |= {
        name for line in re.findall(r"^Environment=(.*)$", unit, re.MULTILINE) for name in re.findall(r"(\w+)=", line)
    }
    assert named - settings - OTHER_VARIABLES == set()


def test_nothing_in_it_is_a_secret() -> None:
    example = (DEPLOY / "warroom.env.example").read_text()
    assert re.findall(r"^\w*(?:TOKEN|KEY|SECRET|PASSWORD)=.+$", example, re.MULTILINE) == []
