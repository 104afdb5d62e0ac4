"""The space of patients, as a table: for each field of a profile the values worth trying, the usual one first.

Both walks read it: the property tests, which shrink towards the usual patient, and the longer run of `eval.laws`.
Values stand on both sides of where guidelines, labels and scores draw their lines; they decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from random import Random
from typing import Any, get_args

from liverboard.corpus.knowledge import Knowledge
from liverboard.recommender.profile import PatientProfile, PortalHypertension, Tumour

Patient = dict[str, Any]
ABSENT = None
"""A field that nobody filled; the contract reads it as unknown."""

REGIONS = ("CN", "US", "JP", "KR", "TW", "GB", "DE", "FR", "ES", "SE", "DK", "IT", "AU", "BR", ABSENT)

_HISTORIES: tuple[Any, ...] = (
    [],
    [],
    [],
    [{"regimen": "resection", "months_since": 18, "stopped_for": "completed"}],
    [{"regimen": "ablation_rfa_mwa", "months_since": 8, "best_response": "CR", "stopped_for": "completed"}],
    [{"regimen": "liver_transplant", "months_since": 30, "stopped_for": "completed"}],
    [{"regimen": "tace", "sessions": 2, "best_response": "PD", "months_since": 1, "stopped_for": "progression"}],
    [{"regimen": "tace", "sessions": 1, "best_response": "PR", "months_since": 3, "stopped_for": "completed"}],
    [{"regimen": "sorafenib", "best_response": "SD", "dose_mg_per_day": 800, "stopped_for": "progression",
      "months_since": 1}],
    [{"regimen": "sorafenib", "dose_mg_per_day": 200, "stopped_for": "toxicity", "months_since": 1,
      "toxicity": {"kind": "hand_foot_skin_reaction", "grade": 3}}],
    [{"regimen": "lenvatinib", "best_response": "PD", "stopped_for": "progression", "months_since": 1}],
    [{"regimen": "atezolizumab_bevacizumab", "best_response": "PD", "stopped_for": "progression", "months_since": 1}],
    [{"regimen": "atezolizumab_bevacizumab", "best_response": "PR", "stopped_for": "toxicity", "months_since": 2,
      "toxicity": {"kind": "immune_hepatitis", "grade": 4}}],
    [{"regimen": "durvalumab_tremelimumab", "best_response": "PD", "stopped_for": "progression", "months_since": 1},
     {"regimen": "sorafenib", "best_response": "PD", "dose_mg_per_day": 400, "stopped_for": "progression",
      "months_since": 0.5}],
    [{"regimen": "haic_folfox", "sessions": 4, "best_response": "PR", "stopped_for": "ongoing", "months_since": 0}],
    ABSENT,
)  # fmt: skip

_NUMBERS: dict[str, tuple[Any, ...]] = {
    "age_years": (58, 45, 58, 70, 84, 17),
    "pregnancy_weeks": (ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, 12, 30),
    "liver_stiffness_kpa": (ABSENT, 8, 26),
    "labs.bilirubin_umol_l": (14, 20, 33, 36, 45, 60, 120),
    "labs.albumin_g_l": (41, 36, 34, 29, 26),
    "labs.inr": (1.05, 1.4, 1.8, 2.5),
    "labs.platelets_10e9_l": (160, 95, 60, 40, 20),
    "labs.creatinine_umol_l": (80, 130, 190, 400),
    "labs.egfr_ml_min": (ABSENT, 25, 50, 90),
    "labs.afp_ng_ml": (120, 5, 420, 1100, 60000),
    "labs.alt_u_l": (40, 250, ABSENT),
    "labs.sodium_mmol_l": (139, 126, ABSENT),
    "labs.crp_mg_l": (ABSENT, 3, 40),
    "labs.haemoglobin_g_l": (130, 70, ABSENT),
    "labs.neutrophils_10e9_l": (ABSENT, 3.5, 1.0),
    "labs.icg_r15_percent": (ABSENT, 8, 35),
    "labs.proteinuria_g_24h": (ABSENT, 0, 0.5, 3),
    "tumour.number": (1, 2, 3, 4, 8, 0),
    "tumour.largest_cm": (3.2, 1.5, 2.6, 4.5, 6, 9, 14),
    "tumour.extrahepatic_number": (ABSENT, ABSENT, 1, 3, 12),
    "tumour.liver_involvement_percent": (ABSENT, 10, 55, 80),
    "portal_hypertension.hvpg_mmhg": (ABSENT, 6, 12, 22),
    "portal_hypertension.weeks_since_bleed": (ABSENT, ABSENT, ABSENT, 2, 30),
    "future_liver_remnant_percent": (ABSENT, 25, 35, 55),
    "lung_dose_gy": (ABSENT, 10, 35),
    "recurrence.months_since_curative": (ABSENT, 1, 6, 30),
    "recurrence.resected_size_cm": (ABSENT, 4, 7),
    "virology.hbv_dna_iu_ml": (ABSENT, 10, 50000),
    "molecular.tmb_per_mb": (ABSENT, 15),
}

_WORDS: dict[str, tuple[Any, ...]] = {
    "sex": ("male", "female", ABSENT),
    "region": REGIONS,
    "diagnosis.tumour_type": (*("hcc",) * 12, "icca", "chcc_cca", "metastasis", "hepatoblastoma", "benign", "unknown"),
    "diagnosis.basis": (*("histology",) * 4, "imaging", "imaging", "unconfirmed", ABSENT),
    "diagnosis.li_rads": (ABSENT, "LR-5", "LR-5", "LR-3", "LR-M", "LR-TIV"),
    "diagnosis.subtype": (ABSENT, ABSENT, ABSENT, "fibrolamellar"),
    "diagnosis.disease_status": (*("active",) * 6, "no_evidence_of_disease", ABSENT),
    "virology.hbsag": ("negative", "positive", ABSENT),
    "virology.on_antiviral": (ABSENT, True, False),
    "virology.hcv_rna": (ABSENT, "undetectable", "detectable"),
    "cirrhosis": (True, False, ABSENT),
    "fibrosis_stage": (ABSENT, "F1", "F4"),
    "ecog": (0, 0, 1, 2, 3, 4, ABSENT),
    "ecog_limited_by_cancer": (ABSENT, ABSENT, True, False),
    "ascites": ("none", "none", "none", "mild", "mild", "moderate_severe", ABSENT),
    "encephalopathy": ("none", "none", "none", "grade1_2", "grade3_4", ABSENT),
    "child_pugh_stated": (ABSENT, ABSENT, ABSENT, "A6", "B8", "C"),
    "tumour.distribution": (ABSENT, "unilobar", "bilobar"),
    "tumour.infiltrative": (ABSENT, False, True),
    "tumour.vascular_invasion": (
        *("none",) * 4, "vp1", "vp2", "vp3", "vp4", "hepatic_vein", "ivc", "right_atrium", ABSENT,
    ),
    "tumour.portal_thrombus": (*(ABSENT,) * 4, "none", "bland", "tumour", "undetermined"),
    "tumour.portal_flow": (ABSENT, ABSENT, "hepatopetal", "occluded_with_collaterals", "occluded_without_collaterals"),
    "tumour.bile_duct_invasion": (ABSENT, ABSENT, False, True),
    "tumour.rupture": (ABSENT, ABSENT, "none", "contained_stable", "active_unstable"),
    "tumour.resectable": (ABSENT, True, False),
    "portal_hypertension.clinically_significant": (False, True, ABSENT),
    "portal_hypertension.varices": ("none", "none", "low_risk", "high_risk", "not_assessed", ABSENT),
    "portal_hypertension.varices_treated": (ABSENT, True, False),
    "portal_hypertension.tips": (ABSENT, ABSENT, True, False),
    "recurrence.microvascular_invasion": (ABSENT, "M0", "M1", "M2"),
    "recurrence.margin": (ABSENT, "R0", "R1"),
    "molecular.msi": (ABSENT, ABSENT, "mss", "msi_high"),
    "molecular.ntrk_fusion": (ABSENT, ABSENT, True, False),
    "transplant_candidate": (ABSENT, True, False),
    "prior_treatments": _HISTORIES,
    "tumour.lesions": (
        *(ABSENT,) * 6, [{"diameter_cm": 2.4, "segment": "S6"}, {"diameter_cm": 1.8, "segment": "S2"}],
    ),
    "risk_outputs": (
        *(ABSENT,) * 4,
        [{"model": "mvi_ct_radiomics", "endpoint": "microvascular_invasion", "kind": "probability", "value": 0.72,
          "ci95": [0.61, 0.82], "cutoff": 0.5},
         {"model": "another", "endpoint": "early_recurrence", "kind": "class", "value": "high"}],
    ),
}  # fmt: skip

_MOST_IN_A_LIST = 2
_NEEDED = (
    "diagnosis.disease_status", "ecog", "labs.bilirubin_umol_l", "labs.albumin_g_l", "labs.inr", "ascites",
    "encephalopathy", "tumour.number", "tumour.largest_cm", "tumour.vascular_invasion",
)  # fmt: skip


def single_choices(knowledge: Knowledge) -> dict[str, tuple[Any, ...]]:
    """For each field with one value: the values to try, the usual one first, the extremes of what is accepted last."""
    ends = {f.profile: f.plausible for f in knowledge.findings.values() if f.profile and f.plausible}
    whole = {"tumour.number", "tumour.extrahepatic_number"}
    numbers = {
        path: (values[0], *values, *(int(v) if path in whole else v for v in ends.get(path, ())), ABSENT)
        for path, values in _NUMBERS.items()
    }
    return {**numbers, **_WORDS}


def list_choices(knowledge: Knowledge) -> dict[str, tuple[Any, ...]]:
    """For each field that is a list: what may stand in it."""
    medication = (*knowledge.findings["medication"].values, {"drug": "prednisolone", "mg_per_day": 15}, "aspirin")
    return {
        "etiology": _words_of(PatientProfile, "etiology"),
        "comorbidities": (*knowledge.findings["comorbidities"].values, "something nobody has heard of"),
        "medication": medication,
        "allergies": knowledge.findings["allergies"].values,
        "tumour.extrahepatic": _words_of(Tumour, "extrahepatic"),
        "tumour.near": _words_of(Tumour, "near"),
        "preferences": _words_of(PatientProfile, "preferences"),
    }


def a_patient(knowledge: Knowledge, random: Random) -> Patient:
    """One patient, drawn; about half of the fields have their usual value."""
    values = {
        path: options[0] if random.random() < 0.6 else random.choice(options)
        for path, options in single_choices(knowledge).items()
    }
    for path, options in list_choices(knowledge).items():
        known = random.random() < 0.8
        some = random.sample(options, min(len(options), random.choice((0, 0, 0, 1, _MOST_IN_A_LIST))))
        values[path] = some if known else ABSENT
    patient = patient_of(values)
    drawn = random.random()
    return patient if drawn < 0.05 else coherent(patient) if drawn < 0.25 else answerable(patient, knowledge)


def patient_of(values: Mapping[str, Any]) -> Patient:
    """The profile, in the contract's form, of values by their dotted paths; what is absent is left out."""
    patient: Patient = {"diagnosis": {"tumour_type": "hcc"}}
    for path, value in values.items():
        if value is not ABSENT:
            put(patient, path, deepcopy(value))
    return patient


