"""The permissions we ask for are those the code needs."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from integrations.slack.rate_limits import PER_MINUTE, RESPONSE_URL
from integrations.slack.scopes import HEARD, NEEDED_FOR, SCOPES, needed_scopes

ROOT = Path(__file__).parents[2]
METHOD = re.compile(
    r'"((?:auth|bookmarks|canvases|chat|conversations|files|pins|reactions|usergroups|users|views)(?:\.[A-Za-z]+)+)"'
)
TABLES = ("rate_limits.py", "scopes.py")


def called() -> set[str]:
    """Every method that the package's source names outside the two tables."""
    sources = [path for path in (ROOT / "integrations/slack").rglob("*.py") if path.name not in TABLES]
    return {method for path in sources for method in METHOD.findall(path.read_text())}


def test_every_method_that_is_called_has_its_permission_and_its_budget_and_no_other_has() -> None:
    assert set(SCOPES) == called()
    assert set(PER_MINUTE) == called() | {RESPONSE_URL}


def test_the_manifest_asks_for_what_is_needed_and_nothing_else() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text())
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed_scopes() | HEARD
    assert set(NEEDED_FOR) == needed_scopes(keeps_groups=True) | HEARD, (
        "of each it is said what does not work without it"
    )
