"""Laboratory values with a unit: the same patient whichever unit the laboratory prints."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liverboard.corpus.errors import InputError
from liverboard.corpus.units import to_unit

BILIRUBIN = ("bilirubin_umol_l", "umol/L")
CREATININE = ("creatinine_umol_l", "umol/L")
ALBUMIN = ("albumin_g_l", "g/L")
PLATELETS = ("platelets_10e9_l", "10^9/L")
SIZE = ("largest_cm", "cm")

# finding and its own unit, another unit, and how many of the finding's unit one of it is
EQUIVALENTS = [
    (*BILIRUBIN, "mg/dL", 17.1),
    (*BILIRUBIN, "mg/L", 1.71),
    (*BILIRUBIN, "mmol/L", 1000),
    (*CREATININE, "mg/dL", 88.4),
    (*CREATININE, "mmol/L", 1000),
    (*ALBUMIN, "g/dL", 10),
    (*ALBUMIN, "mg/mL", 1),
    (*PLATELETS, "/uL", 0.001),
    (*PLATELETS, "K/uL", 1),
    (*PLATELETS, "10^4/uL", 10),
    (*SIZE, "mm", 0.1),
    ("haemoglobin_g_l", "g/L", "g/dL", 10),
    ("crp_mg_l", "mg/L", "mg/dL", 10),
    ("afp_ng_ml", "ng/mL", "ug/L", 1),
    ("afp_ng_ml", "ng/mL", "mg/L", 1000),
    ("sodium_mmol_l", "mmol/L", "mEq/L", 1),
    ("alt_u_l", "U/L", "IU/L", 1),
    ("proteinuria_g_24h", "g/24h", "mg/24h", 0.001),
    ("hbv_dna_iu_ml", "IU/mL", "kIU/mL", 1000),
]
VALUES = st.floats(0.01, 1000)


def convert(value: float, finding: str, target: str | None, unit: str) -> float:
    return to_unit(finding, value, unit, target, field=f"labs.{finding}")


@pytest.mark.parametrize(("finding", "target", "unit", "factor"), EQUIVALENTS)
@given(value=VALUES)
def test_a_value_in_another_unit_is_the_same_value(
    finding: str, target: str, unit: str, factor: float, value: float
) -> None:
    assert math.isclose(convert(value, finding, target, unit), value * factor, rel_tol=1e-9)


@pytest.mark.parametrize(("finding", "target", "unit", "factor"), EQUIVALENTS)
@given(lower=VALUES, higher=VALUES)
def test_of_two_patients_the_higher_value_stays_the_higher(
    finding: str, target: str, unit: str, factor: float, lower: float, higher: float
) -> None:
    lower, higher = sorted((lower, higher))
    assert convert(lower, finding, target, unit) <= convert(higher, finding, target, unit)


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_value_in_its_own_unit_is_left_as_it_is(value: float) -> None:
    assert convert(value, *BILIRUBIN, "umol/L") == value


@given(milligrams=st.decimals(min_value="0.1", max_value="60", places=1))
def test_a_converted_value_is_not_a_hair_above_a_cut_off(milligrams: object) -> None:
    printed = float(str(milligrams))
    assert convert(printed, *BILIRUBIN, "mg/dL") == round(printed * 17.1, 6)


@pytest.mark.parametrize("unit", ["umol/L", "µmol/L", "μmol/L", "UMOL/L", " umol / L ", "umol/l"])
def test_a_unit_may_be_written_in_any_of_its_usual_spellings(unit: str) -> None:
    assert convert(14, *BILIRUBIN, unit) == 14


@pytest.mark.parametrize("unit", ["×10^9/L", "10^9/L", "G/L", "10^3/uL"])
def test_platelets_keep_their_value_under_any_name_of_their_unit(unit: str) -> None:
    assert convert(160, *PLATELETS, unit) == 160


@pytest.mark.parametrize(
    ("finding", "target", "unit"),
    [
        pytest.param(*BILIRUBIN, "cm", id="a length is no concentration"),
        pytest.param(*BILIRUBIN, "", id="no unit at all"),
        pytest.param(*BILIRUBIN, "bananas/L", id="no unit of measurement"),
        pytest.param(*BILIRUBIN, "1; import os", id="not a unit but a program"),
        pytest.param("afp_ng_ml", "ng/mL", "IU/mL", id="AFP in units of another assay"),
        pytest.param("pivka_ii_mau_ml", "mAU/mL", "ng/mL", id="PIVKA-II in units of another assay"),
        pytest.param(*ALBUMIN, "umol/L", id="a substance whose molar mass is not given"),
        pytest.param("inr", None, "%", id="a prothrombin activity is no INR"),
        pytest.param("inr", None, "s", id="a prothrombin time is no INR"),
    ],
)
def test_a_unit_of_another_quantity_is_refused_and_never_guessed(
    finding: str, target: str | None, unit: str
) -> None:
    with pytest.raises(InputError) as refusal:
        convert(1, finding, target, unit)
    assert refusal.value.field == f"labs.{finding}"
    assert repr(unit) in refusal.value.problem
    assert "Accepted: " in refusal.value.remedy
    assert (target or "ratio") in refusal.value.remedy


def test_a_ratio_needs_no_unit() -> None:
    assert convert(1.1, "inr", None, "") == 1.1
