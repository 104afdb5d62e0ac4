"""Why a regimen stands where it stands: statements and criteria, what holds it back, and what would move it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from liverboard.corpus.errors import InputError
from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Language
from liverboard.recommender.advice import NEARNESS, nearness
from liverboard.recommender.assess import WEIGHTS
from liverboard.recommender.citations import cite
from liverboard.recommender.evidence import Judged, waits
from liverboard.recommender.explore.engine import Engine, leaders_of
from liverboard.recommender.explore.phrases import held, say
from liverboard.recommender.explore.sensitivity import nearest_first, sensitivity_of, swept, turn_dict
from liverboard.recommender.explore.sweep import Turn
from liverboard.recommender.explore.tests_of import criteria
from liverboard.recommender.missing import transplants_waiting
from liverboard.recommender.profile import PatientProfile
from liverboard.recommender.report import Recommendation, stage_dict

_MOST_ADVICE, _MOST_LIMITS = 6, 8
_TIERS = ("recommended", "for_consideration", "not_recommended", None)


def explain(
    profile: PatientProfile,
    name: str,
    engine: Engine,
    language: Language = "en",
    *,
    with_sensitivity: bool = True,
    as_of: str | None = None,
) -> dict[str, Any]:
    """Everything that decided about one regimen for one patient.

    Parameters
    ----------
    name
        The regimen: its id, its name in either language, or a synonym.
    with_sensitivity
        Also change every fact alone: `single_facts` that lift or sink the regimen, and the answer's `sensitivity`.

    Raises
    ------
    InputError
        No regimen is known by that name; the nearest one is suggested.
    """
    knowledge = engine.knowledge
    regimen = _regimen(name, knowledge)
    found = engine.answer(profile, as_of)
    whole = found.as_dict(language)
    item = next((i for i in found.ranked if i.assessment.regimen == regimen), None)
    row = next((r for r in whole["recommendations"] if r["regimen"] == regimen), None)
    reasons = item.assessment.held_back if item is not None else ()
    if item is not None and item.assessment.tier == "for_consideration" and not reasons:
        reasons = ("option_only",)
    document: dict[str, Any] = {
        "patient_id": profile.patient_id,
        "status": found.status,
        "stage": stage_dict(found.patient, language),
        "regimen": regimen,
        "name": knowledge.regimens[regimen].name.in_(language),
        "rank": row["rank"] if row else None,
        "of": len(found.ranked),
        "tier": row["tier"] if row else None,
        "why_absent": None if row else _why_absent(regimen, found, language),
        "score": row["score"] if row else None,
        "score_parts": row["score_parts"] if row else {},
        "score_weights": dict(WEIGHTS),
        "tied_with": _tied_with(regimen, found, language),
        "held_back": [{"reason": reason, "text": held(reason, language)} for reason in reasons],
        "arguments": row["arguments"] if row else [],
        "unmet": row["unmet"] if row else [],
        "unknown": row["unknown"] if row else [],
        "statements": _statements(regimen, found, language),
        "flags": whole["flags"],
    }
    if with_sensitivity:
        base = item.assessment.tier if item is not None else None
        done = swept(found, engine, lambda outcome: outcome.tiers.get(regimen))
        document["single_facts"] = _single_facts(regimen, base, done.turns[1], language)
        document["sensitivity"] = sensitivity_of(found, done, engine, language)
    return {**document, "manifest": whole["manifest"]}


def _regimen(name: str, knowledge: Knowledge) -> str:
    found = name if name in knowledge.regimens else knowledge.regimen_named(name)
    if found is not None and found in knowledge.regimens:
        return found
    from rapidfuzz import process

    nearest = process.extractOne(name, list(knowledge.regimens), score_cutoff=50)
    remedy = f"Did you mean {nearest[0]!r}?" if nearest else f"Known: {', '.join(sorted(knowledge.regimens))}."
    raise InputError("--regimen", f"{name!r} is not a known regimen.", remedy)


def _why_absent(regimen: str, found: Recommendation, language: Language) -> str:
    """Why an answer does not speak of a regimen at all."""
    if regimen in found.evidence.withheld:
        return say("absent.withheld", language)
    if found.status != "ok" and found.knowledge.regimens[regimen].anticancer:
        return say("absent.status", language)
    listed = [item.assessment for item in found.ranked]
    if regimen in transplants_waiting(found.patient, listed, found.evidence, found.knowledge):
        return say("absent.candidacy", language)
    return say("absent.silent" if found.evidence.by_regimen.get(regimen) else "absent.unmentioned", language)


def _tied_with(regimen: str, found: Recommendation, language: Language) -> list[dict[str, str]]:
    """The regimens next to this one that it cannot be told apart from."""
    order = [item.assessment.regimen for item in found.ranked]
    if regimen not in order:
        return []
    place = order.index(regimen)
    near = [order[place - 1]] if found.ranked[place].tied else []
    near += [order[place + 1]] if place + 1 < len(order) and found.ranked[place + 1].tied else []
    leaders = leaders_of(found)
    near += [name for name in leaders if regimen in leaders and name != regimen and name not in near]
    return [{"regimen": n, "name": found.knowledge.regimens[n].name.in_(language)} for n in near]


def _statements(regimen: str, found: Recommendation, language: Language) -> list[dict[str, Any]]:
    """The guideline statements nearest to this patient, then the safety statements that hold or wait."""
    region = found.knowledge.region_of(found.patient.profile.region)
    judged = found.evidence.by_regimen.get(regimen, ())
    advice = sorted(
        (j for j in judged if j.statement.kind == "recommendation"),
        key=lambda j: (
            not j.verdict.holds, NEARNESS.index(nearness(j, region)), len(j.verdict.unmet), len(j.verdict.unknown),
            j.name,
        ),
    )
    limits = sorted(
        (j for j in judged if j.statement.kind == "contraindication"
         and (j.verdict.holds or waits(j.verdict, found.knowledge.findings))),
        key=lambda j: (not j.verdict.holds, j.name),
    )
    chosen: Iterable[Judged] = (*advice[:_MOST_ADVICE], *limits[:_MOST_LIMITS])
    return [_statement(j, nearness(j, region), found, language) for j in chosen]


def _statement(judged: Judged, near: str, found: Recommendation, language: Language) -> dict[str, Any]:
    passage = found.evidence.passages.get(judged.name)
    statement = judged.statement
    return {
        "statement": judged.name,
        "kind": statement.kind,
        "direction": statement.direction,
        "position": statement.position,
        "force": statement.force,
        "body": judged.source.body,
        "year": judged.source.year,
        "nearness": near,
        "text": statement.claim.in_(language),
        "applies": True if judged.verdict.holds else judged.verdict.value,
        "criteria": criteria(judged, found.patient, found.knowledge, language),
        "if_unsuitable": _other_tiers(statement.if_unsuitable, found, language),
        "if_excluded": _other_tiers(statement.if_excluded, found, language),
        "citations": [cite(judged.source, statement, passage, language).model_dump()] if passage else [],
    }


def _other_tiers(names: Iterable[str], found: Recommendation, language: Language) -> list[dict[str, Any]]:
    """The regimens on whose fate a statement depends, with their tiers."""
    tiers = {item.assessment.regimen: item.assessment.tier for item in found.ranked}
    return [
        {"regimen": n, "name": found.knowledge.regimens[n].name.in_(language), "tier": tiers.get(n)}
        for n in names
        if n in found.knowledge.regimens
    ]


def _single_facts(
    regimen: str, base: str | None, turns: tuple[Turn, ...], language: Language
) -> dict[str, list[dict[str, Any]]]:
    """The single changes that put a regimen into a better tier, and into a worse one; the nearest first."""
    facts: dict[str, list[dict[str, Any]]] = {"lifts": [], "sinks": []}
    for turn in nearest_first(turns):
        tier = turn.outcome.tiers.get(regimen)
        side = "lifts" if _TIERS.index(tier) < _TIERS.index(base) else "sinks"
        facts[side].append({**turn_dict(turn, language), "tier": tier, "status": turn.outcome.status})
    return facts