def coherent(patient: Patient) -> Patient:
    """The same patient with what excludes something else set right: a record that contradicts itself is no answer."""
    found = deepcopy(patient)
    if get(found, "diagnosis.disease_status") == "no_evidence_of_disease":
        found = with_(found, {
            "tumour": {"number": 0, "vascular_invasion": "none", "extrahepatic": []},
            "diagnosis.li_rads": ABSENT,
        })
    elif get(found, "tumour.number") == 0:
        put(found, "tumour.number", 1)
    if lesions := get(found, "tumour.lesions"):
        put(found, "tumour.number", len(lesions))
        put(found, "tumour.largest_cm", max(lesion["diameter_cm"] for lesion in lesions))
    if get(found, "tumour.vascular_invasion") == "none" and get(found, "tumour.portal_thrombus") == "tumour":
        put(found, "tumour.portal_thrombus", "bland")
    if get(found, "tumour.vascular_invasion") == "none" and get(found, "diagnosis.li_rads") == "LR-TIV":
        put(found, "diagnosis.li_rads", "LR-5")
    if not get(found, "tumour.extrahepatic"):
        put(found, "tumour.extrahepatic_number", ABSENT)
    elif get(found, "tumour.extrahepatic_number") == 0:
        put(found, "tumour.extrahepatic_number", 1)
    if get(found, "portal_hypertension.clinically_significant") is False:
        for sign in ("varices", "hvpg_mmhg"):
            if get(found, f"portal_hypertension.{sign}") not in (ABSENT, "none"):
                put(found, "portal_hypertension.clinically_significant", True)
    if get(found, "pregnancy_weeks"):
        put(found, "sex", "female")
    return found


