"""Which facts can matter: those that decided something, and what those are computed from."""

from __future__ import annotations

from liverboard.corpus.conditions import AnyOf, Condition, Not, Reference, Test
from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Finding
from liverboard.recommender import formulas
from liverboard.recommender.report import Recommendation

WHO_IT_IS = frozenset({"sex", "region", "diagnosis.tumour_type", "child_pugh_stated"})
"""Fields that a what-if sweep leaves alone: with another value it is another patient, or another question."""

_ASKED_BY_THE_ENGINE = frozenset({"child_pugh_class", "ascites", "transplant_candidate", "bclc"})
_SWEPT = frozenset({"number", "enum", "ordered", "boolean"})


def facts_in_reach(found: Recommendation) -> tuple[Finding, ...]:
    """The findings of a profile whose change alone could change this answer, in the order of the vocabulary.

    A verdict names the tests that decided it; as long as those come out the same, so does the verdict. A finding that
    stands behind none of them, and behind no status of the answer, cannot change it on its own.
    """
    knowledge = found.knowledge
    named = {
        leaf.test.finding
        for judged in found.evidence.by_regimen.values()
        for one in judged
        for leaf in one.verdict.leaves
    }
    named |= _ASKED_BY_THE_ENGINE
    named |= {name for rule in knowledge.flags if rule.status for name in _tested(rule.when, knowledge)}
    reached = _behind(named, found)
    return tuple(
        finding
        for finding in knowledge.findings.values()
        if finding.profile in reached and finding.type in _SWEPT and finding.profile not in WHO_IT_IS
    )


def _behind(names: set[str], found: Recommendation) -> set[str]:
    """The profile paths behind findings: through formulas, and through what is derived in code."""
    needs: dict[str, set[str]] = {}
    for score in formulas.shipped().compiled.values():
        for provided in score.formula.provides:
            needs.setdefault(provided, set()).update(score.formula.findings())
    paths: set[str] = set()
    seen: set[str] = set()
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        finding = found.knowledge.findings.get(name)
        if finding is not None and finding.profile is not None:
            paths.add(finding.profile)
        if finding is None:
            paths.add(name)
        origins = set(found.patient.findings.origin(name)) | needs.get(name, set())
        waiting += sorted(origins - seen)
    return paths


def _tested(condition: Condition, knowledge: Knowledge) -> set[str]:
    match condition:
        case Test():
            return {condition.finding}
        case Reference():
            return _tested(knowledge.definitions[condition.definition].when, knowledge)
        case Not():
            return _tested(condition.negated, knowledge)
        case AnyOf():
            parts = condition.any
        case _:
            parts = condition.all
    return {name for part in parts for name in _tested(part, knowledge)}
