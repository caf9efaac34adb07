"""What Datadog needs from the environment."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class DatadogSettings(BaseModel):
    """The webhook needs its token, everything else both keys."""

    datadog_webhook_token: SecretStr | None = None
    dd_api_key: SecretStr | None = None
    dd_app_key: SecretStr | None = None
    dd_site: str = Field(default="datadoghq.com", pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")
    dd_api_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+(/\S*)?$")
    """The base of the API of a server that is not Datadog's."""
