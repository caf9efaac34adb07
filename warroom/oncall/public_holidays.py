"""The public holidays of countries."""

from __future__ import annotations

from datetime import date


def holidays_of(country: str, year: int) -> frozenset[date]:
    """Of a country such as "DE" or a part of it such as "DE-BY"; none where it is not known."""
    # Half a second; only what speaks of holidays pays for it.
    import holidays

    code, _, part = country.partition("-")
    try:
        return frozenset(holidays.country_holidays(code, subdiv=part or None, years=year))
    except NotImplementedError:
        return frozenset()
