"""Settings as people write them into an environment."""

from __future__ import annotations

import pytest

from bot.integrations import settings_model
from bot.settings import SettingsError, load_settings


def test_the_log_is_set_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("LOG_FORMAT", "JSON")
    settings = load_settings(settings_model())
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")


def test_a_level_that_is_none_is_said_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(SettingsError, match=r"LOG_LEVEL: .*'INFO'"):
        load_settings(settings_model())
