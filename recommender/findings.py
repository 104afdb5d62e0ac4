"""What is known of a patient, by name: the profile's own values and what follows from them.

A finding is a number, a word, a truth value, a set, or `None` for unknown. `Findings` also keeps which profile
fields a finding came from, so that every reason can point at the facts it rests on and every gap at what to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.load import SHIPPED, read_yaml
from liverboard.recommender.endpoints import endpoint_called
from liverboard.recommender.history import history_findings
from liverboard.recommender.profile import Drug, Lesion, PatientProfile, RiskInput

Value = bool | int | float | str | frozenset[str] | None

SEVERE_CONTRADICTIONS = frozenset({"count", "size", "vessels", "status", "spread"})


@dataclass(frozen=True)
class Findings(Mapping[str, Value]):
    """Findings by name. Asking for one that nobody has set gives `None`: unknown."""

    values_: Mapping[str, Value]
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_understood: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Value:
        return self.values_.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)

    def with_(self, values: Mapping[str, Value], fields: Mapping[str, tuple[str, ...]] | None = None) -> Findings:
        """The same findings with some set anew."""
        return replace(self, values_={**self.values_, **values}, fields={**self.fields, **(fields or {})})

    def origin(self, name: str) -> tuple[str, ...]:
        """The profile fields behind a finding (its own name where none is known)."""
        return self.fields.get(name, (name,))


def read_findings(profile: PatientProfile, knowledge: Knowledge) -> Findings:
    """Everything that the profile says, before any score or stage is computed."""
    direct = {
        finding.id: _value(_follow(profile, finding.profile))
        for finding in knowledge.findings.values()
        if finding.profile is not None
    }
    fields = {f.id: (f.profile,) for f in knowledge.findings.values() if f.profile is not None}
    derived: dict[str, tuple[Value, tuple[str, ...]]] = {
        **_illness(profile, knowledge),
        **_tumour(profile),
        **_vessels_and_spread(profile),
        **_predictions(profile.risk_outputs, knowledge),
        **history_findings(profile, knowledge),
    }
    derived["contradictions"] = (_contradictions(profile, derived), ("tumour",))
    if direct.get("varices") in ("unknown", "not_assessed"):
        direct["varices"] = None
    return Findings(
        values_={**direct, **{name: value for name, (value, _) in derived.items()}},
        fields={**fields, **{name: origin for name, (_, origin) in derived.items()}},
        not_understood=_not_understood(profile, knowledge),
    )


def _follow(profile: PatientProfile, path: str) -> Any:
    value: Any = profile
    for part in path.split("."):
        value = getattr(value, part, None)
    return value


def _value(value: Any) -> Value:
    return frozenset(str(item) for item in value) if isinstance(value, tuple) else value


@lru_cache(maxsize=1)
def _sites() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = read_yaml(SHIPPED / "vocabulary" / "sites.yaml")
    return found


@lru_cache(maxsize=1)
def _drug_groups() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_yaml(SHIPPED / "vocabulary" / "medication.yaml")
    return found


def _illness(profile: PatientProfile, knowledge: Knowledge) -> dict[str, tuple[Value, tuple[str, ...]]]:
    known = set(knowledge.findings["comorbidities"].values)
    comorbidities: Value = None
    if profile.comorbidities is not None:
        comorbidities = frozenset(profile.comorbidities) & known
    groups: Value = None
    steroid: Value = None
    if profile.medication is not None:
        named = [(m.drug, m.mg_per_day) if isinstance(m, Drug) else (m, None) for m in profile.medication]
        groups = frozenset(group for name, _ in named for group in _groups(name))
        doses = [dose for name, dose in named if _counts_as_prednisolone(name)]
        steroid = None if None in doses else sum(dose for dose in doses if dose is not None)
        if "corticosteroid" in groups and not doses:
            steroid = None
    return {
        "comorbidities": (comorbidities, ("comorbidities",)),
        "medication": (groups, ("medication",)),
        "prednisolone_mg_per_day": (steroid, ("medication",)),
    }


def _groups(name: str) -> list[str]:
    word = name.strip().lower()
    rows = _drug_groups()
    direct = [row["group"] for row in rows if row["group"] == word.replace(" ", "_")]
    return direct + [row["group"] for row in rows if word in row["names"]]


def _counts_as_prednisolone(name: str) -> bool:
    return any(row.get("prednisolone_equivalent") and name.strip().lower() in row["names"] for row in _drug_groups())


def _not_understood(profile: PatientProfile, knowledge: Knowledge) -> tuple[str, ...]:
    known = set(knowledge.findings["comorbidities"].values)
    allergies = set(knowledge.findings["allergies"].values)
    drugs = [m.drug if isinstance(m, Drug) else m for m in profile.medication or ()]
    return (
        *(f"comorbidities: {item}" for item in profile.comorbidities or () if item not in known),
        *(f"medication: {name}" for name in drugs if not _groups(name)),
        *(f"allergies: {item}" for item in profile.allergies or () if item not in allergies),
        *(
            f"prior_treatments: {t.regimen}"
            for t in profile.prior_treatments or ()
            if not knowledge.regimen_named(t.regimen)
        ),
    )


def _tumour(profile: PatientProfile) -> dict[str, tuple[Value, tuple[str, ...]]]:
    tumour = profile.tumour
    lesions = tumour.lesions or ()
    complete = tumour.number is not None and len(lesions) == tumour.number
    sizes = [lesion.diameter_cm for lesion in lesions]
    largest = tumour.largest_cm if tumour.largest_cm is not None else (max(sizes) if complete and sizes else None)
    total: float | None = None
    if complete and sizes:
        total = round(sum(sizes), 2)
    elif tumour.number == 1 and largest is not None:
        total = largest
    texts = [lesion.segment for lesion in lesions if lesion.segment]
    near = set(tumour.near or ()) | _words(texts, "near")
    segments = frozenset(segment for lesion in lesions for segment in segments_of(lesion))
    return {
        "largest_cm": (largest, ("tumour.largest_cm",)),
        "total_diameter_cm": (total, ("tumour.lesions",)),
        "near": (frozenset(near) if near or tumour.near is not None else None, ("tumour.near",)),
        "lesion_site": (frozenset(_words(texts, "site")) or None, ("tumour.lesions",)),
        "liver_segments": (segments or None, ("tumour.lesions",)),
        "distribution": (tumour.distribution or _distribution(lesions, complete), ("tumour.distribution",)),
    }


def segments_of(lesion: Lesion) -> frozenset[str]:
    """The Couinaud segments that a lesion's free text names: `S5-7` is S5, S6 and S7; `S4b/5` is S4 and S5."""
    found: set[str] = set()
    text = (lesion.segment or "").replace("–", "-")
    for match in re.finditer(
        r"(?i)(?<![a-z])(?:s|segments?\s*)([1-8])[ab]?((?:\s*(?:[-/、]\s*s?|,\s*s)[1-8][ab]?(?!\d|\.\d))*)", text
    ):
        first = int(match[1])
        found.add(f"S{first}")
        for sign, digit in re.findall(r"(?i)([-/、,])\s*s?(\d)", match[2]):
            found.update(f"S{n}" for n in (range(first, int(digit) + 1) if sign == "-" else [int(digit)]))
    return frozenset(found)


