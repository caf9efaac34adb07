"""What follows from the tuple of integrations: settings, sections of the policy, and that both can be sent to a process."""

from __future__ import annotations

import pickle
from typing import ClassVar

import pytest
from pydantic import BaseModel, SecretStr

from bot.integrations import INTEGRATIONS, alone, integrations_of, policy_model, settings_model
from bot.settings import SettingsError, load_settings
from warroom.integration import Integration
from warroom.policy import check
from warroom.policy.section import Section


class HornSettings(BaseModel):
    """One secret, one that is none, and one with a rule."""

    horn_token: SecretStr | None = None
    horn_url: str = "https://horn.example.com"
    horn_volume: int = 3


class HornPolicy(Section):
    """One key."""

    tune: str = "plain"


class Horn(Integration[HornSettings]):
    """Does nothing."""

    name: ClassVar[str] = "horn"
    title: ClassVar[str] = "Horn"
    policy = HornPolicy
    settings = HornSettings


class Thief(Integration[BaseModel]):
    """Wants a setting of the process itself."""

    class Settings(BaseModel):
        """One that is taken."""

        port: int = 0

    name: ClassVar[str] = "thief"
    title: ClassVar[str] = "Thief"
    settings = Settings


KINDS = (*INTEGRATIONS, Horn)


def test_an_integrations_settings_come_from_the_environment_and_its_secrets_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HORN_TOKEN", "a-token-for-tests")
    monkeypatch.setenv("HORN_URL", "")
    settings = load_settings(settings_model(KINDS))
    assert settings.secrets == ["a-token-for-tests"]
    assert "a-token" not in repr(settings)
    (horn,) = [each for each in integrations_of(settings, KINDS) if each.name == "horn"]
    assert horn.configured == HornSettings(horn_token=SecretStr("a-token-for-tests"))
    monkeypatch.setenv("HORN_VOLUME", "loud")
    with pytest.raises(SettingsError, match="HORN_VOLUME"):
        load_settings(settings_model(KINDS))


def test_two_settings_of_the_same_name_are_a_mistake_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="thief has settings that exist already: port"):
        settings_model((*INTEGRATIONS, Thief))


def test_a_sandbox_takes_nothing_of_an_integration_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HORN_TOKEN", "of-the-real-one")
    settings = settings_model(KINDS)(**alone(KINDS))
    assert settings.secrets == []


def test_a_section_is_known_only_with_its_integration() -> None:
    written = {"horn": {"tune": "loud"}}
    checked = check(written, policy_model(KINDS))
    assert checked.policy is not None
    assert checked.policy.section("horn", HornPolicy).tune == "loud"
    (mistake,) = check({"horn": {"tun": "loud"}}, policy_model(KINDS)).mistakes
    assert (mistake.path, mistake.suggestion) == ("horn.tun", "did you mean tune?")
    (mistake,) = check(written, policy_model()).mistakes
    assert "there is no key" in mistake.problem


def test_settings_and_policy_can_be_sent_to_another_process() -> None:
    settings = settings_model(KINDS)(**alone(KINDS), port=7)
    policy = check({"horn": {"tune": "loud"}}, policy_model(KINDS)).policy
    assert pickle.loads(pickle.dumps((settings, policy))) == (settings, policy)  # noqa: S301  # our own
