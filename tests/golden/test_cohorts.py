"""Real patients: every one of them is read, staged or told what is missing, and answered without a crash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from liverboard.corpus.knowledge import Knowledge
from liverboard.eval.cohorts import sysucc_profiles, uci_profiles
from liverboard.indexer.statements import StatementsInMemory
from liverboard.recommender.intake import read_profile
from liverboard.recommender.pipeline import recommend
from liverboard.recommender.report import offered_regimens
from liverboard.recommender.staging import Patient, stage

EVERY = 10  # of the larger cohort, one in so many
ANSWERED = 25  # of the sample, one in so many goes all the way to an answer

Cohort = list[tuple[dict[str, Any], Patient]]


def staged(profiles: Sequence[dict[str, Any]], knowledge: Knowledge) -> Cohort:
    return [(data, stage(read_profile(data, findings=knowledge.findings), knowledge)) for data in profiles]


@pytest.fixture(scope="module")
def coimbra(reference: Callable[[str], Path], knowledge: Knowledge) -> Cohort:
    return staged(list(uci_profiles(reference("cohorts/uci_hcc_survival.csv"))), knowledge)


@pytest.fixture(scope="module")
def guangzhou(reference: Callable[[str], Path], knowledge: Knowledge) -> Cohort:
    path = reference("cohorts/sysucc_intermediate_hcc.csv")
    return staged(list(islice(sysucc_profiles(path), 0, None, EVERY)), knowledge)


@pytest.fixture(params=["coimbra", "guangzhou"])
def cohort(request: pytest.FixtureRequest) -> Cohort:
    found: Cohort = request.getfixturevalue(request.param)
    return found


def test_all_patients_of_coimbra_are_there(coimbra: Cohort) -> None:
    assert len({data["patient_id"] for data, _ in coimbra}) == 165


def test_all_first_visits_of_guangzhou_are_there(reference: Callable[[str], Path]) -> None:
    profiles = list(sysucc_profiles(reference("cohorts/sysucc_intermediate_hcc.csv")))
    assert len({data["patient_id"] for data in profiles}) == len(profiles) == 2360


@pytest.mark.parametrize(("system", "score"), [("bclc", "bclc_2022"), ("cnlc", "cnlc")])
def test_every_patient_is_staged_or_told_what_is_missing(system: str, score: str, cohort: Cohort) -> None:
    untold = []
    for data, patient in cohort:
        result = next(result for result in patient.scores if result.id == score)
        if patient.stage[system] is None and not result.missing:
            untold.append(data["patient_id"])
    assert untold == []


def test_what_is_said_to_be_missing_is_not_in_the_record(cohort: Cohort) -> None:
    for data, patient in cohort:
        for score in patient.scores:
            known = [name for name in score.missing if patient.findings[name] not in (None, frozenset())]
            assert known == [], (data["patient_id"], score.id)


def test_the_patients_of_coimbra_spread_over_all_bclc_stages(coimbra: Cohort) -> None:
    assert {patient.stage["bclc"] for _, patient in coimbra} >= {"0", "A", "B", "C", "D"}


def test_an_answer_for_a_real_patient_keeps_the_promises(
    cohort: Cohort, knowledge: Knowledge, index: StatementsInMemory
) -> None:
    for data, patient in cohort[::ANSWERED]:
        document = recommend(patient.profile, knowledge=knowledge, index=index).as_dict()
        name = data["patient_id"]
        offered = offered_regimens(document)
        if document["status"] != "ok":
            assert [r for r in offered if knowledge.regimens[r].anticancer] == [], name
        for item in document["recommendations"]:
            needed = "against" if item["tier"] == "not_recommended" else "for"
            assert any(a["direction"] == needed and a["citations"] for a in item["arguments"]), name
        if patient.stage["child_pugh"]["class"] is None:
            recommended = offered_regimens(document, "recommended")
            assert [r for r in recommended if knowledge.regimens[r].anticancer] == [], name
