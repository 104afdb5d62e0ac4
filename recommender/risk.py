"""The patient's models: what each output says, whether it may speak of this patient, and what it moves.

An output moves a regimen within its tier, by what a rule of its endpoint says and cites; it never sets a tier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Bilingual, RiskEndpoint
from liverboard.recommender.findings import stratum_of
from liverboard.recommender.logic import judge
from liverboard.recommender.phrases import phrase
from liverboard.recommender.profile import RiskInput
from liverboard.recommender.staging import Patient


@dataclass(frozen=True)
class RiskEffect:
    """What one output does to some regimens: `push` on their score, with the reason and its statement."""

    model: str
    regimens: tuple[str, ...]
    push: float
    text: Bilingual
    statement: str


@dataclass(frozen=True)
class RiskOutput:
    """One output of a model as it counts for this patient. `in_population` is `None` when that cannot be told."""

    given: RiskInput
    endpoint: RiskEndpoint | None
    stratum: str | None
    in_population: bool | None
    effects: tuple[RiskEffect, ...]
    effect_text: Bilingual

    @property
    def provenance(self) -> Mapping[str, Any] | None:
        return self.given.provenance.model_dump() if self.given.provenance else None


def estimate_risks(patient: Patient, knowledge: Knowledge) -> tuple[RiskOutput, ...]:
    """Every risk output of the profile, read against the catalogue of endpoints, in the order given."""
    return tuple(_read(given, patient, knowledge) for given in patient.profile.risk_outputs)


def _read(given: RiskInput, patient: Patient, knowledge: Knowledge) -> RiskOutput:
    endpoint = knowledge.endpoints.get(given.endpoint)
    stratum = stratum_of(given)
    if endpoint is None:
        return RiskOutput(given, None, stratum, None, (), phrase("risk.not_catalogued"))
    inside = judge(endpoint.population, patient.findings, knowledge.definitions, knowledge.findings).value
    if stratum is None:
        return RiskOutput(given, endpoint, None, inside, (), phrase("risk.no_stratum"))
    effects = tuple(
        RiskEffect(given.model, effect.regimens, effect.push, effect.text, effect.cites[0])
        for effect in endpoint.effects
        if effect.stratum == stratum
        and inside is not False
        and judge(effect.when, patient.findings, knowledge.definitions, knowledge.findings).holds
    )
    texts = [effect.text for effect in effects] or [phrase("risk.no_effect")]
    if effects and (given.provenance is None or given.provenance.validation != "external"):
        texts.append(phrase("risk.not_external"))
    joined = Bilingual(en=" ".join(text.en for text in texts), zh="".join(text.zh for text in texts))
    return RiskOutput(given, endpoint, stratum, inside, effects, joined)
