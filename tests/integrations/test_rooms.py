"""Opening rooms, bringing people in and speaking, to a Slack that answers as the story says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from blocks.kit import Card
from integrations.slack.channels import ChannelBook
from integrations.slack.failures import SlackDeclined
from integrations.slack.performers import documents
from integrations.slack.performers.performer import EffectContext, PerformerDeps, SlackPerformer
from integrations.slack.performers.posts import say, stamp
from integrations.slack.performers.rooms import invite, names, open_room
from integrations.slack.rate_limits import Budget, RateLimitedClient
from tests.clock import NIGHT, ManualClock
from tests.stores import fresh_store
from warroom.errors import Rejected, Retryable
from warroom.incident.model import Incident, Origin
from warroom.incident.parts import Room
from warroom.outbox.changes import Changeset, Claim
from warroom.outbox.effects import Effect, Invite, OpenRoom, PinCard, ShareDocument
from warroom.outbox.results import ChannelCreated, PeopleAdded
from warroom.policy import Policy
from warroom.ports import Store

Answer = dict[str, Any]
E = TypeVar("E", bound=Effect)


def no(code: str, **said: object) -> SlackDeclined:
    """Slack's refusal."""
    return SlackDeclined(code, code=code, advice="", answer={"ok": False, "error": code, **said})


class ScriptedSlackClient(RateLimitedClient):
    """Answers each method with the story's function, and remembers what was asked."""

    def __init__(self, **answers: Callable[[Answer], Answer | SlackDeclined]) -> None:
        super().__init__(AsyncWebClient(), Budget(ManualClock()))
        self._answers = answers
        self.asked: list[tuple[str, Answer]] = []

    async def call(self, method: str, **args: Any) -> Answer:
        self.asked.append((method, args))
        answer = self._answers[method.replace(".", "_")](args)
        if isinstance(answer, SlackDeclined):
            raise answer
        return answer

    def methods(self) -> list[str]:
        """The methods asked, in order."""
        return [method for method, _ in self.asked]


INCIDENT = Incident(
    id="i1",
    number=12,
    origin=Origin.COMMAND,
    origin_key="command:1",
    title="checkout returns 500s",
    severity="SEV-1",
    declared_at=NIGHT,
    touched_at=NIGHT,
    room=Room(channel_id="C1"),
)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with fresh_store() as store:
        await store.commit(Changeset(now=NIGHT, incident=INCIDENT))
        yield store


def act(effect: E, slack: ScriptedSlackClient, store: Store, *, outcome_unknown: bool = False) -> EffectContext[E]:
    """One performing of the effect."""
    clock = ManualClock()
    deps = PerformerDeps(slack.client, store, Policy(), clock, Budget(clock), ChannelBook(clock), "UBOT")
    claim = Claim(
        key=effect.key,
        fence=1,
        rev=0,
        attempts=1,
        outcome_unknown=outcome_unknown,
        created_at=NIGHT,
        due_at=NIGHT,
        incident_id="i1",
        effect=effect,
    )
    return EffectContext(claim, effect, deps, slack)


async def test_whoever_wakes_up_after_the_lease_asks_slack_for_nothing(store: Store) -> None:
    asked = act(OpenRoom(incident_id="i1", key="room", name="inc-12"), ScriptedSlackClient(), store)
    performer = SlackPerformer({"open_room": open_room}, asked.deps)
    late = asked.claim.copy_with(taken_at=NIGHT - timedelta(seconds=14))
    with pytest.raises(Retryable, match=r"the time for conversations\.create is over") as raised:
        await performer.perform(late, asked.effect)
    assert raised.value.outcome_unknown


CANNOT = "Slack does not let the app invite this account (cant_invite)"


def inviting(*people: str) -> Invite:
    return Invite(incident_id="i1", key="invite", people=people)


async def test_one_call_invites_everybody_and_names_those_it_could_not(store: Store) -> None:
    errors = [{"ok": False, "user": "UGONE", "error": "cant_invite"}, {"user": "UIN", "error": "already_in_channel"}]
    slack = ScriptedSlackClient(conversations_invite=lambda _: {"ok": True, "errors": errors})
    result = await invite(act(inviting("UADA", "UGONE", "UIN", "UBOT", "UADA"), slack, store))
    assert result == PeopleAdded(people=("UADA", "UIN"), failed=(("UGONE", CANNOT),))
    ((_, asked),) = slack.asked
    assert (asked["users"], asked["force"]) == ("UADA,UGONE,UIN", True)


@pytest.mark.parametrize("code", ["cant_invite", "brand_new_code"])
async def test_a_server_that_ignores_force_does_not_keep_the_others_out(store: Store, code: str) -> None:
    def answer(args: Answer) -> Answer | SlackDeclined:
        if "UGONE" in args["users"]:
            return no(code, errors=[{"ok": False, "user": "UGONE", "error": code}])
        return no("already_in_channel") if args["users"] == "UIN" else {"ok": True}

    result = await invite(
        act(inviting("UADA", "UGONE", "UIN"), ScriptedSlackClient(conversations_invite=answer), store)
    )
    assert result.people == ("UADA", "UIN")
    ((who, why),) = result.failed
    assert who == "UGONE"
    assert f"({code})" in why


