"""The investigation: what was collected in, what caused it out. Pure, and the same for the same findings in any order.

It needs numpy (extra `investigate`): import it late. It computes for up to some seconds: run it off the loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from warroom.investigation import abnormal, confidence, words
from warroom.investigation.abnormal import Observed
from warroom.investigation.graph import Graph, graph_of
from warroom.investigation.logs import templates
from warroom.investigation.model import NOT_SAID, Answer, Cause, Evidence, Findings, RuledOut, time_of_day
from warroom.investigation.rank import Candidate, candidates_of, early_by
from warroom.investigation.services import Symptom

CAUSES = 3
EVIDENCE = 6
RULED_OUT = 8
AROUND = timedelta(minutes=30)
"""What a picture shows before the onset."""


def investigate(findings: Findings) -> Answer:
    """Up to three causes, the most likely first, or that it is inconclusive. Never raises, however odd the findings."""
    findings = _ordered(findings)
    observed = abnormal.compared(findings)
    graph = graph_of(findings.depends_on, findings.service)
    symptom, candidates = candidates_of(findings, observed, templates(findings), graph)
    sure = confidence.confidences(symptom, candidates)
    named = bool(candidates) and sure[0] >= confidence.SPEAKS
    ranked = list(zip(candidates, sure, strict=True))[:CAUSES]
    causes = tuple(_cause(findings, each, chance, symptom, graph) for each, chance in ranked if each.score > 0)
    return Answer(
        service=findings.service,
        at=findings.at,
        verdict="cause" if named and causes else "inconclusive",
        causes=causes if named else (),
        ruled_out=_ruled_out(findings, observed, candidates, causes if named else ()),
        not_looked_at=findings.not_looked_at,
        similar=findings.similar,
        next_steps=_next_steps(findings, causes if named else (), symptom),
    )


def _ordered(findings: Findings) -> Findings:
    """The same with series in a fixed order and samples oldest first, as sources in general give them."""
    series = [
        each
        if all(one[0] <= other[0] for one, other in pairwise(each.points))
        else each.model_copy(update={"points": tuple(sorted(each.points))})
        for each in findings.series
    ]
    series.sort(key=lambda each: (each.service, each.signal, each.source, each.query, each.points[:1]))
    return findings.model_copy(update={"series": tuple(series)})


def _cause(findings: Findings, each: Candidate, chance: float, symptom: Symptom, graph: Graph) -> Cause:
    loudest = each.seen[0] if each.seen else None
    return Cause(
        service=each.service,
        signal=loudest.series.signal if loudest else "",
        score=round(each.score, 3),
        confidence=round(chance, 2),
        onset=each.onset,
        change=each.change,
        evidence=tuple(_evidence(findings, each, graph)),
        against=tuple(_against(findings, each, symptom)),
    )


def _of_series(findings: Findings, each: Observed) -> Evidence:
    since = (each.onset or findings.at - findings.window) - AROUND
    return Evidence(
        kind="series",
        text=words.of_series(each),
        query=each.series.query,
        since=since,
        until=findings.until,
        url=each.series.url,
        times=(each.onset,) if each.onset else (),
    )


def _evidence(findings: Findings, each: Candidate, graph: Graph) -> list[Evidence]:
    found = []
    if each.change is not None:
        at, told = each.change.at, words.of_change(each.change, each.onset, early_by(findings.step))
        found.append(Evidence(kind="change", text=told, since=at, url=each.change.url, times=(at,)))
    # Percentiles of one thing say it once.
    kinds: set[tuple[str, str]] = set()
    for one in each.seen:
        key = (one.kind, one.series.signal if one.kind in ("consumption", "queueing", "other") else "")
        if key not in kinds and len(kinds) < 3:
            kinds.add(key)
            found.append(_of_series(findings, one))
    # A deployment and the image that it changed are one thing.
    facts = [fact for fact in each.facts if each.change is None or fact.kind != "image_changed"]
    for fact in facts[:2]:
        found.append(
            Evidence(
                kind="fact",
                text=f"{words.short(fact.text)} at {time_of_day(fact.at)}",
                since=fact.at,
                until=findings.until,
                url=fact.url,
                times=(fact.at,),
            )
        )
    for template in each.templates[:2]:
        found.append(
            Evidence(
                kind="log",
                text=words.of_template(template, each.service),
                query=template.query,
                since=template.first,
                until=findings.until,
                url=template.url,
                times=(template.first,),
            )
        )
    if each.service != findings.service and each.distance:
        way = graph.paths(findings.service, [each.service]).get(each.service, ())
        text = " calls ".join(words.short(name, 60) for name in way)
        found.append(Evidence(kind="graph", text=text or f"{each.service} and {findings.service} have the same course"))
    for past in findings.similar:
        if past.cause == each.service:
            found.append(
                Evidence(
                    kind="similar", text=f"It was the cause of #{past.number}: {words.short(past.title)}", url=past.url
                )
            )
            break
    return found[:EVIDENCE]


def _against(findings: Findings, each: Candidate, symptom: Symptom) -> list[Evidence]:
    found = []
    if each.explained_by is not None:
        found.append(Evidence(kind="graph", text=f"{each.explained_by}, which it calls, accounts for most of it"))
    if each.unmeasured is not None:
        found.append(
            Evidence(kind="graph", text=f"Nothing was measured of {each.unmeasured}, which it calls: it may be that")
        )
    if each.onset and symptom.onset and each.onset - symptom.onset > max(findings.step, timedelta(minutes=2)):
        apart = words.minutes(each.onset - symptom.onset)
        found.append(
            Evidence(kind="series", text=f"It began {apart} after {findings.service} did", since=symptom.onset)
        )
    if each.features["cover"] < 0.4 and each.service != findings.service and symptom.seen:
        found.append(
            Evidence(kind="series", text=f"It accounts for a small part of what is seen at {findings.service}")
        )
    if each.distance is None and findings.depends_on:
        found.append(Evidence(kind="graph", text=f"{findings.service} is not known to depend on it"))
    if each.change is None and findings.changes:
        found.append(Evidence(kind="change", text="No change of it shortly before it began"))
    return found


def _ruled_out(
    findings: Findings, observed: Sequence[Observed], candidates: Sequence[Candidate], causes: Sequence[Cause]
) -> tuple[RuledOut, ...]:
    """First the abnormal ones with why they are not the cause, then those called by what was noticed that are as usual."""
    named = {cause.service for cause in causes}
    found = []
    for each in candidates:
        if each.service in named or not each.seen:
            continue
        if each.explained_by:
            found.append(RuledOut(service=each.service, why=f"{each.explained_by}, which it calls, accounts for it"))
        elif each.features["alike"] < 0.4:
            found.append(RuledOut(service=each.service, why="Its trouble does not go with what was noticed"))
        elif each.distance is None:
            found.append(RuledOut(service=each.service, why=f"{findings.service} is not known to depend on it"))
    comparable = {each.series.service for each in observed if each.usual == each.usual}
    loud = {each.series.service for each in observed if each.abnormal}
    below = graph_of(findings.depends_on, findings.service).below(findings.service)
    for name in sorted(comparable - loud - named, key=lambda name: (below.get(name, len(below)), name)):
        if name in below:
            found.append(RuledOut(service=name, why="Everything that was measured is as usual"))
    return tuple(found[:RULED_OUT])


def _known(findings: Findings) -> bool:
    """Whether the policy, or anything that was found, speaks of the service where it was noticed."""
    calls = findings.depends_on
    told = {each.service for several in (findings.facts, findings.changes, findings.logs) for each in several}
    return findings.service in {*calls, *(each for called in calls.values() for each in called), *told}


def _next_steps(findings: Findings, causes: Sequence[Cause], symptom: Symptom) -> tuple[str, ...]:
    steps = []
    if causes:
        first = causes[0]
        if first.change is not None:
            what = " ".join(part for part in (first.change.kind, first.change.version) if part)
            steps.append(f"Roll back {first.service}: {what} of {time_of_day(first.change.at)}.")
        else:
            steps.append(f"Look at {first.service} first: {first.signal or 'its log'}.")
        if len(causes) > 1 and first.confidence < 0.6:
            steps.append(f"If it is not {first.service}, look at {causes[1].service}.")
        steps += [
            f"#{past.number} was like this; fixed by: {words.short(past.fixed_by)}"
            for past in findings.similar
            if past.cause == first.service and past.fixed_by
        ][:1]
    measured = any(each.service == findings.service and each.points for each in findings.series)
    if findings.service and not measured and (findings.series or findings.depends_on) and not _known(findings):
        name = words.short(findings.service, 100)
        steps.append(f"Check the name {name}: nothing was measured of it, and the policy does not name it.")
    if not causes:
        if not measured and not steps:
            steps.append(f"Nothing was measured of {findings.service or 'any service'}.")
        elif symptom.surprise < abnormal.ABNORMAL and not steps:
            steps.append(
                f"Nothing measured of {findings.service} is unusual. Check that the time and the service are right."
            )
        elif not steps:
            steps.append("Investigate again in some minutes, when there are more samples.")
        # "latency (a system)" and "errors (a system)" are one place to look at.
        silent = {
            each.source.rpartition("(")[2].removesuffix(")")
            for each in findings.not_looked_at
            if not each.why.startswith(NOT_SAID)
        }
        if silent:
            steps.append(f"Look yourself at what gave no answer: {', '.join(sorted(silent))}.")
        unsaid = [each.source for each in findings.not_looked_at if each.why.startswith(NOT_SAID)]
        if unsaid:
            steps.append(f"Write into the policy how to read {', '.join(unsaid)}: see docs/investigation.md.")
    return tuple(steps)
