"""The App Home of one person."""

from __future__ import annotations

from blocks.home import home
from integrations.slack.performers.context import EffectContext
from warroom.incident.view import incident_view
from warroom.outbox.effects import PublishHome


async def publish_home(context: EffectContext[PublishHome]) -> None:
    """Draw it whole: the open incidents."""
    incidents = await context.desk.store.incidents(open_only=True)
    views = tuple(incident_view(incident, context.desk.policy) for incident in incidents)
    await context.call("views.publish", user_id=context.effect.user, view=home(views, context.effect.user, context.now))
