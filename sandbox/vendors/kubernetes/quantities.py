"""Quantities of CPU and memory."""

from __future__ import annotations

from sandbox.vendors.kubernetes.resources import Body

UNITS = {
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}


def amount(written: object) -> float:
    """Cores or bytes. Raises ValueError for what is no quantity."""
    text = str(written)
    unit = next((each for each in sorted(UNITS, key=len, reverse=True) if text.endswith(each)), "")
    return float(text.removesuffix(unit) if unit else text) * UNITS.get(unit, 1.0)


def asked(template: Body, what: str, kind: str = "requests") -> float:
    """What the containers of a pod's spec ask for, together; a limit counts as a request where none is said."""
    total = 0.0
    for container in template.get("containers") or ():
        resources = container.get("resources") or {}
        said = (resources.get(kind) or {}).get(what)
        if said is None and kind == "requests":
            said = (resources.get("limits") or {}).get(what)
        total += amount(said) if said is not None else 0.0
    return total


def shown(value: float, what: str) -> str:
    """As a quota's status writes it."""
    if "memory" in what:
        return f"{int(value // 2**20)}Mi" if value % 2**20 == 0 else str(int(value))
    return f"{round(value * 1000)}m" if value % 1 else str(int(value))
