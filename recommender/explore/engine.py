"""The engine asked again and again: the same knowledge and index, another patient, what came first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.flags import Status
from liverboard.recommender.pipeline import recommend
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.rank import TIE
from liverboard.recommender.report import OFFERED, Index, Recommendation


@dataclass(frozen=True)
class Outcome:
    """What an answer comes to.

    `leaders`: the first choice and those that cannot be told apart from it; empty where nothing is offered.
    `tiers`: of every regimen that was assessed. `contradictions`: in the patient's record.
    """

    status: Status
    leaders: tuple[str, ...]
    tiers: Mapping[str, str]
    contradictions: frozenset[str]

    def keeps(self, before: Outcome) -> bool:
        """Whether the first choice of `before` still comes first, alone or tied."""
        return self.leaders == before.leaders or (bool(before.leaders) and before.leaders[0] in self.leaders)


class BudgetSpentError(Exception):
    """No further run is allowed."""


@dataclass
class Engine:
    """Answers about changed patients; each is computed once. `budget`: how many runs are allowed, `None` for any."""

    knowledge: Knowledge
    index: Index
    budget: int | None = None
    runs: int = 0
    _known: dict[str, Outcome] = field(default_factory=dict)

    def answer(self, profile: PatientProfile, as_of: str | None = None) -> Recommendation:
        """The whole answer, as `recommend` gives it; not counted."""
        return recommend(profile, knowledge=self.knowledge, index=self.index, as_of=as_of)

    def ask(self, profile: PatientProfile) -> Outcome:
        """What the answer comes to.

        Raises
        ------
        BudgetSpentError
            All runs are used up and this patient has not been asked about before.
        """
        key = profile.model_dump_json(exclude_none=True)
        if key not in self._known:
            if self.budget is not None and self.runs >= self.budget:
                raise BudgetSpentError
            self.runs += 1
            self._known[key] = outcome_of(self.answer(profile))
        return self._known[key]


def outcome_of(found: Recommendation) -> Outcome:
    """An answer brought down to what can be compared."""
    contradictions = found.patient.findings["contradictions"]
    return Outcome(
        found.status,
        leaders_of(found),
        {item.assessment.regimen: item.assessment.tier for item in found.ranked},
        contradictions if isinstance(contradictions, frozenset) else frozenset(),
    )


def leaders_of(found: Recommendation) -> tuple[str, ...]:
    """The first choice, and the regimens after it that are tied with it, in their order."""
    if not found.ranked or found.ranked[0].assessment.tier not in OFFERED:
        return ()
    first = found.ranked[0].assessment
    leaders = [first.regimen]
    for item in found.ranked[1:]:
        if not item.tied or abs(first.score - item.assessment.score) >= TIE:
            break
        leaders.append(item.assessment.regimen)
    return tuple(leaders)
