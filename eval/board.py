"""Who answers while laws are tried: the engine over the whole index, or over one that a source has left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from liverboard.corpus.knowledge import Knowledge
from liverboard.eval.patient_space import Patient, single_choices
from liverboard.indexer.passages import Passage
from liverboard.recommender.intake import read_profile
from liverboard.recommender.pipeline import recommend
from liverboard.recommender.report import Index, Recommendation

LEVEL = {"not_recommended": 0, "for_consideration": 1, "recommended": 2}


@dataclass(frozen=True)
class _Without:
    """An index that a source has left."""

    whole: Index
    source: str
    embedder_name: str = "none"
    created: str | None = None
    fingerprint: str = "without"

    def statement_passages(self) -> Mapping[str, Passage]:
        return {name: p for name, p in self.whole.statement_passages().items() if p.source_id != self.source}


@dataclass
class Board:
    """Answers patients in the contract's form; the last few answers are kept."""

    knowledge: Knowledge
    index: Index
    _kept: dict[str, Recommendation] = field(default_factory=dict)

    def answer(self, patient: Patient, without: str | None = None) -> Recommendation:
        """The answer for a patient, by the whole index or by one that a source has left."""
        key = repr((patient, without))
        if key not in self._kept:
            if len(self._kept) > 8:
                self._kept.clear()
            profile = read_profile(patient, findings=self.knowledge.findings)
            index = _Without(self.index, without) if without else self.index
            self._kept[key] = recommend(profile, knowledge=self.knowledge, index=index)
        return self._kept[key]

    @cached_property
    def fields(self) -> dict[str, tuple[Any, ...]]:
        return single_choices(self.knowledge)

    def holding(self, names: Iterable[str]) -> frozenset[str]:
        """The regimens that hold one of these components or classes."""
        wanted = set(names)
        return frozenset(
            r.id for r in self.knowledge.regimens.values()
            if wanted & {*r.components, *self.knowledge.classes_of[r.id]}
        )


def tiers(answer: Recommendation) -> dict[str, str]:
    """The tier of each regimen that the answer speaks of."""
    return {item.assessment.regimen: item.assessment.tier for item in answer.ranked}


def level(answer: Recommendation, regimen: str) -> int:
    """0 not offered (also: nothing is said of it), 1 for consideration, 2 recommended."""
    return LEVEL[tiers(answer).get(regimen, "not_recommended")]
