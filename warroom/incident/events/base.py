"""What every event has."""

from __future__ import annotations

from warroom.value import Stored


class EventBase(Stored):
    """Something that happened to an incident."""

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of the people in it."""
        return ()

    @property
    def texts(self) -> tuple[str, ...]:
        """What people or other systems wrote in it; mentions in it are not among `people`."""
        return tuple(value for name, value in self if isinstance(value, str) and name != "kind")
