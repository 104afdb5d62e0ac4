"""The patient as described: typed, frozen, in fixed units; what is absent is unknown, never assumed normal.

Fields, their meaning and their values are those of the contract. `read_profile` turns a mapping into a profile or
says, by field, what is wrong with it and what would be accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from liverboard.corpus.errors import InputError
from liverboard.corpus.load import SHIPPED, by_id, read_records
from liverboard.corpus.records import Finding
from liverboard.corpus.units import to_unit


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Response = Literal["CR", "PR", "SD", "PD", "NE"]
_RESPONSES = get_args(Response)


_MSI = {"msi-h": "msi_high", "msi-high": "msi_high", "dmmr": "msi_high", "true": "msi_high",
        "mss": "mss", "msi-l": "mss", "pmmr": "mss", "false": "mss"}
_PRESENCE = {"positive": True, "amplified": True, "mutated": True, "present": True,
             "negative": False, "wild type": False, "wildtype": False, "absent": False}


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
    vascular_invasion: (
        Literal["none", "vp1", "vp2", "vp3", "vp4", "hepatic_vein", "ivc", "right_atrium"] | None
    ) = None
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
        tuple[
            Literal["bile_duct", "gallbladder", "bowel", "diaphragm", "heart", "major_vessel", "subcapsular"], ...
        ]
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
                "declines_surgery", "declines_immunotherapy", "declines_tki", "declines_intervention",
                "continues_pregnancy", "ends_pregnancy", "comfort_only",
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


def read_profile(data: Any, *, findings: Mapping[str, Finding] | None = None) -> PatientProfile:
    """A profile from a mapping as JSON or YAML gives it; quantities with a unit are converted.

    Raises
    ------
    InputError
        Not a mapping; an unknown key (the nearest known one is named); a value outside what is accepted; a
        quantity that no living patient has; a unit that cannot be converted.
    """
    if not isinstance(data, Mapping):
        raise InputError("profile", f"is a {_kind(data)}, not a mapping of fields.",
                         "Write one patient as key: value pairs, starting with diagnosis: {tumour_type: hcc}.")
    known = findings or _shipped_findings()
    by_path = {finding.profile: finding for finding in known.values() if finding.profile}
    cleaned = _with_units(data, by_path)
    _refuse_impossible(cleaned, by_path)
    try:
        profile = PatientProfile.model_validate(cleaned)
    except ValidationError as error:
        raise _explained(error) from error
    return profile


def read_profile_file(path: Path) -> PatientProfile:
    """A profile from a `.json`, `.yaml` or `.yml` file; every fault is an `InputError` that names the file."""
    return read_profile(parse_text(read_text(path), name=path.name, json_only=path.suffix.lower() == ".json"))


def read_text(path: Path) -> str:
    """The text of a file, or an `InputError`: missing, a folder, empty, or not text."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({error.strerror}).", "Give the path of a file.") from error
    if not raw.strip():
        raise InputError(str(path), "is empty.", "Write one patient as JSON, YAML or plain text.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(str(path), "is not UTF-8 text (a binary file?).", "Save it as UTF-8 text.") from error
    if "\x00" in text:
        raise InputError(str(path), "holds binary data.", "Give JSON, YAML or plain text.")
    return text


def parse_text(text: str, *, name: str, json_only: bool = False) -> Any:
    """The data of a JSON or YAML text."""
    try:
        return json.loads(text) if json_only else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError, RecursionError) as error:
        line = getattr(error, "lineno", None) or getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" near line {line}" if line is not None else ""
        raise InputError(name, f"is not valid {'JSON' if json_only else 'YAML'}{where}.", "Mend the syntax there.") from error


def _shipped_findings() -> Mapping[str, Finding]:
    return by_id(read_records(Finding, SHIPPED / "vocabulary" / "findings.yaml"))


