"""What we ask of the world: frozen values in the outbox, each with a key that makes a repeat harmless.

A coalescing effect shows the state at delivery, so one pending copy is enough however often it is asked for.
Every class is in the file of its subject, and so is the union of that subject's effects; a new one is added there, and nowhere else.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from warroom.outbox.effects.alerts import *
from warroom.outbox.effects.base import *
from warroom.outbox.effects.messages import *
from warroom.outbox.effects.oncall import *
from warroom.outbox.effects.reports import *
from warroom.outbox.effects.room import *
from warroom.outbox.effects.runbooks import *

Effect = Annotated[
    RoomEffect | MessageEffect | ReportEffect | OnCallEffect | AlertEffect | RunEffect | ExternalEffect,
    Field(discriminator="kind"),
]

EFFECT: TypeAdapter[Effect] = TypeAdapter(Effect)
"""Reads an effect back from its JSON."""

NOTHING_TO_LOOK_FOR = frozenset(
    {
        SyncDirectory.model_fields["kind"].default,
        ReadAlertChannels.model_fields["kind"].default,
        ReadRoomMembers.model_fields["kind"].default,
        ReadRoomActivity.model_fields["kind"].default,
        DecideAlerts.model_fields["kind"].default,
        LookForChanges.model_fields["kind"].default,
        LookAtRun.model_fields["kind"].default,
        BeginRunbooks.model_fields["kind"].default,
        Investigate.model_fields["kind"].default,
        Narrate.model_fields["kind"].default,
    }
)
"""Kinds of effects that change nothing outside of our own record, so that an earlier try leaves nothing that may still come."""
