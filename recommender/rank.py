"""From assessments to an order: tier first, disease control before support, then the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Regimen
from liverboard.recommender.assess import TIERS, Assessment

TIE = 0.01
"""Scores closer than this are not told apart: the two regimens are said to be tied."""


@dataclass(frozen=True)
class Ranked:
    """An assessment in its place. `tied`: it cannot be separated from the one before it."""

    rank: int
    assessment: Assessment
    tied: bool


def rank(assessments: Mapping[str, Assessment], knowledge: Knowledge) -> tuple[Ranked, ...]:
    """Best first. Equal scores stand in the order of their names, so that the order never depends on the input's."""
    ordered = sorted(
        assessments.values(),
        key=lambda a: (TIERS.index(a.tier), _group(knowledge.regimens[a.regimen]), -a.score, a.regimen),
    )
    return tuple(
        Ranked(place, found, place > 1 and _tied(ordered[place - 2], found, knowledge))
        for place, found in enumerate(ordered, 1)
    )


def _group(regimen: Regimen) -> bool:
    """False for what controls the disease, true for what eases, supports or clarifies: that stands after it."""
    return regimen.palliative or not regimen.anticancer


def _tied(before: Assessment, this: Assessment, knowledge: Knowledge) -> bool:
    return (
        this.tier == before.tier != "not_recommended"
        and _group(knowledge.regimens[this.regimen]) == _group(knowledge.regimens[before.regimen])
        and abs(before.score - this.score) < TIE
    )