def answerable(patient: Patient, knowledge: Knowledge) -> Patient:
    """The same patient with a proven hepatocellular carcinoma and nothing missing that a stage needs."""
    usual, adult = single_choices(knowledge), (get(patient, "age_years") or 0) >= 18
    proven = {"diagnosis.tumour_type": "hcc", "diagnosis.basis": "histology", "diagnosis.li_rads": ABSENT}
    found = with_(patient, proven)
    missing = {path: usual[path][0] for path in _NEEDED if get(found, path) is ABSENT}
    if get(found, "tumour.extrahepatic") is ABSENT:
        missing["tumour.extrahepatic"] = []
    return coherent(with_(found, missing if adult else {**missing, "age_years": usual["age_years"][0]}))


def put(patient: Patient, path: str, value: Any) -> None:
    """Set a field by its dotted path; `None` takes it away."""
    *groups, name = path.split(".")
    for group in groups:
        patient = patient.setdefault(group, {})
    if value is ABSENT:
        patient.pop(name, None)
    else:
        patient[name] = value


def get(patient: Mapping[str, Any], path: str) -> Any:
    """A field by its dotted path; `None` where it is absent."""
    value: Any = patient
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def with_(patient: Patient, values: Mapping[str, Any]) -> Patient:
    """A copy of a patient with some fields set anew."""
    changed = deepcopy(patient)
    for path, value in values.items():
        put(changed, path, deepcopy(value))
    return changed


def fields_of(patient: Mapping[str, Any], prefix: str = "") -> Iterable[str]:
    """The dotted paths of everything that a patient's profile says."""
    for name, value in patient.items():
        if isinstance(value, Mapping):
            yield from fields_of(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _words_of(model: type[PatientProfile] | type[Tumour] | type[PortalHypertension], name: str) -> tuple[str, ...]:
    """The words that a list field of a profile accepts, as its type says."""

    def words(annotation: Any) -> Sequence[str]:
        parts = get_args(annotation)
        return [p for p in parts if isinstance(p, str)] or [w for p in parts for w in words(p)]

    return tuple(words(model.model_fields[name].annotation))
