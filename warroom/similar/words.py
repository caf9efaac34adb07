"""The words of an incident, made comparable: word forms, and words of the trade that mean the same. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 600
"""Characters of a text that are looked at: what follows in an alert is rarely about the trouble."""

_WORD = re.compile(r"[a-z][a-z0-9]+|[45]xx|[45]\d\ds?|p\d\d", re.IGNORECASE)

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Between the words of a name like CrashLoopBackOff."""

_TELLING_NOTHING = """
    a about after again all also an and any are as at be been before being but by can cannot could did do does due
    during every few for from get gets got had has have her his how if in into is it its just last like lot make many more
    most much my near new no not now of off on one only or other our out over own per same see seen sees she since so
    some still such than that the their them then there these they this those through to too two under until up us very
    was we were what when where which while who why will with without would you your
    incident incidents problem problems issue issues alert alerts alerting monitor triggered warning critical
    high low prod production service services sev team users user customers customer people everybody nobody some
    host hosts value values threshold metric metrics minute minutes min last hour hours second seconds utc http https www com
"""
_NOTHING = frozenset(_TELLING_NOTHING.split())
"""Words that are in every incident, and so tell nothing."""

_SAME = (
    "error errors 5xx 500 500s 502 503 504 fail fails failed failing failure failures exception exceptions broken breaks crash",
    "slow slowly slowness crawl crawls degraded sluggish latency p50 p90 p95 p99 delay delays timeout timeouts hang hangs lagging",
    "down outage unavailable unreachable offline dead gone",
    "memory oom oomkilled ram heap leak leaks leaking killed",
    "disk storage volume space filesystem inode",
    "full exhausted exhaustion saturated saturation maxed limit quota",
    "cpu load throttled throttling",
    "certificate certificates cert certs tls ssl x509 handshake expired expiry expires expiring",
    "login logins logon auth authentication signin sso oauth session sessions password token tokens",
    "queue queues backlog lag consumer consumers kafka rabbitmq sqs stuck piling",
    "database databases db postgres postgresql mysql sql replica replication primary",
    "deadlock deadlocks lock locks locked locking transaction transactions contention",
    "limiter ratelimit ratelimiter 429",
    "forbidden 403 401 unauthorized permission permissions denied",
    "connection connections pool pools socket sockets",
    "deploy deploys deployed deploying deployment rollback revert reverted migration release released releases rollout version upgrade",
    "dns resolver resolve resolves nameserver lookup lookups nxdomain servfail",
    "network networking packet packets connectivity flaky route routing vpn",
    "payment payments pay paying refund refunds charged card cards billing invoice invoices checkout charge charges",
    "email emails mail mails mailing smtp newsletter inbox",
    "search searching index indexes indexing reindex",
    "cache caches cached caching redis memcached stale outdated",
    "restart restarts restarting restarted crashloop crashlooping loop loops",
    "pod pods container containers kubernetes cluster node nodes",
    "backup backups snapshot restore",
    "data rows record records corrupted corruption inconsistent incorrect wrong missing lost duplicate duplicates",
    "image images picture pictures photo photos thumbnail thumbnails upload uploads",
    "report reports dashboard dashboards export exports analytics statistics figures totals",
    "webhook webhooks callback callbacks integration partner",
    "job jobs cron batch nightly scheduled scheduler",
    "config configuration setting settings flag flags toggle toggles toggled",
    "attack ddos bot bots crawler crawlers scraper scraping abuse flood floods traffic spike",
    "security leaked exposed public breach credentials injection",
)
"""Words of the trade of which people take one or the other for the same thing."""


def stem(word: str) -> str:
    """The word without the commonest English endings."""
    for ending, left, instead in (
        ("ies", 3, "y"),
        ("sses", 3, "ss"),
        ("ing", 4, ""),
        ("ed", 4, ""),
        ("es", 4, ""),
        ("s", 3, ""),
    ):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= left - 1:
            return word.removesuffix(ending) + instead
    return word


_CONCEPTS = {stem(word): stem(words.split()[0]) for words in reversed(_SAME) for word in words.split()}
_SPELLINGS: dict[str, set[str]] = {}
for _words in _SAME:
    _SPELLINGS.setdefault(stem(_words.split()[0]), set()).update(_words.split())


def concepts(text: str) -> dict[str, frozenset[str]]:
    """By concept: the words of the text that mean it. A word of no known concept is one of its own."""
    # "OOMKilled" and "CrashLoopBackOff" are several words.
    apart = _HUMP.sub(" ", text[:LONGEST])
    plain = unicodedata.normalize("NFKD", apart.casefold()).encode("ascii", "ignore").decode()
    found: dict[str, set[str]] = {}
    for word in _WORD.findall(plain):
        if word not in _NOTHING:
            base = stem(word)
            found.setdefault(_CONCEPTS.get(base, base), set()).add(word)
    return {concept: frozenset(words) for concept, words in found.items()}


def spellings(concept: str, words: Iterable[str]) -> tuple[str, ...]:
    """Every word to look for where that concept was meant by these words, sorted."""
    return tuple(sorted({*_SPELLINGS.get(concept, ()), *words}))
