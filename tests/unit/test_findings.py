"""What follows from a profile before any score: sizes, lobes, vessels, spread, drugs, contradictions.

These read the shipped vocabulary: names of findings, drugs and regimens are fixed by the contract.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.findings import Findings, read_findings, segments_of
from liverboard.recommender.intake import read_profile
from liverboard.recommender.profile import Lesion

Found = Callable[..., Any]


@pytest.fixture(scope="module")
def found(knowledge: Knowledge) -> Found:
    """The findings of a patient with HCC of whom these fields are known."""

    def of(**fields: Any) -> Findings:
        data = {"diagnosis": {"tumour_type": "hcc", **fields.pop("diagnosis", {})}, **fields}
        return read_findings(read_profile(data, findings=knowledge.findings), knowledge)

    return of


def lesions(*sizes: float) -> list[dict[str, float]]:
    return [{"diameter_cm": size} for size in sizes]


def test_nothing_is_known_of_a_patient_of_whom_nothing_is_said(found: Found) -> None:
    known = {name: value for name, value in found().items() if value is not None}
    assert known == {"tumour_type": "hcc", "contradictions": frozenset()}


def test_asking_for_a_finding_that_nobody_set_gives_unknown(found: Found) -> None:
    assert found()["never_heard_of"] is None
    assert found().origin("never_heard_of") == ("never_heard_of",)


def test_every_finding_can_say_which_field_it_came_from(found: Found) -> None:
    findings = found()
    assert findings.origin("tumour_number") == ("tumour.number",)
    assert findings.origin("macrovascular_invasion") == ("tumour.vascular_invasion", "tumour.portal_thrombus")


def test_setting_findings_leaves_the_first_ones_as_they_were(found: Found) -> None:
    before = found(age_years=58)
    after = before.with_({"age_years": 59, "bclc": "A"}, {"bclc": ("tumour.number",)})
    assert (before["age_years"], before["bclc"], after["age_years"], after["bclc"]) == (58, None, 59, "A")
    assert after.origin("bclc") == ("tumour.number",)


# --- sizes


@pytest.mark.parametrize(
    ("tumour", "largest", "total"),
    [
        pytest.param({"number": 2, "lesions": lesions(3, 2)}, 3, 5, id="all lesions are listed"),
        pytest.param({"number": 3, "lesions": lesions(3, 2)}, None, None, id="one lesion is not listed"),
        pytest.param({"lesions": lesions(3, 2)}, None, None, id="the number is unknown"),
        pytest.param({"number": 1, "largest_cm": 4}, 4, 4, id="a single tumour is its own sum"),
        pytest.param({"number": 2, "largest_cm": 4}, 4, None, id="two tumours with one size"),
        pytest.param(
            {"number": 2, "largest_cm": 4, "lesions": lesions(4, 2)}, 4, 6, id="size and list agree"
        ),
        pytest.param({"number": 0, "lesions": []}, None, None, id="no tumour has no size"),
    ],
)
def test_sizes_are_added_up_only_when_every_lesion_is_listed(
    tumour: dict[str, Any], largest: float | None, total: float | None, found: Found
) -> None:
    findings = found(tumour=tumour)
    assert (findings["largest_cm"], findings["total_diameter_cm"]) == (largest, total)


# --- where the lesions lie


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("S6", "S6"),
        ("S5-7", "S5 S6 S7"),
        ("S5-S7", "S5 S6 S7"),
        ("S5–7", "S5 S6 S7"),
        ("S4b/5", "S4 S5"),
        ("S2、S6", "S2 S6"),
        ("S5 and S8", "S5 S8"),
        ("S8 deep/central", "S8"),
        ("右叶", ""),
        (None, ""),
    ],
)
def test_the_segments_of_a_lesion_are_read_from_its_text(text: str | None, segments: str) -> None:
    assert sorted(segments_of(Lesion(diameter_cm=2, segment=text))) == segments.split()


@pytest.mark.parametrize(
    ("number", "texts", "stated", "distribution"),
    [
        pytest.param(2, ["S6", "S8"], None, "unilobar", id="both on the right"),
        pytest.param(2, ["S2", "S6"], None, "bilobar", id="one on each side"),
        pytest.param(3, ["S2", "S6"], None, "bilobar", id="one on each side and one unlisted"),
        pytest.param(3, ["S6", "S8"], None, None, id="both on the right and one unlisted"),
        pytest.param(2, ["S6", None], None, None, id="one without a place"),
        pytest.param(1, ["S4/5"], None, None, id="one across the border"),
        pytest.param(2, ["左叶", "右叶"], None, "bilobar", id="in Chinese words"),
        pytest.param(2, ["S2", "S6"], "unilobar", "unilobar", id="what is stated stands"),
    ],
)
def test_lobes_are_told_only_from_what_is_listed(
    number: int, texts: list[str | None], stated: str | None, distribution: str | None, found: Found
) -> None:
    listed = [{"diameter_cm": 2, "segment": text} for text in texts]
    findings = found(tumour={"number": number, "lesions": listed, "distribution": stated})
    assert findings["distribution"] == distribution


def test_structures_next_to_a_lesion_are_read_from_field_and_text_together(found: Found) -> None:
    listed = [{"diameter_cm": 2, "segment": "S5 abutting gallbladder"}]
    assert found(tumour={"lesions": listed})["near"] == {"gallbladder"}
    assert found(tumour={"lesions": listed, "near": ["bowel"]})["near"] == {"gallbladder", "bowel"}
    assert found(tumour={"lesions": lesions(2), "near": []})["near"] == frozenset()
    assert found(tumour={"lesions": lesions(2)})["near"] is None


# --- vessels and spread


@pytest.mark.parametrize(
    ("tumour", "li_rads", "macro", "major"),
    [
        pytest.param({}, None, None, None, id="nothing is said"),
        pytest.param({"vascular_invasion": "none"}, None, False, False, id="none is seen"),
        pytest.param({"vascular_invasion": "vp2"}, None, True, False, id="a small branch"),
        pytest.param({"vascular_invasion": "vp4"}, None, True, True, id="the main trunk"),
        pytest.param({"portal_thrombus": "tumour"}, None, True, None, id="a tumour thrombus somewhere"),
        pytest.param(
            {"portal_thrombus": "none"}, None, None, None, id="no thrombus says nothing of hepatic veins"
        ),
        pytest.param(
            {"vascular_invasion": "none", "portal_thrombus": "bland"},
            None,
            False,
            False,
            id="a bland thrombus",
        ),
        pytest.param(
            {"vascular_invasion": "none", "portal_thrombus": "undetermined"},
            None,
            None,
            False,
            id="a thrombus of unknown kind",
        ),
        pytest.param({}, "LR-TIV", True, None, id="tumour in vein on imaging"),
    ],
)
def test_vascular_invasion_is_known_only_from_what_was_looked_at(
    tumour: dict[str, Any], li_rads: str | None, macro: bool | None, major: bool | None, found: Found
) -> None:
    findings = found(tumour=tumour, diagnosis={"li_rads": li_rads})
    assert (findings["macrovascular_invasion"], findings["major_vessel_invasion"]) == (macro, major)


@pytest.mark.parametrize(
    ("sites", "spread", "nodal", "distant"),
    [
        (None, None, None, None),
        ([], False, False, False),
        (["lymph_nodes"], True, True, False),
        (["lung"], True, False, True),
        (["lymph_nodes", "bone"], True, True, True),
        (["indeterminate"], False, False, False),
        (["indeterminate", "lung"], True, False, True),
    ],
)
def test_only_proven_spread_counts_and_silence_is_not_absence(
    sites: list[str] | None, spread: bool | None, nodal: bool | None, distant: bool | None, found: Found
) -> None:
    findings = found(tumour={"extrahepatic": sites})
    names = ("extrahepatic_spread", "nodal_metastasis", "distant_metastasis")
    assert tuple(findings[name] for name in names) == (spread, nodal, distant)


@pytest.mark.parametrize("word", ["unknown", "not_assessed"])
def test_varices_that_were_not_assessed_are_unknown(word: str, found: Found) -> None:
    assert found(portal_hypertension={"varices": word})["varices"] is None
    assert found(portal_hypertension={"varices": "none"})["varices"] == "none"


# --- other illness and drugs


def test_what_is_not_understood_is_listed_and_never_dropped(found: Found) -> None:
    findings = found(
        comorbidities=["diabetes", "gout"],
        medication=["aspirin", "elixir"],
        allergies=["penicillin"],
        prior_treatments=[{"regimen": "snake_oil"}],
    )
    assert findings["comorbidities"] == {"diabetes"}
    assert findings.not_understood == (
        "comorbidities: gout",
        "medication: elixir",
        "allergies: penicillin",
        "prior_treatments: snake_oil",
    )


@pytest.mark.parametrize(
    ("medication", "groups"),
    [
        (None, None),
        ([], set()),
        (["Warfarin"], {"warfarin", "anticoagulant"}),
        (["华法林"], {"warfarin", "anticoagulant"}),
        (["apixaban"], {"anticoagulant"}),
        (["dual antiplatelet"], {"dual_antiplatelet"}),
        ([{"drug": "aspirin", "mg_per_day": 100}], {"antiplatelet"}),
    ],
)
def test_a_drug_belongs_to_its_groups_under_any_of_its_names(
    medication: list[Any] | None, groups: set[str] | None, found: Found
) -> None:
    assert found(medication=medication)["medication"] == groups


@pytest.mark.parametrize(
    ("medication", "dose"),
    [
        pytest.param(None, None, id="the drugs are unknown"),
        pytest.param([], 0, id="no drugs"),
        pytest.param([{"drug": "prednisolone", "mg_per_day": 15}], 15, id="one steroid"),
        pytest.param(
            [{"drug": "prednisolone", "mg_per_day": 15}, {"drug": "prednisone", "mg_per_day": 5}],
            20,
            id="two steroids",
        ),
        pytest.param(["prednisolone"], None, id="a steroid without its dose"),
        pytest.param(
            [{"drug": "dexamethasone", "mg_per_day": 4}], None, id="a steroid whose dose is not equivalent"
        ),
    ],
)
def test_a_steroid_dose_is_never_guessed(
    medication: list[Any] | None, dose: float | None, found: Found
) -> None:
    assert found(medication=medication)["prednisolone_mg_per_day"] == dose


# --- the hospital's own predictions


def prediction(
    value: Any, cutoff: float | None = None, endpoint: str = "microvascular_invasion"
) -> dict[str, Any]:
    kind = "class" if isinstance(value, str) else "probability"
    return {"model": f"m{value}", "endpoint": endpoint, "kind": kind, "value": value, "cutoff": cutoff}


@pytest.mark.parametrize(
    ("outputs", "predicted"),
    [
        pytest.param([], None, id="no model"),
        pytest.param([prediction(0.7, 0.5)], "high", id="above its cut-off"),
        pytest.param([prediction(0.5, 0.5)], "high", id="at its cut-off"),
        pytest.param([prediction(0.4, 0.5)], "low", id="below its cut-off"),
        pytest.param([prediction(0.7)], None, id="without a cut-off"),
        pytest.param([prediction("Present")], "high", id="a class in words"),
        pytest.param([prediction("moderate")], None, id="a class that is neither"),
        pytest.param([prediction(0.7, 0.5), prediction("low")], None, id="two models that disagree"),
        pytest.param(
            [prediction(0.7, 0.5), prediction("moderate")], "high", id="one that decides, one that does not"
        ),
        pytest.param([prediction(0.7, 0.5, "survival")], None, id="another endpoint"),
    ],
)
def test_microvascular_invasion_is_predicted_only_where_models_decide_and_agree(
    outputs: list[dict[str, Any]], predicted: str | None, found: Found
) -> None:
    assert found(risk_outputs=outputs)["predicted_microvascular_invasion"] == predicted


# --- facts that exclude each other


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"tumour": {"number": 1, "lesions": lesions(2, 3)}}, "count"),
        ({"tumour": {"number": 0, "largest_cm": 2}}, "count"),
        ({"tumour": {"number": 1, "largest_cm": 2, "lesions": lesions(3)}}, "size"),
        ({"tumour": {"vascular_invasion": "none", "portal_thrombus": "tumour"}}, "vessels"),
        ({"tumour": {"vascular_invasion": "none"}, "diagnosis": {"li_rads": "LR-TIV"}}, "vessels"),
        ({"tumour": {"number": 1}, "diagnosis": {"disease_status": "no_evidence_of_disease"}}, "status"),
        (
            {"tumour": {"extrahepatic": ["lung"]}, "diagnosis": {"disease_status": "no_evidence_of_disease"}},
            "status",
        ),
        ({"tumour": {"extrahepatic": [], "extrahepatic_number": 2}}, "spread"),
        ({"tumour": {"extrahepatic": ["lung"], "extrahepatic_number": 0}}, "spread"),
        (
            {"portal_hypertension": {"clinically_significant": False, "varices": "high_risk"}},
            "portal_hypertension",
        ),
        ({"portal_hypertension": {"clinically_significant": False, "hvpg_mmhg": 12}}, "portal_hypertension"),
        ({"sex": "male", "pregnancy_weeks": 12}, "sex"),
    ],
)
def test_facts_that_exclude_each_other_are_found(fields: dict[str, Any], kind: str, found: Found) -> None:
    assert found(**fields)["contradictions"] == {kind}


@pytest.mark.parametrize(
    "fields",
    [
        {"tumour": {"number": 3, "lesions": lesions(2, 3)}},
        {"tumour": {"number": 1, "largest_cm": 3, "lesions": lesions(3.02)}},
        {
            "tumour": {"number": 0, "vascular_invasion": "none", "extrahepatic": []},
            "diagnosis": {"disease_status": "no_evidence_of_disease"},
        },
        {"tumour": {"vascular_invasion": "none", "portal_thrombus": "bland"}},
        {"tumour": {"extrahepatic": ["lung"], "extrahepatic_number": 2}},
        {"tumour": {"extrahepatic_number": 2}},
        {"portal_hypertension": {"clinically_significant": False, "varices": "none", "hvpg_mmhg": 8}},
        {"sex": "female", "pregnancy_weeks": 12},
    ],
)
def test_facts_that_go_together_are_not_called_contradictory(fields: dict[str, Any], found: Found) -> None:
    assert found(**fields)["contradictions"] == frozenset()
