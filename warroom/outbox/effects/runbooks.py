"""Runs of runbooks, and the investigation."""

from __future__ import annotations

from typing import ClassVar, Literal

from warroom.investigation.pictures import Picture
from warroom.investigation.prose import Item
from warroom.outbox.effects.base import EffectBase


class RunStep(EffectBase):
    """Make one call of a step of a runbook."""

    weight: ClassVar[int] = 1
    kind: Literal["run_step"] = "run_step"
    run_id: str
    step: str
    call: int


class LookAtRun(EffectBase):
    """Look whether a run can go on: what it waited for may be over."""

    weight: ClassVar[int] = 1
    coalescing: ClassVar[bool] = True
    kind: Literal["look_at_run"] = "look_at_run"
    run_id: str


class BeginRunbooks(EffectBase):
    """Look whether a runbook that begins by itself fits the incident."""

    weight: ClassVar[int] = 3
    coalescing: ClassVar[bool] = True
    kind: Literal["begin_runbooks"] = "begin_runbooks"


class ShowRun(EffectBase):
    """Post the message of a run in the room, or redraw it, as the run is at delivery. Its result is Posted, when it was posted."""

    weight: ClassVar[int] = 1
    coalescing: ClassVar[bool] = True
    kind: Literal["show_run"] = "show_run"
    run_id: str


class Investigate(EffectBase):
    """Look into why the incident is broken. It takes up to a minute; its result is InvestigationDone."""

    weight: ClassVar[int] = 8
    kind: Literal["investigate"] = "investigate"
    run: int


class Narrate(EffectBase):
    """Let a language model write about the answer of a run. `material` is what it is given. Its result is Narrated."""

    weight: ClassVar[int] = 8
    kind: Literal["narrate"] = "narrate"
    run: int
    material: tuple[Item, ...]


class ShowInvestigation(EffectBase):
    """Post the investigation's message in the thread of the card, or redraw it. Its result is Posted, when it was posted."""

    weight: ClassVar[int] = 6
    coalescing: ClassVar[bool] = True
    kind: Literal["show_investigation"] = "show_investigation"


class ShareFindings(EffectBase):
    """Share the picture of the series that matter below the card."""

    weight: ClassVar[int] = 8
    kind: Literal["share_findings"] = "share_findings"
    run: int
    pictures: tuple[Picture, ...]


RunEffect = RunStep | LookAtRun | BeginRunbooks | ShowRun | Investigate | Narrate | ShowInvestigation | ShareFindings
