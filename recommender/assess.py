"""From statements to a tier: guidelines set it, contraindications outrank everything, trials order within it.

For each regimen the bodies that speak first for the patient's region set the tier; what bodies of other regions say stands
beside it as a disagreement and sets nothing. What is unknown can hold a regimen back, never push it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from liverboard.corpus.knowledge import Knowledge
from liverboard.corpus.records import Bilingual, Force, Regimen, Region
from liverboard.recommender.evidence import Evidence, Judged
from liverboard.recommender.logic import Leaf
from liverboard.recommender.phrases import phrase
from liverboard.recommender.risk import RiskEffect, RiskOutput
from liverboard.recommender.staging import Patient

Tier = Literal["recommended", "for_consideration", "not_recommended"]
TIERS: tuple[Tier, ...] = ("recommended", "for_consideration", "not_recommended")

# How much each part of the score weighs. The tier is decided before any of this: the score orders within it.
WEIGHTS = {"guideline": 0.6, "evidence": 0.25, "fit": 0.15}
POSITION = {"first_choice": 1.0, "preferred": 0.85, "option": 0.5}
STRENGTH = {"strong": 1.0, "not_graded": 0.95, "weak": 0.9}
NEARNESS = {"home": 1.0, "fallback": 0.92, "other": 0.0}
_OWN = ("home", "fallback")
_SUPPORTIVE_CARE = "best_supportive_care"
CERTAINTY = {"high": 0.5, "moderate": 0.35, "low": 0.2, "very_low": 0.1, "not_graded": 0.2}
AGREEMENT = 0.02  # each further body that puts the regimen in the same place
CAUTION, RELATIVE = 0.08, 0.3  # what a caution and a relative contraindication (or an open population) cost in fit


@dataclass(frozen=True)
class Argument:
    """One reason, in both languages, with the statement it rests on and the findings it touches."""

    direction: Literal["for", "against", "caution"]
    text: Bilingual
    statement: str | None
    findings: tuple[str, ...] = ()
    kind: str = "recommendation"


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

    A fallback body speaks for a regimen of which no home body has a view. Where that leaves the patient without any
    recommended treatment, the fallback bodies are asked about every regimen.
    """
    region = knowledge.region_of(patient.profile.region)
    effects = [effect for output in risks for effect in output.effects if effect.statement in evidence.passages]
    case = _Case(patient, effects, evidence, region, knowledge)
    found = _assess_all(case)
    treated = any(
        a.tier == "recommended" and (knowledge.regimens[a.regimen].anticancer or a.regimen == _SUPPORTIVE_CARE)
        for a in found.values()
    )
    return found if treated else _assess_all(replace(case, ask_all=True))


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


def _waits_for(evidence: Evidence) -> dict[str, set[str]]:
    """For each regimen, those that must be assessed before it: what its live conditional statements name."""
    return {
        regimen: {
            other for judged in found if judged.verdict.value is not False
            for other in judged.statement.if_unsuitable if other != regimen
        }
        for regimen, found in sorted(evidence.by_regimen.items())
    }


def _in_order(waits_for: dict[str, set[str]]) -> list[str]:
    """An order in which every regimen stands after those it waits for.

    Two bodies may make two regimens wait for each other ("ablation if no transplant", "transplant if no ablation");
    such a ring is opened at its last link, so that the order stays the same for the same statements.
    """
    while True:
        try:
            return list(TopologicalSorter(waits_for).static_order())
        except CycleError as error:
            ring: list[str] = error.args[1]
            waits_for[ring[1]].discard(ring[0])


@dataclass
class _Reading:
    """The statements about one regimen, sorted by what they do."""

    absolute: list[Judged] = field(default_factory=list)
    relative: list[Judged] = field(default_factory=list)
    cautions: list[Judged] = field(default_factory=list)
    open_safety: list[Judged] = field(default_factory=list)
    advice: dict[str, list[Judged]] = field(default_factory=dict)  # by nearness
    open_advice: dict[str, list[Judged]] = field(default_factory=dict)
    outside: list[Judged] = field(default_factory=list)
    trials: list[Judged] = field(default_factory=list)


