"""The client: one per process, no retries of its own (the outbox retries, and the library would repeat a POST too).

Everything here follows from how datadog-api-client 2.62 behaves; the tests pin each trap.
"""

from __future__ import annotations

import warnings
from typing import Any

from integrations.datadog.failures import answered, failure, foreseen
from warroom.errors import Retryable, WarroomError
from warroom.ports import time_is_up

Answer = dict[str, Any]

TIMEOUT = (3.0, 9.0)
"""Seconds to connect and to read; together less than the lease of a claim."""
UNSTABLE = (
    "create_incident",
    "create_incident_integration",
    "create_incident_todo",
    "get_incident",
    "list_incident_integrations",
    "list_incident_todos",
    "search_incidents",
    "update_incident",
    "update_incident_todo",
)
READS = ("get_", "list_", "search_")
"""How operations begin that change nothing."""
MISSING = (
    "DD_API_KEY and DD_APP_KEY are set, but Datadog's library is not installed. "
    "Install the extra: pip install 'datadog-api-client[async]' (make setup does it), or unset the two keys."
)


class NoLibrary(WarroomError):
    """The extra `datadog` is not installed. The text says how to install it."""


class DatadogClient:
    """Calls Datadog. Ended by `close`."""

    def __init__(self, api_key: str, app_key: str, *, site: str = "datadoghq.com", url: str | None = None) -> None:
        """`url` is the API's base for a server that is not Datadog's. Must be made in a running event loop.

        Raises NoLibrary.
        """
        try:
            from datadog_api_client import AsyncApiClient, Configuration
            from datadog_api_client.v1.api.monitors_api import MonitorsApi
            from datadog_api_client.v2.api.downtimes_api import DowntimesApi
            from datadog_api_client.v2.api.incidents_api import IncidentsApi
            from datadog_api_client.v2.api.users_api import UsersApi

            # The host is given whole: `site` means something else to some operations, and DD_SITE would win over it.
            settings = Configuration(host=(url or f"https://api.{site}").rstrip("/"), request_timeout=TIMEOUT)
            settings.api_key["apiKeyAuth"], settings.api_key["appKeyAuth"] = api_key, app_key
            for operation in UNSTABLE:
                # An operation that became stable is no longer in the list, and setting it would raise.
                if operation in settings.unstable_operations:
                    settings.unstable_operations[operation] = True
            self._client: Any = AsyncApiClient(settings)
        except ImportError as error:
            raise NoLibrary(MISSING) from error
        warnings.filterwarnings("ignore", message="Using unstable operation")
        self.page = pages_of(site)
        apis = (MonitorsApi, DowntimesApi, IncidentsApi, UsersApi)
        self._apis: tuple[Any, ...] = tuple(api(self._client) for api in apis)

    async def call(self, what: str, operation: str, /, *args: object, **named: object) -> Any:
        """Datadog's answer as plain data. `what` says in words what was tried. Raises Retryable or Rejected."""
        ask = next(getattr(api, operation) for api in self._apis if hasattr(api, operation))
        if not operation.startswith(READS) and time_is_up():
            raise Retryable(f"{what}: the time for it is over", outcome_unknown=True)
        read = False
        try:
            # The library checks arguments, and whether it allows the call, before there is anything to wait for.
            answer = plain(await ask(*args, **named))
            read = True
        except foreseen() as error:
            read = answered(error)
            raise failure(what, error) from error
        finally:
            if not read:
                # The library would use the connection again, and take the late answer for that of its next question.
                await self.close()
        return answer

    async def close(self) -> None:
        """Close the connections, which the library's own `close` leaves open. Another call opens them again."""
        await self._client.rest_client._client.aclose()


def plain(answer: Any) -> Any:
    """Models as dictionaries: attributes that are missing raise in the library, and unknown values stop being models."""
    if isinstance(answer, list):
        return [plain(each) for each in answer]
    return answer.to_dict() if hasattr(answer, "to_dict") else answer


def pages_of(site: str) -> str:
    """The address of Datadog's pages at that site, without a slash at the end."""
    return f"https://app.{site}" if site.count(".") == 1 else f"https://{site}"
