"""How sure the answer is. Pure.

A logistic model over what distinguishes right answers from wrong ones in generated incidents and healthy windows; its constants
are fitted by `tests/bench/investigation.py --fit` on seeds that its table does not use (docs/investigation-measured.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from warroom.investigation.rank import Candidate
from warroom.investigation.services import Symptom

BIAS = -4.2
SYMPTOM = 2.0
STRENGTH = 2.0
MARGIN = 0.9
OWN = 1.5
ALIKE = 1.5
SPEAKS = 0.30
"""Confidence from which a cause is named at all."""


def confidences(symptom: Symptom, candidates: Sequence[Candidate]) -> list[float]:
    """By candidate, in their order: the chance that it is the cause. They add up to less than 1."""
    if not candidates:
        return []
    first = candidates[0]
    second = candidates[1].score if len(candidates) > 1 else first.score - 6.0
    felt = min(1.0, symptom.surprise / 12)
    odds = (
        BIAS
        + SYMPTOM * felt
        + STRENGTH * first.features["strength"]
        + MARGIN * min(4.0, first.score - second)
        + OWN * first.features["own"]
        + ALIKE * first.features["alike"]
    )
    sure = 1 / (1 + math.exp(-odds))
    rest = [math.exp(each.score - first.score) for each in candidates]
    left = (1 - sure) * 0.6
    others = sum(rest[1:]) + 0.5
    return [min(0.97, sure), *(min(sure, left * share / others) for share in rest[1:])]
