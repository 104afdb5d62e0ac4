"""Whether a change of the patient or of the index raises a regimen that it should not raise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liverboard.eval.board import LEVEL, Board, level, tiers
from liverboard.eval.patient_space import Patient
from liverboard.recommender.report import Recommendation


@dataclass(frozen=True)
class Change:
    """One patient and the same one changed. `concerns`: the regimens that the law speaks of; `without`: a source."""

    name: str
    before: Patient
    after: Patient
    concerns: frozenset[str] = frozenset()
    without: str | None = None


def steps_in(before: Recommendation, after: Recommendation, regimen: str) -> bool:
    """Whether what now speaks for a regimen was said for the case that a better one falls, and that one has fallen."""
    found = next(item.assessment for item in after.ranked if item.assessment.regimen == regimen)
    speaking = [
        after.knowledge.statements[a.statement][1]
        for a in found.arguments if a.statement and (a.direction, a.kind) == ("for", "recommendation")
    ]
    return any(
        level(before, better) > level(after, better)
        for statement in speaking for better in (*statement.if_unsuitable, *statement.if_excluded)
    )


def asked_for(before: Recommendation, after: Recommendation, regimen: str) -> tuple[str, ...]:
    """The recommendations for a regimen that are true of the second patient and were not of the first."""
    held = {j.name for j in before.evidence.by_regimen.get(regimen, ()) if j.verdict.holds}
    return tuple(
        j.name for j in after.evidence.by_regimen.get(regimen, ())
        if j.verdict.holds and j.name not in held
        and (j.statement.kind, j.statement.direction) == ("recommendation", "for")
    )


def asked_again(before: Recommendation, after: Recommendation, regimen: str) -> bool:
    """Whether bodies of other regions now speak for a regimen because nothing that the own ones recommended is left."""
    region = after.knowledge.region_of(after.patient.profile.region)
    found = next(item.assessment for item in after.ranked if item.assessment.regimen == regimen)
    bodies = {
        after.knowledge.statements[a.statement][0].body
        for a in found.arguments if a.statement and (a.direction, a.kind) == ("for", "recommendation")
    }
    fallen = any(
        tier == "recommended" and LEVEL[tier] > level(after, other) and after.knowledge.regimens[other].anticancer
        for other, tier in tiers(before).items()
    )
    return fallen and bodies.isdisjoint(region.home)


def rises(board: Board, change: Change) -> Iterator[tuple[str, str]]:
    """The concerned regimens that stand in a better tier after the change.

    Three rises are what guidelines say: a regimen steps in for a better one that has fallen; one that a guideline
    names for just this worse state as an option comes up for consideration; and where nothing that the bodies of the
    patient's region recommended is left, what others advise comes up.
    """
    before, after = board.answer(change.before), board.answer(change.after, change.without)
    if before.status != "ok":  # nothing was offered for want of data, so that anything may come
        return
    for regimen in sorted(change.concerns):
        if level(after, regimen) > level(before, regimen) and not steps_in(before, after, regimen):
            if change.without is None and asked_again(before, after, regimen):
                continue
            new = asked_for(before, after, regimen)
            if not (new and tiers(after)[regimen] == "for_consideration"):
                was, now = tiers(before).get(regimen), tiers(after)[regimen]
                yield regimen, f"{was} -> {now} ({', '.join(new) or 'for what was said before'})"
