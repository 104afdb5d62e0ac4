"""Where guideline bodies differ on a regimen for this patient: side by side, never merged into one opinion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.assess import Assessment
from liverboard.recommender.evidence import Judged

EAST = frozenset({"NHC", "JSH", "KLCA", "APASL", "TLCA", "CN_PVTT"})


@dataclass(frozen=True)
class BodyPosition:
    """What one body says. `stance`: a position, `against_absolute`, `against_relative` or `outside`."""

    body: str
    stance: str
    judged: Judged


@dataclass(frozen=True)
class Disagreement:
    """One regimen on which bodies differ; `between_regions`: an Asian and a Western body are on different sides."""

    regimen: str
    positions: tuple[BodyPosition, ...]
    between_regions: bool


def find_disagreements(
    assessments: Sequence[Assessment], knowledge: Knowledge, country: str | None
) -> tuple[Disagreement, ...]:
    """The regimens that one body puts first and another advises against or keeps for other patients."""
    region = knowledge.region_of(country)
    order = [*region.home, *region.fallback]
    found = []
    for assessment in assessments:
        regimen = knowledge.regimens[assessment.regimen]
        if regimen.available_only_in or not regimen.anticancer:
            continue
        positions = [
            *(BodyPosition(body, _stance(judged), judged) for body, judged in assessment.bodies.items()),
            *(BodyPosition(body, "outside", judged) for body, judged in assessment.bodies_outside.items()),
        ]
        backers = {p.body for p in positions if p.stance in ("first_choice", "preferred")}
        opposed = {p.body for p in positions if p.stance == "against_absolute" or p.stance == "against_relative"}
        elsewhere = {p.body for p in positions if p.stance == "outside"}
        supporters = backers | {p.body for p in positions if p.stance == "option"}
        if (supporters and opposed) or (backers and elsewhere):
            positions.sort(key=lambda p: (order.index(p.body) if p.body in order else len(order), p.body))
            apart = _across(supporters, opposed) or _across(backers, elsewhere)
            found.append(Disagreement(assessment.regimen, tuple(positions), apart))
    return tuple(found)


def _across(some: set[str], others: set[str]) -> bool:
    return bool((some & EAST and others - EAST) or (some - EAST and others & EAST))


def _stance(judged: Judged) -> str:
    statement = judged.statement
    if statement.direction == "against":
        return "against_absolute" if statement.force == "absolute" else "against_relative"
    return statement.position or "option"
