"""How sure the answer is. Pure.

A logistic model over what distinguishes right answers from wrong ones in generated incidents and healthy windows; its constants
were fitted on seeds that the table of tests/bench/investigation.py does not use (docs/investigation-measured.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from warroom.investigation.rank import Candidate
from warroom.investigation.services import Symptom

BIAS = -9.4
FELT = 3.3
STRENGTH = 4.9
MARGIN = 0.42
OWN = 1.9
ALIKE = 1.8
MARKS = 1.0
SPEAKS = 0.30
"""Confidence from which a cause is named at all."""
MOST = 0.95
UNMEASURED, MOST_UNMEASURED = 1.0, 0.6
"""Taken off, and the most that is said, where something that it calls was not measured: it may have begun there. Of troubles at a
service without signals its caller is named, and never rightly."""
MOST_UNMAPPED = 0.75
"""The most that is said where nobody said who calls whom: of such answers about 3 in 4 were right, however clear they seemed."""
UNREACHED = 1.5
"""Taken off where the policy says who calls whom and the service is none of what is called from where it was noticed: among many
services one strays at any time. Who takes so much of a machine that others suffer needs no call.
"""


def confidences(symptom: Symptom, candidates: Sequence[Candidate]) -> list[float]:
    """By candidate, in their order: the chance that it is the cause. They add up to less than 1."""
    if not candidates:
        return []
    first = candidates[0]
    second = candidates[1].score if len(candidates) > 1 else first.score - 4.0
    seen = first.features
    marks = seen["facts"] + seen["starved"] + seen["silent"] + seen["change"] + 0.5 * seen["logs"]
    odds = (
        BIAS
        + FELT * min(1.0, symptom.surprise / 12)
        + STRENGTH * seen["strength"]
        + MARGIN * min(4.0, first.score - second)
        + OWN * seen["own"]
        + ALIKE * seen["alike"]
        + MARKS * min(1.5, marks)
        - (UNMEASURED if first.unmeasured else 0.0)
        - (UNREACHED * (1.0 - seen["neighbour"]) if first.mapped and first.distance is None else 0.0)
    )
    most = min(MOST, MOST_UNMEASURED if first.unmeasured else 1.0, 1.0 if first.mapped else MOST_UNMAPPED)
    sure = min(most, 1 / (1 + math.exp(-odds)))
    # What is left is shared by the others as far behind as they are, and by what was not seen at all.
    behind = [math.exp(max(-50.0, each.score - first.score)) for each in candidates[1:]]
    left = (1 - sure) / (sum(behind) + 0.5)
    return [sure, *(min(sure, left * part) for part in behind)]
