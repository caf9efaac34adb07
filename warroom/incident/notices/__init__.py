"""What the bot says in a room, as values. The words are in `blocks.notices`.

Every class is in the file of its subject, and so is the union of that subject's notices; a new one is added there, and nowhere else.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from warroom.incident.notices.alerts import *
from warroom.incident.notices.lifecycle import *
from warroom.incident.notices.people import *
from warroom.incident.notices.postmortem import *
from warroom.incident.notices.room import *
from warroom.incident.notices.runbooks import *

Notice = Annotated[
    LifecycleNotice | PeopleNotice | RoomNotice | AlertNotice | PostmortemNotice | RunNotice,
    Field(discriminator="kind"),
]
