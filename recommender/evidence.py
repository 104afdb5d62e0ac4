"""What the index holds about each regimen for a patient like this: judged statements and their passages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from liverboard.corpus.conditions import All, AnyOf, Condition, Not, Test
from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Finding, Source, Statement
from liverboard.indexer.passages import Passage
from liverboard.recommender.findings import Findings
from liverboard.recommender.logic import Verdict, judge
from liverboard.recommender.staging import Patient

SELF = "self"
"""In a condition, the regimen that the statement is being asked about (`progressed_on` includes self)."""

_SPEAKING = frozenset({"current", "corrected", "expression_of_concern"})


class StatementIndex(Protocol):
    """What the recommender asks of an index."""

    def statement_passages(self) -> Mapping[str, Passage]:
        """The passages of all indexed statements by full statement name."""
        ...


@dataclass(frozen=True)
class Judged:
    """A statement about one regimen, with its population judged against the patient.

    `of_partner`: it speaks of the drug that may stand beside the regimen, for which another may be taken.
    """

    name: str
    source: Source
    statement: Statement
    regimen: str
    verdict: Verdict
    of_partner: bool = False


@dataclass(frozen=True)
class Evidence:
    """Statements by regimen; the passages of every statement that may speak; and who may not.

    `withheld`: safety statements that are true of the patient but whose source has left the index. They cannot be
    cited any more, so they make nothing `not_recommended`, but what they forbid is not offered either.
    """

    by_regimen: Mapping[str, tuple[Judged, ...]]
    passages: Mapping[str, Passage]
    withheld: Mapping[str, tuple[str, ...]]


def gather_evidence(patient: Patient, knowledge: Knowledge, index: StatementIndex) -> Evidence:
    """Judge every statement of every regimen; only those speak whose passage stands in the index, unfallen."""
    indexed = index.statement_passages()
    passages = {name: p for name, p in indexed.items() if p.status in _SPEAKING and name in knowledge.statements}
    home = knowledge.region_of(patient.profile.region).home
    by_regimen: dict[str, list[Judged]] = defaultdict(list)
    withheld: dict[str, list[str]] = defaultdict(list)
    for name, (source, statement) in knowledge.statements.items():
        if statement.subject is None or source.status not in _SPEAKING:
            continue
        speaks = name in passages
        for regimen, verdict in _verdicts(statement, knowledge.regimens_of[name], patient.findings, knowledge):
            of_partner = knowledge.concerns_partner(regimen, statement.subject)
            if of_partner and statement.kind != "contraindication":
                continue
            if speaks:
                by_regimen[regimen].append(Judged(name, source, statement, regimen, verdict, of_partner))
            elif not of_partner and _forbids(statement, verdict, source.body in home, knowledge.findings):
                withheld[regimen].append(name)
    return Evidence(
        {regimen: tuple(found) for regimen, found in by_regimen.items()},
        passages,
        {regimen: tuple(names) for regimen, names in withheld.items()},
    )


def _verdicts(
    statement: Statement, regimens: Sequence[str], findings: Findings, knowledge: Knowledge
) -> Iterable[tuple[str, Verdict]]:
    if not _speaks_of_self(statement.population):
        verdict = judge(statement.population, findings, knowledge.definitions, knowledge.findings)
        return [(regimen, verdict) for regimen in regimens]
    return [
        (regimen, judge(_about(statement.population, regimen), findings, knowledge.definitions, knowledge.findings))
        for regimen in regimens
    ]


def waits(verdict: Verdict, vocabulary: Mapping[str, Finding]) -> bool:
    """Whether a verdict is open for want of an ordinary fact.

    A special finding that nobody mentioned (a test that was not done, an event that did not happen) opens nothing and
    holds nothing back.
    """
    return verdict.value is None and not verdict.holds and not any(
        vocabulary[leaf.test.finding].special and not leaf.negated for leaf in verdict.unknown
    )


def _forbids(statement: Statement, verdict: Verdict, home: bool, vocabulary: Mapping[str, Finding]) -> bool:
    """Whether a statement stands in the way of a regimen, also where its source cannot be cited any more."""
    if statement.direction != "against" or statement.force != "absolute":
        return False
    if statement.kind == "recommendation":
        return home and verdict.holds
    unsure = statement.if_unknown == "hold_back" and waits(verdict, vocabulary)
    return statement.kind == "contraindication" and (verdict.holds or unsure)


def _speaks_of_self(condition: Condition) -> bool:
    match condition:
        case Test():
            return condition.includes == SELF
        case Not():
            return _speaks_of_self(condition.negated)
        case All():
            return any(_speaks_of_self(part) for part in condition.all)
        case AnyOf():
            return any(_speaks_of_self(part) for part in condition.any)
        case _:
            return False


def _about(condition: Condition, regimen: str) -> Condition:
    """The same condition with `self` replaced by the regimen."""
    match condition:
        case Test() if condition.includes == SELF:
            return condition.model_copy(update={"includes": regimen})
        case Not():
            return condition.model_copy(update={"negated": _about(condition.negated, regimen)})
        case All():
            return condition.model_copy(update={"all": tuple(_about(part, regimen) for part in condition.all)})
        case AnyOf():
            return condition.model_copy(update={"any": tuple(_about(part, regimen) for part in condition.any)})
        case _:
            return condition