def _lobes(lesion: Lesion) -> set[str]:
    segments = segments_of(lesion)
    text = (lesion.segment or "").lower()
    return {lobe for lobe, names in _sites()["lobes"].items() if segments & set(names)} | {
        lobe for lobe, words in _sites()["lobe_words"].items() if any(word in text for word in words)
    }


def _distribution(lesions: Iterable[Lesion], complete: bool) -> Value:
    lobes = [_lobes(lesion) for lesion in lesions]
    if len({lobe for found in lobes if len(found) == 1 for lobe in found}) > 1:
        return "bilobar"
    return "unilobar" if complete and lobes and all(len(found) == 1 for found in lobes) else None


def _words(texts: Iterable[str], group: str) -> set[str]:
    joined = " ".join(texts).lower()
    return {
        name
        for name, words in _sites()[group].items()
        if any(
            re.search(rf"(?<![a-z])(?<!away from )(?<!away from the ){re.escape(word.lower())}(?![a-z0-9])", joined)
            for word in words
        )
    }


def _vessels_and_spread(profile: PatientProfile) -> dict[str, tuple[Value, tuple[str, ...]]]:
    tumour = profile.tumour
    invasion, thrombus = tumour.vascular_invasion, tumour.portal_thrombus
    macro: bool | None = None if invasion is None else invasion != "none"
    if thrombus == "tumour" or profile.diagnosis.li_rads == "LR-TIV":
        macro = True
    elif thrombus == "undetermined" and not macro:
        macro = None
    major: bool | None = None if invasion is None else invasion in ("vp3", "vp4", "hepatic_vein", "ivc", "right_atrium")
    sites = None if tumour.extrahepatic is None else frozenset(tumour.extrahepatic)
    spread: bool | None = None
    nodal: bool | None = None
    distant: bool | None = None
    if sites is not None:
        definite = sites - {"indeterminate"}  # what is not proven does not raise the stage; a flag asks to clarify it
        spread, nodal, distant = bool(definite), "lymph_nodes" in sites, bool(definite - {"lymph_nodes"})
    vessel_fields = ("tumour.vascular_invasion", "tumour.portal_thrombus")
    return {
        "macrovascular_invasion": (macro, vessel_fields),
        "major_vessel_invasion": (major, vessel_fields),
        "extrahepatic_spread": (spread, ("tumour.extrahepatic",)),
        "nodal_metastasis": (nodal, ("tumour.extrahepatic",)),
        "distant_metastasis": (distant, ("tumour.extrahepatic",)),
    }


