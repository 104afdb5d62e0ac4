"""From statements to a tier: guidelines set it, contraindications outrank everything, trials order within it.

For each regimen the bodies that speak first for the patient's region set the tier; what bodies of other regions say
stands beside it as a disagreement and sets nothing. What is unknown can hold a regimen back, never push it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Regimen, Region
from liverboard.recommender.advice import Advice, hear
from liverboard.recommender.arguments import Argument, arguments_of, unmet_first
from liverboard.recommender.evidence import Evidence, Judged
from liverboard.recommender.fitness import available, candidacy_open, declined
from liverboard.recommender.logic import Leaf
from liverboard.recommender.risk import RiskEffect, RiskOutput
from liverboard.recommender.staging import Patient

Tier = Literal["recommended", "for_consideration", "not_recommended"]
TIERS: tuple[Tier, ...] = ("recommended", "for_consideration", "not_recommended")

# How much each part of the score weighs. The tier is decided before any of this: the score orders within it.
WEIGHTS = {"guideline": 0.6, "evidence": 0.25, "fit": 0.15}
POSITION = {"first_choice": 1.0, "preferred": 0.75, "option": 0.5}
STRENGTH = {"strong": 1.0, "not_graded": 0.95, "weak": 0.9}
NEARNESS = {"home": 1.0, "fallback": 0.92, "other": 0.6}
CERTAINTY = {"high": 0.5, "moderate": 0.35, "low": 0.2, "very_low": 0.1, "not_graded": 0.2}
AGREEMENT, MOST_AGREEING = 0.02, 3  # each further body that advises the regimen, and how many of them count
CAUTION, RELATIVE = 0.08, 0.3  # what a caution and a relative contraindication (or an open population) cost in fit


@dataclass(frozen=True)
class Assessment:
    """One regimen for one patient.

    `unmet`: criteria that the patient fails; `unknown`: criteria that cannot be judged; `bodies`: which guideline
    body says what of it for a patient like this; `bodies_outside`: bodies that keep it for other patients.
    """

    regimen: str
    tier: Tier
    score: float
    parts: Mapping[str, float]
    arguments: tuple[Argument, ...]
    unmet: tuple[Leaf, ...] = ()
    unknown: tuple[Leaf, ...] = ()
    bodies: Mapping[str, Judged] = field(default_factory=dict)
    bodies_outside: Mapping[str, Judged] = field(default_factory=dict)
    held_back: tuple[str, ...] = ()


def assess_regimens(
    patient: Patient, risks: Sequence[RiskOutput], evidence: Evidence, knowledge: Knowledge
) -> dict[str, Assessment]:
    """Every regimen that the index says something of.

    A fallback body speaks for a regimen of which no home body has a view. Where that leaves a patient who is not in the
    terminal stage without any recommended treatment, the fallback bodies are asked about every regimen.
    """
    region = knowledge.region_of(patient.profile.region)
    effects = [effect for output in risks for effect in output.effects if effect.statement in evidence.passages]
    case = _Case(patient, effects, evidence, region, knowledge)
    found = _assess_all(case)
    treated = any(a.tier == "recommended" and knowledge.regimens[a.regimen].anticancer for a in found.values())
    return found if treated or patient.findings["bclc"] == "D" else _assess_all(replace(case, ask_all=True))


@dataclass(frozen=True)
class _Case:
    """What every regimen is assessed against. `ask_all`: fallback bodies are asked about every regimen."""

    patient: Patient
    effects: Sequence[RiskEffect]
    evidence: Evidence
    region: Region
    knowledge: Knowledge
    ask_all: bool = False


def _assess_all(case: _Case) -> dict[str, Assessment]:
    """All regimens, none before those that it waits for."""
    done: dict[str, Assessment] = {}
    for regimen in _in_order(_waits_for(case.evidence)):
        if regimen in case.knowledge.regimens and regimen in case.evidence.by_regimen:
            found = _assess(case.knowledge.regimens[regimen], case, done)
            if found is not None:
                done[regimen] = found
    return done


def _waits_for(evidence: Evidence) -> dict[str, list[str]]:
    """For each regimen, those that must be assessed before it: what its live conditional statements name."""
    return {
        regimen: sorted({
            other for judged in found if judged.verdict.value is not False
            for other in (*judged.statement.if_unsuitable, *judged.statement.if_excluded) if other != regimen
        })
        for regimen, found in sorted(evidence.by_regimen.items())
    }


def _in_order(waits_for: dict[str, list[str]]) -> list[str]:
    """An order in which every regimen stands after those it waits for.

    Two bodies may make two regimens wait for each other ("ablation if no transplant", "transplant if no ablation");
    such a ring is opened at its last link, so that the order stays the same for the same statements.
    """
    while True:
        try:
            return list(TopologicalSorter(waits_for).static_order())
        except CycleError as error:
            ring: list[str] = error.args[1]
            waits_for[ring[1]].remove(ring[0])


def _assess(regimen: Regimen, case: _Case, done: Mapping[str, Assessment]) -> Assessment | None:
    """One regimen; `None` where nobody advises it and nothing speaks against it, or where it must be withheld."""
    tiers = {name: found.tier for name, found in done.items()}
    advice = hear(
        case.evidence.by_regimen[regimen.id], regimen, case.region, tiers, case.knowledge, ask_all=case.ask_all
    )
    tier, held = _tier(regimen, case.patient, advice)
    if tier is None or (tier != "not_recommended" and regimen.id in case.evidence.withheld):
        return None
    pushes = [effect for effect in case.effects if regimen.id in effect.regimens]
    parts = _parts(advice, held, pushes)
    bodies = _by_body((*advice.forwards, *advice.elsewhere, *(
        j for j in (*advice.forbidden, *advice.discouraged) if j.statement.kind == "recommendation"
    )))
    nearest_outside = unmet_first(advice.outside, case.region, 3) if not advice.candidates else []
    return Assessment(
        regimen=regimen.id,
        tier=tier,
        score=0.0 if tier == "not_recommended" else round(_total(parts), 4),
        parts={name: round(value, 4) for name, value in parts.items()},
        arguments=arguments_of(
            regimen, case.patient, advice, pushes, case.region, indicated=bool(advice.candidates)
        ),
        unmet=tuple(dict.fromkeys(leaf for j in nearest_outside for leaf in j.verdict.unmet)),
        unknown=_unknown([*advice.open_safety, *advice.candidates]),
        bodies=bodies,
        bodies_outside={body: j for body, j in _by_body(advice.outside).items() if body not in bodies},
        held_back=held,
    )


def _tier(regimen: Regimen, patient: Patient, advice: Advice) -> tuple[Tier | None, tuple[str, ...]]:
    """The tier, and what holds the regimen back from a better one. `None`: nothing can be said of the regimen."""
    if advice.forbidden or (advice.discouraged and not advice.candidates) or advice.too_many_limits:
        return "not_recommended", ()
    if not advice.candidates:
        return ("not_recommended" if advice.outside and regimen.anticancer else None), ()
    if regimen.kind == "transplant" and candidacy_open(patient):
        return None, ()
    held = _reasons_to_hold_back(regimen, patient, advice)
    best = max(POSITION[j.statement.position or "option"] for j in advice.candidates)
    return ("recommended" if best > POSITION["option"] and not held else "for_consideration"), held


def _reasons_to_hold_back(regimen: Regimen, patient: Patient, advice: Advice) -> tuple[str, ...]:
    reasons = {
        "relative_contraindication": bool(advice.discouraged),
        "safety_unknown": any(j.statement.if_unknown == "hold_back" for j in advice.open_safety),
        "population_unknown": not advice.forwards,
        "liver_function_unknown": regimen.anticancer and patient.findings["child_pugh_class"] is None,
        "not_available": not available(regimen, patient.profile.region),
        "declined": bool(declined(regimen, patient)),
    }
    return tuple(name for name, holds in reasons.items() if holds)


def _parts(advice: Advice, held: Sequence[str], pushes: Sequence[RiskEffect]) -> dict[str, float]:
    guideline = 0.0
    if advice.candidates:
        guideline = NEARNESS[advice.near or "other"] * max(
            POSITION[j.statement.position or "option"] * STRENGTH[j.statement.grade.strength]
            for j in advice.candidates
        )
        bodies = {j.source.body for j in (*advice.forwards, *advice.elsewhere) if j.statement.direction == "for"}
        guideline = min(1.0, guideline + AGREEMENT * min(MOST_AGREEING, max(0, len(bodies) - 1)))
    supports = _joint(j for j in advice.trials if j.statement.direction == "for")
    challenges = _joint(j for j in advice.trials if j.statement.direction == "against")
    fit = 1.0 - CAUTION * len({j.name for j in advice.cautions})
    fit -= RELATIVE * bool(advice.discouraged) + RELATIVE * ("population_unknown" in held)
    return {
        "guideline": guideline,
        "evidence": 0.5 + 0.5 * (supports - challenges),
        "fit": max(0.0, fit),
        "risk": max(-0.1, min(0.1, sum(effect.push for effect in pushes))),
    }


def _joint(trials: Iterable[Judged]) -> float:
    """Several trials together: each further one closes a share of what is still open. An unknown fit counts half."""
    still_open = 1.0
    for judged in trials:
        share = CERTAINTY[judged.statement.grade.certainty] * (1.0 if judged.verdict.holds else 0.5)
        still_open *= 1.0 - share
    return 1.0 - still_open


def _total(parts: Mapping[str, float]) -> float:
    return max(0.0, min(1.0, sum(WEIGHTS[name] * parts[name] for name in WEIGHTS) + parts["risk"]))


def _unknown(judged: Iterable[Judged]) -> tuple[Leaf, ...]:
    return tuple(dict.fromkeys(leaf for j in judged for leaf in j.verdict.unknown))


def _by_body(advice: Iterable[Judged]) -> dict[str, Judged]:
    """For each guideline body, the strongest thing it says of the regimen."""
    found: dict[str, Judged] = {}
    for judged in advice:
        body = judged.source.body
        if body is None:
            continue
        held = found.get(body)
        if held is None or _weight(judged) > _weight(held):
            found[body] = judged
    return found


def _weight(judged: Judged) -> float:
    if judged.statement.direction == "against":
        return 2.0 if judged.statement.force == "absolute" else 0.4
    return POSITION[judged.statement.position or "option"]
