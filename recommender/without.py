"""What the answer would be without each of the patient's risk outputs: the first choice, found by asking again."""

from __future__ import annotations

from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.assess import assess_regimens
from liverboard.recommender.evidence import StatementIndex, gather_evidence
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.rank import rank
from liverboard.recommender.risk import estimate_risks
from liverboard.recommender.staging import stage


def first_choices_without(
    profile: PatientProfile, knowledge: Knowledge, index: StatementIndex
) -> tuple[str | None, ...]:
    """For each risk output of the profile, in its order, the regimen that stands first when that one is not given.

    `None` where nothing would be offered. An output acts by its endpoint's rules and as a fact of the patient
    (predicted microvascular invasion), so the whole way from the profile to the order is gone again.
    """
    given = profile.risk_outputs
    return tuple(
        _first(profile.model_copy(update={"risk_outputs": (*given[:place], *given[place + 1 :])}), knowledge, index)
        for place in range(len(given))
    )


def _first(profile: PatientProfile, knowledge: Knowledge, index: StatementIndex) -> str | None:
    patient = stage(profile, knowledge)
    evidence = gather_evidence(patient, knowledge, index)
    ranked = rank(assess_regimens(patient, estimate_risks(patient, knowledge), evidence, knowledge), knowledge)
    offered = (item.assessment.regimen for item in ranked if item.assessment.tier != "not_recommended")
    return next(offered, None)
