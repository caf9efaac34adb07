"""The App Home of one person."""

from __future__ import annotations

from blocks.home import home
from integrations.slack.performers.act import Act
from warroom.effects import PublishHome
from warroom.views import incident_view


async def publish_home(act: Act[PublishHome]) -> None:
    """Draw it whole: the open incidents."""
    incidents = await act.desk.store.incidents(open_only=True)
    views = tuple(incident_view(incident, act.desk.policy) for incident in incidents)
    await act.call("views.publish", user_id=act.effect.user, view=home(views, act.effect.user, act.now))
