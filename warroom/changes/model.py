"""One change of what runs."""

from __future__ import annotations

from datetime import datetime

from warroom.value import Stored


class Change(Stored):
    """Something that was changed in what runs: a deployment, a release, a setting. `id` is the same however often it is told."""

    id: str
    at: datetime
    """Aware UTC."""
    service: str
    kind: str = "deployment"
    text: str = ""
    """In the words of whoever changed it."""
    version: str = ""
    environment: str = ""
    author: str = ""
    url: str = ""
    source: str = ""
    """The system that told of it, as people call it."""
