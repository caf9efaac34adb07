"""The company's logs: ordinary lines, now and then an error that means nothing, and what a trouble leaves behind."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from sandbox.company.company import Company
from sandbox.company.model import DAY, Trouble
from sandbox.company.noise import key, uniform
from sandbox.company.physics import SCRAPE, ServiceDay
from sandbox.company.services import BY_NAME, Dependency, Service
from sandbox.company.troubles import fillings, intensity

MINUTE = 60
MOST = 12
"""Lines of one kind in one minute: services log no more of the same."""

Draw = random.Random


@dataclass(frozen=True)
class LogLine:
    """One line. `at` is seconds since 1970."""

    at: float
    service: str
    level: str
    text: str


def lines(company: Company, service: str, since: float, until: float, *, level: str | None = None) -> Iterator[LogLine]:
    """What the service logged in [since, until], and not later than now, oldest first. `level` is info, warn or error."""
    known, until = BY_NAME[service], min(until, company.now())
    first, last = int(max(since, company.begins) // MINUTE), int(until // MINUTE)
    odd = _odd_minutes(company, known, first, last) if level in (None, "error") else {}
    troubled = _troubled(company, first * MINUTE, until + MINUTE)
    for minute in range(first, last + 1):
        found: list[LogLine] = []
        day = company.physics.day(int(minute * MINUTE // DAY))
        step = int(minute * MINUTE % DAY // SCRAPE)
        alive = day[service].down[step] < 1
        if level in (None, "info") and alive:
            found += _ordinary(company, known, day[service], step, minute)
        if alive and minute in odd:
            found.append(odd[minute])
        if minute in troubled:
            found += _of_troubles(company, known, day, step, minute)
        yield from sorted(
            (each for each in found if since <= each.at <= until and level in (None, each.level)),
            key=lambda each: each.at,
        )


def _troubled(company: Company, since: float, until: float) -> set[int]:
    """The minutes in which something is wrong somewhere."""
    found: set[int] = set()
    times = np.arange(since, until, MINUTE / 2, dtype=np.float64)
    for trouble in company.troubles:
        if trouble.at < until and trouble.kind != "false_alarm":
            there = intensity(company, trouble, times) > 0
            found |= set((times[there] // MINUTE).astype(int).tolist())
    for act in company.acts:
        if act.kind in ("restart", "set_image", "scale", "set_memory_limit"):
            found.add(int(act.at // MINUTE))
        if act.kind == "scale" and act.number == 0:
            found |= set(range(int(max(act.at, since) // MINUTE), int(until // MINUTE) + 1))
    return found


# What is always there.

_PATHS = {
    "gateway": ("/", "/cart", "/checkout", "/search", "/products/{n}"), "web": ("/", "/search", "/products/{n}"),
    "api": ("/v1/cart", "/v1/checkout", "/v1/orders/{n}"), "auth": ("/token", "/userinfo"),
    "checkout": ("/checkout", "/checkout/confirm"), "payments": ("/charges", "/refunds"), "fraud": ("/score",),
    "cart": ("/carts/{n}",), "search": ("/query",), "catalog": ("/products/{n}", "/prices"),
    "inventory": ("/stock/{n}", "/reservations"), "orders": ("/orders", "/orders/{n}"),
}  # fmt: skip
_OTHER = {
    "notifications": ("mail queued for customer {n}", "push sent to {n} devices", "template order-confirmed rendered"),
    "reports": ("export of {n} rows written", "job nightly-sales finished", "job stock-levels started"),
    "database": ("checkpoint complete: wrote {n} buffers", "automatic vacuum of table orders", "connection received: host=10.1.3.{b}"),
    "cache": ("{n} changes in 300 seconds. Saving...", "Background saving terminated with success", "DB saved on disk"),
    "queue": ("accepting AMQP connection from 10.1.4.{b}", "message store compacted", "closing connection of idle consumer"),
}  # fmt: skip


def _ordinary(company: Company, service: Service, day: ServiceDay, step: int, minute: int) -> list[LogLine]:
    draw = _draw(company, "ordinary", service.name, minute)
    number = min(2 + int(day.rate[step] / 40), 7)
    found = []
    for _ in range(number):
        if service.name in _PATHS:
            path = draw.choice(_PATHS[service.name]).format(n=draw.randrange(1000, 99999))
            took = 1000 * float(day.latency[step]) * draw.lognormvariate(0, 0.4)
            text = f'level=info msg="request" method={draw.choice(("GET", "GET", "POST"))} path={path} status=200 took={took:.0f}ms'
        else:
            template = draw.choice(_OTHER.get(service.name) or _OTHER[service.kind])
            said = template.format(n=draw.randrange(1, 99999), b=draw.randrange(2, 250))
            text = f'level=info msg="{said}"'
        found.append(LogLine(_at(draw, minute), service.name, "info", text))
    return found


_ODD = (
    'level=error msg="client closed the connection" err="write tcp 10.1.{a}.{b}:8080: broken pipe"',
    'level=error msg="request refused" status=400 err="cannot parse field quantity: {n}"',
    'level=error msg="session expired" customer={n} err="token is no longer valid"',
    'level=error msg="metric not sent" err="statsd: buffer full, {n} values dropped"',
)


def _odd_minutes(company: Company, service: Service, first: int, last: int) -> dict[int, LogLine]:
    """Errors that are there on every day and mean nothing: about one in a quarter of an hour."""
    minutes = np.arange(first, last + 1)
    chosen = minutes[uniform(key(company.seed, "odd lines", service.name), minutes) < 1 / 15]
    found = {}
    for minute in chosen.tolist():
        draw = _draw(company, "odd", service.name, minute)
        text = draw.choice(_ODD).format(a=draw.randrange(9), b=draw.randrange(2, 250), n=draw.randrange(1, 99999))
        found[minute] = LogLine(_at(draw, minute), service.name, "error", text)
    return found


# What troubles leave behind.


def _of_troubles(
    company: Company, service: Service, day: dict[str, ServiceDay], step: int, minute: int
) -> list[LogLine]:
    draw = _draw(company, "trouble", service.name, minute)
    found = _starts(company, service, draw, minute)
    times = np.array([minute * MINUTE, minute * MINUTE + 30.0])
    here = day[service.name]
    requests = float(here.rate[step]) * MINUTE
    for trouble in company.troubles:
        there = float(intensity(company, trouble, times).max()) if trouble.at < times[-1] + 30 else 0.0
        if there > 0:
            found += _by_itself(company, service, trouble, there, requests, day, step, minute, draw)
    if here.down[step] < 1:
        for to in service.depends_on:
            found += _of_call(service, to, day, step, requests, minute, draw)
    return found


def _starts(company: Company, service: Service, draw: Draw, minute: int) -> list[LogLine]:
    found = []
    for act in company.acts:
        if act.service == service.name and act.kind != "revert" and int(act.at // MINUTE) == minute:
            if act.kind in ("restart", "set_image", "set_memory_limit"):
                tag = company.tag(service.name, act.at)
                for number, text in enumerate(
                    ('msg="shutting down" reason=SIGTERM', f'msg="starting" version={tag}', 'msg="ready"')
                ):
                    found.append(LogLine(act.at + number * 2, service.name, "info", f"level=info {text}"))
            elif act.kind == "renew":
                found.append(LogLine(act.at + 1, service.name, "info", 'level=info msg="certificate reloaded"'))
    return found


def _by_itself(
    company: Company, service: Service, trouble: Trouble, there: float, requests: float, day: dict[str, ServiceDay],
    step: int, minute: int, draw: Draw,
) -> list[LogLine]:  # fmt: skip
    mine = trouble.service == service.name
    match trouble.kind:
        case "memory_leak" if mine:
            return _leak(company, service, trouble, minute, draw)
        case "slow_database" if mine:
            return _some(draw, minute, service, "warn", 2 + 8 * there, _slow_query) + _some(
                draw, minute, service, "error", 2 * there,
                lambda d: 'level=error msg="canceling statement due to statement timeout" table=' + d.choice(_TABLES),
            )  # fmt: skip
        case "exhausted_pool" if mine:
            refused = max(float(day[service.name].errors[step]) * requests, 3.0 if there > 0.8 else 0.0)
            return _some(draw, minute, service, "error", refused, lambda d: _pool_trace(service, d)) + _some(
                draw, minute, service, "warn", 2 * there,
                lambda d: f'level=warn msg="connection leak detected" held={d.randrange(60, 900)}s owner=order-worker-{d.randrange(9)}',
            )  # fmt: skip
        case "bad_configuration" if mine:
            wrong = float(day[service.name].errors[step]) * requests
            return _some(draw, minute, service, "error", wrong, lambda d: _misconfigured(service, d))
        case "dependency_down" if mine:
            if int(trouble.at // MINUTE) == minute:
                text = f'level=error msg="cannot start" err="open /var/lib/{service.name}/data: input/output error"'
                return [LogLine(trouble.at + number * 10 + 1, service.name, "error", text) for number in range(3)]
            return []
        case "noisy_neighbour" if mine:
            return _some(
                draw, minute, service, "warn", 3 * there,
                lambda d: f'level=warn msg="batch is larger than expected" rows={d.randrange(10**6, 9 * 10**6)} workers=64',
            )  # fmt: skip
        case "noisy_neighbour" if service.node == BY_NAME[trouble.service].node:
            return _some(
                draw, minute, service, "warn", 3 * there,
                lambda d: f'level=warn msg="event loop was blocked" for={d.randrange(80, 900)}ms node={service.node} throttled=true',
            )  # fmt: skip
        case "expired_certificate" if mine:
            return _some(
                draw, minute, service, "error", 6,
                lambda d: f'level=error msg="TLS handshake failed" remote=10.1.{d.randrange(9)}.{d.randrange(2, 250)} '
                'err="remote error: tls: bad certificate"',
            )  # fmt: skip
        case _:
            return []


_TABLES = ("orders", "order_items", "customers", "products", "prices", "stock")


def _slow_query(draw: Draw) -> str:
    table = draw.choice(_TABLES)
    return (
        f'level=warn msg="slow query" duration={draw.randrange(800, 9000)}ms plan="Seq Scan on {table}" '
        f'rows={draw.randrange(10**5, 10**7)} statement="orders by reference" table={table}'
    )


def _pool_trace(service: Service, draw: Draw) -> str:
    return (
        f'level=error msg="request failed" status=500 err="pool: no connection is available, request timed out after '
        f'1000ms (total={service.pool}, active={service.pool}, idle=0, waiting={draw.randrange(1, 40)})"\n'
        f"\tat com.example.{service.name}.db.Pool.take(Pool.java:{draw.choice((88, 88, 91))})\n"
        f"\tat com.example.{service.name}.Repository.load(Repository.java:142)\n"
        f"\tat com.example.{service.name}.Handler.handle(Handler.java:57)"
    )


def _misconfigured(service: Service, draw: Draw) -> str:
    return (
        f'level=error msg="request failed" status=500 err="lookup {service.name}-backend.eu-2.internal: no such host" '
        f"setting=ENDPOINT_REGION request={draw.randrange(16**8):08x}"
    )


def _leak(company: Company, service: Service, trouble: Trouble, minute: int, draw: Draw) -> list[LogLine]:
    found: list[LogLine] = []
    begin, end = minute * MINUTE, (minute + 1) * MINUTE
    for stretch in fillings(company, trouble, float(end)):
        if stretch.since < end and stretch.until > begin:
            level = (stretch.level + (min(end, stretch.until) - stretch.since) * stretch.rate) % 1.0
            if level > 0.6:
                found += _some(
                    draw, minute, service, "warn", 8 * (level - 0.5),
                    lambda d, level=level: f'level=warn msg="long garbage collection" pause={d.randrange(200, 1800)}ms '  # type: ignore[misc]
                    f"heap={level:.0%}",
                )  # fmt: skip
        for at in stretch.killed(float(end)):
            if begin <= at < end:
                text = (
                    'level=error msg="out of memory" err="java.lang.OutOfMemoryError: Java heap space"\n'
                    f"\tat com.example.{service.name}.RetryQueue.keep(RetryQueue.java:61)\n"
                    f"\tat com.example.{service.name}.Handler.handle(Handler.java:44)"
                )
                found.append(LogLine(at - 0.2, service.name, "error", text))
                found.append(
                    LogLine(
                        at + 4,
                        service.name,
                        "info",
                        f'level=info msg="starting" version={company.tag(service.name, at)}',
                    )
                )
    return found


def _of_call(
    service: Service, to: Dependency, day: dict[str, ServiceDay], step: int, requests: float, minute: int, draw: Draw
) -> list[LogLine]:
    there = day[to.on]
    calls = requests * to.calls
    down, refused = float(there.down[step]), float(there.refused[step])
    found = _some(
        draw, minute, service, "error", calls * down,
        lambda d: f'level=error msg="call failed" upstream={to.on} err="dial tcp 10.1.7.{key(to.on) % 200}:'
        f'{5432 if BY_NAME[to.on].kind == "database" else 8080}: connect: connection refused"',
    )  # fmt: skip
    found += _some(
        draw, minute, service, "error", calls * refused,
        lambda d: f'level=error msg="call failed" upstream={to.on} err="x509: certificate has expired or is not yet valid: '
        f'current time {datetime.fromtimestamp(minute * MINUTE, UTC):%Y-%m-%dT%H:%M}Z is after its end"',
    )  # fmt: skip
    usable = (1 - down) * (1 - refused)
    late = float(np.exp(-to.timeout / max(float(there.latency[step]), 1e-6)))
    found += _some(
        draw, minute, service, "error", calls * usable * late,
        lambda d: f'level=error msg="call failed" upstream={to.on} err="context deadline exceeded after {to.timeout:g}s"',
    )  # fmt: skip
    # Below one in a hundred a failed call is repeated and nobody logs it.
    failing = float(there.errors[step])
    if failing > 0.01:
        found += _some(
            draw, minute, service, "error", calls * usable * failing,
            lambda d: f'level=error msg="call failed" upstream={to.on} status=500 request={d.randrange(16**8):08x}',
        )  # fmt: skip
    return found


def _some(
    draw: Draw, minute: int, service: Service, level: str, mean: float, text: Callable[[Draw], str]
) -> list[LogLine]:
    number = min(int(mean + draw.random()), MOST)
    return [LogLine(_at(draw, minute), service.name, level, text(draw)) for _ in range(number)]


def _at(draw: Draw, minute: int) -> float:
    return round(minute * MINUTE + draw.random() * MINUTE, 3)


def _draw(company: Company, *words: object) -> Draw:
    return random.Random(key(company.seed, *words))  # noqa: S311  # repeatable, not secret
