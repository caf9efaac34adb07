"""Warroom's store in one DynamoDB table. docs/storage.md has its keys and access patterns."""

from storage.dynamo.address import FORMS
from storage.dynamo.schema import migrate
from storage.dynamo.store import open_store

__all__ = ["FORMS", "migrate", "open_store"]