def _read(
    found: Sequence[Judged], region: Region, done: Mapping[str, Assessment]
) -> _Reading:
    limits = _own_limits(found, region)
    reading = _Reading(advice={n: [] for n in NEARNESS}, open_advice={n: [] for n in NEARNESS})
    for judged in found:
        statement, value = judged.statement, judged.verdict.value
        holds = judged.verdict.holds
        match statement.kind:
            case "contraindication":
                if holds:
                    by_force = {"absolute": reading.absolute, "relative": reading.relative, "caution": reading.cautions}
                    by_force[_force_here(judged, region, limits)].append(judged)
                elif value is None:
                    reading.open_safety.append(judged)
            case "recommendation":
                if any(done[other].tier == "recommended" for other in statement.if_unsuitable if other in done):
                    continue
                near = nearness(judged, region)
                if holds:
                    reading.advice[near].append(judged)
                elif value is None:
                    reading.open_advice[near].append(judged)
                elif statement.direction == "for":
                    reading.outside.append(judged)
            case "evidence":
                if value is not False:
                    reading.trials.append(judged)
    return reading


def _force_here(judged: Judged, region: Region, own_limits: frozenset[str]) -> Force:
    """The force of a contraindication for this region.

    Labels, trials and reviews belong to no body and keep their force everywhere. A limit that is relative for a body of
    another region is a caution here; one that is absolute for it stays so, unless the region's own bodies set a limit
    of their own on the same finding, which then prevails.
    """
    force = judged.statement.force or "caution"
    if nearness(judged, region) != "other":
        return force
    if force == "absolute":
        return "relative" if own_limits.intersection(_touched(judged)) else "absolute"
    return "caution"


def _own_limits(found: Sequence[Judged], region: Region) -> frozenset[str]:
    """The findings on which the region's own bodies set limits for a regimen."""
    return frozenset(
        leaf.test.finding
        for j in found
        if j.statement.kind == "contraindication" and j.source.body in region.home
        for leaf in j.verdict.leaves
    )


def nearness(judged: Judged, region: Region) -> str:
    """How near the body of a statement is to the patient's region: home, fallback or other.

    A source without a body (a consensus on one situation, a case series) belongs to no region: it is a fallback.
    """
    body = judged.source.body
    return "home" if body in region.home else "fallback" if body in region.fallback or body is None else "other"


def _assess(regimen: Regimen, case: _Case, done: Mapping[str, Assessment]) -> Assessment | None:
    patient, evidence, region, knowledge = case.patient, case.evidence, case.region, case.knowledge
    reading = _read(evidence.by_regimen[regimen.id], region, done)
    home_only = not case.ask_all and _home_speaks(evidence.by_regimen[regimen.id], region)
    home_open = bool(_ordinary(reading.open_advice["home"], knowledge)) and not reading.advice["home"]
    speaking = _OWN[:1] if home_only or home_open else _OWN
    near = next((n for n in speaking if reading.advice[n]), None)
    advice = reading.advice[near] if near else []
    if near == "fallback":
        advice = _of_the_nearest_body(advice, region)
    opened = None if near else next((n for n in speaking if _ordinary(reading.open_advice[n], knowledge)), None)
    open_advice = _ordinary(reading.open_advice[opened], knowledge) if opened and regimen.anticancer else []
    forwards = [j for j in advice if j.statement.direction == "for"]
    against = [j for j in advice if j.statement.direction == "against"]
    forbidden = reading.absolute + [j for j in against if j.statement.force == "absolute"]
    discouraged = reading.relative + [j for j in against if j.statement.force != "absolute"]
    candidates = forwards or [j for j in open_advice if j.statement.direction == "for"]

    held: list[str] = []
    tier: Tier
    if forbidden or (discouraged and not candidates):
        tier = "not_recommended"
    elif not candidates:
        if not reading.outside or not regimen.anticancer:
            return None
        tier = "not_recommended"
    else:
        best = max(POSITION[j.statement.position or "option"] for j in candidates)
        tier = "recommended" if best > POSITION["option"] and forwards else "for_consideration"
        held = _reasons_to_hold_back(regimen, patient, reading, discouraged, bool(forwards))
        if held and tier == "recommended":
            tier = "for_consideration"
        if regimen.id in evidence.withheld:
            return None
    pushes = [effect for effect in case.effects if regimen.id in effect.regimens]
    parts = _parts(candidates, near or opened or "other", reading, discouraged, held, pushes, region)
    score = 0.0 if tier == "not_recommended" else _total(parts)
    return Assessment(
        regimen=regimen.id,
        tier=tier,
        score=round(score, 4),
        parts={name: round(value, 4) for name, value in parts.items()},
        arguments=_arguments(
            regimen, patient, tier, forwards, open_advice, forbidden, discouraged, reading, pushes, region
        ),
        unmet=tuple(leaf for j in reading.outside[:3] for leaf in j.verdict.unmet) if not candidates else (),
        unknown=_unknown([*_telling(reading.open_safety, knowledge), *forwards, *(open_advice if not forwards else [])]),
        bodies=(bodies := _by_body(j for group in reading.advice.values() for j in group)),
        bodies_outside={b: j for b, j in _by_body(reading.outside).items() if b not in bodies},
        held_back=tuple(held),
    )


