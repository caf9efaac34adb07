"""`http.request`: one call of an address that the policy allows."""

from __future__ import annotations

import asyncio
import json as encoding
import re
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

import aiohttp
from pydantic import Field, field_validator, model_validator
from yarl import URL

from integrations.addresses import Pinned
from integrations.calls.addresses import Address, Lookup, checked, listed, looked_up, parsed
from warroom.capabilities import Finished, Pending, Placed, StepCall, StepKind, StepOutcome
from warroom.errors import Rejected, Retryable
from warroom.policy.kinds import SECRET_NAME, Text
from warroom.policy.mistake import Wrong, shown
from warroom.policy.remediation import Allowed
from warroom.text import cut
from warroom.value import Value

CONNECT, WHOLE = 3.0, 9.0
"""Seconds to connect, and for the whole call."""
MOST_BYTES = 256 * 1024
"""Of an answer; the rest is not read."""
MOST_SHOWN = 10_000
"""Characters of a body in a plan. Whoever approves sees all of it, or that it is not all."""
READS = ("GET", "HEAD")
AGAIN = timedelta(seconds=10)
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
OWN = ("host", "content-length", "transfer-encoding", "connection", "upgrade", "proxy-authorization")
"""Headers that would change where a request goes, or where it ends."""


class Expected(Value):
    """What the answer has to be."""

    status: tuple[int, ...] = Field(default=(), description="One of these.")
    contains: str = Field(default="", description="This text is in the body.", max_length=500)
    json_: dict[str, Any] = Field(
        default_factory=dict, alias="json", description='By path such as "queue.length": the value.'
    )
    certificate_days: int | None = Field(default=None, ge=0, description="The certificate is valid so many days more.")

    @field_validator("status", mode="before")
    @classmethod
    def _one_or_many(cls, said: object) -> object:
        return (said,) if isinstance(said, int | str) else said


