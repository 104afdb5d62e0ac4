"""The conditions of a statement, part by part, as they come out for a patient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liverboard.corpus.conditions import All, Condition, Reference
from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Language
from liverboard.recommender.evidence import SELF, Judged
from liverboard.recommender.findings import Findings
from liverboard.recommender.logic import Leaf, judge
from liverboard.recommender.staging import Patient


def criterion(leaf: Leaf, patient: Patient, knowledge: Knowledge, language: Language) -> dict[str, Any]:
    """One test as data: the field, what is asked of it, what the patient has, and how it comes out."""
    finding = knowledge.findings[leaf.test.finding]
    value = patient.findings[finding.id]
    return {
        "field": finding.profile or finding.id,
        "label": finding.label.in_(language),
        "value": sorted(value) if isinstance(value, frozenset) else value,
        "asked": {
            **leaf.test.model_dump(exclude={"finding"}, exclude_none=True, by_alias=True),
            **({"not": True} if leaf.negated else {}),
        },
        "holds": leaf.speaks_for,
    }


def criteria(judged: Judged, patient: Patient, knowledge: Knowledge, language: Language) -> dict[str, list[Any]]:
    """The parts of a statement's population by how they come out: `met`, `failed` and `unknown`.

    Each part that must be true stands alone: `label` where it is a named definition, and the `tests` that decided it.
    """
    findings = _with_self(patient.findings, judged.regimen)
    sorted_out: dict[str, list[Any]] = {"met": [], "failed": [], "unknown": []}
    for part, label in _parts(judged.statement.population, knowledge, language):
        verdict = judge(part, findings, knowledge.definitions, knowledge.findings)
        group = "met" if verdict.value else "unknown" if verdict.value is None else "failed"
        decided = {"met": verdict.met, "failed": verdict.unmet, "unknown": verdict.unknown}[group] or verdict.leaves
        sorted_out[group].append({
            "label": label,
            "tests": [criterion(leaf, patient, knowledge, language) for leaf in dict.fromkeys(decided)],
        })
    return sorted_out


def _parts(
    condition: Condition, knowledge: Knowledge, language: Language, label: str | None = None
) -> Iterator[tuple[Condition, str | None]]:
    """What must all be true, one by one; a definition that is itself a list of musts is opened."""
    if isinstance(condition, All):
        for part in condition.all:
            yield from _parts(part, knowledge, language, label if len(condition.all) == 1 else None)
    elif isinstance(condition, Reference):
        definition = knowledge.definitions[condition.definition]
        yield from _parts(definition.when, knowledge, language, definition.label.in_(language))
    else:
        yield condition, label


def _with_self(findings: Findings, regimen: str) -> Findings:
    """The findings as a statement sees them that speaks of "this same treatment"."""
    return findings.with_({
        name: value | {SELF} for name, value in findings.items() if isinstance(value, frozenset) and regimen in value
    })
