"""What runbooks can do in a cluster: restart, scale, roll back, wait until it is ready, read how it is and what it wrote."""

from __future__ import annotations

from typing import Any

from integrations.kubernetes.steps.base import Clusters
from integrations.kubernetes.steps.reading import Logs, Ready, Status
from integrations.kubernetes.steps.restart import Restart
from integrations.kubernetes.steps.rollback import Rollback
from integrations.kubernetes.steps.scale import Scale
from warroom.capabilities import StepBase


def all_kinds(clusters: Clusters) -> tuple[StepBase[Any], ...]:
    """All of them."""
    return tuple(kind(clusters) for kind in (Restart, Scale, Rollback, Ready, Status, Logs))
