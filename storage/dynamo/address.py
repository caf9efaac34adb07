"""`dynamodb://REGION/TABLE`: which table of which region."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote

from storage.errors import BadAddress

FORMS = "For DynamoDB: dynamodb://REGION/TABLE, such as dynamodb://eu-central-1/warroom."
_URL = re.compile(r"dynamodb://(?P<region>[a-z0-9-]{2,32})/(?P<table>[A-Za-z0-9_.-]{3,255})")
"""Names of tables: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the table is. Keys come from the environment or the machine's role, as everywhere in AWS."""

    region: str
    table: str

    @property
    def shown(self) -> str:
        """How an error names it."""
        return f"DynamoDB table {self.table} in {self.region}"

    @property
    def endpoint(self) -> str | None:
        """Another server than AWS' own; None for theirs."""
        return os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL") or None


def parse(url: str) -> Address:
    """Raises BadAddress."""
    found = _URL.fullmatch(unquote(url.strip()))
    if found is None:
        raise BadAddress(f"The DynamoDB address cannot be read. {FORMS}")
    return Address(found["region"], found["table"])