async def test_a_refusal_of_all_and_a_budget_of_one_call_at_a_time_still_reach_everybody(store: Store) -> None:
    allowed = 1

    def answer(args: Answer) -> Answer | SlackDeclined:
        nonlocal allowed
        if not allowed:
            raise Retryable("conversations.invite waits for its turn", after=1.2)
        allowed -= 1
        return no("already_in_channel") if "," in args["users"] else {"ok": True}

    again = act(inviting("UADA", "UBEN"), ScriptedSlackClient(conversations_invite=answer), store)
    for _ in range(2):
        with pytest.raises(Retryable):
            await invite(again)
        allowed = 1
    assert (await invite(again)).people == ("UADA", "UBEN")


async def test_a_document_with_a_picture_is_shared_where_one_upload_is_allowed_at_a_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sent(*_: object) -> None:
        """The bytes arrive."""

    monkeypatch.setattr(documents, "_send", sent)
    allowed, given = 1, 0

    def ticket(_: Answer) -> Answer:
        nonlocal allowed, given
        if not allowed:
            raise Retryable("files.getUploadURLExternal waits for its turn", after=0.6)
        allowed, given = allowed - 1, given + 1
        return {"upload_url": "https://files.example.com/", "file_id": f"F{given}"}

    slack = ScriptedSlackClient(files_getUploadURLExternal=ticket, files_completeUploadExternal=lambda _: {"ok": True})
    again = act(ShareDocument(incident_id="i1", key="document", revision=1), slack, store)
    with pytest.raises(Retryable):
        await documents.share_document(again)
    allowed = 1
    await documents.share_document(again)
    method, args = slack.asked[-1]
    assert (method, [each["id"] for each in args["files"]]) == ("files.completeUploadExternal", ["F1", "F2"])
    assert again.deps.uploads == {}


async def test_what_is_about_the_room_and_not_about_a_person_is_a_refusal(store: Store) -> None:
    slack = ScriptedSlackClient(conversations_invite=lambda _: no("is_archived"))
    with pytest.raises(SlackDeclined, match="is_archived"):
        await invite(act(inviting("UADA"), slack, store))
    assert len(slack.asked) == 1


async def test_a_taken_name_gets_a_number_and_the_name_in_the_answer_counts(store: Store) -> None:
    def create(args: Answer) -> Answer | SlackDeclined:
        return {"channel": {"id": "C9", "name": "inc-12-x-2"}} if args["name"].endswith("-2") else no("name_taken")

    effect = OpenRoom(incident_id="i1", key="room", name="inc-12-x", private=True)
    slack = ScriptedSlackClient(conversations_create=create)
    assert await open_room(act(effect, slack, store)) == ChannelCreated(channel_id="C9", name="inc-12-x-2")
    assert all(asked["is_private"] for _, asked in slack.asked)


def test_whatever_the_title_there_is_a_name_that_fits() -> None:
    tried = list(names("x" * 200, INCIDENT))
    assert max(map(len, tried)) == 80
    assert len(set(tried)) == len(tried)
    assert tried[-2:] == ["inc-12", "inc-12-20261121030000"]


async def test_in_doubt_the_room_we_made_is_found_and_no_second_one_is_made(store: Store) -> None:
    mine = {"id": "C9", "name": "inc-12-x", "creator": "UBOT", "created": NIGHT.timestamp() + 1}
    strangers = [mine | {"id": "C7", "creator": "UADA"}, mine | {"id": "C8", "created": 5}]
    slack = ScriptedSlackClient(users_conversations=lambda _: {"channels": [*strangers, mine]})
    effect = OpenRoom(incident_id="i1", key="room", name="inc-12-x")
    result = await open_room(act(effect, slack, store, outcome_unknown=True))
    assert result == ChannelCreated(channel_id="C9", name="inc-12-x")


async def test_a_long_list_of_rooms_is_read_on_where_the_budget_stopped_it(store: Store) -> None:
    mine = {"id": "C9", "name": "inc-12-x", "creator": "UBOT", "created": NIGHT.timestamp() + 1}
    pages: list[list[Answer]] = [[], [], [], [mine]]
    turns = 0

    def page(args: Answer) -> Answer:
        nonlocal turns
        if turns == 0:
            raise Retryable("users.conversations waits for its turn", after=3)
        turns -= 1
        place = int(args["cursor"] or 0)
        return {"channels": pages[place], "response_metadata": {"next_cursor": str(place + 1) if place < 3 else ""}}

    opening = act(
        OpenRoom(incident_id="i1", key="room", name="inc-12-x"),
        ScriptedSlackClient(users_conversations=page),
        store,
        outcome_unknown=True,
    )
    for _ in range(3):
        turns = 1
        with pytest.raises(Retryable):
            await open_room(opening)
    turns = 1
    assert await open_room(opening) == ChannelCreated(channel_id="C9", name="inc-12-x")


