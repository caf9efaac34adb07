"""The App Home of one person."""

from __future__ import annotations

from blocks.home import home
from integrations.slack.performers.context import EffectContext
from warroom.incident.corrections import actions_of
from warroom.incident.lookup import LOOKED_AT
from warroom.incident.view import incident_view
from warroom.outbox.effects import PublishHome


async def publish_home(context: EffectContext[PublishHome]) -> None:
    """Draw it whole: open incidents, those that ended lately or wait for a post-mortem, and the person's action items."""
    store, user = context.desk.store, context.effect.user
    incidents = await store.incidents(open_only=True, limit=LOOKED_AT)
    ended = await store.incidents(closed_only=True, limit=LOOKED_AT)
    views, over = ([incident_view(each, context.desk.policy) for each in found] for found in (incidents, ended))
    items = actions_of([*incidents, *ended], user, owner=user)
    await context.call("views.publish", user_id=user, view=home(views, user, context.now, over, items))
