"""The whole system in five lines: a patient in, ranked and cited regimens out."""

from __future__ import annotations

from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.assess import assess_regimens
from liverboard.recommender.evidence import gather_evidence
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.rank import rank
from liverboard.recommender.report import Index, Recommendation, report, versions
from liverboard.recommender.risk import estimate_risks
from liverboard.recommender.staging import stage
from liverboard.recommender.without import first_choices_without


def recommend(
    profile: PatientProfile, *, knowledge: Knowledge, index: Index, as_of: str | None = None
) -> Recommendation:
    """Ranked regimens for one patient, each with its reasons and their passages.

    The same profile, knowledge and index give the same answer, byte for byte; `as_of` (a date) is only recorded.
    """
    patient = stage(profile, knowledge)
    risks = estimate_risks(patient, knowledge)
    evidence = gather_evidence(patient, knowledge, index)
    assessments = assess_regimens(patient, risks, evidence, knowledge)
    without = first_choices_without(profile, knowledge, index)
    manifest = versions(knowledge, index, as_of)
    return report(patient, risks, evidence, rank(assessments, knowledge), knowledge, manifest, without)
