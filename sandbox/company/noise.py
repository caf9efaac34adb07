"""Noise that is a pure function of a key and a time: asked for twice, or in parts, it is the same."""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@lru_cache(maxsize=4096)
def key(*words: object) -> int:
    """The key of that noise."""
    said = "\x1f".join(str(word) for word in words)
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=8).digest(), "big")


def _hashed(of: int, index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The finalizer of splitmix64."""
    with np.errstate(over="ignore"):
        x = index.astype(np.uint64)
        x *= _GOLDEN
        x += np.uint64(of)
        x ^= x >> np.uint64(30)
        x *= np.uint64(0xBF58476D1CE4E5B9)
        x ^= x >> np.uint64(27)
        x *= np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return x


def uniform(of: int, index: NDArray[np.int64]) -> Floats:
    """A number in (0, 1) for each index."""
    return ((_hashed(of, index) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normal(of: int, index: NDArray[np.int64]) -> Floats:
    """Normally distributed, mean 0 and deviation 1, for each index; one of 8192 values."""
    return np.asarray(_quantiles()[(_hashed(of, index) >> np.uint64(51)).astype(np.int64)])


@cache
def _quantiles() -> Floats:
    distribution = NormalDist()
    return np.array([distribution.inv_cdf((place + 0.5) / 8192) for place in range(8192)])


def smooth(of: int, times: Floats, period: float) -> Floats:
    """Normally distributed at each multiple of `period` seconds, and without a jump between. `times` ascend."""
    place = times / period
    left = np.floor(place).astype(np.int64)
    part = place - left
    part = part * part * (3.0 - 2.0 * part)
    knots = normal(of, np.arange(left[0], left[-1] + 2))
    here = left - left[0]
    return np.asarray(knots[here] * (1.0 - part) + knots[here + 1] * part)


def counted(of: int, index: NDArray[np.int64], mean: Floats) -> Floats:
    """Whole numbers around `mean` as a Poisson process counts them."""
    spread = np.sqrt(np.maximum(mean, 0.0)) * normal(of, index)
    large = np.rint(np.maximum(mean + spread, 0.0))
    if not bool((mean < 12.0).any()):
        return np.asarray(large)
    # The inverse of the distribution, term by term, where the normal one is too coarse.
    small_mean = np.minimum(mean, 12.0)
    drawn, term = uniform(of ^ 0x2545F491, index), np.exp(-small_mean)
    below, small = term.copy(), np.zeros_like(small_mean)
    for number in range(1, 40):
        more = drawn > below
        if not bool(more.any()):
            break
        small += more
        term = term * small_mean / number
        below = below + term
    return np.where(mean < 12.0, small, large)
