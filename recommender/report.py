"""The answer: the contract's document, in one language, with every citation resolved to a passage of the index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Language
from liverboard.corpus.risk_records import PublishedModel
from liverboard.recommender.arguments import Argument
from liverboard.recommender.citations import cite
from liverboard.recommender.disagreements import Disagreement, find_disagreements
from liverboard.recommender.evidence import Evidence, StatementIndex
from liverboard.recommender.findings import Value
from liverboard.recommender.flags import Flag, Status, raise_flags, status_of
from liverboard.recommender.formulas import ScoreResult
from liverboard.recommender.logic import Leaf
from liverboard.recommender.missing import asked_fields, missing, transplants_waiting
from liverboard.recommender.phrases import say
from liverboard.recommender.rank import Ranked, rank
from liverboard.recommender.risk import RiskOutput
from liverboard.recommender.staging import Patient

OFFERED = ("recommended", "for_consideration")


class Index(StatementIndex, Protocol):
    """An index as the whole recommender needs it."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def embedder_name(self) -> str: ...

    @property
    def created(self) -> str | None: ...


@dataclass(frozen=True)
class Manifest:
    """Everything that an answer rests on; the same manifest gives the same bytes."""

    software: str
    knowledge: str
    index: str
    embedder: str
    created: str | None


@dataclass(frozen=True)
class Recommendation:
    """An answer before it is put into words. `as_dict` says it in one language."""

    patient: Patient
    status: Status
    ranked: tuple[Ranked, ...]
    risks: tuple[RiskOutput, ...]
    flags: tuple[Flag, ...]
    disagreements: tuple[Disagreement, ...]
    evidence: Evidence
    knowledge: Knowledge
    manifest: Manifest
    without: tuple[str | None, ...] = ()

    def as_dict(self, language: Language = "en") -> dict[str, Any]:
        """The document of the contract."""
        return {
            "patient_id": self.patient.profile.patient_id,
            "status": self.status,
            "stage": stage_dict(self.patient, language),
            "scores": [score_dict(score, language) for score in self.patient.scores],
            "risk_outputs": [
                {
                    **_risk(output, language),
                    "published": [self._published(model, language) for model in output.models],
                    "without": self.without[place] if place < len(self.without) else None,
                }
                for place, output in enumerate(self.risks)
            ],
            "recommendations": [self._recommendation(item, language) for item in self.ranked],
            "disagreements": [self._disagreement(item, language) for item in self.disagreements],
            "flags": [
                {
                    "code": flag.code,
                    "severity": flag.rule.severity,
                    "message": flag.message.in_(language),
                    "citations": self._citations(flag.rule.cites, language),
                }
                for flag in self.flags
            ],
            "missing": self._missing(language),
            "not_understood": list(self.patient.findings.not_understood),
            "manifest": {**vars(self.manifest), "patient_sha256": _patient_sha256(self.patient)},
        }

    def _recommendation(self, item: Ranked, language: Language) -> dict[str, Any]:
        found = item.assessment
        return {
            "rank": item.rank,
            "regimen": found.regimen,
            "name": self.knowledge.regimens[found.regimen].name.in_(language),
            "tier": found.tier,
            "score": found.score,
            "score_parts": dict(found.parts),
            "tied": item.tied,
            "arguments": [self._argument(argument, language) for argument in found.arguments],
            "unmet": _criteria(found.unmet, self.patient, self.knowledge, language),
            "unknown": _criteria(found.unknown, self.patient, self.knowledge, language),
        }

    def _argument(self, argument: Argument, language: Language) -> dict[str, Any]:
        return {
            "direction": argument.direction,
            "kind": argument.kind,
            "text": argument.text.in_(language),
            "patient_facts": _facts(argument.findings, self.patient, self.knowledge),
            "citations": self._citations([argument.statement] if argument.statement else [], language),
        }

    def _missing(self, language: Language) -> list[dict[str, Any]]:
        listed = [item.assessment for item in self.ranked]
        transplants = transplants_waiting(self.patient, listed, self.evidence, self.knowledge)
        return missing(self.patient, listed, self.flags, self.knowledge, language, transplants)

    def _published(self, model: PublishedModel, language: Language) -> dict[str, Any]:
        """A published model of the same endpoint, for the board to compare with its own."""
        return {
            "model": model.id,
            "modality": list(model.modality),
            "reads": model.reads.in_(language),
            "validation": model.validation,
            "performance": [
                {
                    **figure.model_dump(exclude={"of"}, exclude_none=True),
                    **({"of": figure.of.in_(language)} if figure.of else {}),
                }
                for figure in model.performance
            ],
            "citations": self._citations(model.cites, language),
        }

    def _disagreement(self, item: Disagreement, language: Language) -> dict[str, Any]:
        regimen = self.knowledge.regimens[item.regimen].name.in_(language)
        return {
            "question": say("question.regimen", language, regimen=regimen),
            "regimen": item.regimen,
            "positions": [
                {
                    "guideline": position.judged.source.body or position.judged.source.title,
                    "year": position.judged.source.year,
                    "region": position.judged.source.region,
                    "position": say(f"position.{position.stance}", language),
                    "stance": position.stance,
                    "citation": next(iter(self._citations([position.judged.name], language)), None),
                }
                for position in item.positions
            ],
        }

    def _citations(self, names: Iterable[str], language: Language) -> list[dict[str, Any]]:
        return [
            cite(*self.knowledge.statements[name], self.evidence.passages[name], language).model_dump()
            for name in names
            if name in self.evidence.passages
        ]


