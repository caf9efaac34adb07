"""How hypothesis draws: always the same, so that a red build is about the change; `--hypothesis-profile=search` looks further."""

from __future__ import annotations

from hypothesis import settings

from storage.sql import connection

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("steady")

# No database of a test must survive a power cut.
connection.SYNCHRONOUS = "OFF"