def _home_speaks(found: Sequence[Judged], region: Region) -> bool:
    """Whether a home body recommends the regimen to anybody: then it has a view, and no fallback speaks in its place."""
    return any(
        j.source.body in region.home and j.statement.kind == "recommendation" and j.statement.direction == "for"
        for j in found
    )


def _of_the_nearest_body(advice: Sequence[Judged], region: Region) -> list[Judged]:
    """Home bodies speak together; of the fallback bodies only the nearest one that has a view may speak for a regimen.

    What any of them says against it counts. Sources without a body are about one situation; they stay beside it.
    """
    ordered = [body for body in region.fallback if any(j.source.body == body for j in advice)]
    return [
        j for j in advice
        if not ordered or j.source.body in (None, ordered[0]) or j.statement.direction == "against"
    ]


def _ordinary(open_advice: Sequence[Judged], knowledge: Knowledge) -> list[Judged]:
    """Advice that is open for want of an ordinary fact. A special test that was never done opens nothing."""
    return [
        j for j in open_advice
        if not any(knowledge.findings[leaf.test.finding].special for leaf in j.verdict.unknown)
    ]


def _reasons_to_hold_back(
    regimen: Regimen,
    patient: Patient,
    reading: _Reading,
    discouraged: Sequence[Judged],
    certain: bool,
) -> list[str]:
    reasons = []
    if discouraged:
        reasons.append("relative_contraindication")
    if any(j.statement.if_unknown == "hold_back" for j in reading.open_safety):
        reasons.append("safety_unknown")
    if not certain:
        reasons.append("population_unknown")
    if regimen.anticancer and patient.findings["child_pugh_class"] is None:
        reasons.append("liver_function_unknown")
    if not available(regimen, patient.profile.region):
        reasons.append("not_available")
    if declined(regimen, patient):
        reasons.append("declined")
    return reasons


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


def _parts(
    candidates: Sequence[Judged],
    near: str,
    reading: _Reading,
    discouraged: Sequence[Judged],
    held: Sequence[str],
    pushes: Sequence[RiskEffect],
    region: Region,
) -> dict[str, float]:
    guideline = 0.0
    if candidates:
        guideline = max(
            POSITION[j.statement.position or "option"] * STRENGTH[j.statement.grade.strength] for j in candidates
        ) * NEARNESS[near]
        bodies = {j.source.body for group in reading.advice.values() for j in group if j.statement.direction == "for"}
        guideline = min(1.0, guideline + AGREEMENT * max(0, len(bodies) - 1))
    supports = _joint(j for j in reading.trials if j.statement.direction == "for")
    challenges = _joint(j for j in reading.trials if j.statement.direction == "against")
    fit = 1.0 - CAUTION * len({j.name for j in reading.cautions})
    fit -= RELATIVE * bool(discouraged) + RELATIVE * ("population_unknown" in held)
    return {
        "guideline": guideline,
        "evidence": 0.5 + 0.5 * (supports - challenges),
        "fit": max(0.0, fit),
        "risk": max(-0.1, min(0.1, sum(risk.push for risk in pushes))),
    }


