"""Why something that a person asked for is refused, as values. The words for each are in `blocks.refusals`.

`incident` is how people call it: "INC-12". People are user ids.
Every class is in the file of its subject, and so is the union of that subject's refusals; a new one is added there, and nowhere else.
"""

from __future__ import annotations

from warroom.refusals.access import *
from warroom.refusals.lifecycle import *
from warroom.refusals.oncall import *
from warroom.refusals.people import *
from warroom.refusals.postmortem import *
from warroom.refusals.runbooks import *

RuleRefusal = LifecycleRefusal | PeopleRefusal | AccessRefusal | PostmortemRefusal | RunRefusal | OnCallRefused
"""Everything that the rules refuse."""
