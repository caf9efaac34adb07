"""What runs in the cluster: how the container of an image behaves once it was started."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Image:
    """All times are seconds by the cluster's clock, counted from the container's start."""

    pullable: bool = True
    """False: the registry knows no such image, so its pods end in ImagePullBackOff."""
    ready_after: float | None = 3.0
    """When the readiness probe succeeds; None: never."""
    crashes_after: float | None = None
    """When the process ends by itself, with `exit_code`; every time it is started."""
    exit_code: int = 1
    out_of_memory_after: float | None = None
    """When it is killed for using more memory than its limit; every time it is started."""
    says: tuple[str, ...] = ("listening on :8080",)
    """Its log, written at the start."""
    last_words: tuple[str, ...] = ()
    """Its log, written when it crashes."""
