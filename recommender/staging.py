"""From what is known to stages and scores: formulas only, with what confounds them said aloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liverboard.corpus.conditions import Condition
from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.load import SHIPPED, by_id, read_records
from liverboard.corpus.records import Bilingual, Record
from liverboard.recommender import formulas
from liverboard.recommender.findings import Findings, Value, read_findings
from liverboard.recommender.formulas import ScoreResult
from liverboard.recommender.logic import judge
from liverboard.recommender.profile import PatientProfile

_STAGES_OF_A_TUMOUR = ("bclc", "cnlc", "tnm_stage", "milan", "ucsf", "up_to_7", "up_to_11")
_END_STAGE = "end_stage_liver_not_transplantable"
_FROM_DEFINITIONS = (_END_STAGE,)


class Confounder(Record):
    """A value that does not mean what a score reads into it, and what the score reads instead."""

    id: str
    finding: str
    target: str | None = None
    when: Condition
    read_as: float | None = None
    note: Bilingual


@dataclass(frozen=True)
class Patient:
    """A staged patient.

    `findings` hold the values as given, with stages and scores added. `stage` is the contract's stage block.
    `confounders` apply to this patient; `literal` is the stage block without regard to them, where it differs.
    """

    profile: PatientProfile
    findings: Findings
    scores: tuple[ScoreResult, ...]
    stage: Mapping[str, Any]
    confounders: tuple[Confounder, ...] = ()
    literal: Mapping[str, Any] | None = None


def stage(profile: PatientProfile, knowledge: Knowledge) -> Patient:
    """Findings, scores and stages of a patient. What cannot be computed is `None` and named in its score."""
    given = read_findings(profile, knowledge)
    given = given.with_({"ecog_for_staging": given["ecog"]}, {"ecog_for_staging": ("ecog", "ecog_limited_by_cancer")})
    applying = tuple(c for c in _confounders() if judge(c.when, given, knowledge.definitions).value is True)
    scores, added = _scored(given.with_({c.target or c.finding: c.read_as for c in applying}), knowledge)
    found = given.with_(added, _origins(scores))
    if found["egfr_ml_min"] is None and added.get("egfr") is not None:
        found = found.with_({"egfr_ml_min": added["egfr"]}, {"egfr_ml_min": ("creatinine_umol_l", "age_years", "sex")})
    for confounder in applying:
        if confounder.target:
            found = found.with_({confounder.target: confounder.read_as})
    found = found.with_({
        "inr_confounded": any(c.finding == "inr" for c in applying),
        "bilirubin_confounded": any(c.finding == "bilirubin_umol_l" for c in applying),
        "stated_class_differs": _differs(profile.child_pugh_stated, found),
    })
    block = stage_block(found)
    literal = stage_block(given.with_(_scored(given, knowledge)[1])) if applying else None
    return Patient(profile, found, tuple(scores), block, applying, literal if literal != block else None)


def stage_block(findings: Findings) -> dict[str, Any]:
    """The contract's `stage`: one key a stage, `None` where it cannot be told."""
    return {
        "bclc": findings["bclc"],
        "cnlc": findings["cnlc"],
        "tnm": findings["tnm_stage"],
        "child_pugh": {"class": findings["child_pugh_class"], "score": findings["child_pugh_points"]},
        "albi": {"grade": findings["albi_grade"], "score": findings["albi_score"]},
        "meld3": findings["meld3"],
        "milan": findings["milan"],
        "ucsf": findings["ucsf"],
        "up_to_7": findings["up_to_7"],
    }


def _scored(findings: Findings, knowledge: Knowledge) -> tuple[list[ScoreResult], dict[str, Value]]:
    """Scores twice over: the second time with what definitions make of the first."""
    registry = formulas.shipped()
    results, first = registry.complete(findings)
    known = findings.with_(first)
    named: dict[str, Value] = {
        name: judge(knowledge.definitions[name].when, known, knowledge.definitions).value for name in _FROM_DEFINITIONS
    }
    if named[_END_STAGE] is None and not _may_be(results, "child_pugh_class", "C"):
        named[_END_STAGE] = False
    scores, second = registry.complete(findings.with_(named))
    staged = findings["tumour_type"] == "hcc" and findings["disease_status"] != "no_evidence_of_disease"
    cleared: dict[str, Value] = {} if staged else dict.fromkeys(_STAGES_OF_A_TUMOUR)
    return scores, {**second, **named, **cleared}


def _may_be(scores: list[ScoreResult], finding: str, value: str) -> bool:
    """Whether a stage that cannot be told could still be `value`, with what is known."""
    registry = formulas.shipped()
    for score in scores:
        step = registry.compiled[score.id].formula.provides.get(finding)
        if step is not None and step in score.possible:
            return value in score.possible[step]
    return True


@lru_cache(maxsize=1)
def _confounders() -> tuple[Confounder, ...]:
    return tuple(by_id(read_records(Confounder, SHIPPED / "vocabulary" / "confounders.yaml")).values())


def _origins(scores: list[ScoreResult]) -> dict[str, tuple[str, ...]]:
    """For each finding that a score provides: what is missing for it, else what went into it."""
    registry = formulas.shipped()
    return {
        finding: score.missing or tuple(sorted(registry.compiled[score.id].formula.findings()))
        for score in scores
        for finding in registry.compiled[score.id].formula.provides
    }


def _differs(stated: str | None, findings: Findings) -> bool | None:
    computed, points = findings["child_pugh_class"], findings["child_pugh_points"]
    if stated is None:
        return False
    if computed is None:
        return None
    letter, digits = stated.strip()[0].upper(), stated.strip()[1:].strip()
    return letter != computed or bool(digits and int(digits) != points)
