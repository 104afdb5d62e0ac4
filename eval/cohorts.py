"""Two real cohorts as profiles: their columns read as the contract's fields, and nothing made up where they are silent.

UCI HCC Survival (Coimbra, 165 patients): figures as in its description file. Albumin is given there as mg/dL with
values such as 3.4, which can only be g/dL. SYSUCC intermediate HCC: the first visit of each patient; sizes in
millimetres.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def uci_profiles(path: Path) -> Iterator[dict[str, Any]]:
    """One profile a row of `uci_hcc_survival.csv`; `?` is unknown and left out."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, raw in enumerate(csv.DictReader(file), 1):
            row = {key.strip(): value.strip() for key, value in raw.items()}
            yield _without_unknown(_uci_profile(number, {k: v for k, v in row.items() if v != "?"}))


def _uci_profile(number: int, row: dict[str, str]) -> dict[str, Any]:
    yes = {"1": True, "0": False}
    etiology = [
        name for name, column in (
            ("hbv", "Hepatitis B Surface Antigen"), ("hcv", "Hepatitis C Virus Antibody"), ("alcohol", "Alcohol"),
            ("masld", "Nonalcoholic Steatohepatitis"), ("other", "Hemochromatosis"),
        ) if row.get(column) == "1"
    ]
    comorbidities = [
        name for name, column in (
            ("diabetes", "Diabetes"), ("obesity", "Obesity"), ("chronic_kidney_disease", "Chronic Renal Insufficiency"),
            ("hiv", "Human Immunodeficiency Virus"),
        ) if row.get(column) == "1"
    ]
    nodules = _number(row, "Number of Nodules")
    largest = _number(row, "Major dimension of nodule (cm)")
    return {
        "patient_id": f"UCI-{number:03d}",
        "region": "PT",
        "age_years": _number(row, "Age at diagnosis"),
        "sex": {"1": "male", "0": "female"}.get(row.get("Gender", "")),
        "diagnosis": {"tumour_type": "hcc", "disease_status": "active"},
        "etiology": etiology or None,
        "virology": {"hbsag": {"1": "positive", "0": "negative"}.get(row.get("Hepatitis B Surface Antigen", ""))},
        "cirrhosis": yes.get(row.get("Cirrhosis", "")),
        "ecog": _whole(row, "Performance Status"),
        "labs": {
            "bilirubin_umol_l": _quantity(row, "Total Bilirubin(mg/dL)", "mg/dL"),
            "bilirubin_direct_umol_l": _quantity(row, "Direct Bilirubin (mg/dL)", "mg/dL"),
            "albumin_g_l": _quantity(row, "Albumin (mg/dL)", "g/dL"),
            "inr": _number(row, "International Normalised Ratio"),
            "platelets_10e9_l": _platelets(row),
            "creatinine_umol_l": _quantity(row, "Creatinine (mg/dL)", "mg/dL"),
            "afp_ng_ml": _number(row, "Alpha-Fetoprotein (ng/mL)"),
            "haemoglobin_g_l": _quantity(row, "Haemoglobin (g/dL)", "g/dL"),
            "alt_u_l": _number(row, "Alanine transaminase (U/L)"),
            "ast_u_l": _number(row, "Aspartate transaminase (U/L)"),
        },
        "ascites": {"1": "none", "2": "mild", "3": "moderate_severe"}.get(row.get("Ascites degree", "")),
        "encephalopathy": {"1": "none", "2": "grade1_2", "3": "grade3_4"}.get(row.get("Encefalopathy\tdegree", "")),
        "tumour": {
            "number": None if nodules is None else int(nodules),
            "largest_cm": largest or None,
            "portal_thrombus": {"0": "none", "1": "undetermined"}.get(row.get("Portal Vein Thrombosis", "")),
            "vascular_invasion": "none" if row.get("Portal Vein Thrombosis") == "0" else None,
            "extrahepatic": {"0": [], "1": ["other"]}.get(row.get("Liver Metastasis", "")),
        },
        "portal_hypertension": {
            "clinically_significant": yes.get(row.get("Portal Hypertension", "")),
            "varices": "none" if row.get("Esophageal Varices") == "0" else None,
        },
        "comorbidities": comorbidities or None,
    }


def sysucc_profiles(path: Path) -> Iterator[dict[str, Any]]:
    """The first visit of each patient of `sysucc_intermediate_hcc.csv`."""
    first: dict[str, dict[str, str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            held = first.get(row["ID"])
            if held is None or row["Date"] < held["Date"]:
                first[row["ID"]] = row
    for patient, row in first.items():
        yield _without_unknown(_sysucc_profile(patient, row))


def _sysucc_profile(patient: str, row: dict[str, str]) -> dict[str, Any]:
    points = _whole(row, "Child_pugh_score")
    number = _whole(row, "Amount.of.Hepatic.Lesions")
    largest = _number(row, "Largest.Diameter.of.Hepatic.Lesions")
    spread = [
        name for name, column in (("lymph_nodes", "Local.Lymph.Node.Metastasis"), ("other", "Distant.Metastasis"))
        if row.get(column) == "1"
    ]
    return {
        "patient_id": f"SYSUCC-{patient.removesuffix('.0')}",
        "region": "CN",
        "age_years": _number(row, "Age"),
        "diagnosis": {"tumour_type": "hcc", "disease_status": "active"},
        "labs": {"afp_ng_ml": _number(row, "AFP")},
        "child_pugh_stated": None if points is None else _stated(points),
        "tumour": {
            "number": number,
            "largest_cm": round(largest / 10, 2) if largest and number else None,
            "vascular_invasion": "none" if row.get("Vascular.Invasion") == "0" else None,
            "portal_thrombus": "tumour" if row.get("Vascular.Invasion") == "1" else None,
            "extrahepatic": spread,
        },
    }


def _stated(points: int) -> str:
    return f"{'A' if points <= 6 else 'B' if points <= 9 else 'C'}{points}"


def _number(row: dict[str, str], column: str) -> float | None:
    text = row.get(column, "")
    return float(text) if text not in ("", "?", "NA") else None


def _whole(row: dict[str, str], column: str) -> int | None:
    value = _number(row, column)
    return None if value is None else round(value)


def _quantity(row: dict[str, str], column: str, unit: str) -> dict[str, Any] | None:
    value = _number(row, column)
    return None if value is None else {"value": value, "unit": unit}


def _platelets(row: dict[str, str]) -> float | None:
    """Platelets in 10^9/L: some rows of the file give the count per microlitre instead."""
    value = _number(row, "Platelets\t(G/L)")
    if value is None:
        return None
    return value / 1000 if value > 2000 else value


def _without_unknown(data: dict[str, Any]) -> dict[str, Any]:
    cleaned = {key: _without_unknown(value) if isinstance(value, dict) else value for key, value in data.items()}
    return {key: value for key, value in cleaned.items() if value is not None and value != {}}
