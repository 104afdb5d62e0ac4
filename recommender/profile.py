"""The patient as described: typed, frozen, in fixed units; what is absent is unknown, never assumed normal.

Fields, their meaning and their values are those of the contract. `intake` reads a profile and explains what is wrong.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Response = Literal["CR", "PR", "SD", "PD", "NE"]


_MSI = {
    "msi-h": "msi_high",
    "msi-high": "msi_high",
    "dmmr": "msi_high",
    "true": "msi_high",
    "mss": "mss",
    "msi-l": "mss",
    "pmmr": "mss",
    "false": "mss",
}
_PRESENCE = {
    "positive": True,
    "amplified": True,
    "mutated": True,
    "present": True,
    "negative": False,
    "wild type": False,
    "wildtype": False,
    "absent": False,
}


class Diagnosis(_Part):
    tumour_type: Literal["hcc", "icca", "chcc_cca", "metastasis", "hepatoblastoma", "benign", "unknown"]
    basis: Literal["histology", "imaging", "unconfirmed"] | None = None
    li_rads: Literal["LR-1", "LR-2", "LR-3", "LR-4", "LR-5", "LR-M", "LR-TIV"] | None = None
    subtype: str | None = None
    disease_status: Literal["active", "no_evidence_of_disease"] | None = None


class Virology(_Part):
    hbsag: Literal["positive", "negative"] | None = None
    hbv_dna_iu_ml: float | None = None
    on_antiviral: bool | None = None
    hcv_rna: Literal["undetectable", "detectable"] | None = None


class Labs(_Part):
    """Laboratory values, each in the unit of its name."""

    bilirubin_umol_l: float | None = None
    bilirubin_direct_umol_l: float | None = None
    albumin_g_l: float | None = None
    inr: float | None = None
    platelets_10e9_l: float | None = None
    creatinine_umol_l: float | None = None
    afp_ng_ml: float | None = None
    pivka_ii_mau_ml: float | None = None
    alt_u_l: float | None = None
    ast_u_l: float | None = None
    sodium_mmol_l: float | None = None
    crp_mg_l: float | None = None
    haemoglobin_g_l: float | None = None
    neutrophils_10e9_l: float | None = None
    lymphocytes_10e9_l: float | None = None
    icg_r15_percent: float | None = None
    proteinuria_g_24h: float | None = None
    egfr_ml_min: float | None = None
    tnf_alpha_pg_ml: float | None = None
    ifn_gamma_pg_ml: float | None = None


class Lesion(_Part):
    diameter_cm: float = Field(gt=0, le=40)
    segment: str | None = None


class Tumour(_Part):
    number: int | None = Field(None, ge=0, le=1000)
    largest_cm: float | None = None
    lesions: tuple[Lesion, ...] | None = None
    distribution: Literal["unilobar", "bilobar"] | None = None
    infiltrative: bool | None = None
    vascular_invasion: Literal["none", "vp1", "vp2", "vp3", "vp4", "hepatic_vein", "ivc", "right_atrium"] | None = None
    portal_thrombus: Literal["none", "bland", "tumour", "undetermined"] | None = None
    portal_flow: (
        Literal["hepatopetal", "reduced", "occluded_with_collaterals", "occluded_without_collaterals"] | None
    ) = None
    bile_duct_invasion: bool | None = None
    extrahepatic: (
        tuple[
            Literal[
                "lymph_nodes", "lung", "bone", "adrenal", "peritoneum", "brain", "soft_tissue", "indeterminate", "other"
            ],
            ...,
        ]
        | None
    ) = None
    extrahepatic_number: int | None = Field(None, ge=0)
    rupture: Literal["none", "contained_stable", "active_unstable"] | None = None
    liver_involvement_percent: float | None = None
    near: (
        tuple[Literal["bile_duct", "gallbladder", "bowel", "diaphragm", "heart", "major_vessel", "subcapsular"], ...]
        | None
    ) = None
    resectable: bool | None = None


class PortalHypertension(_Part):
    clinically_significant: bool | None = None
    hvpg_mmhg: float | None = None
    varices: Literal["none", "low_risk", "high_risk", "unknown", "not_assessed"] | None = None
    varices_treated: bool | None = None
    weeks_since_bleed: float | None = None
    tips: bool | None = None


class Recurrence(_Part):
    months_since_curative: float | None = None
    microvascular_invasion: Literal["M0", "M1", "M2"] | None = None
    margin: Literal["R0", "R1"] | None = None
    resected_size_cm: float | None = None


class Toxicity(_Part):
    kind: str
    grade: int | None = Field(None, ge=1, le=5)


class PriorTreatment(_Part):
    regimen: str
    sessions: int | None = Field(None, ge=0, le=100)
    best_response: Response | None = None
    months_since: float | None = Field(None, ge=0, le=600)
    duration_months: float | None = Field(None, ge=0, le=600)
    dose_mg_per_day: float | None = Field(None, ge=0)
    stopped_for: Literal["progression", "toxicity", "completed", "ongoing"] | None = None
    toxicity: Toxicity | None = None


class Drug(_Part):
    drug: str
    mg_per_day: float | None = Field(None, ge=0)


class Molecular(_Part):
    """Molecular findings; `msi`, `her2` and `idh1` are also read as reports write them ("MSI-H", "amplified")."""

    msi: Literal["msi_high", "mss"] | None = None
    tmb_per_mb: float | None = None
    pd_l1_cps: float | None = None
    ntrk_fusion: bool | None = None
    her2: bool | None = None
    fgfr2_fusion: bool | None = None
    idh1: bool | None = None

    @field_validator("msi", mode="before")
    @classmethod
    def _as_reported(cls, value: Any) -> Any:
        return _MSI.get(str(value).lower().replace("_", "-"), value)

    @field_validator("her2", "idh1", "ntrk_fusion", "fgfr2_fusion", mode="before")
    @classmethod
    def _present_or_not(cls, value: Any) -> Any:
        return _PRESENCE.get(value.strip().lower(), value) if isinstance(value, str) else value


class Provenance(_Part):
    doi: str | None = None
    validation: Literal["none", "derivation", "internal", "external"] | None = None
    auc: float | None = Field(None, ge=0, le=1)
    n: int | None = Field(None, ge=0)


class RiskInput(_Part):
    """One output of a hospital's own model, as it was given."""

    model: str
    endpoint: str
    kind: Literal["probability", "score", "hazard_ratio", "class"]
    value: float | str
    ci95: tuple[float, float] | None = None
    horizon_months: float | None = Field(None, gt=0)
    cutoff: float | None = None
    provenance: Provenance | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> RiskInput:
        if self.kind == "probability":
            given = [self.value, *(self.ci95 or ()), *([self.cutoff] if self.cutoff is not None else [])]
            if any(not isinstance(v, int | float) or not 0 <= v <= 1 for v in given):
                raise ValueError("a probability, its interval and its cut-off lie within [0, 1]")
        if self.ci95 is not None and self.ci95[0] > self.ci95[1]:
            raise ValueError("an interval runs from its lower to its upper end")
        if self.kind == "hazard_ratio" and (not isinstance(self.value, int | float) or self.value <= 0):
            raise ValueError("a hazard ratio is a number above 0")
        if self.kind == "score" and not isinstance(self.value, int | float):
            raise ValueError("a score is a number")
        return self


