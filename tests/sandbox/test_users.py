"""People, groups, the workspace and the app itself."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox, SlackUser, UserGroup, sample_people
from sandbox.installation import Installation
from tests.sandbox.conftest import refused


async def test_users_list_comes_in_pages(slack: Sandbox, web: AsyncWebClient) -> None:
    names = []
    async for page in await web.users_list(limit=7):
        names += [member["name"] for member in page["members"]]
    assert len(names) == len(set(names)) == len(slack.people())
    assert {"ada", "deploybot", "slackbot", "warroom"} <= set(names)


async def test_users_list_marks_deactivated_people_guests_and_bots(slack: Sandbox, web: AsyncWebClient) -> None:
    members = {member["name"]: member for member in (await web.users_list(limit=200))["members"]}
    assert members["rosalind"]["deleted"]
    assert members["katherine"]["is_restricted"]
    assert members["deploybot"]["is_bot"]
    assert not members["slackbot"]["is_bot"], "as Slack has it"
    assert members["ada"]["profile"]["email"] == "ada@example.com"


async def test_email_addresses_need_a_scope(slack: Sandbox, web: AsyncWebClient) -> None:
    slack.workspace.app.scopes.discard("users:read.email")
    ada = (await web.users_info(user=slack.person("ada").id))["user"]
    assert "email" not in ada["profile"]
    with refused("missing_scope", needed="users:read.email"):
        await web.users_lookupByEmail(email="ada@example.com")


async def test_email_lookup_finds_only_active_people(slack: Sandbox, web: AsyncWebClient) -> None:
    assert (await web.users_lookupByEmail(email="Ada@Example.com"))["user"]["name"] == "ada"
    for email in ("rosalind@example.com", "nobody@example.com"):
        with refused("users_not_found"):
            await web.users_lookupByEmail(email=email)


async def test_unknown_user_is_an_error(slack: Sandbox, web: AsyncWebClient) -> None:
    with refused("user_not_found"):
        await web.users_info(user="U0NOBODY")
    with refused("user_not_found"):
        await web.conversations_open(users="U0NOBODY")


async def test_users_list_needs_a_limit_in_a_large_workspace() -> None:
    async with Sandbox.running(people=sample_people(1200)) as slack:
        web = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        with refused("limit_required"):
            await web.users_list()
        assert len((await web.users_list(limit=200))["members"]) == 200


async def test_usergroups_have_the_fields_that_were_asked_for(slack: Sandbox, web: AsyncWebClient) -> None:
    bare = (await web.usergroups_list())["usergroups"]
    assert "old-oncall" not in [group["handle"] for group in bare]
    assert not {"users", "user_count"} & bare[0].keys()
    full = (await web.usergroups_list(include_users=True, include_count=True, include_disabled=True))["usergroups"]
    assert (len(full) - len(bare), full[0]["user_count"], len(full[0]["users"])) == (1, 2, 2)
    old = next(group["id"] for group in full if group["handle"] == "old-oncall")
    for group in (old, "S0NONE"):
        with refused("no_such_subteam"):
            await web.usergroups_users_list(usergroup=group)
    assert (await web.usergroups_users_list(usergroup=old, include_disabled=True))["users"]


async def test_usergroups_need_a_paid_plan(slack: Sandbox, web: AsyncWebClient) -> None:
    slack.workspace.plan_is_free = True
    with refused("plan_upgrade_required"):
        await web.usergroups_list()
    with refused("plan_upgrade_required"):
        await web.usergroups_users_list(usergroup=slack.usergroup("sre-oncall").id)


async def test_users_conversations_lists_the_apps_channels(slack: Sandbox, web: AsyncWebClient) -> None:
    assert not (await web.users_conversations())["channels"]
    await web.conversations_join(channel=slack.channel("random").id)
    assert [each["name"] for each in (await web.users_conversations())["channels"]] == ["random"]
    hers = await web.users_conversations(user=slack.person("ada").id, types="public_channel,private_channel")
    assert "leadership" not in [each["name"] for each in hers["channels"]]


async def test_token_of_the_wrong_kind_is_refused(slack: Sandbox, web: AsyncWebClient) -> None:
    with refused("not_allowed_token_type"):
        await web.apps_connections_open(app_token=slack.bot_token)
    for token, code in (("xoxb-other", "invalid_auth"), (slack.app_token, "not_allowed_token_type")):
        with refused(code):
            await AsyncWebClient(token=token, base_url=slack.api_url).auth_test()
    await slack.revoke()
    with refused("token_revoked"):
        await web.auth_test()


async def test_scopes_are_named_in_every_answers_headers(slack: Sandbox, web: AsyncWebClient) -> None:
    slack.workspace.app.scopes = {"chat:write", "users:read"}
    told = await web.auth_test()
    assert told.headers["x-oauth-scopes"] == "chat:write,users:read"
    with refused("missing_scope", needed="usergroups:read", provided="chat:write,users:read"):
        await web.usergroups_list()


@pytest.mark.parametrize(
    "missing", ["pins:write", "bookmarks:read", "usergroups:read", "files:write", "canvases:write"]
)
async def test_missing_scope_is_named(missing: str) -> None:
    app = Installation()
    app.scopes.discard(missing)
    methods = {
        "pins:write": "pins.add", "bookmarks:read": "bookmarks.list", "usergroups:read": "usergroups.list",
        "files:write": "files.getUploadURLExternal", "canvases:write": "canvases.create",
    }  # fmt: skip
    async with Sandbox.running(app=app) as slack:
        with refused("missing_scope", needed=missing):
            await AsyncWebClient(token=slack.bot_token, base_url=slack.api_url).api_call(methods[missing])


async def test_saved_users_and_usergroups_are_served(slack: Sandbox, web: AsyncWebClient) -> None:
    newcomer = await slack.save_person(SlackUser("", "nele", "Nele Neu", "nele@example.com"))
    assert (await web.users_info(user=newcomer.id))["user"]["real_name"] == "Nele Neu"
    group = await slack.save_usergroup(UserGroup("", "dba", "Database", [newcomer.id]))
    assert (await web.usergroups_users_list(usergroup=group.id))["users"] == [newcomer.id]


async def test_the_members_of_a_group_are_replaced_and_everybody_hears_it(slack: Sandbox, web: AsyncWebClient) -> None:
    group, ada, ben = slack.usergroup("sre-oncall"), slack.person("ada"), slack.person("ben")
    answer = await web.usergroups_users_update(usergroup=group.id, users=[ada.id, ben.id, ada.id], include_count=True)
    assert (answer["usergroup"]["users"], answer["usergroup"]["user_count"]) == ([ada.id, ben.id], 2)
    assert (await web.usergroups_users_list(usergroup=group.id))["users"] == [ada.id, ben.id]


async def test_what_slack_does_not_let_be_in_a_group(slack: Sandbox, web: AsyncWebClient) -> None:
    group, guest, gone = slack.usergroup("sre-oncall"), slack.person("grace"), slack.person("linus")
    before = list(group.users)
    update = web.usergroups_users_update
    with refused("no_users_provided"):
        await update(usergroup=group.id, users="")
    with refused("invalid_users"):
        await update(usergroup=group.id, users=[slack.workspace.app.bot_user])
    gone.deleted = True
    with refused("invalid_users"):
        await update(usergroup=group.id, users=[gone.id])
    guest.is_restricted = True
    with refused("invalid_user"):
        await update(usergroup=group.id, users=[guest.id])
    guest.is_ultra_restricted = True
    with refused("single_channel_guests_cannot_be_added"):
        await update(usergroup=group.id, users=[guest.id])
    with refused("no_such_subteam"):
        await update(usergroup="S0NOBODY", users=[slack.person("ada").id])
    slack.workspace.groups_for_admins = True
    with refused("permission_denied"):
        await update(usergroup=group.id, users=[slack.person("ada").id])
    slack.workspace.app.scopes.discard("usergroups:write")
    with refused("missing_scope", needed="usergroups:write"):
        await update(usergroup=group.id, users=[slack.person("ada").id])
    assert group.users == before