async def test_a_server_that_does_not_say_who_made_a_room_does_not_get_a_second_one(store: Store) -> None:
    slack = ScriptedSlackClient(users_conversations=lambda _: {"channels": [{"id": "C9", "name": "inc-12-x"}]})
    result = await open_room(
        act(OpenRoom(incident_id="i1", key="room", name="inc-12-x"), slack, store, outcome_unknown=True)
    )
    assert result == ChannelCreated(channel_id="C9", name="inc-12-x")


CARD = Card(text="hello", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}])
PIN = PinCard(incident_id="i1", key="said")


async def test_where_the_bot_is_not_in_the_channel_it_joins_and_says_it(store: Store) -> None:
    posted: list[Answer] = []

    def post(args: Answer) -> Answer | SlackDeclined:
        posted.append(args)
        return no("not_in_channel") if len(posted) == 1 else {"channel": "C5", "ts": "7.7"}

    slack = ScriptedSlackClient(chat_postMessage=post, conversations_join=lambda _: {"ok": True})
    assert await say(act(PIN, slack, store), "C5", CARD) == ("C5", "7.7")
    assert slack.methods() == ["chat.postMessage", "conversations.join", "chat.postMessage"]


@pytest.mark.parametrize(
    ("join", "told"),
    [("method_not_supported_for_channel_type", "not_in_channel"), ("missing_scope", "missing_scope")],
)
async def test_where_it_cannot_join_the_refusal_that_helps_is_told(store: Store, join: str, told: str) -> None:
    slack = ScriptedSlackClient(chat_postMessage=lambda _: no("not_in_channel"), conversations_join=lambda _: no(join))
    with pytest.raises(SlackDeclined) as refusal:
        await say(act(PIN, slack, store), "C5", CARD)
    assert refusal.value.code == told


@pytest.mark.parametrize(
    "mark",
    [
        {"metadata": {"event_type": "warroom", "event_payload": {"key": "said"}}},
        {"blocks": [{"type": "section", "block_id": stamp("said")}]},
    ],
)
async def test_in_doubt_the_message_is_found_by_its_metadata_or_its_block(store: Store, mark: Answer) -> None:
    messages = [
        {"user": "UADA", "ts": "1.1"} | mark,
        {"user": "UBOT", "ts": "2.2"},
        {"user": "UBOT", "ts": "3.3"} | mark,
    ]
    slack = ScriptedSlackClient(conversations_history=lambda _: {"messages": messages})
    assert await say(act(PIN, slack, store, outcome_unknown=True), "C5", CARD) == ("C5", "3.3")
    assert "chat.postMessage" not in slack.methods()


async def test_in_doubt_a_channel_that_the_bot_left_is_joined_to_look(store: Store) -> None:
    posted = {"user": "UBOT", "ts": "3.3", "metadata": {"event_payload": {"key": "said"}}}
    looked: list[Answer] = []

    def history(args: Answer) -> Answer | SlackDeclined:
        looked.append(args)
        return no("not_in_channel") if len(looked) == 1 else {"messages": [posted]}

    slack = ScriptedSlackClient(conversations_history=history, conversations_join=lambda _: {"ok": True})
    assert await say(act(PIN, slack, store, outcome_unknown=True), "C5", CARD) == ("C5", "3.3")
    assert "chat.postMessage" not in slack.methods()


@pytest.mark.parametrize("join", ["missing_scope", "method_not_supported_for_channel_type", "restricted_action"])
async def test_in_doubt_nothing_is_posted_twice_where_nobody_can_look(store: Store, join: str) -> None:
    slack = ScriptedSlackClient(
        conversations_history=lambda _: no("not_in_channel"), conversations_join=lambda _: no(join)
    )
    with pytest.raises(Rejected, match="not posted twice") as refusal:
        await say(act(PIN, slack, store, outcome_unknown=True), "C5", CARD)
    assert ("/invite @Warroom" in refusal.value.advice) is (join != "missing_scope"), "only where it would help"
    assert "chat.postMessage" not in slack.methods()


async def test_a_card_that_is_found_in_doubt_shows_what_is_known_now(store: Store) -> None:
    posted = {"user": "UBOT", "ts": "3.3", "metadata": {"event_payload": {"key": "said"}}}
    slack = ScriptedSlackClient(
        conversations_history=lambda _: {"messages": [posted]}, chat_update=lambda _: {"ok": True}
    )
    assert await say(act(PIN, slack, store, outcome_unknown=True), "C5", CARD, incident=INCIDENT) == ("C5", "3.3")
    ((_, redrawn),) = [asked for asked in slack.asked if asked[0] == "chat.update"]
    assert (redrawn["ts"], redrawn["text"]) == ("3.3", CARD.text)
