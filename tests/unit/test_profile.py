"""Reading a patient: what is absent stays unknown, what is impossible is refused, with what would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from liverboard.corpus.errors import InputError
from liverboard.corpus.load import SHIPPED, by_id, read_records
from liverboard.corpus.records import Finding
from liverboard.recommender.intake import ImpossibleValueError, parse_text, read_profile, read_profile_file
from liverboard.recommender.profile import PatientProfile

HCC = {"tumour_type": "hcc"}
FINDINGS = by_id(read_records(Finding, SHIPPED / "vocabulary" / "findings.yaml"))


def patient(**fields: Any) -> dict[str, Any]:
    return {"diagnosis": HCC, **fields}


def read(data: Any) -> PatientProfile:
    return read_profile(data, findings=FINDINGS)


def refusal_of(data: Any) -> InputError:
    with pytest.raises(InputError) as refusal:
        read(data)
    return refusal.value


# --- what is absent


def test_a_tumour_type_alone_is_a_patient_of_whom_all_else_is_unknown() -> None:
    profile = read({"diagnosis": HCC})
    known = profile.model_dump(exclude_none=True)
    assert known.pop("diagnosis") == HCC
    assert not any(value for value in known.values())


@pytest.mark.parametrize(
    "group", ["labs", "tumour", "virology", "portal_hypertension", "recurrence", "molecular"]
)
def test_a_group_that_is_null_is_a_group_of_which_nothing_is_known(group: str) -> None:
    assert read(patient(**{group: None})) == read(patient())


def test_no_comorbidities_is_not_the_same_as_none_mentioned() -> None:
    assert read(patient(comorbidities=[])).comorbidities == ()
    assert read(patient()).comorbidities is None
    assert read(patient(tumour={"extrahepatic": []})).tumour.extrahepatic == ()
    assert read(patient(tumour={})).tumour.extrahepatic is None


def test_a_profile_that_was_read_cannot_be_changed_afterwards() -> None:
    profile = read(patient(age_years=58))
    with pytest.raises(ValidationError):
        profile.age_years = 60  # type: ignore[misc]  # this is what must fail
    assert profile.age_years == 58


def test_a_profile_written_out_and_read_again_is_the_same_patient() -> None:
    given = patient(
        age_years=58,
        region="CN",
        labs={"bilirubin_umol_l": {"value": 1, "unit": "mg/dL"}},
        tumour={"number": 1, "lesions": [{"diameter_cm": 3.2, "segment": "S6"}], "extrahepatic": ["lung"]},
        prior_treatments=[{"regimen": "tace", "sessions": 2}],
        medication=["warfarin", {"drug": "prednisone"}],
        risk_outputs=[
            {"model": "m", "endpoint": "e", "kind": "probability", "value": 0.7, "ci95": [0.6, 0.8]}
        ],
    )
    profile = read(given)
    assert read(profile.model_dump(mode="json", exclude_none=True)) == profile


# --- quantities


def test_laboratory_values_are_kept_in_the_unit_of_their_name() -> None:
    labs = {
        "bilirubin_umol_l": {"value": 3, "unit": "mg/dL"},
        "albumin_g_l": {"value": 4.1, "unit": "g/dL"},
        "inr": 1.1,
    }
    profile = read(patient(labs=labs, tumour={"largest_cm": {"value": 32, "unit": "mm"}}))
    assert (profile.labs.bilirubin_umol_l, profile.labs.albumin_g_l, profile.labs.inr) == (51.3, 41, 1.1)
    assert profile.tumour.largest_cm == 3.2


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        ({"value": 12}, "without a unit"),
        ({"value": "12", "unit": "mg/dL"}, "not a quantity"),
        ({"value": True, "unit": "mg/dL"}, "not a quantity"),
        ({"value": None, "unit": "mg/dL"}, "not a quantity"),
        ({"unit": "mg/dL"}, "not a quantity"),
        ({"value": 12, "unit": "mg/dL", "method": "Jaffe"}, "not a quantity"),
        ({"value": 12, "unit": "cm"}, "cannot be converted"),
        ({"value": -1, "unit": "mg/dL"}, "impossible"),
        ({"value": 1e9, "unit": "mg/dL"}, "impossible"),
    ],
)
def test_a_quantity_that_cannot_be_used_is_refused_by_field(quantity: Any, said: str) -> None:
    refusal = refusal_of(patient(labs={"bilirubin_umol_l": quantity}))
    assert refusal.field == "labs.bilirubin_umol_l"
    assert said in refusal.problem
    assert refusal.remedy


# --- what no living patient has


def test_every_bounded_quantity_is_refused_just_outside_its_bounds() -> None:
    bounded = [f for f in FINDINGS.values() if f.plausible and f.profile]
    assert bounded
    for finding in bounded:
        assert finding.plausible is not None
        assert finding.profile is not None
        low, high = finding.plausible
        for value in (low - 1, high + 1, high * 1000 + 1, float("nan"), float("inf"), float("-inf")):
            nested: Any = value
            for part in reversed(finding.profile.split(".")):
                nested = {part: nested}
            refusal = refusal_of({**patient(), **nested})
            assert isinstance(refusal, ImpossibleValueError), finding.id
            assert refusal.field == finding.profile
            assert f"{low:g} to {high:g}" in refusal.remedy


@given(albumin=st.floats(8, 70))
def test_a_value_that_a_patient_can_have_is_kept_as_it_is(albumin: float) -> None:
    assert read(patient(labs={"albumin_g_l": albumin})).labs.albumin_g_l == albumin


def test_a_slip_of_the_decimal_point_is_named_as_what_was_probably_meant() -> None:
    refusal = refusal_of(patient(labs={"albumin_g_l": 410}))
    assert isinstance(refusal, ImpossibleValueError)
    assert refusal.suggestion == 41
    assert "41 g/L" in str(refusal)


def test_no_slip_is_suggested_for_a_negative_value() -> None:
    refusal = refusal_of(patient(labs={"inr": -1.1}))
    assert isinstance(refusal, ImpossibleValueError)
    assert refusal.suggestion is None


# --- keys and words


@pytest.mark.parametrize(
    ("data", "field", "nearest"),
    [
        (patient(comorbidites=[]), "comorbidites", "comorbidities"),
        (patient(labs={"albumine_g_l": 41}), "labs.albumine_g_l", "albumin_g_l"),
        (patient(tumour={"largest": 3}), "tumour.largest", "largest_cm"),
        ({"diagnosis": {**HCC, "tumor_type": "hcc"}}, "diagnosis.tumor_type", "tumour_type"),
        (
            patient(prior_treatments=[{"regimen": "tace", "session": 2}]),
            "prior_treatments.0.session",
            "sessions",
        ),
        (
            patient(prior_treatments=[{"regimen": "tace", "toxicity": {"kind": "x", "grades": 4}}]),
            "prior_treatments.0.toxicity.grades",
            "grade",
        ),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest_known_one(data: Any, field: str, nearest: str) -> None:
    refusal = refusal_of(data)
    assert refusal.field == field
    assert repr(nearest) in refusal.remedy


def test_a_key_like_no_other_is_answered_with_the_known_ones() -> None:
    assert "tumour_type" in refusal_of({"diagnosis": {**HCC, "qqq": 1}}).remedy


@pytest.mark.parametrize(
    ("data", "field", "accepted"),
    [
        (patient(sex="Male"), "sex", "'male'"),
        (patient(ascites="some"), "ascites", "'moderate_severe'"),
        (patient(tumour={"vascular_invasion": "vp5"}), "tumour.vascular_invasion", "'vp4'"),
        (patient(tumour={"extrahepatic": ["lung", "toe"]}), "tumour.extrahepatic.1", "'bone'"),
        ({"diagnosis": {"tumour_type": "HCC"}}, "diagnosis.tumour_type", "'hcc'"),
    ],
)
def test_a_word_that_is_not_accepted_is_answered_with_those_that_are(
    data: Any, field: str, accepted: str
) -> None:
    refusal = refusal_of(data)
    assert refusal.field == field
    assert accepted in refusal.remedy


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "diagnosis"),
        ({"diagnosis": {}}, "diagnosis.tumour_type"),
        (patient(region="China"), "region"),
        (patient(child_pugh_stated="D5"), "child_pugh_stated"),
        (patient(tumour="large"), "tumour"),
        (patient(tumour={"number": 2.5}), "tumour.number"),
        (patient(tumour={"lesions": [{"diameter_cm": 0}]}), "tumour.lesions.0.diameter_cm"),
        (patient(tumour={"lesions": [{"diameter_cm": 41}]}), "tumour.lesions.0.diameter_cm"),
        (patient(tumour={"lesions": [{"diameter_cm": float("nan")}]}), "tumour.lesions.0.diameter_cm"),
        (patient(prior_treatments=[{"sessions": 2}]), "prior_treatments.0.regimen"),
        (patient(prior_treatments=[{"regimen": "tace", "sessions": -1}]), "prior_treatments.0.sessions"),
        (
            patient(prior_treatments=[{"regimen": "tace", "months_since": -1}]),
            "prior_treatments.0.months_since",
        ),
        (
            patient(prior_treatments=[{"regimen": "tace", "toxicity": {"kind": "x", "grade": 6}}]),
            "prior_treatments.0.toxicity.grade",
        ),
    ],
)
def test_a_field_that_cannot_be_used_is_named(data: Any, field: str) -> None:
    assert refusal_of(data).field == field


@pytest.mark.parametrize("data", [None, [], [{"diagnosis": HCC}], "hcc", 3])
def test_a_profile_that_is_no_mapping_is_refused_with_an_example(data: Any) -> None:
    refusal = refusal_of(data)
    assert refusal.field == "profile"
    assert "tumour_type" in refusal.remedy


# --- outputs of the hospital's own models


@pytest.mark.parametrize(
    "output",
    [
        {"kind": "probability", "value": 1.4},
        {"kind": "probability", "value": -0.1},
        {"kind": "probability", "value": "high"},
        {"kind": "probability", "value": 0.7, "ci95": [0.6, 1.2]},
        {"kind": "probability", "value": 0.7, "cutoff": 50},
        {"kind": "probability", "value": float("nan")},
        {"kind": "hazard_ratio", "value": 0},
        {"kind": "hazard_ratio", "value": "doubled"},
        {"kind": "score", "value": "B"},
        {"kind": "guess", "value": 1},
        {"kind": "score", "value": 1, "horizon_months": 0},
    ],
)
def test_an_output_that_its_kind_cannot_have_is_refused(output: dict[str, Any]) -> None:
    refusal = refusal_of(patient(risk_outputs=[{"model": "m", "endpoint": "e", **output}]))
    assert refusal.field.startswith("risk_outputs.0")


@pytest.mark.parametrize(
    "output",
    [
        {"kind": "probability", "value": 0, "cutoff": 1, "ci95": [0, 1]},
        {"kind": "hazard_ratio", "value": 2.1},
        {"kind": "class", "value": "high"},
        {"kind": "score", "value": -3},
    ],
)
def test_an_output_within_its_kind_is_kept(output: dict[str, Any]) -> None:
    profile = read(patient(risk_outputs=[{"model": "m", "endpoint": "e", **output}]))
    assert profile.risk_outputs[0].value == output["value"]


# --- files


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.json", b"", "empty"),
        ("p.yaml", b"  \n", "empty"),
        ("p.txt", b"\x89PNG\r\n\x1a\n\x00\xff", "not UTF-8"),
        ("p.json", b'{"a": "\x00"}', "binary"),
        ("p.json", b'{"diagnosis": ', "not valid JSON"),
        ("p.yaml", b"a: [1, 2", "not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read_profile_file(path)
    assert name in refusal.value.field
    assert said in refusal.value.problem


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nobody.json", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_profile_file(path)


def test_the_same_patient_is_read_from_yaml_and_from_json(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(
        '{"diagnosis": {"tumour_type": "hcc"}, "age_years": 58}', encoding="utf-8"
    )
    (tmp_path / "p.yaml").write_text("\ufeffdiagnosis: {tumour_type: hcc}\nage_years: 58\n", encoding="utf-8")
    profiles = [read_profile_file(tmp_path / name) for name in ("p.json", "p.yaml")]
    assert profiles[0] == profiles[1]
    assert isinstance(profiles[0], PatientProfile)


def test_yaml_never_builds_an_object() -> None:
    with pytest.raises(InputError):
        parse_text("!!python/object/apply:os.getcwd []", name="p.yaml")