def _predictions(outputs: Iterable[RiskInput], knowledge: Knowledge) -> dict[str, tuple[Value, tuple[str, ...]]]:
    verdicts = {
        stratum
        for output in outputs
        if (endpoint := endpoint_called(output.endpoint, knowledge.endpoints)) is not None
        and endpoint.id == "microvascular_invasion"
        and (stratum := stratum_of(output)) is not None
    }
    return {"predicted_microvascular_invasion": (verdicts.pop() if len(verdicts) == 1 else None, ("risk_outputs",))}


def stratum_of(output: RiskInput) -> str | None:
    """`high` or `low` where the output says it or its own cut-off decides it, else `None`."""
    if isinstance(output.value, str):
        word = output.value.strip().lower()
        return (
            "high"
            if word in {"high", "positive", "present", "yes"}
            else ("low" if word in {"low", "negative", "absent", "no"} else None)
        )
    if output.cutoff is None:
        return None
    return "high" if output.value >= output.cutoff else "low"


def _contradictions(profile: PatientProfile, derived: Mapping[str, tuple[Value, tuple[str, ...]]]) -> frozenset[str]:
    """What in the record excludes something else in it, by kind."""
    tumour, found = profile.tumour, set()
    sizes = [lesion.diameter_cm for lesion in tumour.lesions or ()]
    if tumour.number is not None and len(sizes) > tumour.number:
        found.add("count")
    if tumour.number == 0 and tumour.largest_cm:
        found.add("count")
    if tumour.largest_cm is not None and sizes and max(sizes) > tumour.largest_cm + 0.05:
        found.add("size")
    if tumour.vascular_invasion == "none" and (
        tumour.portal_thrombus == "tumour" or profile.diagnosis.li_rads == "LR-TIV"
    ):
        found.add("vessels")
    if profile.diagnosis.disease_status == "no_evidence_of_disease" and (
        (tumour.number or 0) > 0 or tumour.vascular_invasion not in (None, "none") or derived["extrahepatic_spread"][0]
    ):
        found.add("status")
    if (
        tumour.extrahepatic is not None
        and tumour.extrahepatic_number is not None
        and (bool(tumour.extrahepatic) != bool(tumour.extrahepatic_number))
    ):
        found.add("spread")
    hypertension = profile.portal_hypertension
    if hypertension.clinically_significant is False and (
        hypertension.varices in ("low_risk", "high_risk") or (hypertension.hvpg_mmhg or 0) >= 10
    ):
        found.add("portal_hypertension")
    if profile.sex == "male" and profile.pregnancy_weeks:
        found.add("sex")
    return frozenset(found)
