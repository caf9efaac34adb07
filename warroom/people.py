"""People and user groups of the workspace, and how names are compared."""

from __future__ import annotations

from warroom.value import Stored


class Person(Stored):
    """A member of the workspace as the directory knows them."""

    id: str
    name: str = ""
    real_name: str = ""
    display_name: str = ""
    email: str | None = None
    deleted: bool = False
    is_bot: bool = False
    is_guest: bool = False
    tz: str | None = None


class Group(Stored):
    """A Slack user group."""

    id: str
    handle: str
    name: str = ""
    members: tuple[str, ...] = ()
    disabled: bool = False


def normal(text: str) -> str:
    """TEMP."""
    import unicodedata
    flat = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in flat if c.isalnum())
