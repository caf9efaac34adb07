"""Every reason for a refusal has words, in the chat and on the command line."""

from __future__ import annotations

from typing import get_args

import pytest
from syrupy.assertion import SnapshotAssertion

from blocks import usage
from blocks.refusals import TERMINAL, refusal_words
from blocks.usage import Usage
from tests.clock import NIGHT
from warroom import refusals
from warroom.errors import Reason
from warroom.incident.model import State
from warroom.people.model import Unknown, Why
from warroom.policy.permissions import Permission
from warroom.refusals import Attempt, RuleRefusal

NAME = "INC-12"

REASONS: list[Reason] = [
    *(
        refusals.AlreadyAcknowledged(incident=NAME, state=state, by=by, asked_by="UADA")
        for state in (State.ACKNOWLEDGED, State.MITIGATED)
        for by in ("UADA", "UBEN", None)
    ),
    *(refusals.AlreadyInState(incident=NAME, state=state, attempt=Attempt.CLOSE, by="UADA") for state in State),
    refusals.AlreadyInState(incident=NAME, state=State.RESOLVED, attempt=Attempt.RESOLVE),
    refusals.AlreadyInState(incident=NAME, state=State.CLOSED, attempt=Attempt.RESOLVE),
    *(
        refusals.NotInState(incident=NAME, state=State.CANCELLED, attempt=attempt, severity="SEV-1")
        for attempt in Attempt
    ),
    refusals.CancelReasonMissing(incident=NAME),
    refusals.UpdateEmpty(),
    refusals.NothingToSnooze(incident=NAME),
    refusals.SnoozedEnough(incident=NAME, times=3),
    refusals.ReminderGone(incident=NAME),
    refusals.SilenceEnded(incident=NAME),
    *(
        refusals.OnCallRefused(problem=problem, schedule="platform", person="UADA", known=("platform", "web"))
        for problem in refusals.OnCallProblem
    ),
    *(
        refusals.RunbookRefused(why=why, runbook="restart", details=("checkout", "3 per 1h"), until=NIGHT)
        for why in refusals.RunbookWhy
    ),
    refusals.TitleMissing(),
    refusals.UnknownSeverity(said="bad", known=("SEV-1", "SEV-2")),
    refusals.SeverityUnchanged(incident=NAME, severity="SEV-1"),
    refusals.SeveralSeverities(said=("sev1", "P2")),
    refusals.UnknownService(said="chekout", near="checkout"),
    refusals.OnlyYourself(said=("@sre-oncall",)),
    refusals.InRoomAlready(incident=NAME),
    refusals.SubscribedAlready(incident=NAME),
    refusals.NotSubscribed(incident=NAME),
    refusals.UnknownTeam(said="plat", known=("platform",)),
    refusals.UnknownTeam(said="plat", known=()),
    refusals.NoEscalationPolicy(incident=NAME),
    refusals.EscalatedMeanwhile(incident=NAME),
    refusals.TitleTooLong(length=812, limit=500),
    refusals.UpdateTooLong(length=4_800, limit=2_400),
    refusals.NextUpdateInPast(),
    refusals.NothingChanged(incident=NAME),
    refusals.VisibilityUnchanged(incident=NAME, private=True),
    refusals.VisibilityUnchanged(incident=NAME, private=False),
    refusals.NoSuchAction(incident=NAME, number=7, known=(1, 2)),
    refusals.NoSuchAction(incident=NAME, number=7, known=()),
    refusals.ActionMarkedBefore(incident=NAME, number=1, done=True),
    refusals.ActionMarkedBefore(incident=NAME, number=1, done=False),
    refusals.NoSuchEntry(incident=NAME, number=3),
    refusals.NotYourEntry(number=3, by="UADA"),
    refusals.EntryInFuture(),
    refusals.RoleMissing(),
    refusals.RoleHeld(incident=NAME, role="scribe", person="UADA"),
    refusals.NobodyToInvite(),
    refusals.NobodyToPage(teams=("platform",)),
    refusals.NobodyToPage(teams=()),
    refusals.PageFoundNobody(unknown=tuple(Unknown(said="x", why=why) for why in Why)),
    refusals.NoteEmpty(),
    refusals.ActionEmpty(),
    refusals.NoPublicPage(),
    refusals.NothingToRetry(incident="INC-7"),
    refusals.Investigating(incident="INC-7"),
    refusals.NoCauseNamed(incident="INC-7"),
    refusals.CauseAnsweredBefore(incident="INC-7", right=True, by="UADA"),
    refusals.CauseAnsweredBefore(incident="INC-7", right=False, by=None),
    refusals.NoSuchIncident(number=7),
    refusals.NotARoom(),
    refusals.IncidentGone(),
    refusals.LeftRoom(),
    refusals.AccountClosed(),
    refusals.GuestMayNotDeclare(),
    refusals.NotInQuarantine(id="abc"),
    *(refusals.NotAllowed(permission=each, may=("@sre", "commander"), incident=NAME) for each in Permission),
    refusals.NotAllowed(permission=Permission.PAGE, may=("responders",), incident=NAME, room="inc-12"),
    refusals.NotAllowed(permission=Permission.PAGE, may=("commander",), incident=NAME, has_commander=True),
    refusals.NotAllowed(permission=Permission.DECLARE, may=("responders", "commander")),
    refusals.NothingToLearn(incident=NAME),
    refusals.PostmortemUnchanged(),
    refusals.SavedMeanwhile(),
    refusals.MergeWithItself(),
    refusals.MergedAlready(incident="INC-12", into=5),
    refusals.ChannelGone(incident="INC-12"),
    refusals.ChannelKept(incident="INC-12"),
    refusals.MergePrivacy(incident="INC-12", into="INC-5", private=True),
    refusals.MergePrivacy(incident="INC-12", into="INC-5", private=False),
    refusals.PostmortemMissing(incident=NAME),
    refusals.PostmortemPublishedBefore(incident=NAME),
    refusals.PartsMissing(parts=("summary", "root_cause")),
    refusals.DoneBefore(),
    refusals.RefusedByIntegration(text="The other system is closed."),
    usage.UnknownSubcommand(name="resolv", near="resolve"),
    usage.UnknownSubcommand(name="checkout", rest="is down"),
    usage.UnknownSubcommand(name="note", near="timeline add", rest="foo"),
    usage.FollowWhat(),
    usage.FollowWhat(said="everything"),
    usage.SeverityMissing(incident=NAME, number=12, known=("SEV-1", "SEV-2")),
    usage.NoTeams(),
    usage.PrivateTakesNoValue(),
    *(usage.OptionNeedsValue(option=option) for option in ("sev", "service", "team")),
    usage.OptionTwice(option="sev", values=("1", "2")),
    usage.UnknownOption(name="tema", near="team"),
    usage.UnknownOption(name="x"),
    usage.RoleUnclear(),
    usage.SeveralCandidates(said="ada", names=("ada.l", "ada.k")),
    usage.SeveralPeople(said="@sre", count=3),
    usage.PersonNotFound(said="nobody"),
    usage.SpanUnclear(said="sofa", known=("platform", "data")),
    usage.SearchEmpty(),
    usage.TimelineUnclear(),
    usage.ActionUnclear(),
    usage.PostmortemUnclear(),
    usage.MergeUnclear(),
    usage.DateInPast(said="yesterday"),
    usage.DateUnclear(said="someday"),
    usage.ActionNumberMissing(verb="done"),
    usage.EntryNumberMissing(verb="remove"),
    usage.TimeUnclear(said="soon"),
    usage.ListUnclear(said="closd", teams=("platform",)),
    usage.ListUnclear(said="since", teams=()),
    usage.EditUnclear(said="colour", known=("title", "impact")),
    usage.EditUnclear(said="", known=("title", "impact")),
    usage.EditValueMissing(what="title"),
    usage.ReasonTooLong(length=2_000, limit=1_500),
    usage.NoOpenIncident(),
    refusals.MenuOutdated(),
]
FROM_THE_COMMAND_LINE = (
    refusals.TitleMissing,
    refusals.UnknownSeverity,
    refusals.UnknownTeam,
    refusals.NoSuchIncident,
    refusals.NotInQuarantine,
)


def test_every_reason_is_one_of_the_unions_and_tried_here() -> None:
    assert refusals.Repeated("gesture").reason in REASONS
    classes = {*Reason.__subclasses__()}
    assert classes == {*get_args(RuleRefusal), *get_args(Usage)} == {type(reason) for reason in REASONS}


def test_the_words(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(refusal_words(reason) for reason in REASONS) == snapshot


@pytest.mark.parametrize("reason", [each for each in REASONS if isinstance(each, FROM_THE_COMMAND_LINE)], ids=repr)
def test_the_command_line_names_its_own_commands(reason: Reason) -> None:
    words = refusal_words(reason, TERMINAL)
    assert "/incident" not in words
    assert "<@" not in words


def test_people_are_named_by_id_on_the_command_line() -> None:
    held = refusals.RoleHeld(incident=NAME, role="scribe", person="UADA")
    assert refusal_words(held, TERMINAL) == "UADA is scribe of INC-12 already."
