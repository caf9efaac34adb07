"""A made-up record for measuring how well similar incidents are found. Laid aside: nothing is tuned on it.

Each recurrence is told as a second engineer would tell it who does not know the first report. What never happened before is of the
same services. `warroom/similar` is tuned on the sentences of tests/warroom/similar/test_history and of tests/similar_tuning.
Whoever changes it because of what is missed here has to write new ones, and move these to the tuning set.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from warroom.incident.model import Incident, Origin, State

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)

RECURRENCES: tuple[tuple[str, str, str, str], ...] = (
    # (service, what happened first, what ended it, what happens again)
    ("orders", "orders API returns 502 since 14:05", "rolled back the release", "502s from the orders API again"),
    ("orders", "customers can't place orders, button spins forever", "restarted the workers", "placing an order hangs for customers"),
    ("orders", "order confirmation page is blank", "fixed the template", "confirmation page after ordering shows nothing"),
    ("orders", "duplicate orders created when people retry", "added an idempotency key", "some orders are created twice"),
    ("orders", "orders worker is OOM killed every ten minutes", "raised the memory limit", "orders worker keeps running out of memory"),
    ("orders", "orders db at 98% disk", "deleted old partitions", "disk on the orders database almost full"),
    ("orders", "too many connections on orders-db", "restarted pgbouncer", "orders can't get a database connection, pool exhausted"),
    ("identity", "login fails with 500 for everyone", "rolled back", "nobody can sign in"),
    ("identity", "SSO with Okta is broken", "renewed the SAML certificate", "Okta logins rejected, SAML signature invalid"),
    ("identity", "password reset emails not arriving", "rotated the SMTP credentials", "users get no mail when they reset their password"),
    ("identity", "sessions dropped, users logged out at random", "failed over redis", "people are being logged out again"),
    ("identity", "token validation slow, p99 4s", "scaled out", "identity latency is high, validating tokens takes seconds"),
    ("identity", "TLS cert for auth.example.com expired", "renewed it by hand", "certificate of the auth endpoint ran out"),
    ("identity", "2FA codes by SMS are late", "switched the provider", "SMS codes for two-factor login arrive after minutes"),
    ("search", "search returns empty results", "rebuilt the index", "no results for any search"),
    ("search", "search index is 6 hours behind", "restarted the indexer", "new products don't show up in search, indexer stuck"),
    ("search", "search cluster is red, two nodes lost", "replaced the nodes", "elasticsearch red, shards unassigned"),
    ("search", "high CPU on all search nodes", "blocked a crawler", "search nodes pegged at 100% CPU"),
    ("search", "autocomplete times out", "added a cache", "typeahead suggestions are timing out"),
    ("payments", "card payments declined at a high rate", "provider fixed it", "spike in declined cards"),
    ("payments", "Stripe webhooks are not processed", "replayed the webhooks", "backlog of Stripe webhooks, payments stay pending"),
    ("payments", "refunds stuck in pending", "ran the job by hand", "refunds are not going through"),
    ("payments", "PayPal checkout unavailable", "provider outage ended", "PayPal is down, customers can't pay with it"),
    ("payments", "customers charged twice", "refunded them, fixed the retry", "double charges on credit cards"),
    ("payments", "3-D Secure page does not load", "rolled back the CSP change", "3DS challenge stays white"),
    ("payments", "payments latency above SLO", "added replicas", "payments is slow, SLO burning"),
    ("notifications", "push notifications not delivered on iOS", "renewed the APNs key", "iPhone users get no push notifications"),
    ("notifications", "email queue at 400k and growing", "scaled the consumers", "mail queue backing up"),
    ("notifications", "our emails are marked as spam by Gmail", "fixed DKIM", "Gmail puts our mail into spam"),
    ("notifications", "same newsletter sent three times", "purged the queue", "people received the newsletter more than once"),
    ("notifications", "notification service crash looping", "fixed the config", "notifications pods in CrashLoopBackOff"),
    ("catalog", "product pages show old prices", "flushed the cache", "prices on the site are stale"),
    ("catalog", "product images are broken", "restored the bucket policy", "images on product pages don't load"),
    ("catalog", "nightly import of the catalog failed", "fixed a malformed row", "catalog import job died last night"),
    ("catalog", "category pages return 404", "reverted the route change", "404 on all category pages"),
    ("catalog", "stock levels wrong after sync", "re-ran the sync", "inventory numbers are off, sync wrote zeros"),
    ("catalog", "catalog DB replica lag over 20 minutes", "killed a long query", "read replica of catalog is far behind the primary"),
    ("shipping", "labels can't be printed, carrier API down", "carrier recovered", "DHL API errors, no shipping labels"),
    ("shipping", "tracking numbers missing in the app", "backfilled them", "app doesn't show tracking numbers"),
    ("shipping", "delivery dates computed wrong around midnight", "fixed the time zone", "wrong delivery dates for late orders"),
    ("shipping", "shipping cost calculation times out in checkout", "added a timeout and a fallback", "checkout waits for shipping rates and times out"),  # noqa: E501
    ("shipping", "deadlocks in the shipments table", "changed the lock order", "transactions on shipments deadlock"),
    ("gateway", "gateway returns 429 to a partner", "raised their limit", "partner is rate limited at the gateway"),
    ("gateway", "packet loss between eu-west and us-east", "provider rerouted", "network loss between our regions"),
    ("gateway", "DNS for api.example.com does not resolve for some users", "fixed the zone", "some users get NXDOMAIN for the API"),
    ("gateway", "DDoS on the public API", "enabled the WAF rule", "we're being flooded with requests from a botnet"),
    ("gateway", "bad config push broke routing", "reverted the config", "requests routed to the wrong backend after a config change"),
    ("gateway", "websocket connections drop every 60 seconds", "raised the idle timeout", "websockets disconnect after a minute"),
    ("gateway", "gateway pods not ready after deploy", "rolled back", "rollout of the gateway stuck, pods not becoming ready"),
    ("analytics", "dashboards show no data since midnight", "restarted the pipeline", "analytics dashboards empty"),
    ("analytics", "kafka consumer lag in the event pipeline", "added partitions", "events pipeline is lagging behind kafka"),
    ("analytics", "daily revenue report is wrong", "fixed the join", "revenue numbers in the report don't add up"),
    ("analytics", "BigQuery costs exploded", "stopped a scheduled query", "BigQuery bill went through the roof"),
    ("analytics", "airflow scheduler is down", "restarted it", "no airflow DAGs have run since noon"),
    ("analytics", "export to S3 fails with access denied", "restored the IAM role", "S3 export permission denied"),
    ("media", "video uploads fail above 1 GB", "raised the body limit", "large videos can't be uploaded"),
    ("media", "transcoding queue stuck", "restarted the workers", "videos stay in processing, transcoder not working"),
    ("media", "CDN serves 503 in Asia", "purged and switched the POP", "CDN errors for visitors from Asia"),
    ("media", "thumbnails not generated", "fixed the image library", "no thumbnails for new uploads"),
    ("media", "media storage bucket made public by accident", "restored the ACL", "bucket with user media is publicly readable"),
    ("mobile", "Android app crashes on start", "shipped a hotfix", "Android app crashing at launch since the last version"),
    ("mobile", "app store release blocked by review", "resubmitted", "Apple rejected the build in review"),
    ("mobile", "deep links open the browser instead of the app", "fixed the association file", "links from emails no longer open in the app"),  # noqa: E501
    ("mobile", "feature flag turned on for everyone", "turned it off", "a flag was enabled for 100% of users by mistake"),
    ("mobile", "offline sync loses edits", "disabled the new merge", "edits made offline disappear after syncing"),
    ("backups", "nightly database backup failed", "freed space and re-ran it", "last night's database backup did not complete"),
    ("backups", "restore drill failed, snapshot corrupt", "took a new snapshot", "snapshot can't be restored"),
)  # fmt: skip

NEVER: tuple[tuple[str, str], ...] = (
    ("orders", "VAT of Swiss orders is rounded up"),
    ("orders", "gift messages are cut after 40 characters"),
    ("orders", "order history sorted in the wrong direction"),
    ("orders", "minimum order value ignored for wholesale"),
    ("orders", "phone field accepts letters"),
    ("orders", "invoice PDF has the old company address"),
    ("identity", "profile pictures are rotated by 90 degrees"),
    ("identity", "nickname with emoji can't be saved"),
    ("identity", "account deletion takes longer than the law allows"),
    ("identity", "admin role granted to all interns"),
    ("identity", "country list lacks Kosovo"),
    ("identity", "captcha impossible for screen readers"),
    ("search", "umlauts ignored when sorting by name"),
    ("search", "filter for size hides sold out articles"),
    ("search", "sponsored items not marked as ads"),
    ("search", "voice search understands only English"),
    ("search", "price slider jumps back to zero"),
    ("search", "typo in the headline of the landing page"),
    ("payments", "exchange rate for Turkish lira off by ten"),
    ("payments", "bank holiday not considered for direct debit"),
    ("payments", "American Express logo missing"),
    ("payments", "monthly statement has negative fees"),
    ("payments", "voucher codes accepted after their end date"),
    ("payments", "tip screen appears for subscriptions"),
    ("notifications", "greeting uses the last name as first name"),
    ("notifications", "unsubscribe link leads to the French site"),
    ("notifications", "quiet hours not respected in Brazil"),
    ("notifications", "badge count never goes back to zero"),
    ("notifications", "ringtone of the reminder can't be changed"),
    ("notifications", "preview text contains placeholder curly braces"),
    ("catalog", "shoe sizes mixed up between EU and UK"),
    ("catalog", "allergen list hidden on the cheese page"),
    ("catalog", "color names translated literally into Polish"),
    ("catalog", "brand asked us to take down their logo"),
    ("catalog", "weight shown in pounds in Germany"),
    ("catalog", "reviews with one star are filtered out"),
    ("shipping", "parcel lockers offered for furniture"),
    ("shipping", "forklift scanner battery recall"),
    ("shipping", "customs forms lack the tariff code"),
    ("shipping", "islands get no express option"),
    ("shipping", "courier strike in Portugal"),
    ("shipping", "return address printed upside down"),
    ("gateway", "API docs describe a field that was renamed"),
    ("gateway", "CORS header missing for the new subdomain"),
    ("gateway", "deprecated TLS 1.0 still accepted"),
    ("gateway", "access log contains full credit card numbers"),
    ("gateway", "clock of one load balancer is four minutes ahead"),
    ("gateway", "sandbox key works in production"),
    ("analytics", "pie chart colors not readable for color blind"),
    ("analytics", "week starts on Sunday in the board deck"),
    ("analytics", "consent banner not counted since the redesign"),
    ("analytics", "GDPR request answered with somebody else's file"),
    ("analytics", "interns can see salaries in the warehouse"),
    ("analytics", "funnel counts employees"),
    ("media", "subtitles appear two seconds early"),
    ("media", "podcast player skips the intro"),
    ("media", "GIFs are shown as still pictures"),
    ("media", "copyright claim for our background music"),
    ("media", "portrait mode crops heads"),
    ("mobile", "dark mode has black text on black"),
    ("mobile", "tablet layout overlaps in landscape"),
    ("mobile", "haptic feedback annoys testers"),
    ("mobile", "Arabic menu is left to right"),
    ("mobile", "app size grew to 400 MB"),
    ("backups", "tape courier lost a box"),
    ("backups", "retention shorter than the contract says"),
)
NOISE: tuple[str, ...] = (
    "{s} failed",
    "errors in {s}",
    "{s} is slow",
    "{s} down",
    "{s} restarted",
    "queue of {s} grows",
)


class Recurrence(NamedTuple):
    """A new incident, and the number of the one in the history that is its twin."""

    incident: Incident
    twin: int


class Corpus(NamedTuple):
    """The history, what happens again in other words, and what never happened before."""

    history: list[Incident]
    again: list[Recurrence]
    never: list[Incident]


def corpus(size: int = 0, seed: int = 11) -> Corpus:
    """The same one every time. With `size` the history goes on until it has so many incidents: other troubles of other services."""
    chance = random.Random(seed)  # noqa: S311  # the same history every time
    told = list(RECURRENCES)
    chance.shuffle(told)
    history = [_incident(number, first, service, ended) for number, (service, first, ended, _) in enumerate(told, 1)]
    while len(history) < size:
        number = len(history) + 1
        service = f"team{number % 97}-svc{number % 211}"
        history.append(_incident(number, chance.choice(NOISE).format(s=service), service, "restarted it"))
    again = [Recurrence(_new(words, service), twin) for twin, (service, _, _, words) in enumerate(told, 1)]
    return Corpus(history, again, [_new(words, service) for service, words in NEVER])


def _incident(number: int, words: str, service: str, ended: str) -> Incident:
    at = BEGAN + timedelta(hours=number)
    return Incident(
        id=f"h{number}",
        number=number,
        origin=Origin.COMMAND,
        origin_key=f"held:{number}",
        title=words,
        severity="SEV-2",
        state=State.RESOLVED,
        services=(service,),
        summary=ended,
        declared_at=at,
        touched_at=at,
        resolved_at=at + timedelta(hours=1),
    )


def _new(words: str, service: str) -> Incident:
    made = _incident(900_000, words, service, "")
    return made.copy_with(id="new", state=State.DETECTED, resolved_at=None)