def _joint(trials: Iterable[Judged]) -> float:
    """Several trials together: each further one closes a share of what is still open. An unknown fit counts half."""
    still_open = 1.0
    for judged in trials:
        share = CERTAINTY[judged.statement.grade.certainty] * (1.0 if judged.verdict.value else 0.5)
        still_open *= 1.0 - share
    return 1.0 - still_open


def _total(parts: Mapping[str, float]) -> float:
    return max(0.0, min(1.0, sum(WEIGHTS[name] * parts[name] for name in WEIGHTS) + parts["risk"]))


def _arguments(
    regimen: Regimen,
    patient: Patient,
    tier: Tier,
    forwards: Sequence[Judged],
    open_advice: Sequence[Judged],
    forbidden: Sequence[Judged],
    discouraged: Sequence[Judged],
    reading: _Reading,
    pushes: Sequence[RiskEffect],
    region: Region,
) -> tuple[Argument, ...]:
    arguments = [_against(j) for j in [*forbidden, *discouraged]]
    arguments += [_for(j) for j in _nearest_first([j for group in reading.advice.values() for j in group], region)
                  if j.statement.direction == "for"]
    if not forwards:
        arguments += [_as(j, "for", "open") for j in open_advice if j.statement.direction == "for"]
    arguments += [_as(j, "caution") for j in reading.cautions]
    arguments += [
        Argument("caution", phrase(f"held_back.{wish}"), None, ("preferences",), "preference")
        for wish in sorted(declined(regimen, patient))
    ]
    if not available(regimen, patient.profile.region):
        own = regimen.availability.get(patient.profile.region or "")
        cited = own.cites[0] if own and own.cites else None
        arguments.append(Argument("caution", phrase("held_back.not_available"), cited, ("region",), "availability"))
    if tier == "not_recommended" and not any(a.direction == "against" for a in arguments):
        arguments += [_outside(j) for j in _nearest_first(reading.outside, region)[:2]]
    for near, group in reading.advice.items():
        if near == "other":
            arguments += [_as(j, "caution", "other_region") for j in group if j.statement.direction == "against"]
    arguments += [_as(j, j.statement.direction or "caution", "evidence") for j in reading.trials]
    arguments += [Argument("for" if r.push > 0 else "caution", r.text, r.statement, ("risk_outputs",), "risk") for r in pushes]
    return tuple(dict.fromkeys(arguments))


def _nearest_first(found: Sequence[Judged], region: Region) -> list[Judged]:
    order = list(NEARNESS)
    bodies = [*region.home, *region.fallback]
    return sorted(found, key=lambda j: (
        order.index(nearness(j, region)),
        -POSITION[j.statement.position or "option"],
        bodies.index(j.source.body) if j.source.body in bodies else len(bodies),
        j.name,
    ))


def _as(judged: Judged, direction: str, kind: str | None = None) -> Argument:
    return Argument(
        direction,  # type: ignore[arg-type]  # one of the three directions, by the callers above
        judged.statement.claim,
        judged.name,
        _touched(judged),
        kind or judged.statement.kind,
    )


def _for(judged: Judged) -> Argument:
    return _as(judged, "for")


def _against(judged: Judged) -> Argument:
    return _as(judged, "against")


def _outside(judged: Judged) -> Argument:
    claim = judged.statement.claim
    text = Bilingual(
        en=phrase("outside_population").en.format(claim=claim.en), zh=phrase("outside_population").zh.format(claim=claim.zh)
    )
    return Argument("against", text, judged.name, _touched(judged), "outside_population")


def _touched(judged: Judged) -> tuple[str, ...]:
    """The findings that decided: those that hold for a true verdict, those that fail for a false one."""
    verdict = judged.verdict
    leaves = verdict.unmet if verdict.value is False else verdict.met
    return tuple(dict.fromkeys(leaf.test.finding for leaf in leaves))


def _telling(open_safety: Sequence[Judged], knowledge: Knowledge) -> list[Judged]:
    """Safety questions worth asking: those that hold a regimen back, and those that an ordinary fact would settle."""
    return [
        j for j in open_safety
        if j.statement.if_unknown == "hold_back"
        or not any(knowledge.findings[leaf.test.finding].special for leaf in j.verdict.unknown)
    ]


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
