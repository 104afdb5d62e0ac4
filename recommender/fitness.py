"""Whether a regimen can be had where the patient is, and whether the patient wants it."""

from __future__ import annotations

from liverboard.corpus.records import Regimen
from liverboard.recommender.staging import Patient


def available(regimen: Regimen, country: str | None) -> bool:
    """Whether nothing known keeps the regimen from a country; true where the country is unknown."""
    if country is None:
        return True
    here = regimen.availability.get(country)
    if here is not None:
        return here.approved
    return not regimen.available_only_in or country in regimen.available_only_in


def declined(regimen: Regimen, patient: Patient) -> frozenset[str]:
    """The patient's wishes that speak against the regimen."""
    wishes = patient.findings["preferences"]
    if not isinstance(wishes, frozenset):
        return frozenset()
    own = set(regimen.declined_by) | ({"comfort_only"} if regimen.anticancer else set())
    return wishes & own


def candidacy_open(patient: Patient) -> bool:
    """Whether nobody has said that the patient can be transplanted, and no failing liver forces the question.

    Transplantation is not offered then: it is asked who can be a candidate, under `missing`.
    """
    failing = patient.findings["child_pugh_class"] in ("B", "C") and patient.findings["ascites"] != "none"
    return patient.findings["transplant_candidate"] is None and not failing
