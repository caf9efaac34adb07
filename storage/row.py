"""A row of the record outside of any database."""

from __future__ import annotations

from typing import Any

Row = tuple[str, dict[str, Any]]
"""(table, its columns), as `storage.tables` describes them."""
