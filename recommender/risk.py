"""The patient's models: what each output says, whether it may speak of this patient, and what it moves.

An output moves a regimen within its tier, by what a rule of its endpoint says and cites; it never sets a tier. Out of
its population or past its horizon it is shown and moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.load import SHIPPED, by_id, read_records
from liverboard.corpus.records import Bilingual
from liverboard.corpus.risk_records import PublishedModel, RiskEndpoint, RiskLimit
from liverboard.recommender.endpoints import endpoint_called
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
    """One output of a model as it counts for this patient.

    `in_population` is `None` when that cannot be told; `limits` are the reasons to trust it less, in the order in which
    they are said; `published` is the catalogue's model of the same name, where the output comes from one.
    """

    given: RiskInput
    endpoint: RiskEndpoint | None
    stratum: str | None
    in_population: bool | None
    effects: tuple[RiskEffect, ...]
    effect_text: Bilingual
    limits: tuple[str, ...] = ()
    published: PublishedModel | None = None

    @property
    def provenance(self) -> Mapping[str, Any] | None:
        return self.given.provenance.model_dump() if self.given.provenance else None

    @property
    def models(self) -> tuple[PublishedModel, ...]:
        """The published models of the same endpoint."""
        return self.endpoint.models if self.endpoint else ()

    @property
    def stratum_text(self) -> Bilingual | None:
        """What the stratum means for this endpoint, where the catalogue says it."""
        if self.endpoint is None:
            return None
        return next((text for name, text in self.endpoint.strata.items() if name == self.stratum), None)


def estimate_risks(patient: Patient, knowledge: Knowledge) -> tuple[RiskOutput, ...]:
    """Every risk output of the profile, read against the catalogue of endpoints, in the order given."""
    return tuple(_read(given, patient, knowledge) for given in patient.profile.risk_outputs)


def _read(given: RiskInput, patient: Patient, knowledge: Knowledge) -> RiskOutput:
    endpoint = endpoint_called(given.endpoint, knowledge.endpoints)
    stratum = stratum_of(given)
    if endpoint is None:
        return RiskOutput(given, None, stratum, None, (), phrase("risk.not_catalogued"))
    inside = judge(endpoint.population, patient.findings, knowledge.definitions, knowledge.findings).value
    published = next((model for model in endpoint.models if model.id == given.model), None)
    limits = tuple(
        limit for limit in _limits().values() if _applies(limit, given, endpoint, inside, patient, knowledge)
    )
    named = tuple(limit.id for limit in limits)
    if stratum is None:
        text = _joined([phrase("risk.no_stratum"), *(limit.text for limit in limits)])
        return RiskOutput(given, endpoint, None, inside, (), text, named, published)
    effects = () if any(limit.silences for limit in limits) else _effects(given, endpoint, stratum, patient, knowledge)
    texts = [effect.text for effect in effects] or [phrase("risk.no_effect")]
    text = _joined([*texts, *(limit.text for limit in limits)])
    return RiskOutput(given, endpoint, stratum, inside, effects, text, named, published)


def _effects(
    given: RiskInput, endpoint: RiskEndpoint, stratum: str, patient: Patient, knowledge: Knowledge
) -> tuple[RiskEffect, ...]:
    """What the endpoint's rules for this stratum do to a patient of whom their condition holds."""
    return tuple(
        RiskEffect(given.model, effect.regimens, effect.push, effect.text, effect.cites[0])
        for effect in endpoint.effects
        if effect.stratum == stratum
        and judge(effect.when, patient.findings, knowledge.definitions, knowledge.findings).holds
    )


def _applies(
    limit: RiskLimit,
    given: RiskInput,
    endpoint: RiskEndpoint,
    inside: bool | None,
    patient: Patient,
    knowledge: Knowledge,
) -> bool:
    match limit.id:
        case "out_of_population":
            return inside is False
        case "population_unknown":
            return inside is None
        case "past_horizon":
            return _past(given, endpoint, patient, knowledge)
        case "not_external":
            return given.provenance is None or given.provenance.validation != "external"


def _past(given: RiskInput, endpoint: RiskEndpoint, patient: Patient, knowledge: Knowledge) -> bool:
    """Whether the months that the output looks ahead to are known to have gone by."""
    horizon = given.horizon_months or endpoint.horizon_months
    if endpoint.clock is None or horizon is None:
        return False
    if not judge(endpoint.clock.when, patient.findings, knowledge.definitions, knowledge.findings).holds:
        return False
    elapsed = patient.findings[endpoint.clock.finding]
    return isinstance(elapsed, int | float) and elapsed > horizon


def _joined(texts: Iterable[Bilingual]) -> Bilingual:
    said = list(dict.fromkeys(texts))
    return Bilingual(en=" ".join(text.en for text in said), zh="".join(text.zh for text in said))


@lru_cache(maxsize=1)
def _limits() -> dict[str, RiskLimit]:
    return by_id(read_records(RiskLimit, SHIPPED / "vocabulary" / "risk_limits.yaml"))
