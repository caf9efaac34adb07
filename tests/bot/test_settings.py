"""Settings as people write them into an environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.check import check_all
from bot.integrations import settings_model
from bot.settings import SettingsError, load_settings
from warroom.policy import Policy


def test_the_log_is_set_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("LOG_FORMAT", "JSON")
    settings = load_settings(settings_model())
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")


def test_a_level_that_is_none_is_said_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(SettingsError, match=r"LOG_LEVEL: .*'INFO'"):
        load_settings(settings_model())


@pytest.mark.parametrize("blank", [" ", "\t", " \n "])
async def test_a_blank_secret_counts_as_not_set_and_check_says_so(
    blank: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/warroom.db")
    for name in ("SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "DD_API_KEY", "DD_APP_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("ALERTMANAGER_WEBHOOK_TOKEN", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, blank)
    settings = load_settings(settings_model())
    assert (settings.slack_bot_token, settings.secrets) == (None, [])
    said = await check_all(settings, Policy())
    assert "ALERTMANAGER_WEBHOOK_TOKEN is set to nothing but spaces, which counts as not set." in said
    assert "SLACK_BOT_TOKEN is set to nothing but spaces, which counts as not set." in said
    assert not any("DD_API_KEY" in each for each in said)
