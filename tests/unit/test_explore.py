"""Why, why not, what if: answers about an answer, from the engine run again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.indexer.statements import StatementsInMemory
from liverboard.recommender.explore import Engine, explain, parse_changes, sensitivity, what_if
from liverboard.recommender.explore.changes import changed, value_at
from liverboard.recommender.explore.engine import leaders_of, outcome_of
from liverboard.recommender.explore.reach import facts_in_reach
from liverboard.recommender.explore.sensitivity import SAMPLES, variations
from liverboard.recommender.profile import PatientProfile
from liverboard.ui.render import render

BILIRUBIN = "labs.bilirubin_umol_l"
LIMIT = 37.0  # the made-up cut-off of surgery
World = Callable[..., Engine]


@pytest.fixture(scope="session")
def world(made_up: Any, knowledge: Knowledge) -> World:
    """An engine on the shipped vocabulary, with made-up regimens and sources only."""

    def build(*statements: Any, budget: int | None = None, extra: tuple[Any, ...] = ()) -> Engine:
        sources = [made_up.source("book", *statements, body="HOME"), *extra]
        known = dataclasses.replace(
            knowledge,
            sources={source.id: source for source in sources},
            regimens={regimen.id: regimen for regimen in made_up.REGIMENS},
            components={component.id: component for component in made_up.COMPONENTS},
            regions={region.id: region for region in made_up.REGIONS},
            flags=(),
            endpoints={},
        )
        return Engine(known, StatementsInMemory(sources), budget)

    return build


@pytest.fixture(scope="session")
def surgery_or_tablet(world: World, made_up: Any) -> Engine:
    """Surgery first while bilirubin is at most `LIMIT`; the tablet is an option for everybody."""
    return world(
        made_up.advises("surgery", when=[{"finding": "bilirubin_umol_l", "at_most": LIMIT}]),
        made_up.advises("tablet", "preferred"),
    )


def patient(**more: Any) -> PatientProfile:
    labs = {"bilirubin_umol_l": 12.0, "albumin_g_l": 42.0, "inr": 1.0, **more.pop("labs", {})}
    return PatientProfile.model_validate({
        "region": "XX", "diagnosis": {"tumour_type": "hcc"}, "ecog": 0, "ascites": "none", "encephalopathy": "none",
        "labs": labs, **more,
    })


# --- what is typed


@pytest.mark.parametrize(
    ("typed", "path", "value"),
    [
        ("labs.inr=1.4", "labs.inr", 1.4),
        ("labs.bilirubin_umol_l=2.6 mg/dL", BILIRUBIN, {"value": 2.6, "unit": "mg/dL"}),
        ("labs.platelets_10e9_l=90 10^9/L", "labs.platelets_10e9_l", {"value": 90.0, "unit": "10^9/L"}),
        ("labs.albumin_g_l=3.1g/dL", "labs.albumin_g_l", {"value": 3.1, "unit": "g/dL"}),
        ("ascites=mild", "ascites", "mild"),
        ("cirrhosis=true", "cirrhosis", True),
        ("labs.inr=null", "labs.inr", None),
        ("tumour.extrahepatic=lung", "tumour.extrahepatic", ["lung"]),
        ("tumour.extrahepatic=[lung, bone]", "tumour.extrahepatic", ["lung", "bone"]),
    ],
)
def test_a_change_is_typed_as_a_value_of_its_field(knowledge: Knowledge, typed: str, path: str, value: Any) -> None:
    assert parse_changes([typed], knowledge) == {path: value}


@pytest.mark.parametrize("typed", ["labs.inr", "=3", "labs.inr=[1"])
def test_what_is_not_a_change_is_refused(knowledge: Knowledge, typed: str) -> None:
    with pytest.raises(InputError):
        parse_changes([typed], knowledge)


def test_a_value_in_another_unit_is_converted(knowledge: Knowledge) -> None:
    other = changed(patient(), parse_changes(["labs.bilirubin_umol_l=3 mg/dL"], knowledge), knowledge)
    assert other.labs.bilirubin_umol_l == pytest.approx(51.3)


@pytest.mark.parametrize(
    "typed",
    ["labs.bilirubn_umol_l=45", "labs.inr=400", "ascites=much", "ecog.score=1", "prior_treatments.3.sessions=2"],
)
def test_a_change_that_no_profile_accepts_is_an_error_of_the_user(knowledge: Knowledge, typed: str) -> None:
    with pytest.raises(InputError):
        changed(patient(prior_treatments=[{"regimen": "tace"}]), parse_changes([typed], knowledge), knowledge)


def test_a_new_tumour_size_is_carried_into_the_lesions(knowledge: Knowledge) -> None:
    given = patient(tumour={"number": 2, "largest_cm": 5, "lesions": [{"diameter_cm": 5}, {"diameter_cm": 3}]})
    other = changed(given, {"tumour.largest_cm": 2.0}, knowledge)
    assert [lesion.diameter_cm for lesion in other.tumour.lesions or ()] == [2.0, 2.0]
    assert [entry["diameter_cm"] for entry in value_at(given, "tumour.lesions")] == [5.0, 3.0]


def test_a_change_leaves_the_patient_it_was_made_from_as_it_was(knowledge: Knowledge) -> None:
    given = patient()
    before = given.model_dump_json()
    changed(given, {BILIRUBIN: 99.0}, knowledge)
    assert given.model_dump_json() == before


# --- what if


def test_what_if_says_which_tier_changes_and_which_statement_made_it(surgery_or_tablet: Engine) -> None:
    found = what_if(patient(), {BILIRUBIN: 60.0}, surgery_or_tablet)
    assert [entry["regimen"] for entry in found["first_choice"]["before"]] == ["surgery"]
    assert [entry["regimen"] for entry in found["first_choice"]["after"]] == ["tablet"]
    moved = next(row for row in found["regimens"] if row["regimen"] == "surgery")
    assert (moved["before"]["tier"], moved["after"]["tier"], moved["moved"]) == (
        "recommended", "not_recommended", "down",
    )
    why = moved["why"][0]
    assert (why["statement"], why["before"], why["after"]) == (
        "book:recommendation_surgery_first_choice", "applies", "fails",
    )
    assert why["criteria"][0]["from"] == 12.0
    assert why["criteria"][0]["value"] == 60.0
    assert why["citations"][0]["source_id"] == "book"


def test_what_if_nothing_changes_says_so(surgery_or_tablet: Engine) -> None:
    found = what_if(patient(), {BILIRUBIN: 12.0}, surgery_or_tablet)
    assert found["regimens"] == []
    assert found["stage"]["changed"] == []
    assert found["stage"]["before"] == found["stage"]["after"]


def test_what_if_a_fact_becomes_unknown_holds_back_and_does_not_forbid(surgery_or_tablet: Engine) -> None:
    found = what_if(patient(), {BILIRUBIN: None}, surgery_or_tablet)
    moved = next(row for row in found["regimens"] if row["regimen"] == "surgery")
    assert moved["after"]["tier"] == "for_consideration"
    assert "population_unknown" in moved["after"]["held_back"]
    assert moved["why"][0]["after"] == "unknown"


def test_what_if_names_the_other_regimen_that_advice_depends_on(world: World, made_up: Any) -> None:
    engine = world(
        made_up.advises("surgery", when=[{"finding": "bilirubin_umol_l", "at_most": LIMIT}]),
        made_up.advises("ablation", "preferred", if_unsuitable=["surgery"]),
        made_up.advises("ablation", "option", id="always"),
    )
    moved = next(r for r in what_if(patient(), {BILIRUBIN: 60.0}, engine)["regimens"] if r["regimen"] == "ablation")
    assert moved["moved"] == "up"
    assert [entry["regimen"] for entry in moved["why"][0]["because_of"]] == ["surgery"]


# --- why, why not


def test_explain_sorts_the_criteria_into_met_failed_and_unknown(world: World, made_up: Any) -> None:
    engine = world(made_up.advises("surgery", when=[
        {"finding": "inr", "at_most": 2}, {"finding": "bilirubin_umol_l", "at_most": 5},
        {"finding": "platelets_10e9_l", "at_least": 50},
    ]))
    found = explain(patient(), "surgery", engine, with_sensitivity=False)
    assert found["tier"] == "not_recommended"
    criteria = found["statements"][0]["criteria"]
    fields = {group: [test["field"] for part in parts for test in part["tests"]] for group, parts in criteria.items()}
    assert fields == {"met": ["labs.inr"], "failed": [BILIRUBIN], "unknown": ["labs.platelets_10e9_l"]}


def test_explain_says_in_words_what_holds_a_regimen_back(world: World, made_up: Any) -> None:
    engine = world(made_up.advises("surgery"), made_up.forbids("surgery", "relative"))
    for language, words in (("en", "relative contraindication"), ("zh", "相对禁忌")):
        (reason,) = explain(patient(), "surgery", engine, language, with_sensitivity=False)["held_back"]
        assert reason["reason"] == "relative_contraindication"
        assert words in reason["text"]


def test_explain_tells_an_option_from_a_regimen_that_is_held_back(world: World, made_up: Any) -> None:
    found = explain(patient(), "tablet", world(made_up.advises("tablet", "option")), with_sensitivity=False)
    assert [reason["reason"] for reason in found["held_back"]] == ["option_only"]


def test_explain_speaks_of_a_regimen_that_the_answer_leaves_out(world: World, made_up: Any) -> None:
    found = explain(patient(), "infusion", world(made_up.advises("surgery")), with_sensitivity=False)
    assert found["tier"] is None
    assert found["why_absent"]


def test_explain_finds_a_regimen_by_its_name_and_refuses_what_it_does_not_know(surgery_or_tablet: Engine) -> None:
    assert explain(patient(), "某surgery", surgery_or_tablet, with_sensitivity=False)["regimen"] == "surgery"
    with pytest.raises(InputError, match="surgery"):
        explain(patient(), "surgry", surgery_or_tablet, with_sensitivity=False)


def test_regimens_that_cannot_be_told_apart_are_said_to_be_tied(world: World, made_up: Any) -> None:
    engine = world(made_up.advises("surgery"), made_up.advises("ablation"))
    assert leaders_of(engine.answer(patient())) == ("ablation", "surgery")
    tied = explain(patient(), "surgery", engine, with_sensitivity=False)["tied_with"]
    assert [entry["regimen"] for entry in tied] == ["ablation"]
    assert sensitivity(engine.answer(patient()), engine)["tied"] is True


def test_a_single_fact_lifts_and_another_sinks(world: World, made_up: Any) -> None:
    engine = world(
        made_up.advises("surgery", "option"),
        made_up.advises("surgery", when=[{"finding": "albumin_g_l", "at_least": 45}], id="strong_liver"),
        made_up.forbids("surgery", when=[{"finding": "ascites", "is": "moderate_severe"}]),
    )
    facts = explain(patient(), "surgery", engine)["single_facts"]
    assert {(f["field"], f["tier"]) for f in facts["lifts"]} == {("labs.albumin_g_l", "recommended")}
    sinks = {(fact["field"], fact["to"], fact["tier"]) for fact in facts["sinks"]}
    assert ("ascites", "moderate_severe", "not_recommended") in sinks


# --- how it is shown


@pytest.mark.parametrize("form", ["text", "md", "html"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_both_answers_can_be_read_in_both_languages(surgery_or_tablet: Engine, form: str, language: Any) -> None:
    shown = render(explain(patient(), "surgery", surgery_or_tablet, language), "explanation", form, language)
    assert "recommendation surgery" in shown
    assert ("Total bilirubin" if language == "en" else "总胆红素") in shown
    compared = render(what_if(patient(), {BILIRUBIN: 60.0}, surgery_or_tablet, language), "whatif", form, language)
    assert ("Not recommended" if language == "en" else "不推荐") in compared
    assert "60 µmol/L" in compared


def test_an_answer_shows_how_firm_it_is_before_its_sources(surgery_or_tablet: Engine) -> None:
    found = surgery_or_tablet.answer(patient())
    document = {**found.as_dict(), "sensitivity": sensitivity(found, surgery_or_tablet)}
    without = render(found.as_dict(), "recommendation", "text", "en")
    shown = render(document, "recommendation", "text", "en")
    assert "How firm the first choice is" not in without
    assert 0 < shown.index("How firm the first choice is") < shown.index("Sources")


# --- how firm


def test_the_smallest_change_of_a_number_is_found_at_its_cut_off(surgery_or_tablet: Engine) -> None:
    found = sensitivity(surgery_or_tablet.answer(patient()), surgery_or_tablet)
    (turn,) = [change for change in found["smallest_changes"] if change["field"] == BILIRUBIN]
    assert LIMIT < turn["to"] <= LIMIT * 1.05
    assert turn["change"] == pytest.approx(turn["to"] - 12.0)
    assert [entry["regimen"] for entry in turn["first_choice"]] == ["tablet"]


def test_every_change_that_is_reported_does_change_the_first_choice(surgery_or_tablet: Engine) -> None:
    base = outcome_of(surgery_or_tablet.answer(patient()))
    found = sensitivity(surgery_or_tablet.answer(patient()), surgery_or_tablet)
    for change in found["smallest_changes"]:
        other = changed(patient(), {change["field"]: change["to"]}, surgery_or_tablet.knowledge)
        assert not outcome_of(surgery_or_tablet.answer(other)).keeps(base), change


def test_a_patient_far_from_every_cut_off_keeps_the_first_choice_and_one_beside_it_does_not(
    surgery_or_tablet: Engine,
) -> None:
    far = sensitivity(surgery_or_tablet.answer(patient()), surgery_or_tablet)["stability"]["noise"]
    beside = patient(labs={"bilirubin_umol_l": LIMIT - 0.5})
    near = sensitivity(surgery_or_tablet.answer(beside), surgery_or_tablet)["stability"]["noise"]
    assert (far["samples"], far["survived"]) == (SAMPLES, SAMPLES)
    assert 0 < near["survived"] < SAMPLES
    assert sum(entry["times"] for entry in near["instead"]) == SAMPLES - near["survived"]
    assert {entry["regimen"] for entry in near["instead"]} == {"tablet"}


def test_the_same_question_gets_the_same_answer(surgery_or_tablet: Engine) -> None:
    beside = patient(labs={"bilirubin_umol_l": LIMIT - 0.5})
    one, other = (
        explain(beside, "surgery", Engine(surgery_or_tablet.knowledge, surgery_or_tablet.index)) for _ in range(2)
    )
    assert one == other


def test_an_unknown_fact_is_filled_at_both_ends(world: World, made_up: Any) -> None:
    engine = world(
        made_up.advises("surgery", when=[{"finding": "platelets_10e9_l", "at_least": 50}]),
        made_up.advises("tablet", "option"),
    )
    known = patient(labs={"platelets_10e9_l": 200})
    assert sensitivity(engine.answer(known), engine)["stability"]["missing"]["broken_by"] == []
    missing = sensitivity(engine.answer(patient()), engine)["stability"]["missing"]
    assert [(entry["field"], entry["value"]) for entry in missing["broken_by"]] == [("labs.platelets_10e9_l", 1)]


def test_what_no_run_was_left_for_is_said(surgery_or_tablet: Engine) -> None:
    poor = Engine(surgery_or_tablet.knowledge, surgery_or_tablet.index, budget=4)
    found = sensitivity(poor.answer(patient()), poor)
    assert poor.runs == 4
    assert found["not_tried"]
    assert not set(found["not_tried"]) & set(found["tried"])


def test_a_fact_that_decides_nothing_is_out_of_reach(surgery_or_tablet: Engine) -> None:
    reached = {finding.profile for finding in facts_in_reach(surgery_or_tablet.answer(patient()))}
    assert BILIRUBIN in reached
    assert "labs.albumin_g_l" in reached  # through the Child-Pugh class, which the engine itself asks for
    assert not reached & {"labs.afp_ng_ml", "sex", "region", "diagnosis.tumour_type"}


def test_every_variation_names_a_laboratory_value_and_a_public_text(knowledge: Knowledge) -> None:
    for name, variation in variations().items():
        assert (knowledge.findings[name].profile or "").startswith("labs."), name
        assert 0 < variation.share < 1, name
        assert variation.source.read_at.startswith("https://"), name
