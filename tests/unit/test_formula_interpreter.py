"""The interpreter of formulas: three values, units, refusals, cut-offs, dependencies."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from liverboard.corpus.conditions import Condition
from liverboard.corpus.errors import CorpusError, InputError
from liverboard.corpus.formula_records import Step
from liverboard.recommender import formulas
from liverboard.recommender.formula_facts import Between, Facts, OneOf, Shape, compile_condition
from liverboard.recommender.formula_shapes import compile_step, round_half_away

PATIENT: dict[str, Any] = {
    "age_years": 58, "sex": "male", "bilirubin_umol_l": 14, "albumin_g_l": 41, "inr": 1.05,
    "platelets_10e9_l": 160, "creatinine_umol_l": 80, "sodium_mmol_l": 138, "afp_ng_ml": 420, "alt_u_l": 40,
    "ast_u_l": 50, "crp_mg_l": 5, "ascites": "none", "encephalopathy": "none",
    "ecog": 0, "ecog_for_staging": 0,
    "tumour_number": 1, "largest_cm": 3.2, "total_diameter_cm": 3.2, "vascular_invasion": "none",
    "macrovascular_invasion": False, "major_vessel_invasion": False, "extrahepatic_spread": False,
    "nodal_metastasis": False, "distant_metastasis": False, "rupture": "none", "comorbidities": [],
    "end_stage_liver_not_transplantable": False, "etiology": ["hbv"], "cirrhosis": True,
}


def of_patient(**changes: Any) -> dict[str, formulas.ScoreResult]:
    return {result.id: result for result in formulas.compute_for_patient({**PATIENT, **changes})}


# --- partly known patients


def test_metastasis_makes_bclc_c_although_the_size_is_unknown() -> None:
    known: dict[str, Any] = {"ps": 0, "endstage_nontransplantable": False, "extrahepatic": True}
    result = formulas.compute("bclc_2022", known)
    assert (result.value, result.missing) == ("C", ())


def test_a_single_tumour_of_unknown_size_is_bclc_0_or_a_and_the_size_is_asked_for() -> None:
    known = {"endstage_nontransplantable": False, "n": 1, "pv_invasion": False, "extrahepatic": False}
    result = formulas.compute("bclc_2022", {"ps": 0, **known})
    assert result.value is None
    assert result.possible == {"stage": ("0", "A")}
    assert result.missing == ("size_cm",)


def test_class_c_is_certain_when_four_items_already_give_ten_points() -> None:
    known: dict[str, Any] = {"bili_umol": 60, "alb_gl": 25, "inr": 2.5, "ascites": "mild"}
    result = formulas.compute("child_pugh_si", known)
    assert result.outputs == {"score": None, "class": "C"}
    assert result.possible == {"score": (12, 14)}


def test_an_unknown_item_leaves_the_class_open_and_names_itself() -> None:
    result = of_patient(albumin_g_l=None)["child_pugh_si"]
    assert result.value is None
    assert (result.stratum, result.possible) == (None, {"score": (5, 7), "class": ("A", "B")})
    assert result.missing == ("albumin_g_l",)


def test_what_is_missing_for_one_score_is_named_to_the_scores_that_need_it() -> None:
    results = of_patient(encephalopathy=None, ascites="mild")
    assert results["cnlc"].value == "Ia"  # class A or B alike
    assert results["clip"].missing == ("encephalopathy", "liver_involvement_percent")


# --- refusals


@pytest.mark.parametrize(
    ("formula_id", "inputs", "field", "said"),
    [
        ("albi", {"bili_umol": 10, "alb_g_l": 40}, "alb_g_l", "alb_gl"),
        ("albi", {"bili_umol": 10, "alb_gl": 400}, "alb_gl", "5 to 80"),
        ("albi", {"bili_umol": "10", "alb_gl": 40}, "bili_umol", "a number"),
        ("albi", {"bili_umol": True, "alb_gl": 40}, "bili_umol", "a number"),
        ("albi", {"bili_umol": math.nan, "alb_gl": 40}, "bili_umol", "a number"),
        ("milan", {"n": 1.5}, "n", "whole number"),
        ("milan", {"mvi": 1}, "mvi", "true or false"),
        ("cnlc", {"cp": "D"}, "cp", "A, B, C"),
        ("galad", {"pivka": 40}, "pivka", "dcp_ngml"),
        ("kyoto", {"dcp_ngml": 40}, "dcp_ngml", "mAU/mL"),
        ("reach_b", {"age": 70}, "age", "30 to 65"),
        ("albbi", {}, "albbi", "'albi'"),
    ],
)
def test_an_input_that_cannot_be_used_is_refused_with_its_name_and_what_would_do(
    formula_id: str, inputs: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(InputError) as refusal:
        formulas.compute(formula_id, inputs)
    assert refusal.value.field == field
    assert said in str(refusal.value)


@pytest.mark.parametrize("argument", ["bili_mgdl", "bili=1", "bili_mgdl=much"])
def test_the_command_line_refuses_what_it_cannot_read(argument: str) -> None:
    with pytest.raises(InputError):
        formulas.score_from_arguments("child_pugh", [argument])


def test_the_command_line_reads_numbers_truth_values_enums_and_unknown() -> None:
    answer = formulas.score_from_arguments(
        "child_pugh", ["bili_mgdl=1e0", "alb_gdl=4", "inr=1.0", "ascites=None", "enceph=none"]
    )
    assert (answer["score"], answer["class"], answer["missing"]) == (5, "A", [])
    assert answer["about"]["source"]["pmid"] == "4541913"
    arguments = ["bili_mgdl=1", "cr_mgdl=1", "inr=1", "dialysis=unknown"]
    open_answer = formulas.score_from_arguments("meld", arguments)
    assert (open_answer["meld"], open_answer["missing"]) == (None, ["dialysis"])


# --- patients


def test_every_score_for_patients_answers_with_a_value_or_with_what_is_missing() -> None:
    results = of_patient()
    assert len(results) == len(formulas.shipped().formulas) - 2  # the other two Child-Pugh forms
    for result in results.values():
        assert result.value is not None or result.missing or result.applies is False, result.id
        assert result.source.citation


def test_scores_that_rest_on_other_scores_are_computed_after_them() -> None:
    results, provided = formulas.shipped().complete(PATIENT)
    by_id = {result.id: result for result in results}
    assert by_id["halt_hcc"].inputs["meldna"] == by_id["meld_na"].value
    assert provided["child_pugh_points"] == 5
    assert (provided["bclc"], provided["cnlc"], provided["tnm_stage"]) == ("A", "Ia", "IB")
    assert provided["albi_score"] == pytest.approx(-2.7286)


def test_laboratory_values_are_converted_into_the_unit_of_the_formula() -> None:
    inputs = of_patient(bilirubin_umol_l=34.2, crp_mg_l=10)["ez_albi"].inputs
    assert inputs == {"bili_mgdl": 2.0, "alb_gdl": 4.1}
    assert of_patient(crp_mg_l=10)["crafity"].value == 2


def test_galad_is_never_computed_from_pivka_in_another_unit() -> None:
    result = of_patient(pivka_ii_mau_ml=40)["galad"]
    assert result.value is None
    assert "dcp_ngml" in result.missing


def test_a_score_for_hepatitis_b_says_nothing_of_other_patients() -> None:
    other = of_patient(etiology=["alcohol"])["page_b"]
    assert (other.applies, other.value, other.missing) == (False, None, ())
    unsure = of_patient(etiology=None)["page_b"]
    assert (unsure.applies, unsure.value, unsure.missing) == (None, None, ("etiology",))


def test_a_bclc_b_subclass_is_given_to_bclc_b_alone() -> None:
    assert of_patient()["bclc_b_bolondi"].applies is False
    assert of_patient(tumour_number=4)["bclc_b_bolondi"].value == "B2"


def test_a_value_outside_the_range_of_a_score_is_reported_not_raised() -> None:
    result = of_patient(afp_ng_ml=0)["asap"]
    assert result.value is None
    assert "afp" in result.unusable


def test_dialysis_is_read_among_the_comorbidities_and_unmentioned_is_unknown() -> None:
    assert of_patient(comorbidities=["dialysis"])["meld"].value == 20
    assert of_patient(dialysis=True)["meld"].value == 20
    assert "comorbidities" in of_patient(comorbidities=None)["meld"].missing


def test_both_strata_are_shown_near_a_cut_off() -> None:
    near = {n.input: n for n in formulas.compute("albi", {"bili_umol": 10, "alb_gl": 38.0}).near_cutoff}
    assert (near["alb_gl"].here, near["alb_gl"].upper) == (2, 1)
    assert formulas.compute("albi", {"bili_umol": 10, "alb_gl": 45}).near_cutoff == ()


def test_the_stratum_comes_with_its_outcome_in_both_languages() -> None:
    outcome = formulas.compute("hap", {"alb_gl": 40, "bili_umol": 10, "afp": 10, "size": 3}).outcome
    assert outcome is not None
    assert "27.6" in outcome.en
    assert "27.6" in outcome.zh


def test_all_scores_of_a_patient_take_milliseconds() -> None:
    formulas.compute_for_patient(PATIENT)
    took = []
    for _ in range(5):
        start = time.perf_counter()
        formulas.compute_for_patient(PATIENT)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.02


# --- the parts


def step(**form: Any) -> Shape:
    return compile_step(Step.model_validate({"name": "it", **form}))


def truth(condition: Any, **values: Any) -> bool | None:
    form: TypeAdapter[Condition] = TypeAdapter(Condition)
    return compile_condition(form.validate_python(condition))(Facts(values))


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ({"finding": "a", "above": 2}, {}, None),
        ({"all": [{"finding": "a", "above": 2}, {"finding": "b", "is": True}]}, {"b": False}, False),
        ({"any": [{"finding": "a", "above": 2}, {"finding": "b", "is": True}]}, {"b": True}, True),
        ({"any": [{"finding": "a", "above": 2}, {"finding": "b", "is": True}]}, {"b": False}, None),
        ({"not": {"finding": "a", "above": 2}}, {"a": 3}, False),
        ({"finding": "a", "known": True}, {}, False),
        ({"finding": "a", "known": False}, {}, True),
        ({"finding": "a", "at_least": 3}, {"a": Between(3, 5)}, True),
        ({"finding": "a", "at_most": 3}, {"a": Between(3, 5)}, None),
        ({"finding": "a", "below": 3}, {"a": Between(3, 5)}, False),
        ({"finding": "a", "is": 2}, {"a": Between(3, 5)}, False),
        ({"finding": "a", "in": ["x", "y"]}, {"a": OneOf(("x", "y"))}, True),
        ({"finding": "a", "is": "x"}, {"a": OneOf(("x", "y"))}, None),
        ({"finding": "a", "includes": "x"}, {"a": ["x", "z"]}, True),
        ({"finding": "a", "includes_any": ["x"]}, {"a": []}, False),
        ({"finding": "a", "at_most": 0.3}, {"a": 0.1 + 0.2}, True),
    ],
)
def test_conditions_are_true_false_or_unknown(
    condition: Any, values: dict[str, Any], expected: bool | None
) -> None:
    assert truth(condition, **values) is expected


def test_a_table_that_ends_alike_is_decided_although_a_condition_is_unknown() -> None:
    table = step(choose=[{"when": {"finding": "a", "is": True}, "gives": 1}, {"gives": 1}])
    facts = Facts({})
    assert table(facts) == 1
    assert facts.unknown == []


def test_halves_are_rounded_away_from_zero() -> None:
    assert [round_half_away(x, 0) for x in (2.5, -2.5, 2.4999, 0.5)] == [3, -3, 2, 1]


def test_an_expression_with_an_unknown_part_is_unknown_and_says_what_it_waits_for() -> None:
    ratio = step(compute={"divide": ["a", {"sqrt": "b"}]})
    facts = Facts({"a": 3})
    assert ratio(facts) is None
    assert facts.unknown == ["b"]
    assert ratio(Facts({"a": 3, "b": 4})) == 1.5


# --- files that break the rules


MINIMAL: dict[str, Any] = {
    "id": "tiny", "name": {"en": "tiny", "zh": "小"}, "group": "general",
    "purpose": {"en": "a test", "zh": "测试"},
    "inputs": [{"name": "a", "range": [0, 9]}], "steps": [{"name": "s", "of": "a", "bands": [{"gives": 1}]}],
    "outputs": ["s"], "value": "s", "source": {"citation": "nowhere"}, "confidence": "D",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": [{"name": "s", "of": "b", "bands": [{"gives": 1}]}]}, "'b'"),
        ({"steps": [{"name": "s"}]}, "exactly one shape"),
        ({"steps": [{"name": "a", "of": "a", "bands": [{"gives": 1}]}]}, "named twice"),
        ({"outputs": ["t"]}, "'t'"),
        ({"strata": [{"is": 2}], "stratum": "s"}, "stratum 2"),
        ({"inputs": [{"name": "a"}]}, "range"),
        ({"vectors": [{"inputs": {"b": 1}, "expected": {}}]}, "'b'"),
        ({"provides": {"f": "nothing"}}, "'nothing'"),
    ],
)
def test_a_formula_file_that_breaks_a_rule_is_named(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump({**MINIMAL, **change}), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"tiny\.yaml") as error:
        formulas.load(tmp_path)
    assert said in str(error.value)


def test_formulas_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    for name, needs in (("one", "two"), ("two", "one")):
        inputs = [{"name": "a", "range": [0, 9], "finding": f"from_{needs}"}]
        formula = {**MINIMAL, "id": name, "inputs": inputs, "provides": {f"from_{name}": "s"}}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(formula), encoding="utf-8")
    with pytest.raises(CorpusError, match="wait for each other"):
        formulas.load(tmp_path)
