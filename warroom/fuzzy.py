"""An index of names for the last rung of the ladder: whose name is nearly this? In memory, for 100,000 people."""

from __future__ import annotations

from rapidfuzz import fuzz, process

from warroom.people import Person, names_of

CUTOFF = 70.0
"""Below this score (0 to 100) names have nothing to do with each other."""
CLEAR = 88.0
"""From this score on a name may be a misspelling of the other."""
SHORTEST_PART = 3
"""A part of a name is looked for from so many characters on."""

_CODES = {"display": "d", "real": "r", "user": "u", "local": "l"}
_KINDS = {code: kind for kind, code in _CODES.items()}


class FuzzyIndex:
    """Names in their comparison form and whose they are; only people who may be matched by name are kept.

    Each distinct name is stored once, its owners in one string ("dU1 uU2": the display name of U1, the user name of U2).
    """

    __slots__ = ("_names", "_owners")

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def add(self, person: Person) -> None:
        """The person can be found from now on, by the names of now; bots, guests and the deactivated cannot."""
        self.remove(person.id)
        if person.deleted or person.is_bot or person.is_guest:
            return
        kinds: dict[str, str] = {}
        for kind, key in names_of(person):
            kinds.setdefault(key, kind)
        for key, kind in kinds.items():
            owner = f"{_CODES[kind]}{person.id}"
            known = self._owners.get(key)
            self._owners[key] = f"{known} {owner}" if known else owner
        self._names[person.id] = tuple(kinds)

    replace = add

    def remove(self, person_id: str) -> None:
        """The person cannot be found any more; nothing happens for an unknown id."""
        for key in self._names.pop(person_id, ()):
            left = [owner for owner in self._owners[key].split() if owner[1:] != person_id]
            if left:
                self._owners[key] = " ".join(left)
            else:
                del self._owners[key]

    def candidates(self, normal: str, limit: int) -> list[tuple[str, str, float]]:
        """(person id, kind, score from 70 to 100) of the nearest, best first, each person once.

        `normal` is the comparison form of what was said. Where no name is clearly near, people are added whose name
        contains it ("ada" in Ada Lovelace), with scores too low for a match but good for a question.
        """
        if not normal:
            return []
        near = process.extract(normal, self._owners.keys(), scorer=fuzz.ratio, score_cutoff=CUTOFF, limit=4 * limit)
        scores = {key: score for key, score, _ in near}
        if len(normal) >= SHORTEST_PART and (not near or near[0][1] < CLEAR):
            for key, score in self._containing(normal, 4 * limit):
                scores[key] = max(score, scores.get(key, 0.0))
        best: dict[str, tuple[str, str, float]] = {}
        for key, score in sorted(scores.items(), key=lambda pair: -pair[1]):
            for owner in self._owners[key].split():
                best.setdefault(owner[1:], (owner[1:], _KINDS[owner[0]], score))
        return sorted(best.values(), key=lambda found: (-found[2], found[0]))[:limit]

    def _containing(self, part: str, limit: int) -> list[tuple[str, float]]:
        found = [key for key in self._owners if part in key]
        share = len(part)
        scored = [(key, (80.0 if key.startswith(part) else 72.0) + 6.0 * share / len(key)) for key in found]
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:limit]