def _with_units(data: Mapping[str, Any], by_path: Mapping[str, Finding], prefix: str = "") -> dict[str, Any]:
    """The same data with every `{value, unit}` replaced by a number in the unit of its field."""
    result: dict[str, Any] = {}
    for key, value in data.items():
        path = f"{prefix}{key}"
        finding = by_path.get(path)
        if isinstance(value, Mapping) and finding is not None and finding.type == "number":
            result[str(key)] = _quantity(value, finding, path)
        elif isinstance(value, Mapping):
            result[str(key)] = _with_units(value, by_path, f"{path}.")
        else:
            result[str(key)] = value
    return result


def _quantity(value: Mapping[str, Any], finding: Finding, path: str) -> float:
    extra = set(value) - {"value", "unit"}
    number = value.get("value")
    if extra or not isinstance(number, int | float) or isinstance(number, bool):
        raise InputError(path, f"{dict(value)!r} is not a quantity.", 'Write a number, or {"value": 0.8, "unit": "mg/dL"}.')
    unit = value.get("unit")
    if unit is None:
        raise InputError(path, "a quantity without a unit.", f"Name its unit, or write the bare number in {finding.unit}.")
    return to_unit(finding.id, float(number), str(unit), finding.unit, field=path)


def _refuse_impossible(data: Mapping[str, Any], by_path: Mapping[str, Finding], prefix: str = "") -> None:
    for key, value in data.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            _refuse_impossible(value, by_path, f"{path}.")
            continue
        finding = by_path.get(path)
        if finding is None or finding.type != "number" or value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(path, f"{_short(value)} is not a number.", f"Write a number{_in_unit(finding)}.")
        if finding.plausible is None:
            continue
        low, high = finding.plausible
        if not low <= value <= high:
            raise ImpossibleValueError(path, float(value), finding)


def _in_unit(finding: Finding) -> str:
    return f" in {finding.unit}, or a value with its unit" if finding.unit else ""


class ImpossibleValueError(InputError):
    """A value that no living patient has. `suggestion`: what was probably meant, or `None`."""

    def __init__(self, path: str, value: float, finding: Finding) -> None:
        assert finding.plausible is not None
        low, high = finding.plausible
        unit = f" {finding.unit}" if finding.unit else ""
        self.suggestion = next(
            (value / d for d in (10, 100, 1000) if value > high and low <= value / d <= high), None
        )
        remedy = f"Accepted: {low:g} to {high:g}{unit}."
        if self.suggestion is not None:
            remedy += f" A slip of the decimal point or another unit is likely: {self.suggestion:g}{unit}?"
        super().__init__(path, f"{value:g}{unit} is impossible.", remedy)


def _explained(error: ValidationError) -> InputError:
    """The first fault of a validation as a sentence about a field, its value and what is accepted."""
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("literal[", "tuple[")))
    match first["type"]:
        case "extra_forbidden":
            return _unknown_key(first["loc"])
        case "missing":
            return InputError(path, "is required.", "Give it; `unknown` is accepted where it is a value.")
        case "literal_error":
            return InputError(path, f"{first['input']!r} is not accepted.", f"Accepted: {first['ctx']['expected']}.")
        case _:
            return InputError(path, f"{_short(first['input'])} is not accepted: {first['msg']}.", "")


def _unknown_key(loc: Iterable[int | str]) -> InputError:
    from rapidfuzz import process

    *parents, key = loc
    model: Any = PatientProfile
    for part in parents:
        if isinstance(part, int):
            continue
        field = getattr(model, "model_fields", {}).get(part)
        if field is not None:
            model = _model_in(field.annotation) or model
    known = list(getattr(model, "model_fields", {}))
    path = ".".join(str(part) for part in (*parents, key))
    nearest = process.extractOne(str(key), known, score_cutoff=50)
    remedy = f"Did you mean {nearest[0]!r}?" if nearest else f"Known here: {', '.join(known)}."
    return InputError(path, "is not a known key.", remedy)


def _model_in(annotation: Any) -> Any:
    """The model inside a field's annotation (`Tumour`, `tuple[Lesion, ...] | None`), if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _kind(value: Any) -> str:
    return {list: "list", str: "text", type(None): "nothing"}.get(type(value), type(value).__name__)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