class PatientProfile(_Part):
    """One patient. Everything but the tumour type may be unknown (`None`)."""

    patient_id: str | None = None
    age_years: float | None = None
    sex: Literal["male", "female"] | None = None
    region: str | None = Field(None, pattern=r"^[A-Z]{2}$")
    pregnancy_weeks: float | None = None
    diagnosis: Diagnosis
    etiology: (
        tuple[Literal["hbv", "hcv", "alcohol", "masld", "autoimmune_hepatitis", "hiv", "other", "none"], ...] | None
    ) = None
    virology: Virology = Virology()
    cirrhosis: bool | None = None
    fibrosis_stage: Literal["F0", "F1", "F2", "F3", "F4"] | None = None
    liver_stiffness_kpa: float | None = None
    ecog: int | None = Field(None, ge=0, le=4)
    ecog_limited_by_cancer: bool | None = None
    labs: Labs = Labs()
    ascites: Literal["none", "mild", "moderate_severe"] | None = None
    encephalopathy: Literal["none", "grade1_2", "grade3_4"] | None = None
    child_pugh_stated: str | None = Field(None, pattern=r"^[ABCabc] ?\d{0,2}$")
    tumour: Tumour = Tumour()
    portal_hypertension: PortalHypertension = PortalHypertension()
    future_liver_remnant_percent: float | None = None
    lung_dose_gy: float | None = None
    recurrence: Recurrence = Recurrence()
    prior_treatments: tuple[PriorTreatment, ...] | None = None
    comorbidities: tuple[str, ...] | None = None
    medication: tuple[str | Drug, ...] | None = None
    allergies: tuple[str, ...] | None = None
    molecular: Molecular = Molecular()
    transplant_candidate: bool | None = None
    preferences: (
        tuple[
            Literal[
                "declines_surgery",
                "declines_immunotherapy",
                "declines_tki",
                "declines_intervention",
                "continues_pregnancy",
                "ends_pregnancy",
                "comfort_only",
            ],
            ...,
        ]
        | None
    ) = None
    risk_outputs: tuple[RiskInput, ...] = ()
    narrative: str | None = None

    @field_validator(
        "virology", "labs", "tumour", "portal_hypertension", "recurrence", "molecular", "risk_outputs", mode="before"
    )
    @classmethod
    def _absent_group(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("risk_outputs", mode="before")
    @classmethod
    def _absent_outputs(cls, value: Any) -> Any:
        return () if value is None or value == {} else value
