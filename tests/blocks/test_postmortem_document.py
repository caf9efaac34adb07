"""The post-mortem document: complete from the record, and safe to open anywhere."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from syrupy.assertion import SnapshotAssertion

from blocks import postmortem_document as document
from tests.blocks.incidents import quiet
from tests.warroom.conftest import minutes
from warroom.alerts.model import AlertState
from warroom.incident import events
from warroom.incident.model import Incident, State
from warroom.incident.parts import ActionItem, AlertSummary, Link, Room
from warroom.incident.timeline import Entry
from warroom.incident.view import DocumentView, IncidentView, incident_view
from warroom.outbox.changes import Firing
from warroom.policy import Policy
from warroom.postmortem.model import Postmortem
from warroom.postmortem.usecases import people_in

NAMES = {"UADA": "Ada Lovelace", "UDEC": "Dec", "UGRACE": "Grace"}
HOSTILE = "<script>alert(1)</script> <!channel> [x](javascript:alert(1)) **b** `c` | # h\n# Heading\n- item\n1. one\n---\n```\ncode"


def entry(minute: float, event: events.Event, by: str | None = None, link: str | None = None) -> Entry:
    return Entry(incident_id="i1", key=f"{event.kind}:{minute}", at=minutes(minute), event=event, by=by, link=link)


NIGHT_STORY = (
    entry(0, events.Declared(title="checkout returns 500s"), "UDEC"),
    entry(1, events.AlertAttached(title="High error rate"), link="https://monitors.example.com/1"),
    entry(2, events.AlertFired(title="High error rate")),
    entry(3, events.AlertFired(title="High error rate")),
    entry(4, events.Acknowledged(), "UADA"),
    entry(6, events.SeverityChanged(before="SEV-2", after="SEV-1"), "UADA"),
    entry(10, events.RoleAssigned(role="scribe", person="UGRACE"), "UADA"),
    entry(20, events.UpdatePosted(text="Rolled back 1.4.2, see https://deploys.example.com/1_4_2"), "UADA"),
    entry(25, events.Mitigated(), "UADA"),
    entry(65, events.Resolved(summary="rolled back"), "UADA"),
)


def resolved(**changes: object) -> Incident:
    return quiet(
        state=State.RESOLVED,
        services=("checkout", "payments_api"),
        commander="UADA",
        roles=(("scribe", "UGRACE"),),
        acknowledged_at=minutes(4),
        acknowledged_by="UADA",
        mitigated_at=minutes(25),
        resolved_at=minutes(65),
        resolved_by="UADA",
        summary="rolled back",
        impact="12 % of orders failed",
        fields=(("Money lost", "4,000 €"),),
        links=(Link(title="Runbook", url="https://runbooks.example.com/checkout"),),
        alerts=AlertSummary(count=3, monitors=1, last_title="High error rate", last_state=AlertState.OK),
        actions=(
            ActionItem(
                id="a1",
                text="alert on <@UDEC>'s canary",
                owner="UGRACE",
                due_at=minutes(60 * 48),
                created_at=minutes(30),
            ),
            ActionItem(id="a2", text="write the runbook", created_at=minutes(31), done_at=minutes(64)),
        ),
    ).copy_with(**changes)


def seen(incident: Incident, policy: Policy, **more: object) -> IncidentView:
    return incident_view(incident, policy).copy_with(**more)


def shown(view: IncidentView, entries: tuple[Entry, ...] = NIGHT_STORY, names: dict[str, str] = NAMES) -> str:
    return document.markdown(DocumentView(view=view, entries=entries, names=names, written_at=minutes(90)))


def rendered(text: str) -> str:
    """The HTML that somebody sees who opens the file."""
    return str(MarkdownIt("gfm-like", {"linkify": False}).render(text))


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def test_a_whole_document(policy: Policy, snapshot: SnapshotAssertion) -> None:
    written = Postmortem(
        summary="Checkout failed after a deploy.\n<@UADA> rolled back.",
        impact="12 % of orders failed",
        root_cause="A migration locked the orders table.",
        revision=3,
        created_at=minutes(70),
        published_at=minutes(80),
        published_by="UADA",
    )
    firing = Firing(
        incident_id="i1", dedup_key="1:a", keys=("1:a",), title="High error rate", state=AlertState.OK, count=3,
        link="https://monitors.example.com/1",
        first_seen_at=minutes(-2), last_seen_at=minutes(3), last_fired_at=minutes(3),
    )  # fmt: skip
    view = seen(resolved(postmortem=written), policy, firings=(firing,), timezone="Europe/Berlin")
    assert shown(view) == snapshot


def test_without_a_draft_the_record_speaks(policy: Policy) -> None:
    text = shown(seen(resolved(), policy))
    assert "acknowledged after 4 min, mitigated after 25 min and resolved after 1 h 5 min" in section(text, "Summary")
    assert "12 % of orders failed" in section(text, "Impact")
    assert "- **Duration:** 25 min" in section(text, "Impact"), "until the damage stopped"
    assert "- **Money lost:** 4,000 €" in section(text, "Impact")
    assert document.UNWRITTEN in section(text, "Root cause")


def test_a_part_that_somebody_emptied_stays_empty(policy: Policy) -> None:
    view = seen(resolved(postmortem=Postmortem(created_at=minutes(70))), policy)
    assert section(shown(view), "Summary").strip() == document.UNWRITTEN


def test_the_description_is_in_the_summary_and_the_impact_is_empty_until_a_person_writes_it(policy: Policy) -> None:
    said = "About 40 % of EU checkouts fail. Started right after deploy 2.3.1."
    summary, impact = document.draft(seen(resolved(description=said, impact=""), policy), NIGHT_STORY, minutes(90))
    assert said in summary
    assert impact == ""
    drafted = Postmortem(summary=summary, impact=impact, root_cause="r", created_at=minutes(70))
    assert drafted.missing == ("impact",), "what the record says does not satisfy the gate"


def test_a_reopening_loses_no_time(policy: Policy) -> None:
    story = (*NIGHT_STORY, entry(70, events.Reopened(), "UADA"), entry(90, events.Resolved(), "UADA"))
    again = resolved(mitigated_at=None, resolved_at=minutes(90))
    times = section(shown(seen(again, policy), entries=story), "Times")
    steps = [line.split(" | ")[0].strip("| ") for line in times.splitlines() if line.startswith("| ")][2:]
    assert steps == ["Declared", "Acknowledged", "Mitigated", "Resolved", "Reopened", "Resolved"]
    assert "| Mitigated | 21 Nov 2026, 03:25 UTC | 25 min |" in times
    assert "| Resolved | 21 Nov 2026, 04:30 UTC | 1 h 30 min |" in times
    summary, _ = document.draft(seen(again, policy), story, minutes(95))
    assert "mitigated after 25 min" in summary
    assert "resolved after 1 h 30 min" in summary


def test_what_nobody_wrote_is_left_out_of_a_published_document(policy: Policy) -> None:
    written = Postmortem(
        summary="s", impact="i", root_cause="r", created_at=minutes(70), published_at=minutes(80), published_by="UADA"
    )
    text = shown(seen(resolved(postmortem=written), policy))
    assert document.UNWRITTEN not in text
    assert "What could be improved" not in text


def test_times_say_how_long_each_step_took(policy: Policy) -> None:
    times = section(shown(seen(resolved(), policy)), "Times")
    assert "| Acknowledged | 21 Nov 2026, 03:04 UTC | 4 min |" in times
    assert "| Resolved | 21 Nov 2026, 04:05 UTC | 1 h 5 min |" in times


def test_an_open_incident_is_not_said_to_be_over(policy: Policy) -> None:
    text = shown(seen(quiet(), policy), entries=())
    assert "Not over yet: 1 h 30 min so far" in text
    assert "Nothing was recorded" in section(text, "Timeline")
    assert "Resolved |" not in text


def test_the_same_alert_in_a_row_is_one_line(policy: Policy) -> None:
    timeline = section(shown(seen(resolved(), policy)), "Timeline")
    assert timeline.count("High error rate") == 1
    assert "(3 times until 03:03:00)" in timeline


def test_people_are_shown_by_name_and_unknown_ones_by_id(policy: Policy) -> None:
    text = shown(seen(resolved(), policy), names={"UADA": "Ada [admin]"})
    assert "**Incident commander:** Ada \\[admin\\]" in text
    assert "scribe: @UGRACE" in text
    assert "<@" not in text


def test_everybody_the_document_speaks_of_is_looked_up(policy: Policy) -> None:
    written = Postmortem(created_at=minutes(70), root_cause="<@UROOT> was paged too late")
    view = seen(resolved(postmortem=written), policy)
    people = people_in(view, (*NIGHT_STORY, entry(70, events.NoteAdded(text="<@UTEXT|t> knows"), "UNOTE")))
    assert people == ("UADA", "UDEC", "UGRACE", "UNOTE", "UROOT", "UTEXT")


def test_text_from_outside_forges_nothing(policy: Policy) -> None:
    written = Postmortem(
        created_at=minutes(70), **dict.fromkeys(("summary", "impact", "root_cause", "went_well"), HOSTILE)
    )
    incident = resolved(
        title=HOSTILE,
        team=HOSTILE,
        services=(HOSTILE,),
        postmortem=written,
        roles=((HOSTILE, "UGRACE"),),
        links=(Link(title=HOSTILE, url="javascript:alert(1)"), Link(title="]( <", url="https://a.example/)>x y")),
        alerts=AlertSummary(count=1, last_title=HOSTILE),
        room=Room(channel_name="inc|<b>"),
    )
    plain = rendered(
        shown(seen(resolved(postmortem=written), policy), entries=(entry(1, events.NoteAdded(text="x"), "UADA"),))
    )
    html = rendered(
        shown(
            seen(incident, policy), entries=(entry(1, events.NoteAdded(text=HOSTILE), "UADA"),), names={"UADA": HOSTILE}
        )
    )
    assert html.count("<h1>") == 1
    assert html.count("<h2>") == plain.count("<h2>")
    assert {"<script", "<code", "<pre", "<hr", "<ol", "<b>", "<blockquote"} & set(re.findall(r"<\w+>?", html)) == set()
    assert [url for url in re.findall(r'href="([^"]*)"', html) if not url.startswith("https://")] == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_control_characters_and_direction_overrides_are_gone(policy: Policy) -> None:
    text = shown(seen(resolved(title="a\u202egnp.exe\x00\u2028b", summary="\ud800"), policy))
    assert "# Post-mortem INC-12: agnp.exe b" in text
    text.encode()


def test_a_link_to_a_page_shows_where_it_leads(policy: Policy) -> None:
    note = entry(1, events.NoteAdded(text="<https://evil.example/a_b|https://bank.example> and <#C1>"), "UADA")
    text = shown(seen(resolved(), policy), entries=(note,))
    assert "(<https://evil.example/a_b>)" in text
    assert "#inc-12-checkout-returns-500s" in section(text, "Timeline")


def test_a_draft_fits_into_a_form(policy: Policy) -> None:
    view = seen(resolved(title="t" * 100_000, summary="s" * 100_000, impact="i" * 100_000), policy)
    summary, impact = document.draft(view, NIGHT_STORY, minutes(90))
    assert len(summary) <= 3000
    assert len(impact) <= 3000


def test_turning_points_and_gaps_are_marked(policy: Policy) -> None:
    timeline = section(shown(seen(resolved(), policy)), "Timeline")
    assert "◆ **Mitigated** by Ada Lovelace" in timeline
    assert "◆ **Role" not in timeline
    assert "Nothing was recorded for 40 min." in timeline
    assert timeline.index("**Mitigated**") < timeline.index("Nothing was recorded") < timeline.index("**Resolved**")


def test_escalations_say_who_answered_how_fast(policy: Policy) -> None:
    paged = [
        entry(0, events.PeoplePaged(paged=("UADA",), level=1, reason=events.PageReason.DECLARED)),
        entry(2, events.PeoplePaged(paged=("UGRACE",), level=2, reason=events.PageReason.ESCALATION)),
    ]
    story = tuple(sorted((*NIGHT_STORY, *paged), key=lambda each: each.at))
    rows = section(shown(seen(resolved(), policy), story), "Escalation").splitlines()
    assert any("level 1, declared | Ada Lovelace | Ada Lovelace after 4 min" in row for row in rows)
    assert any("level 2, nobody had acknowledged | Grace | nobody" in row for row in rows)


def test_updates_that_were_kept_and_missed(policy: Policy) -> None:
    story = (
        entry(10, events.UpdatePosted(text="looking"), "UADA"),
        entry(25, events.UpdateMissed()),
        entry(31, events.UpdatePosted(text="found it"), "UADA"),
    )
    said = section(shown(seen(resolved(), policy), story), "Updates")
    assert "1 update in time, 1 missed." in said
    assert "came 6 min after it was missed by Ada Lovelace" in said


def test_who_did_what_in_which_role(policy: Policy) -> None:
    people = section(shown(seen(resolved(), policy)), "People")
    assert "| Ada Lovelace | incident commander | acknowledged, severity changed," in people
    assert "| Grace | scribe |  |" in people


def test_a_template_of_the_policy_decides_order_and_words(policy: Policy) -> None:
    view = seen(resolved(), policy)
    made = DocumentView(
        view=view, entries=NIGHT_STORY, names=NAMES, written_at=minutes(90),
        template="{{ title }}\n\nTeam: {{ team or 'none' }}\n\n{{ action_items }}\n\n{{ summary }}",
    )  # fmt: skip
    text = document.markdown(made)
    assert text.startswith("# Post-mortem INC-")
    assert text.index("## Action items") < text.index("## Summary")
    assert "## Timeline" not in text


def test_a_template_that_fails_loses_nothing(policy: Policy) -> None:
    view = seen(resolved(), policy)
    made = DocumentView(
        view=view, entries=NIGHT_STORY, names=NAMES, written_at=minutes(90), template="{{ title.nothing.more }}"
    )
    text = document.markdown(made)
    assert text.startswith("> The template of the policy could not be filled in:")
    assert "## Timeline" in text
