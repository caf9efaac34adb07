"""An index of names for what nothing else matched: whose name is nearly this? In memory, for 100,000 people."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from functools import reduce
from operator import and_

from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

from warroom.people.model import Person, names_of, normal

CUTOFF = 70.0
"""Below this score (0 to 100) names have nothing to do with each other."""
CLEAR = 88.0
"""From this score on a name may be a misspelling of the other."""
SHORTEST_PART = 3
"""A part of a name is looked for from so many characters on."""
COMMON = 1000
"""Names that share three letters from which on they are kept as one long number, a bit for each name of the index."""
SHARE = 3
"""A name must share one in so many of the groups of letters: a wrong letter spoils three. Almost nobody who scores 80 or more
is missed, so that whoever looks clearly best is."""

SHORT_NAME = 6
"""A name with fewer letters may have one wrong, a longer one two."""

_BETWEEN = re.compile(r"[\s.,;:_()/-]+")
_CODES = {"display": "d", "real": "r", "user": "u", "local": "l"}
_KINDS = {code: kind for kind, code in _CODES.items()}


class FuzzyIndex:
    """Names in their comparison form and whose they are; only people who may be matched by name are kept.

    Each distinct name once, its owners in one string ("dU1 uU2": U1's display name, U2's user name), and for every three
    letters the names that have them: comparing a word with all names of a large company takes too long. Counting goes by
    whole sets of names at once. It only grows; when the directory changes another one is built.
    """

    __slots__ = ("_grams", "_names", "_owners", "_places")

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self._places: dict[str, int] = {}
        self._names: list[str] = []
        self._owners: list[str] = []
        self._grams: dict[str, array[int] | int] = {}
        for person in people:
            self.add(person)

    def seal(self) -> FuzzyIndex:
        """The same index, made for asking, without what is only needed to add to it."""
        self._places = {}
        for gram, places in self._grams.items():
            if not isinstance(places, int) and len(places) > COMMON:
                self._grams[gram] = self._bits(places)
        return self

    def add(self, person: Person) -> None:
        """Somebody who was not in it; bots, guests and the deactivated are never found. Not after `seal`."""
        if person.deleted or person.is_bot or person.is_guest:
            return
        for key, kind in _keys(person).items():
            owner = f"{_CODES[kind]}{person.id}"
            place = self._places.get(key)
            if place is not None:
                self._owners[place] += f" {owner}"
                continue
            place = self._places[key] = len(self._names)
            self._names.append(key)
            self._owners.append(owner)
            for gram in _grams(key):
                places = self._grams.setdefault(gram, array("I"))
                assert not isinstance(places, int), "nobody is added after seal"
                places.append(place)

    def __len__(self) -> int:
        """How many distinct names it has."""
        return len(self._names)

    def candidates(self, normal: str, limit: int) -> list[tuple[str, str, float]]:
        """(id, kind, score from 70 to 100) of the nearest people, best first, each once.

        `normal` is the comparison form of what was said. Where no name is clearly near, people are added whose name
        contains it ("ada" in Ada Lovelace), with scores too low for a match but good for a question.
        """
        if not normal:
            return []
        likely = self._likely(normal)
        names = [self._names[place] for place in likely]
        near = process.extract(normal, names, scorer=fuzz.ratio, score_cutoff=CUTOFF, limit=4 * limit)
        scores = {likely[at]: score for _, score, at in near}
        if len(normal) >= SHORTEST_PART and (not near or near[0][1] < CLEAR):
            for place, score in self._containing(normal, 4 * limit):
                scores[place] = max(score, scores.get(place, 0.0))
        best: dict[str, tuple[str, float]] = {}
        for place, score in sorted(scores.items(), key=lambda pair: (-pair[1], self._names[pair[0]])):
            for owner in self._owners[place].split():
                best.setdefault(owner[1:], (_KINDS[owner[0]], score))
        ranked = sorted(best.items(), key=lambda found: (-found[1][1], found[0]))[:limit]
        return [(person_id, kind, score) for person_id, (kind, score) in ranked]

    def _likely(self, normal: str) -> list[int]:
        """Places of the names that share enough groups of letters with it."""
        grams = _grams(normal)
        sets = [self._bits(self._grams[gram]) for gram in grams if gram in self._grams]
        return _places(_in_at_least(sets, (len(grams) + SHARE - 1) // SHARE))

    def _bits(self, places: array[int] | int) -> int:
        if isinstance(places, int):
            return places
        bits = bytearray(len(self._names) // 8 + 1)
        for place in places:
            bits[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(bits, "little")

    def _containing(self, part: str, limit: int) -> list[tuple[int, float]]:
        inner = [self._bits(self._grams.get(part[at : at + 3], 0)) for at in range(len(part) - 2)]
        having_all = _places(reduce(and_, inner))
        found = [(place, self._names[place]) for place in having_all if part in self._names[place]]
        scored = [
            (place, (80.0 if name.startswith(part) else 72.0) + 6.0 * len(part) / len(name)) for place, name in found
        ]
        return sorted(scored, key=lambda pair: (-pair[1], self._names[pair[0]]))[:limit]


def misspelled(said: str, name: str) -> bool:
    """Whether `said` is that whole name with a letter or two wrong. A part of a name is not; both in their comparison form."""
    wrong = 1 if len(name) < SHORT_NAME else 2
    return said not in name and DamerauLevenshtein.distance(said, name, score_cutoff=wrong) <= wrong


def near(said: str, person: Person) -> bool:
    """Whether `said` is like one of the person's names or begins at a word of one; "dba" is no part of Ingrid Backstrom."""
    texts = (person.display_name, person.real_name, person.name, (person.email or "").partition("@")[0])
    for text in texts:
        words = [key for word in _BETWEEN.split(text) if (key := normal(word))]
        if any("".join(words[start:]).startswith(said) for start in range(len(words))):
            return True
        if fuzz.ratio(said, "".join(words)) >= CUTOFF:
            return True
    return False


def _in_at_least(sets: list[int], enough: int) -> int:
    """The bits that are set in so many of the sets: all are counted at once, in the digits of binary numbers."""
    digits: list[int] = []
    for carry in sets:
        for at, digit in enumerate(digits):
            digits[at], carry = digit ^ carry, digit & carry
        digits.append(carry)
    more, same = 0, -1
    for at in reversed(range(max(len(digits), enough.bit_length()))):
        digit = digits[at] if at < len(digits) else 0
        if enough >> at & 1:
            same &= digit
        else:
            more, same = more | same & digit, same & ~digit
    return more | same


def _places(bits: int) -> list[int]:
    """Where the bits are set."""
    digits = f"{bits:b}"[::-1]
    found, at = [], digits.find("1")
    while at >= 0:
        found.append(at)
        at = digits.find("1", at + 1)
    return found


def _grams(name: str) -> set[str]:
    """Every three letters in a row, and the first and last two with the edge they stand at."""
    edged = f"^{name}$"
    return {edged[at : at + 3] for at in range(len(edged) - 2)}


def _keys(person: Person) -> dict[str, str]:
    """The kind of each distinct name, the first in the order of looking where one name is several kinds."""
    kinds: dict[str, str] = {}
    for kind, key in names_of(person):
        kinds.setdefault(key, kind)
    return kinds
