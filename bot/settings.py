"""Settings, from the environment only. Secrets hide themselves when printed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_POLICY = Path("warroom.yml")


class SettingsError(Exception):
    """A setting is missing or wrong. The text names it and says what to write; it never shows a secret."""


class Settings(BaseSettings):
    """The settings of the process itself; `bot.integrations.settings_model` adds those of the integrations. An empty variable
    counts as not set.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, case_sensitive=False, extra="ignore")

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    database_url: SecretStr = SecretStr("sqlite:///warroom.db")
    """Hidden as a whole: it may hold a password."""
    warroom_policy: Path | None = None
    warroom_runbooks: Path | None = None
    web_host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    _blank: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _without_blank_secrets(self) -> Self:
        blank = []
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, SecretStr) and field.default is None and not value.get_secret_value().strip():
                blank.append(name)
                setattr(self, name, None)
        self._blank = (*self._blank, *blank)
        return self

    @property
    def blank(self) -> tuple[str, ...]:
        """Sentences about secrets that are set to nothing but spaces; they count as not set."""
        return tuple(f"{name.upper()} is set to nothing but spaces, which counts as not set." for name in self._blank)

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _any_case(cls, said: object, field: ValidationInfo) -> object:
        if not isinstance(said, str):
            return said
        return said.upper() if field.field_name == "log_level" else said.lower()

    @property
    def secrets(self) -> list[str]:
        """What must never be shown: every SecretStr, of the integrations too. The database's URL is not among them: it hides its
        own password wherever it is printed.
        """
        values = (getattr(self, name) for name in type(self).model_fields if name != "database_url")
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]

    @property
    def policy_path(self) -> Path | None:
        """The policy file to read: the one named, else ./warroom.yml where it exists, else None (the built-in policy)."""
        if self.warroom_policy is not None:
            return self.warroom_policy
        return DEFAULT_POLICY if DEFAULT_POLICY.exists() else None

    @property
    def runbooks_path(self) -> Path:
        """The folder with the runbooks: the one named, else ./runbooks, which need not be there."""
        return self.warroom_runbooks or Path("runbooks")

    @property
    def api_url(self) -> str:
        """The Web API's base, with the trailing slash that the SDK needs."""
        return self.slack_api_url if self.slack_api_url.endswith("/") else f"{self.slack_api_url}/"


def named_secret(name: str) -> str | None:
    """The environment variable that the policy writes as env:NAME; None where it is not set."""
    return os.environ.get(name.removeprefix("env:"))


def load_settings(model: type[Settings]) -> Settings:
    """The settings of this process, from its environment. Raises SettingsError naming every wrong one."""
    try:
        return model()
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False)]
        raise SettingsError("These settings are wrong:\n  " + "\n  ".join(lines)) from None


def slack_tokens(settings: Settings) -> tuple[str, str]:
    """(bot token, app token). Raises SettingsError naming what is missing and where it comes from."""
    missing = []
    if settings.slack_bot_token is None:
        missing.append("SLACK_BOT_TOKEN: the bot token (xoxb-…), from “OAuth & Permissions” of your Slack app")
    if settings.slack_app_token is None:
        missing.append(
            "SLACK_APP_TOKEN: the app-level token (xapp-…) with the scope connections:write, from “Basic Information”"
        )
    if missing:
        raise SettingsError("These settings are missing:\n  " + "\n  ".join(missing))
    assert settings.slack_bot_token is not None
    assert settings.slack_app_token is not None
    return settings.slack_bot_token.get_secret_value(), settings.slack_app_token.get_secret_value()
