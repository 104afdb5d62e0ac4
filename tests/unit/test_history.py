"""What was given before, with what response and why it stopped, decides what may come next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.history import history_findings
from liverboard.recommender.intake import read_profile

After = Callable[..., Mapping[str, Any]]
SORAFENIB, LENVATINIB, ATEZO_BEV = "sorafenib", "lenvatinib", "atezolizumab_bevacizumab"
ICI = "immune_checkpoint_inhibitor"


@pytest.fixture(scope="module")
def after(knowledge: Knowledge) -> After:
    """What is known after these treatments, in the order given."""

    def of(*treatments: dict[str, Any], **profile: Any) -> Mapping[str, Any]:
        data = {"diagnosis": {"tumour_type": "hcc"}, "prior_treatments": list(treatments), **profile}
        derived = history_findings(read_profile(data, findings=knowledge.findings), knowledge)
        return {name: value for name, (value, _) in derived.items()}

    return of


def given(regimen: str, **how: Any) -> dict[str, Any]:
    return {"regimen": regimen, **how}


def test_a_history_that_nobody_took_is_unknown_throughout(after: After) -> None:
    assert {value for value in after(prior_treatments=None).values()} == {None}


def test_a_patient_who_was_never_treated_is_known_to_be_so(after: After) -> None:
    history = after()
    assert history["prior_regimens"] == frozenset()
    assert (history["lines_of_systemic"], history["lines_progressed"], history["tace_sessions"]) == (0, 0, 0)
    assert (history["last_systemic"], history["months_since_ici"]) == (None, None)


@pytest.mark.parametrize("finding", ["tace_best_response", "locoregional_response", "systemic_response"])
def test_a_response_to_what_was_never_given_is_not_a_response_that_is_unknown(
    finding: str, after: After
) -> None:
    never, unassessed, unheard = after(), after(given("tace"), given(SORAFENIB)), after(prior_treatments=None)
    assert never[finding] == "not_given"
    assert (unassessed[finding], unheard[finding]) == (None, None)


def test_every_finding_about_history_points_at_the_treatments(knowledge: Knowledge) -> None:
    profile = read_profile({"diagnosis": {"tumour_type": "hcc"}}, findings=knowledge.findings)
    assert {fields for _, fields in history_findings(profile, knowledge).values()} == {("prior_treatments",)}


# --- lines


@pytest.mark.parametrize(
    ("regimens", "lines"),
    [
        ((SORAFENIB,), 1),
        ((SORAFENIB, LENVATINIB), 2),
        (("tace",), 0),
        (("resection", SORAFENIB), 1),
        (("tace_plus_lenvatinib",), 1),
        (("haic_folfox",), 0),
        (("adjuvant_sorafenib",), 0),
        (("neoadjuvant_camrelizumab_apatinib", SORAFENIB), 1),
    ],
)
def test_only_systemic_treatment_of_active_disease_is_a_line(
    regimens: tuple[str, ...], lines: int, after: After
) -> None:
    assert after(*map(given, regimens))["lines_of_systemic"] == lines


@pytest.mark.parametrize(
    ("how", "progressed"),
    [
        pytest.param({"stopped_for": "progression"}, True, id="stopped for progression"),
        pytest.param({"best_response": "PD"}, True, id="progression was its best response"),
        pytest.param({"best_response": "PD", "stopped_for": "toxicity"}, True, id="progression and toxicity"),
        pytest.param(
            {"best_response": "PR", "stopped_for": "progression"}, True, id="a response that was lost"
        ),
        pytest.param({"best_response": "PD", "stopped_for": "ongoing"}, False, id="still running"),
        pytest.param({"best_response": "SD", "stopped_for": "toxicity"}, False, id="stopped for toxicity"),
        pytest.param({"best_response": "CR", "stopped_for": "completed"}, False, id="completed"),
    ],
)
def test_progression_is_told_apart_from_other_reasons_to_stop(
    how: dict[str, Any], progressed: bool, after: After
) -> None:
    history = after(given(SORAFENIB, **how))
    assert (SORAFENIB in history["progressed_on"]) is progressed
    assert ("tyrosine_kinase_inhibitor" in history["progressed_on_classes"]) is progressed
    assert history["lines_progressed"] == int(progressed)


def test_a_class_comes_with_every_regimen_that_holds_one_of_its_drugs(after: After) -> None:
    history = after(given(ATEZO_BEV, stopped_for="toxicity"), given("tace", stopped_for="progression"))
    assert {ICI, "anti_vegf_antibody", "transarterial"} <= history["prior_classes"]
    assert ICI in history["stopped_for_toxicity_classes"]
    assert ICI not in history["progressed_on_classes"]
    assert "transarterial" in history["progressed_on_classes"]


def test_a_treatment_that_still_runs_is_named_as_running(after: After) -> None:
    history = after(given(SORAFENIB, stopped_for="progression"), given(LENVATINIB, stopped_for="ongoing"))
    assert history["ongoing_treatment"] == {LENVATINIB}


# --- the latest


def test_the_latest_treatment_is_the_one_that_ended_last(after: After) -> None:
    recent = after(given(LENVATINIB, months_since=1, best_response="SD"), given(SORAFENIB, months_since=9))
    assert (recent["last_systemic"], recent["systemic_response"]) == (LENVATINIB, "SD")


def test_without_dates_the_latest_treatment_is_the_last_named(after: After) -> None:
    assert after(given(SORAFENIB), given(LENVATINIB))["last_systemic"] == LENVATINIB
    assert after(given(SORAFENIB, months_since=1), given(LENVATINIB))["last_systemic"] == LENVATINIB


@pytest.mark.parametrize(
    ("how", "response"),
    [
        ({"best_response": "PR"}, "PR"),
        ({"best_response": "PR", "stopped_for": "progression"}, "PR"),
        ({"stopped_for": "progression"}, "PD"),
        ({"best_response": "NE", "stopped_for": "progression"}, "PD"),
        ({}, None),
    ],
)
def test_the_response_to_chemoembolisation_is_that_of_its_latest_course(
    how: dict[str, Any], response: str | None, after: After
) -> None:
    history = after(
        given("tace", months_since=12, best_response="CR"), given("deb_tace", months_since=1, **how)
    )
    assert (history["tace_best_response"], history["locoregional_response"]) == (response, response)


def test_sessions_of_chemoembolisation_are_added_up_over_its_courses(after: After) -> None:
    assert after(given("tace", sessions=2), given("deb_tace", sessions=1))["tace_sessions"] == 3


# --- toxicity


@pytest.mark.parametrize(
    ("treatments", "grade"),
    [
        pytest.param([], 0, id="never treated"),
        pytest.param([given(ATEZO_BEV)], 0, id="no toxicity told"),
        pytest.param(
            [given(ATEZO_BEV, toxicity={"kind": "immune_hepatitis", "grade": 4})],
            4,
            id="named immune-mediated",
        ),
        pytest.param(
            [given(ATEZO_BEV, toxicity={"kind": "hepatitis", "grade": 3})],
            3,
            id="met on a checkpoint inhibitor",
        ),
        pytest.param(
            [given(SORAFENIB, toxicity={"kind": "hepatitis", "grade": 3})], 0, id="met on another drug"
        ),
        pytest.param(
            [given(ATEZO_BEV, toxicity={"kind": "proteinuria", "grade": 3})], 0, id="not of an immune kind"
        ),
        pytest.param([given(ATEZO_BEV, toxicity={"kind": "immune_colitis"})], None, id="of unknown grade"),
        pytest.param(
            [
                given(ATEZO_BEV, toxicity={"kind": "immune_colitis", "grade": 2}),
                given("pembrolizumab", toxicity={"kind": "immune_hepatitis", "grade": 4}),
            ],
            4,
            id="the worst of two",
        ),
    ],
)
def test_the_worst_immune_toxicity_is_known_or_said_to_be_unknown(
    treatments: list[dict[str, Any]], grade: int | None, after: After
) -> None:
    assert after(*treatments)["immune_toxicity_grade"] == grade


# --- intervals and doses


def test_the_interval_since_a_checkpoint_inhibitor_is_that_of_the_latest(after: After) -> None:
    assert (
        after(given(ATEZO_BEV, months_since=6), given("pembrolizumab", months_since=2))["months_since_ici"]
        == 2
    )
    assert after(given(ATEZO_BEV, stopped_for="ongoing"))["months_since_ici"] == 0
    assert after(given(ATEZO_BEV))["months_since_ici"] is None
    assert after(given(SORAFENIB, months_since=2))["months_since_ici"] is None


def test_weeks_since_bevacizumab_count_any_bevacizumab_and_nothing_else(after: After) -> None:
    assert after(given(ATEZO_BEV, months_since=12))["weeks_since_bevacizumab"] == pytest.approx(52.2, abs=0.1)
    biosimilar = given("sintilimab_bevacizumab_biosimilar", months_since=1)
    assert after(biosimilar)["weeks_since_bevacizumab"] == pytest.approx(4.3, abs=0.1)
    assert after(given("pembrolizumab", months_since=1))["weeks_since_bevacizumab"] is None


def test_the_sorafenib_dose_is_the_highest_that_was_reached(after: After) -> None:
    reached = after(given(SORAFENIB, dose_mg_per_day=400), given(SORAFENIB, dose_mg_per_day=800))
    assert reached["sorafenib_dose_mg_per_day"] == 800
    assert after(given(SORAFENIB))["sorafenib_dose_mg_per_day"] is None
    assert after(given(LENVATINIB, dose_mg_per_day=12))["sorafenib_dose_mg_per_day"] is None