class RequestParameters(Value):
    """What `http.request` takes."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field(default="GET", description="The method.")
    url: Annotated[Text, Placed.URL] = Field(
        description="The address. Its host and port have to be in the policy.", max_length=2_000
    )
    query: dict[str, str | int | float | bool] = Field(default_factory=dict, description="Added to the address.")
    headers: dict[str, str] = Field(default_factory=dict, description="Further headers.")
    secret_headers: Annotated[dict[str, str], Placed.SECRET] = Field(
        default_factory=dict,
        description='Headers with a secret, as in {Authorization: "Bearer env:DRAIN_TOKEN"}. Nothing is filled in.',
    )
    json_: Any = Field(default=None, alias="json", description="A body, sent as JSON.")
    expect: Expected = Field(
        default=Expected(), description="What the answer has to be. Without a status anything below 400 will do."
    )
    until: bool = Field(
        default=False, description="Asks again until the answer is as expected. Only where nothing is changed."
    )
    idempotent: bool = Field(
        default=False,
        description="Calling it twice does no more than once, so it is called again where the answer was lost. Else a person is asked.",
    )

    @field_validator("url")
    @classmethod
    def _an_address(cls, said: str) -> str:
        try:
            parsed(said)
        except ValueError as error:
            raise Wrong(str(error), "write it as in https://example.com/path") from None
        return said

    @field_validator("headers", "secret_headers")
    @classmethod
    def _headers(cls, said: dict[str, str]) -> dict[str, str]:
        for name, value in said.items():
            if not HEADER.fullmatch(name) or name.lower() in OWN:
                raise Wrong(f"{shown(name)} is no header that a runbook may send")
            if re.search(r"[\x00-\x1f\x7f]", value):
                raise Wrong(f"the header {shown(name)} has a line break or control character")
        return said

    @field_validator("secret_headers")
    @classmethod
    def _secrets(cls, said: dict[str, str]) -> dict[str, str]:
        for name, value in said.items():
            if not re.fullmatch(rf"(?:[A-Za-z]+ )?{SECRET_NAME.pattern}", value):
                raise Wrong(f"the header {shown(name)} names no secret", 'write it as in "Bearer env:NAME"')
        return said

    @model_validator(mode="after")
    def _sense(self) -> RequestParameters:
        if self.until and self.method not in READS:
            raise Wrong("until is only for GET and HEAD", "make the change in one step and look in another")
        if self.json_ is not None and self.method in READS:
            raise Wrong(f"{self.method} has no body", "use query, or POST")
        return self

    @property
    def address(self) -> Address:
        """Of `url`."""
        return parsed(self.url)


class Request(StepKind[RequestParameters]):
    """A call by HTTP."""

    step = "http.request"
    about = (
        "Calls an address by HTTP. Redirects are not followed. GET and HEAD change nothing and need no approval; with `expect` they prove "
        "that a service answers as it should."
    )
    parameters = RequestParameters
    outputs: ClassVar = {
        "status": "the status",
        "body": "the beginning of the body",
        "json": "the body, where it is JSON",
        "certificate_days": "for how many days the certificate is valid",
    }
    changes = True
    limits = ("hosts", "addresses")
    within = timedelta(minutes=2)
    example = (
        '{id: drain, do: http.request, with: {method: POST, url: "https://queue.example.com/queues/{queue}/drain", '
        'secret_headers: {Authorization: "Bearer env:DRAIN_TOKEN"}, expect: {status: 202}}}'
    )

    def __init__(self, lookup: Lookup = looked_up) -> None:
        self._lookup = lookup
        self.allow = Allowed()
        """The policy of the process, by which every call is checked once more."""

    def changing(self, parameters: RequestParameters) -> bool:
        return parameters.method not in READS

    def proves(self, parameters: RequestParameters) -> bool:
        return not self.changing(parameters) and parameters.expect != Expected()

    def plan(self, parameters: RequestParameters) -> Sequence[str]:
        with_what = ""
        if parameters.query:
            with_what += " with " + ", ".join(f"{name}={value}" for name, value in parameters.query.items())
        if parameters.json_ is not None:
            with_what += " with the body " + cut(encoding.dumps(parameters.json_, ensure_ascii=False), MOST_SHOWN)
        if headers := {**parameters.headers, **parameters.secret_headers}:
            with_what += " and " + ", ".join(f"{name}: {value}" for name, value in headers.items())
        until = "Ask again until it is as expected: " if parameters.until else ""
        expected = f", expecting {_expected(parameters.expect)}" if parameters.expect != Expected() else ""
        return [f"{until}{parameters.method} {parameters.url}{with_what}{expected}"]

    def refused(self, parameters: RequestParameters, allow: Allowed) -> str:
        if allow.family("http") is None:
            return "the policy allows nothing of http; add http to remediation.allow"
        if not listed(parameters.address, allow):
            return f"the policy does not allow “{parameters.address.name}” in remediation.allow.http.hosts"
        return ""

    def targets(self, parameters: RequestParameters) -> Sequence[str]:
        address = parameters.address
        return [f"http:{address.name}{address.parts.path}"]

    async def look(self, parameters: RequestParameters, call: StepCall) -> StepOutcome | None:
        if parameters.idempotent:
            return None
        raise Rejected(
            f"whether {parameters.address.name} got the {parameters.method} cannot be asked",
            code="unknown",
            advice="Look there whether it was done.",
        )

    async def run(self, parameters: RequestParameters, call: StepCall) -> StepOutcome:
        if refused := self.refused(parameters, self.allow):
            raise Rejected(refused, code="not_allowed", advice="Ask whoever keeps the policy.")
        address = parameters.address
        addresses = await checked(address, self.allow, self._lookup)
        answer = await self._send(parameters, address, addresses, call)
        problem = _unmet(parameters.expect, answer)
        if not problem:
            return Finished(outputs=answer.outputs(), said=answer.said())
        if parameters.until:
            return Pending(said=problem, after=AGAIN)
        if answer.status == 429 or (answer.status in (502, 503, 504) and not self.changing(parameters)):
            raise Retryable(problem)
        raise Rejected(problem, code=str(answer.status), advice=f"Look at {address.name}.")

    async def _send(
        self, parameters: RequestParameters, address: Address, addresses: Sequence[str], call: StepCall
    ) -> _Answer:
        reads = not self.changing(parameters)
        headers = {"User-Agent": "Warroom", "Accept": "*/*", **parameters.headers}
        headers |= {
            name: SECRET_NAME.sub(lambda found: call.secret(found[0]), value)
            for name, value in parameters.secret_headers.items()
        }
        if not reads:
            headers.setdefault("Idempotency-Key", call.key)
        connector = aiohttp.TCPConnector(
            resolver=Pinned(addresses, address.host), use_dns_cache=False, force_close=True
        )
        timeout = aiohttp.ClientTimeout(total=WHOLE, sock_connect=CONNECT)
        url = URL(parameters.url, encoded=True)
        if parameters.query:
            url = url.update_query(
                {
                    name: str(value).lower() if isinstance(value, bool) else str(value)
                    for name, value in parameters.query.items()
                }
            )
        session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )
        try:
            async with (
                session,
                session.request(
                    parameters.method, url, headers=headers, json=parameters.json_, allow_redirects=False
                ) as response,
            ):
                days = _days_left(response, call.now)
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        break
                return _Answer(response.status, bytes(body[:MOST_BYTES]), days)
        except aiohttp.ClientConnectorCertificateError as error:
            why = str(getattr(error.certificate_error, "verify_message", "") or "it is not trusted")
            raise Rejected(f"the certificate of {address.name} is not good: {why}", code="certificate") from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, ssl.SSLError) as error:
            raise Retryable(f"{address.name} cannot be reached") from error
        except TimeoutError as error:
            raise Retryable(f"{address.name} took too long to answer", outcome_unknown=not reads) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise Retryable(f"the connection to {address.name} broke", outcome_unknown=not reads) from error


class _Answer:
    """What came back."""

    def __init__(self, status: int, body: bytes, days: int | None) -> None:
        self.status, self.days = status, days
        self.text = body.decode("utf-8", "replace")
        try:
            self.json: Any = encoding.loads(self.text) if self.text.strip() else None
        except (ValueError, RecursionError):
            self.json = None

    def outputs(self) -> dict[str, Any]:
        return {"status": self.status, "body": self.text, "json": self.json, "certificate_days": self.days}

    def said(self) -> str:
        days = f", certificate valid for {self.days} days" if self.days is not None else ""
        return f"HTTP {self.status}{days}"


def _days_left(response: aiohttp.ClientResponse, now: datetime) -> int | None:
    transport = response.connection.transport if response.connection else None
    certificate = transport.get_extra_info("peercert") if transport else None
    if not isinstance(certificate, Mapping) or "notAfter" not in certificate:
        return None
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    return (ends - now).days


def _expected(expect: Expected) -> str:
    parts = [f"HTTP {' or '.join(map(str, expect.status))}"] if expect.status else []
    parts += [f"“{cut(expect.contains, 60)}” in the body"] if expect.contains else []
    parts += [f"{path} = {value}" for path, value in expect.json_.items()]
    if expect.certificate_days is not None:
        parts.append(f"a certificate valid for {expect.certificate_days} days")
    return ", ".join(parts)


def _unmet(expect: Expected, answer: _Answer) -> str:
    """What is not as expected, as a sentence; "" where all is."""
    if expect.status and answer.status not in expect.status:
        return f"it answered HTTP {answer.status}, and {' or '.join(map(str, expect.status))} was expected"
    if not expect.status and answer.status >= 400:
        return f"it answered HTTP {answer.status}"
    if not expect.status and 300 <= answer.status < 400:
        return f"it answered HTTP {answer.status}, and redirects are not followed"
    if expect.contains and expect.contains not in answer.text:
        return f"the answer does not contain “{cut(expect.contains, 60)}”"
    for path, wanted in expect.json_.items():
        found = _at(answer.json, path)
        if found != wanted and str(found) != str(wanted):
            return f"{path} is {cut(str(found), 60)}, and {cut(str(wanted), 60)} was expected"
    if expect.certificate_days is not None and (answer.days is None or answer.days < expect.certificate_days):
        left = (
            "there is no certificate"
            if answer.days is None
            else f"the certificate is valid for {answer.days} days only"
        )
        return f"{left}, and {expect.certificate_days} were expected"
    return ""


def _at(part: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(part, Mapping):
            part = part.get(name)
        elif isinstance(part, list) and name.isdigit() and int(name) < len(part):
            part = part[int(name)]
        else:
            return None
    return part
