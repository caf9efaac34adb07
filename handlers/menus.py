"""The menus of the card and of the App Home: what each of their entries does."""

from __future__ import annotations

from blocks import ids
from blocks.kit import Card
from handlers import action_items, actions, catch_up, edit, investigation, postmortem, runbooks, timeline
from handlers.actions import ActionContext, Run
from warroom.errors import Refused
from warroom.incident import record
from warroom.people import usecases as replies
from warroom.refusals import MenuOutdated


async def menu(context: ActionContext) -> Card | None:
    """The card's menu. Afterwards the card is redrawn, so that the menu shows no choice any more."""
    chosen = MENU.get(context.seen) or (_offered if ":" in context.seen else None)
    try:
        if chosen is None:
            raise Refused(MenuOutdated())
        return await chosen(context)
    finally:
        # Another gesture of its own: what was chosen may have changed the incident by this one.
        again = context.world.for_gesture(f"menu:{context.actor.key}")
        await record.menu_used(again, context.incident_id)


async def _offered(context: ActionContext) -> None:
    """What an integration offers about the incident."""
    await actions.integration(context)


async def home_menu(context: ActionContext) -> Card | None:
    """The menu of an incident on the App Home, which is drawn anew afterwards."""
    match context.seen:
        case ids.HOME_ACKNOWLEDGE:
            await actions.acknowledge(context)
        case ids.HOME_UPDATE:
            await actions.post_update(context)
        case ids.HOME_RESOLVE:
            await actions.resolve(context)
        case _:
            await menu(context)
    await replies.open_home(context.world, context.user)
    return None


MENU: dict[str, Run] = {
    ids.MENU_EDIT: edit.choose_edit,
    ids.MENU_TIMELINE: timeline.add_note,
    ids.MENU_ACTION: action_items.add_action,
    ids.MENU_CANCEL: actions.choose_cancel,
    ids.MENU_CATCH_UP: catch_up.press,
    ids.MENU_RUN: runbooks.offer,
    ids.MENU_INVESTIGATE: investigation.from_menu,
    ids.MENU_MITIGATE: actions.mitigate,
    ids.MENU_REOPEN: actions.reopen,
    ids.MENU_SEVERITY: actions.choose_severity,
    ids.MENU_ROLES: actions.choose_roles,
    ids.MENU_PAGE: actions.choose_page,
    ids.MENU_POSTMORTEM: postmortem.write_postmortem,
}
"""What each entry of `blocks.card_menu.ENTRIES` does."""


BUTTONS: dict[str, Run] = {
    ids.MENU: menu,
    ids.HOME_MENU: home_menu,
}
