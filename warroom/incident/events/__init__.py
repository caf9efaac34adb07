"""What happened to an incident, as values: the entries of its timeline, and what integrations react to.

The words for each are in `blocks.timeline`. Who did it, when and where it can be read stands in the `Entry` around the event.
Every class is in the file of its subject, and so is the union of that subject's events; a new one is added there, and nowhere else.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from warroom.incident.events.alerts import *
from warroom.incident.events.lifecycle import *
from warroom.incident.events.people import *
from warroom.incident.events.postmortem import *
from warroom.incident.events.room import *
from warroom.incident.events.runbooks import *
from warroom.incident.events.timeline import *

Event = Annotated[
    LifecycleEvent | PeopleEvent | RoomEvent | AlertEvent | TimelineEvent | PostmortemEvent | RunEvent,
    Field(discriminator="kind"),
]