def report(
    patient: Patient,
    risks: Sequence[RiskOutput],
    evidence: Evidence,
    ranked: Sequence[Ranked],
    knowledge: Knowledge,
    manifest: Manifest,
    without: Sequence[str | None] = (),
) -> Recommendation:
    """Put the answer together. A status other than `ok` offers no anticancer treatment.

    `without`: for each risk output the first choice that the patient would have without it.
    """
    differing = find_disagreements([item.assessment for item in ranked], knowledge, patient.profile.region)
    offered = [item.assessment.regimen for item in ranked if item.assessment.tier in OFFERED]
    flags = raise_flags(patient, offered, differing, knowledge)
    status = status_of(flags)
    if status != "ok":
        kept = {
            item.assessment.regimen: item.assessment
            for item in ranked
            if item.assessment.tier == "not_recommended" or not knowledge.regimens[item.assessment.regimen].anticancer
        }
        ranked = rank(kept, knowledge)
        offered = [regimen for regimen, found in kept.items() if found.tier in OFFERED]
        flags = raise_flags(patient, offered, differing, knowledge)
    first = tuple(without) if status == "ok" else ()
    return Recommendation(
        patient, status, tuple(ranked), tuple(risks), flags, differing, evidence, knowledge, manifest, first
    )


def versions(knowledge: Knowledge, index: Index, as_of: str | None) -> Manifest:
    """What an answer rests on. `created` is the day asked for, else the day the index was made."""
    return Manifest(
        version("liverboard"), knowledge.fingerprint, index.fingerprint, index.embedder_name, as_of or index.created
    )


def stage_dict(patient: Patient, language: Language) -> dict[str, Any]:
    """The contract's `stage`, with what confounds it and the literal result where that differs."""
    block = dict(patient.stage)
    if patient.confounders:
        block["notes"] = [confounder.note.in_(language) for confounder in patient.confounders]
    if patient.literal is not None:
        block["literal"] = dict(patient.literal)
    return block


def score_dict(score: ScoreResult, language: Language) -> dict[str, Any]:
    """One entry of the contract's `scores`."""
    return {
        "id": score.id,
        "name": score.name.in_(language),
        "value": score.value,
        "stratum": score.stratum,
        "unit": score.unit,
        "outcome": score.outcome.in_(language) if score.outcome else None,
        "outputs": dict(score.outputs),
        "possible": {name: list(values) for name, values in score.possible.items()},
        "inputs": dict(score.inputs),
        "missing": list(score.missing),
        "near_cutoff": [near.model_dump() for near in score.near_cutoff],
        "applies": score.applies,
        "source": score.source.model_dump(),
        "confidence": score.confidence,
    }


def _facts(names: Iterable[str], patient: Patient, knowledge: Knowledge) -> list[dict[str, Any]]:
    """The patient's facts behind a reason: a profile path where there is one, else the derived finding."""
    return [
        {"field": knowledge.findings[name].profile or name, "value": _plain(patient.findings[name])} for name in names
    ]


def _criteria(
    leaves: Iterable[Leaf], patient: Patient, knowledge: Knowledge, language: Language
) -> list[dict[str, Any]]:
    return [
        {
            "field": knowledge.findings[leaf.test.finding].profile or leaf.test.finding,
            "label": knowledge.findings[leaf.test.finding].label.in_(language),
            "value": _plain(patient.findings[leaf.test.finding]),
            "asked": {
                **leaf.test.model_dump(exclude={"finding"}, exclude_none=True, by_alias=True),
                **({"not": True} if leaf.negated else {}),
            },
            "ask": [
                path for path, _ in asked_fields(leaf.test.finding, patient, knowledge) if leaf.holds is None
            ],
        }
        for leaf in dict.fromkeys(leaves)
    ]


def _risk(output: RiskOutput, language: Language) -> dict[str, Any]:
    return {
        "model": output.given.model,
        "endpoint": output.endpoint.id if output.endpoint else output.given.endpoint,
        "value": output.given.value,
        "ci95": output.given.ci95,
        "cutoff": output.given.cutoff,
        "stratum": output.stratum,
        "means": output.stratum_text.in_(language) if output.stratum_text else None,
        "informs": output.endpoint.decision.in_(language) if output.endpoint and output.endpoint.decision else None,
        "in_population": output.in_population,
        "limits": list(output.limits),
        "effect": output.effect_text.in_(language),
        "moves": [{"regimen": r, "push": e.push, "statement": e.statement} for e in output.effects for r in e.regimens],
        "provenance": output.provenance,
    }


def _plain(value: Value) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _patient_sha256(patient: Patient) -> str:
    return hashlib.sha256(patient.profile.model_dump_json(exclude_none=True).encode()).hexdigest()


def offered_regimens(document: Mapping[str, Any], tier: str | None = None) -> list[str]:
    """The regimens of an answer that are offered, in order; of one tier where it is named."""
    return [
        item["regimen"]
        for item in document["recommendations"]
        if (item["tier"] == tier if tier else item["tier"] in OFFERED)
    ]
