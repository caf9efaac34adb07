"""The words of an incident, made comparable: word forms, and words of the trade that mean the same. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 600
"""Characters of a text that are looked at: what follows in an alert is rarely about the trouble."""

_WORD = re.compile(r"[a-z][a-z0-9]+|[45]xx|[45]\d\ds?|p\d\d", re.IGNORECASE)

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])|(?<=[A-Z]{2})(?=[A-Z][a-z]{2})")
"""Between the words of a name like CrashLoopBackOff."""

_TELLING_NOTHING = """
    a about after again all also an and any are as at be been before being but by can cannot could did do does due
    during every few for from get gets got had has have her his how if in into is it its just last like lot make many more
    most much my near new no not now of off on one only or other our out over own per same see seen sees she since so
    some still such than that the their them then there these they this those through to too two under until up us very
    was we were what when where which while who why will with without would you your
    incident incidents problem problems issue issues alert alerts alerting monitor triggered warning critical
    high low prod production service services sev team users user customers customer people everybody nobody some
    keep keeps kept stay stays open opens run runs running start starts started stop stops stopped work works working show shows shown
    read reads use uses used go goes going went take takes taken give gives given come comes came put puts try tries tried
    host hosts value values threshold metric metrics minute minutes min last hour hours second seconds utc http https www com
"""
_NOTHING = frozenset(_TELLING_NOTHING.split())
"""Words that are in every incident, and so tell nothing."""

_PHRASES: tuple[tuple[str, str], ...] = (
    (r"log(?:ged|ging|s)? ?-?(?:in|out|on|off)", "login"),
    (r"sign(?:ed|ing|s)? ?-?(?:in|out|on|up)", "login"),
    (r"tim(?:e|es|ed|ing) ?-?out", "timeout"),
    (r"response times?|load(?:ing)? times?", "latency"),
    (r"out of memory", "oom"),
    (r"no space left|out of (?:disk|space)", "disk full"),
    (r"r[au]n(?:s|ning)? out", "exhausted"),
    (r"rate ?-?limit(?:s|ed|ing|er)?|too many requests", "ratelimit"),
    (r"not resolv(?:e|ed|ing)|cannot resolve|no such host", "nxdomain"),
    (r"no results?|returns? nothing|(?:is|are|stays?) (?:empty|blank|gone)|no data", "empty"),
    (r"out of date|hours? old|days? old", "stale"),
    (r"(?:two|three) times|more than once", "twice"),
    (r"upside down|(?:top|step|hand|break|count)(?:s|ing)? down", " "),
    (r"no longer valid|not valid(?: any ?more)?", "expired"),
    (r"crash ?-?loop(?: ?-?back ?-?off)?", "crashloop"),
)
"""Expressions of several words, and the word of the trade that says the same."""

_SAME = """
    error errors 5xx 500 500s 502 502s 503 503s 504 504s fail fails failed failing failure failures exception
        exceptions broken breaks bug refuse refuses refused reject rejects rejected;
    slow slowly slowness crawl crawls degraded sluggish latency p50 p90 p95 p99 delay delays timeout timeouts spinning
        unresponsive;
    down outage unavailable unreachable offline dead 503;
    crash crashes crashed crashing crashloop restart restarts restarting restarted die dies died killed oomkilled
        panic segfault loop loops;
    memory oom oomkilled ram heap leak leaks leaking;
    disk storage volume space filesystem inode inodes;
    full exhausted exhaustion saturated saturation maxed limit quota;
    cpu load overload overloaded throttling pegged;
    certificate certificates cert certs tls ssl x509 handshake expired expiry expires expiring;
    login logins logon logged auth authentication authenticate signin sso oauth saml oidc session sessions password
        passwords token tokens credential credentials mfa 2fa otp;
    queue queues backlog consumer consumers kafka rabbitmq sqs piling;
    lag lags lagging behind delayed backlog stale;
    stuck hang hangs hanging hung stalled frozen freezes blocked;
    database databases db postgres postgresql mysql sql;
    replica replicas replication standby follower failover primary;
    deadlock deadlocks lock locks locked locking transaction transactions contention;
    ratelimit ratelimiter limiter 429 throttled quota;
    forbidden 403 401 unauthorized permission permissions denied access;
    connection connections pool pools socket sockets;
    deploy deploys deployed deploying deployment rollback revert reverted migration release released releases rollout
        version upgrade;
    dns resolver nameserver lookup lookups nxdomain servfail;
    network networking packet packets connectivity flaky flaps route routing vpn link tunnel loss drops dropped
        disconnect disconnects;
    payment payments pay paying paid refund refunds charge charges charged card cards billing invoice invoices
        checkout decline declines declined;
    order orders purchase purchases basket cart checkout;
    email emails mail mails mailing smtp newsletter inbox spam;
    deliver delivers delivered delivery arrive arrives arrived arriving receive receives received sent send sends
        sending bounce bounces;
    search searching index indexes indexing reindex indexer query queries results;
    empty blank missing vanished disappeared disappear gone lost 404;
    twice duplicate duplicates duplicated double doubled;
    cache caches cached caching redis memcached stale outdated invalidate;
    pod pods container containers kubernetes cluster node nodes;
    backup backups snapshot snapshots restore restored dump;
    data rows record records corrupted corruption corrupt inconsistent;
    wrong incorrect inconsistent mismatch invalid;
    image images picture pictures photo photos thumbnail thumbnails;
    upload uploads uploaded uploading;
    report reports dashboard dashboards export exports analytics statistics figures totals;
    webhook webhooks callback callbacks partner partners;
    job jobs cron batch nightly scheduled scheduler;
    config configuration setting settings flag flags toggle toggles toggled environment;
    attack attacks ddos bot bots botnet crawler crawlers scraper scraping abuse flood floods flooded traffic spike
        stuffing;
    leaked exposed public publicly breach;
"""
"""Words of the trade of which people take one or the other for the same thing, the first being the name of it.
A word may stand in several."""

KEPT = 6
"""Letters of the stem of any other word by which it is known: "transcoder" and "transcoding" are alike."""


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


_CONCEPTS: dict[str, list[str]] = {}
_SPELLINGS: dict[str, set[str]] = {}
for _words in filter(str.strip, _SAME.split(";")):
    _name, *_ = _listed = _words.split()
    _SPELLINGS.setdefault(_name, set()).update(_listed)
    for _word in _listed:
        if _name not in (_known := _CONCEPTS.setdefault(stem(_word), [])):
            _known.append(_name)
_SPOKEN = [(re.compile(rf"\b(?:{pattern})\b"), word) for pattern, word in _PHRASES]


def concepts(text: str) -> dict[str, frozenset[str]]:
    """By concept: the words of the text that mean it. A word of no known concept is one of its own."""
    # "OOMKilled" and "CrashLoopBackOff" are several words.
    apart = _HUMP.sub(" ", text[:LONGEST])
    plain = unicodedata.normalize("NFKD", apart.casefold()).encode("ascii", "ignore").decode()
    for phrase, instead in _SPOKEN:
        plain = phrase.sub(instead, plain)
    found: dict[str, set[str]] = {}
    for word in _WORD.findall(plain):
        if word not in _NOTHING:
            base = stem(word)
            for concept in _CONCEPTS.get(base, (f"{base[:KEPT]}…",)):
                found.setdefault(concept, set()).add(word)
    return {concept: frozenset(words) for concept, words in found.items()}


def spellings(concept: str, words: Iterable[str]) -> tuple[str, ...]:
    """Every word to look for where that concept was meant by these words, sorted."""
    return tuple(sorted({*_SPELLINGS.get(concept, ()), *words}))
